package e2e

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/e2e/testdata/in_stream/stream"
	ledger "github.com/calyptia/plugin/internal/e2e/testdata/out_ledger"
	"github.com/calyptia/plugin/internal/engine/chost"
)

// A soak is as long as these say, whichever comes first: SOAK_TIME is a duration, SOAK_EVENTS a number of events, both for
// all engines of a run together. SOAK_ENGINE names the one engine to play; SOAK_SEED repeats a run, as far as the order
// of what runs at the same time allows.
func soakTime(t testing.TB) time.Duration {
	text := os.Getenv("SOAK_TIME")
	if text == "" && os.Getenv("SOAK_EVENTS") != "" {
		text = "2h"
	}
	if text == "" {
		return 8 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SOAK_TIME: %v", err)
	}
	return d
}

func soakNumber(t testing.TB, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// soakEngines are the engines to play: all generations, and one without exported functions.
func soakEngines() map[string]chost.Options {
	engines := map[string]chost.Options{"hidden": {HideSymbols: true}}
	for _, g := range chost.Generations {
		engines[string(g)] = chost.Options{Generation: g}
	}
	if name := os.Getenv("SOAK_ENGINE"); name != "" {
		maps.DeleteFunc(engines, func(n string, _ chost.Options) bool { return n != name })
	}
	return engines
}

// Whatever goes wrong, every event that was sent before a graceful stop or reload is delivered once, to each output that
// takes its tag; to ordered ones in order, but for those that were tried again.
func TestSoak(t *testing.T) {
	t.Parallel()
	needCgo(t)
	engines := soakEngines()
	seed := soakNumber(t, "SOAK_SEED", rand.Uint64())
	events := soakNumber(t, "SOAK_EVENTS", 1<<40) / uint64(len(engines))
	length := soakTime(t) / time.Duration(len(engines))
	for _, name := range slices.Sorted(maps.Keys(engines)) {
		t.Run(name, func(t *testing.T) {
			t.Logf("SOAK_SEED=%d SOAK_ENGINE=%s", seed, name)
			s := newSoak(t, t.TempDir(), seed, 0, events/soakSources)
			s.start(engines[name])
			begin := time.Now()
			rss := s.run(begin.Add(length))
			s.shutdown()
			s.finish(time.Since(begin), rss)
		})
	}
}

// run lets the engine work until the time is up or all is sent, and returns the host's memory over time, in bytes.
func (s *soak) run(end time.Time) (rss []int) {
	reload := s.soon()
	sampled := time.Time{}
	for time.Now().Before(end) && s.log.count("sent all") < soakSources && !s.t.Failed() {
		s.trouble()
		s.pressure()
		s.flush()
		if time.Now().After(reload) {
			s.reload()
			reload = s.soon()
		}
		if time.Since(sampled) > samplePeriod {
			rss, sampled = append(rss, residentSize(s.t, s.host.PID())), time.Now()
		}
		s.wait(time.Duration(s.roll(4000)) * time.Microsecond)
	}
	return rss
}

// wait lets the others work.
func (s *soak) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.host.Done():
		s.t.Fatalf("the host has ended\n%s", s.log)
	}
}

func (s *soak) soon() time.Time {
	return time.Now().Add(time.Duration(100+s.roll(700)) * time.Millisecond)
}

func residentSize(t testing.TB, pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var total, resident int
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

// readReports takes the last life of each source from what it has written.
func (s *soak) readReports() {
	s.t.Helper()
	text, err := os.ReadFile(s.report())
	s.must(err)
	s.must(os.Remove(s.report()))
	seen := make(map[uint8]bool)
	for line := range strings.Lines(string(text)) {
		var r stream.Report
		s.must(json.Unmarshal([]byte(line), &r))
		seen[r.Source] = true
		s.take(r)
	}
	if len(seen) != soakSources {
		s.t.Errorf("%d sources have ended, want %d", len(seen), soakSources)
	}
}

// take expects that all was accepted whose send had returned. An engine without the append function takes events from
// its collect callback alone: there a stop loses, and tells, what was sent since the last one.
func (s *soak) take(r stream.Report) {
	src := s.sources[int(r.Source)-int(s.sources[0].number)]
	if r.First != src.next {
		s.t.Errorf("source %d began with event %d, want %d", r.Source, r.First, src.next)
	}
	if r.Accepted != r.Sent && r.Accepted != r.Sent+r.Late && !(s.hidden && r.Accepted < r.Sent) {
		s.t.Errorf("source %d: of %d events sent, and %d at the very end, %d were accepted", r.Source, r.Sent, r.Late, r.Accepted)
	}
	src.next += r.Accepted
}

const censusSymbol = "flbgo_census"

func (s *soak) census() map[string]string {
	s.t.Helper()
	all := make(map[string]string)
	for name, lib := range s.libs {
		text, err := s.host.Ask(lib, censusSymbol)
		s.must(err)
		all[name] = text
	}
	return all
}

// settled is a census without the servers of flushes, which end a moment after the last output.
func (s *soak) settled() map[string]string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; s.wait(time.Millisecond) {
		c := s.census()
		busy := func(line string) bool { return !strings.Contains(line, "servers=0") }
		if !slices.ContainsFunc(slices.Collect(maps.Values(c)), busy) || time.Now().After(end) {
			s.wait(10 * time.Millisecond) // for their goroutines
			return s.census()
		}
	}
}

