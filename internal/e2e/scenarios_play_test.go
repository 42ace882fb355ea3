//go:build unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/calyptia/plugin/internal/engine"
	"github.com/calyptia/plugin/internal/engine/chost"
)

// A stage is where a scenario is played: a folder, and what an engine that runs there has logged and printed.
type stage struct {
	t      *testing.T
	dir    string
	left   []step // still to come
	ends   bool   // by itself
	output string
	err    error           // of the engine's end
	signal func(os.Signal) // nil in the embedded engine
}

// step is taken when its time has come: when is asked again and again.
type step struct {
	what string
	when func(*stage) bool
	then func(*stage) // nil for nothing
}

func newStage(t *testing.T, sc *scenario) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), left: slices.Clone(sc.steps), ends: sc.ends}
	var paths strings.Builder
	for _, name := range sc.libraries(t, s.dir) {
		paths.WriteString("    path " + name + "\n")
	}
	write(t, s.dir, "plugins.conf", "[PLUGINS]\n"+paths.String())
	write(t, s.dir, "fluent-bit.conf", strings.ReplaceAll(service+sc.service, "DIR", s.dir)+sc.conf)
	for _, name := range sc.files {
		write(t, s.dir, name, "")
	}
	return s
}

// enough takes the steps whose time has come, and tells whether the engine is to stop.
func (s *stage) enough(output string) bool {
	s.output = output
	for len(s.left) > 0 && s.left[0].when(s) {
		if then := s.left[0].then; then != nil {
			then(s)
		}
		s.left = s.left[1:]
	}
	return len(s.left) == 0 && !s.ends
}

func (s *stage) playEmbedded(g chost.Generation) {
	s.output, s.err = runEmbedded(s.t, engine.Options{Generation: g}, s.dir, s.enough)
}

// playReal returns when the engine, and every process that it made, is gone.
func (s *stage) playReal(path string, args []string) {
	s.t.Helper()
	output := newLines()
	ctx := within(s.t)
	cmd := exec.CommandContext(ctx, path, append([]string{"-c", filepath.Join(s.dir, "fluent-bit.conf")}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, output, output
	gone, err := aliveWith(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.signal = func(sig os.Signal) { _ = cmd.Process.Signal(sig) }
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	s.err = stopWhen(done, output, s.enough, func() { s.signal(syscall.SIGTERM) })
	s.output = output.String()
	s.orphan(ctx, gone)
}

// aliveWith starts cmd, and returns a channel that is closed when no process has the file that was open in it.
func aliveWith(cmd *exec.Cmd) (<-chan struct{}, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{w}
	err = errors.Join(cmd.Start(), w.Close())
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, r)
		_ = r.Close()
		close(gone)
	}()
	return gone, err
}

var daemonID = regexp.MustCompile(`background mode \(PID=(\d+)\)`)

// orphan waits for the process of daemon mode, if there is one, and ends it if it does not end.
func (s *stage) orphan(ctx context.Context, gone <-chan struct{}) {
	s.t.Helper()
	select {
	case <-gone:
		return
	case <-ctx.Done():
	}
	s.t.Error("a process lives on")
	if m := daemonID.FindStringSubmatch(s.output); m != nil {
		if pid, err := strconv.Atoi(m[1]); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// phase is how much of a second of CLOCK_MONOTONIC is over, in hundredths, if the system has never slept.
func phase(t *testing.T) float64 {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Error(err)
	}
	var seconds float64
	if _, err := fmt.Sscan(string(text), &seconds); err != nil {
		t.Error(err)
	}
	return seconds - math.Floor(seconds)
}

func (s *stage) text(name string) string {
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	return string(text)
}

// sent is how many records each life of each section of in_flow has sent.
func (s *stage) sent() map[string]int {
	files, _ := filepath.Glob(filepath.Join(s.dir, "sent.*")) // the pattern is good
	all := make(map[string]int)
	for _, file := range files {
		n, err := strconv.Atoi(s.text(filepath.Base(file)))
		if err != nil {
			s.t.Error(err)
		}
		all[strings.TrimPrefix(filepath.Base(file), "sent.")] = n
	}
	return all
}

// arrived is what a file of out_tally has of each life of each section, in the order of its arrival.
func (s *stage) arrived(file string) map[string][]int {
	all := make(map[string][]int)
	for line := range strings.Lines(s.text(file)) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		from, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(text)
		if err != nil {
			s.t.Errorf("%s: %v", file, err)
		}
		all[from] = append(all[from], n)
	}
	return all
}

// wantOnce wants everything that was sent in each of these files once.
func (s *stage) wantOnce(files ...string) {
	s.t.Helper()
	for _, file := range files {
		arrived := s.arrived(file)
		for _, numbers := range arrived {
			slices.Sort(numbers)
		}
		s.wantSent(file, arrived)
	}
}

// wantAtMostOnce wants nothing twice in this file, and nothing that was not sent.
func (s *stage) wantAtMostOnce(file string) {
	s.t.Helper()
	sent := s.sent()
	for from, numbers := range s.arrived(file) {
		slices.Sort(numbers)
		once := slices.Compact(slices.Clone(numbers))
		if len(once) != len(numbers) || once[len(once)-1] >= sent[from] {
			s.t.Errorf("%s: of %s, which sent %d: %d records arrived, %d different ones up to %d, want none twice",
				file, from, sent[from], len(numbers), len(once), once[len(once)-1])
		}
	}
}

// wantInOrder wants everything that was sent in this file once, in the order in which it was sent.
func (s *stage) wantInOrder(file string) {
	s.t.Helper()
	s.wantSent(file, s.arrived(file))
}

func (s *stage) wantSent(file string, arrived map[string][]int) {
	s.t.Helper()
	want := make(map[string][]int)
	for from, n := range s.sent() {
		if n > 0 {
			want[from] = sent(n, 1, "")[""]
		}
	}
	if len(want) == 0 {
		s.t.Error("nothing was sent")
	}
	if diff := diff(want, arrived); diff != "" {
		s.t.Errorf("%s: numbers by section and life (-sent +arrived):\n%s", file, diff)
	}
}

func (s *stage) wantLogged(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.output, text) {
			s.t.Errorf("log has no %q", text)
		}
	}
}
