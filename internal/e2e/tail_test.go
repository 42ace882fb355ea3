//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/calyptia/plugin/checkpoint"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/record"
)

// TestTailKilled kills the host of in_tail with SIGKILL at random moments, from its start on, while a program writes
// numbered lines and rotates its log. Each life begins in the line behind the position that the one before has left on
// disk, and has all lines from there on, in order: so nothing is missing that the engine had not taken, and what comes
// twice is exactly what was in flight.
//
// In flight are the lines that the engine had taken when the host was killed, less those up to the newest position on
// disk: what it took while a position was being saved. The test reads that position between two lives.
//
// $KILLS is how often, 25 times by default; $SEED makes the same random choices again.
func TestTailKilled(t *testing.T) {
	t.Parallel()
	needCgo(t)
	s := newTailed(t)
	kills, begin := int(environment(t, "KILLS", 25)), time.Now()
	for range kills {
		s.live(s.kill)
	}
	s.writer.stop()
	s.live(s.finish)
	if s.position != s.writer.lines {
		t.Errorf("position %d at the end, want %d", s.position, s.writer.lines)
	}
	t.Logf("%d kills, %d of them before the engine took a line, %d lines in %d files: %d came twice, of %d in flight, at most %d at a kill; %v",
		kills, s.barren, s.writer.lines, s.writer.files, s.twice, s.inFlight, s.most, time.Since(begin).Round(time.Millisecond))
}

// A graceful stop leaves nothing in flight.
func TestTailStopped(t *testing.T) {
	t.Parallel()
	needCgo(t)
	s := newTailed(t)
	for range 10 {
		s.live(s.stop)
	}
	s.writer.stop()
	s.live(s.finish)
	if s.position != s.writer.lines || s.twice != 0 || s.inFlight != 0 {
		t.Errorf("position %d, %d lines twice, %d in flight, want %d, 0 and 0", s.position, s.twice, s.inFlight, s.writer.lines)
	}
}

func environment(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("$%s: %v", name, err)
	}
	return n
}

// tailed is a folder with a log that is written and followed. Lines are known by their numbers, from 1 on.
type tailed struct {
	t       *testing.T
	dir     string
	library string
	random  *rand.Rand
	writer  *logWriter

	position int // the last line that the file on disk says was taken
	taken    int // the last line that any life has handed over
	inFlight int // lines, over all lives that have handed over any
	most     int // of one life
	twice    int // lines that were handed over again
	barren   int // lives in which nothing was taken
}