// compareCensus expects of the libraries, when they have no sections, that they hold what they held at first.
func (s *soak) compareCensus() {
	s.t.Helper()
	var got map[string]string
	for end := time.Now().Add(patience); ; {
		if got = s.census(); maps.Equal(s.base, got) {
			return
		}
		if time.Now().After(end) {
			break
		}
		s.wait(time.Millisecond)
	}
	s.t.Fatalf("census (-at first +now):\n%s\n%s", diff(s.base, got), s.log)
}

// sampleHeaps notes what the libraries' Go heaps hold, when they have no sections.
func (s *soak) sampleHeaps() {
	s.t.Helper()
	sum := 0
	for _, lib := range s.libs {
		text, err := s.host.Ask(lib, "flbgo_heap")
		s.must(err)
		bytes, err := strconv.Atoi(text)
		s.must(err)
		sum += bytes
	}
	s.heaps = append(s.heaps, sum)
}

// finish looks at what was delivered, and at what it took.
func (s *soak) finish(took time.Duration, rss []int) {
	var sent, delivered uint64
	for _, src := range s.sources {
		sent += src.next
	}
	for _, k := range s.sinks {
		delivered += s.verify(k, true)
	}
	s.t.Logf("%v: %d events, %d deliveries, %+v", took.Round(time.Millisecond), sent, delivered, s.counts)
	s.t.Logf("log: %s", s.log.summary())
	s.log.check(s.t, s.hidden)
	if sent == 0 || s.counts.flushes == 0 {
		s.t.Error("nothing was sent")
	}
	flat(s.t, rss)
	first, last := s.heaps[0], s.heaps[len(s.heaps)-1]
	s.t.Logf("Go heaps: %d KB after the first life, %d KB after the last, %d KB at most", first>>10, last>>10, slices.Max(s.heaps)>>10)
	if last > first+heapBytes {
		s.t.Errorf("%d KB in Go heaps after the last life, %d KB after the first", last>>10, first>>10)
	}
}

// The heaps of three libraries may grow by this much, all lives together.
const heapBytes = 1 << 20

// Memory may grow by this much from the second quarter of a soak to the last one; the first quarter is the warm-up.
const (
	growFactor = 1.25
	growBytes  = 32 << 20
	flatTime   = 20 * time.Second // before that it cannot be told, and not with AddressSanitizer, which frees late
)

const samplePeriod = 50 * time.Millisecond

func flat(t testing.TB, rss []int) {
	if len(rss) < 8 {
		return
	}
	quarter := len(rss) / 4
	early, late := mean(rss[quarter:2*quarter]), mean(rss[3*quarter:])
	t.Logf("resident: %d KB at first, %d KB in the second quarter, %d KB in the last, %d KB at most",
		rss[0]>>10, early>>10, late>>10, slices.Max(rss)>>10)
	if !sanitized && len(rss) > int(flatTime/samplePeriod) && float64(late) > growFactor*float64(early)+growBytes {
		t.Errorf("%d KB resident in the last quarter, %d KB in the second", late>>10, early>>10)
	}
}

func mean(n []int) (sum int) {
	for _, v := range n {
		sum += v
	}
	return sum / len(n)
}

// verify reads a ledger and returns the number of its events. complete tells whether all that was accepted must be there.
func (s *soak) verify(k *sink, complete bool) (n uint64) {
	c := checker{soak: s, sink: k, seen: make([][]uint64, len(s.sources)), last: make(map[[2]int]int64)}
	eachEntry(s.t, k.path, c.add)
	if complete {
		c.missing()
	}
	for _, problem := range slices.Sorted(maps.Keys(c.problems)) {
		s.t.Errorf("%s: %d events %s", filepath.Base(k.path), c.problems[problem], problem)
	}
	if c.count < uint64(k.acked) {
		s.t.Errorf("%s: %d events, but %d were told to be delivered", filepath.Base(k.path), c.count, k.acked)
	}
	return c.count
}

// eachEntry reads a ledger. The last entry may be cut off.
func eachEntry(t testing.TB, path string, do func(ledger.Entry)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	var b [ledger.EntrySize]byte
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return
		}
		do(ledger.Entry(binary.LittleEndian.Uint64(b[:])))
	}
}

// checker goes through one ledger.
type checker struct {
	*soak
	sink     *sink
	seen     [][]uint64       // a bit for each event of each source
	last     map[[2]int]int64 // by source and tag: the event before, of those that were never tried before
	count    uint64
	problems map[string]int
}

func (c *checker) problem(text string) {
	if c.problems == nil {
		c.problems = make(map[string]int)
	}
	c.problems[text]++
}

func (c *checker) tag(source int, seq uint64) int {
	number := c.sources[source].number
	if c.hidden {
		return int(number) % soakTags
	}
	return stream.Tag(number, seq, soakTags)
}

func (c *checker) add(e ledger.Entry) {
	source := int(e.Source()) - int(c.sources[0].number)
	if source < 0 || source >= len(c.sources) {
		return // of another life
	}
	c.count++
	seq := e.Seq()
	word, bit := seq/64, uint64(1)<<(seq%64)
	if seq >= c.sources[source].next {
		c.problem("that were not sent")
		return
	}
	if more := int(word) + 1 - len(c.seen[source]); more > 0 {
		c.seen[source] = append(c.seen[source], make([]uint64, more)...)
	}
	switch {
	case c.has(source, seq):
		c.problem("more than once")
	case !c.sink.takes(c.tag(source, seq)):
		c.problem("of tags of other outputs")
	}
	c.seen[source][word] |= bit
	if c.sink.ordered() && e.Failed() == 0 {
		at := [2]int{source, c.tag(source, seq)}
		if last, ok := c.last[at]; ok && last > int64(seq) {
			c.problem("out of order")
		}
		c.last[at] = int64(seq)
	}
}

func (c *checker) missing() {
	for source, src := range c.sources {
		for seq := range src.next {
			if c.sink.takes(c.tag(source, seq)) && !c.has(source, seq) {
				c.problem("missing")
			}
		}
	}
}

func (c *checker) has(source int, seq uint64) bool {
	seen := c.seen[source]
	return seq/64 < uint64(len(seen)) && seen[seq/64]>>(seq%64)&1 == 1
}

// soakLog counts what is logged, and keeps the last lines.
type soakLog struct {
	mu     sync.Mutex
	counts map[string]int // of lines by their texts
	last   []string
	errors []string // that nobody expects
}

// soakTexts are what is counted of lines.
var soakTexts = []string{
	"sent all", "chunk partly delivered", "chunk not delivered", "Flush panicked", "chunk dropped", "events not taken", "events taken again",
	"events lost", "cannot resume collector", "thrown away", "flushes run in the engine's own thread",
}

func newSoakLog() *soakLog { return &soakLog{counts: make(map[string]int)} }

func (l *soakLog) add(level slog.Level, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last = append(l.last, level.String()+" "+line); len(l.last) > 200 {
		l.last = slices.Delete(l.last, 0, 100)
	}
	for _, text := range soakTexts {
		if strings.Contains(line, text) {
			l.counts[text]++
			return
		}
	}
	l.counts["other "+level.String()]++
	if level >= slog.LevelError {
		l.errors = append(l.errors, line)
	}
}

func (l *soakLog) Write(b []byte) (int, error) {
	l.add(slog.LevelWarn, "printed: "+string(b))
	return len(b), nil
}

func (l *soakLog) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[text]
}

// forget counts from 0 again.
func (l *soakLog) forget(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[text] = 0
}

func (l *soakLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}

func (l *soakLog) summary() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.counts)
}

// check expects no errors but those that were made.
func (l *soakLog) check(t testing.TB, hidden bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.errors) > 0 {
		t.Errorf("%d errors in the log, the first:\n%s", len(l.errors), strings.Join(l.errors[:min(len(l.errors), 10)], "\n"))
	}
	if n := l.counts["events lost"]; n > 0 && !hidden {
		t.Errorf("%d sections have lost events, want none", n)
	}
}

// After kill -9 the engine begins anew with nothing of what it held. What it was told to be delivered is, and nothing is
// delivered twice.
func TestSoakKill(t *testing.T) {
	t.Parallel()
	needCgo(t)
	seed := soakNumber(t, "SOAK_SEED", rand.Uint64())
	t.Logf("SOAK_SEED=%d", seed)
	dir := t.TempDir()
	var all []*soak
	lives := len(chost.Generations)
	for life := range lives {
		s := newSoak(t, dir, seed+uint64(life), uint8(life*soakSources), 1<<40)
		all = append(all, s)
		s.start(chost.Options{Generation: chost.Generations[life]})
		s.run(time.Now().Add(time.Duration(300+s.roll(300)) * time.Millisecond))
		if life == lives-1 {
			s.shutdown()
			break
		}
		s.kill()
		for _, src := range s.sources {
			src.next = 1 << 32 // nobody knows
		}
	}
	for life, s := range all {
		for _, k := range s.sinks {
			s.verify(k, life == lives-1)
		}
	}
}