func newTailed(t *testing.T) *tailed {
	t.Helper()
	seed := environment(t, "SEED", uint64(time.Now().UnixNano()))
	t.Logf("SEED=%d", seed)
	s := &tailed{t: t, dir: t.TempDir(), library: example(t, "in_tail"), random: rand.New(rand.NewPCG(seed, 1))}
	if err := os.Mkdir(filepath.Join(s.dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.writer = startWriter(t, filepath.Join(s.dir, "log", "app.log"), rand.New(rand.NewPCG(seed, 2)))
	return s
}

func (s *tailed) statePath() string { return filepath.Join(s.dir, "state") }

// live runs a host until end has ended it, and checks what it has handed over.
func (s *tailed) live(end func(*rig)) {
	s.t.Helper()
	r := &rig{t: s.t, log: newLines(), stdout: newLines()}
	var err error
	r.Host, err = chost.Start(s.t.Context(), chost.Options{Tick: tick, Log: r.log.log, Stderr: r.stdout, Append: r.append})
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Close()
	end(r)
	s.check(r)
	if s.t.Failed() {
		s.t.Fatalf("log:\n%s\nprinted:\n%s", r.log, r.stdout)
	}
}

func (s *tailed) begin(r *rig) (in *chost.Instance, lib *chost.Library, err error) {
	props := properties("path", filepath.Join(s.dir, "log", "app.log*"), "state", s.statePath(), "read_from_head", "on")
	if lib, err = r.Load(s.library); err != nil {
		return nil, nil, err
	}
	if in, err = r.NewInput(lib, chost.InstanceOptions{Name: "tail.0", Properties: props}); err != nil {
		return nil, nil, err
	}
	if err = in.Init(); err == nil {
		err = in.Start()
	}
	return in, lib, err
}

// kill lets the host live for a moment that may not be enough for it to begin.
func (s *tailed) kill(r *rig) {
	s.t.Helper()
	wait := time.Duration(s.random.Int64N(int64(150 * time.Millisecond)))
	killed := make(chan error, 1)
	time.AfterFunc(wait, func() { killed <- r.Kill() })
	_, _, err := s.begin(r)
	if !diedOfKill(err) {
		r.must(err)
	}
	r.must(<-killed)
	if err := r.Close(); !diedOfKill(err) { // all that the host had handed over is here now
		s.t.Errorf("Close() = %v, want that the host was killed, and no fault", err)
	}
}

func diedOfKill(err error) bool {
	crash, faults := new(chost.CrashError), new(chost.FaultError)
	return errors.As(err, &crash) && crash.Signal == "SIGKILL" && !errors.As(err, &faults)
}

// stop ends the host as the engine does.
func (s *tailed) stop(r *rig) {
	s.t.Helper()
	in, lib, err := s.begin(r)
	r.must(err)
	r.until("lines", func() bool { return r.waiting() > 2 })
	s.exit(r, in, lib)
}

// finish waits for the last line.
func (s *tailed) finish(r *rig) {
	s.t.Helper()
	in, lib, err := s.begin(r)
	r.must(err)
	last := s.writer.lines
	r.until(fmt.Sprint("line ", last), func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		numbers := s.numbers(r.pieces)
		return last == s.taken && last == s.position || len(numbers) > 0 && numbers[len(numbers)-1] == last
	})
	s.exit(r, in, lib)
}

func (s *tailed) exit(r *rig, in *chost.Instance, lib *chost.Library) {
	s.t.Helper()
	r.must(in.Pause())
	betweenPauses()
	r.must(in.Pause())
	r.exit([]*chost.Instance{in}, lib)
	r.close()
}

// check compares what a life has handed over, and the position that it has left, with what there was before.
func (s *tailed) check(r *rig) {
	s.t.Helper()
	numbers := s.numbers(r.take())
	for i, n := range numbers {
		if want := s.position + 1 + i; n != want {
			s.t.Errorf("line %d in place of line %d: position was %d, taken was %d", n, want, s.position, s.taken)
			return
		}
	}
	before := s.position
	s.position = s.readPosition()
	if len(numbers) == 0 {
		s.barren++
	} else {
		last := numbers[len(numbers)-1]
		s.twice += min(last, s.taken) - before
		s.taken = max(last, s.taken)
		s.inFlight += s.taken - s.position
		s.most = max(s.most, s.taken-s.position)
	}
	if s.position < before || s.position > s.taken {
		s.t.Errorf("position %d, want one from %d, where it was, to %d, the last line taken", s.position, before, s.taken)
	}
	s.writer.remove(s.position)
}

// numbers are those of the lines in pieces.
func (s *tailed) numbers(pieces []piece) (numbers []int) {
	s.t.Helper()
	type logged struct {
		Log string `json:"log"`
	}
	decoder, err := record.NewDecoder[logged]()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range pieces {
		events := record.NewScanner(p.events)
		for events.Next() {
			var l logged
			err := decoder.Decode(events.Event().Body, &l)
			numbers = append(numbers, lineNumber(s.t, l.Log))
			if err != nil {
				s.t.Fatal(err)
			}
		}
		if err := events.Err(); err != nil {
			s.t.Fatal(err)
		}
	}
	return numbers
}

// lineNumber checks that a line is whole: it ends in its number, too.
func lineNumber(t *testing.T, line string) int {
	t.Helper()
	text, rest, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(text)
	if err != nil || !strings.HasSuffix(rest, " "+text) {
		t.Fatalf("line %q is not one that was written", line)
	}
	return n
}

// tailState is what in_tail saves.
type tailState struct {
	Files []struct {
		Inode  uint64 `json:"inode"`
		Offset int64  `json:"offset"`
		Before uint32 `json:"before"`
	} `json:"files"`
}

// readPosition returns the last line that is in front of a position on disk.
func (s *tailed) readPosition() (last int) {
	s.t.Helper()
	f, err := checkpoint.Open[tailState](s.statePath())
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	state, err := f.Load()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range state.Files {
		read, ok := s.writer.read(p.Inode, p.Offset)
		if ok && len(read) > 0 && crc32.ChecksumIEEE(read[max(0, len(read)-256):]) == p.Before {
			lines := strings.Split(strings.TrimSuffix(string(read), "\n"), "\n")
			last = max(last, lineNumber(s.t, lines[len(lines)-1]))
		}
	}
	return last
}

// logWriter is a program that writes a log, and what rotates it.
type logWriter struct {
	t      *testing.T
	path   string
	random *rand.Rand
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex // held while names change
	lines   int
	files   int            // rotated so far
	rotated map[string]int // last lines by path
}

func startWriter(t *testing.T, path string, random *rand.Rand) *logWriter {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &logWriter{t: t, path: path, random: random, cancel: cancel, done: make(chan struct{}), rotated: make(map[string]int)}
	go w.run(ctx)
	t.Cleanup(w.stop)
	return w
}

func (w *logWriter) stop() {
	w.cancel()
	<-w.done
}

// run writes some lines each millisecond, in pieces that do not end where lines do.
func (w *logWriter) run(ctx context.Context) {
	defer close(w.done)
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for ctx.Err() == nil {
		w.report(w.writeFile(ctx, pace.C))
		w.report(w.rotate())
	}
}

func (w *logWriter) report(err error) {
	if err != nil {
		w.t.Error(err)
		w.cancel()
	}
}

// writeFile writes one file, for at least 20 ms: the order of files that nobody has seen is that of their times.
func (w *logWriter) writeFile(ctx context.Context, pace <-chan time.Time) error {
	file, err := os.OpenFile(w.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	var text []byte
	for range 20 + w.random.IntN(80) {
		for range w.random.IntN(40) {
			w.lines++
			text = fmt.Appendf(text, "%d %s %[1]d\n", w.lines, strings.Repeat("x", w.random.IntN(200)))
		}
		n := w.random.IntN(len(text) + 1)
		if _, err := file.Write(text[:n]); err != nil {
			return errors.Join(err, file.Close())
		}
		text = append(text[:0], text[n:]...)
		select {
		case <-pace:
		case <-ctx.Done():
		}
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

func (w *logWriter) rotate() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files++
	to := fmt.Sprintf("%s.%d", w.path, w.files)
	w.rotated[to] = w.lines
	return os.Rename(w.path, to)
}

// remove deletes rotated files that were read to their ends.
func (w *logWriter) remove(position int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path, last := range w.rotated {
		if last < position { // the file of the position is what readPosition looks for
			w.report(os.Remove(path))
			delete(w.rotated, path)
		}
	}
}

// read returns the beginning of the file of that inode.
func (w *logWriter) read(inode uint64, size int64) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	names, _ := filepath.Glob(w.path + "*")
	for _, name := range names {
		info, err := os.Stat(name)
		if stat, ok := info.Sys().(*syscall.Stat_t); err != nil || !ok || stat.Ino != inode {
			continue
		}
		text, err := os.ReadFile(name)
		w.report(err)
		return bytes.Clone(text[:min(size, int64(len(text)))]), int64(len(text)) >= size
	}
	return nil, false
}
