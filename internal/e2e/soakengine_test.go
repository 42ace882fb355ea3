package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/e2e/testdata/in_stream/stream"
	ledger "github.com/calyptia/plugin/internal/e2e/testdata/out_ledger"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/record"
)

const (
	soakSources = 4
	soakTags    = 5

	fullChunk = 2048000 // bytes (flb_input_chunk.h)
	heldLimit = 4 << 20 // bytes of a source's chunks, from which on it is paused
)

// A source is a section of in_stream over its lives.
type source struct {
	number  uint8
	section *chost.Instance // of this life
	next    uint64          // the first event of the next life: the engine has all before

	chunks []*held // in the order of their first append, not yet flushed
	open   map[string]*held
	bytes  int // of all its chunks that are not settled
	refuse int // appends to refuse
	paused bool
	busy   bool      // with a pause or its end
	owes   bool      // an append was refused in the pause
	until  time.Time // of a pause without a reason
}

// held is a chunk of events.
type held struct {
	from  *source // nil of malformed ones
	tag   string
	data  []byte
	tasks int // deliveries that are not settled
}

// A sink is a section of out_ledger over its lives. As in the engine, one chunk is flushed at a time if it is ordered, and
// after a retry was asked for the next ones have their turn (flb_engine.c, handle_output_event).
type sink struct {
	number  int
	library string
	workers int
	section *chost.Instance
	path    string
	running int
	queue   []*task
	acked   int // events of chunks that were answered with OK
}

type task struct {
	chunk *held
	to    *sink
	tries int
}

func (s *sink) ordered() bool { return s.library == "ordered" }

// limit is how many flushes run at a time.
func (s *sink) limit() int {
	if s.ordered() {
		return 1
	}
	return max(s.workers, 1)
}

// takes tells whether the events of a tag go to the sink: those of each tag go to two.
func (s *sink) takes(tag int) bool {
	d := (tag - s.number + soakTags) % soakTags
	return d < 2
}

// A soak plays the engine over a C host and does all that goes wrong with one, at random.
type soak struct {
	t       testing.TB
	dir     string
	hidden  bool // the engine exports no append function
	calm    bool // nothing goes wrong
	host    *chost.Host
	log     *soakLog
	options chost.Options
	base    map[string]string // census of each library after its first sections

	mu      sync.Mutex
	random  *rand.Rand
	end     uint64 // events of each source
	byID    map[chost.InstanceID]*source
	sources []*source
	sinks   []*sink
	libs    map[string]*chost.Library
	tasks   int // not settled
	sample  []byte
	killed  bool
	signals sync.WaitGroup // pauses and their ends under way
	changed chan struct{}
	counts  soakCounts
	heaps   []int // bytes, after each life
}

type soakCounts struct {
	appends, refusals, pauses, reloads, flushes, retries, malformed int
}

// newSoak begins with sources of the numbers from first on.
func newSoak(t testing.TB, dir string, seed uint64, first uint8, end uint64) *soak {
	s := &soak{t: t, dir: dir, log: newSoakLog(), random: rand.New(rand.NewPCG(seed, 1)), end: end, changed: make(chan struct{}, 1)}
	for n := range uint8(soakSources) {
		s.sources = append(s.sources, &source{number: first + n})
	}
	for n, k := range []sink{{library: "ordered"}, {library: "ordered", workers: 1}, {library: "unordered", workers: 4}, {library: "unordered"}, {library: "unordered", workers: 1}} {
		k.number, k.path = n, filepath.Join(dir, "ledger"+strconv.Itoa(n))
		s.sinks = append(s.sinks, &k)
	}
	return s
}

// start begins with sections that only come and go: Go counts a goroutine for each of the engine's threads that has called it,
// and that of the pipeline stays.
func (s *soak) start(o chost.Options) {
	s.t.Helper()
	s.options, s.hidden = o, o.HideSymbols
	o.Tick, o.HotReload, o.Log, o.Append, o.Stderr = tick, true, s.log.add, s.append, s.log
	var err error
	if s.host, err = chost.Start(s.t.Context(), o); err != nil {
		s.t.Fatal(err)
	}
	s.load()
	s.initialize()
	s.exit()
	s.base = s.settled()
	s.log.forget("sent all")
	s.initialize()
}

// load registers the plugins, in a reload beside those that are there.
func (s *soak) load() {
	s.libs = make(map[string]*chost.Library)
	for name, folder := range map[string]string{"stream": "in_stream", "ordered": "out_ledger/ordered", "unordered": "out_ledger/unordered"} {
		lib, err := s.host.Load(own(s.t, folder))
		s.must(err)
		s.libs[name] = lib
	}
}

func (s *soak) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.log)
	}
}

// initialize makes the sections: inputs before outputs, which start first.
func (s *soak) initialize() {
	s.mu.Lock()
	s.byID = make(map[chost.InstanceID]*source)
	s.mu.Unlock()
	for _, src := range s.sources {
		section, err := s.host.NewInput(s.libs["stream"], s.inputOptions(src))
		s.must(err)
		s.mu.Lock()
		src.section, src.paused, src.refuse, src.until = section, false, 0, time.Time{}
		s.byID[section.ID()] = src
		s.mu.Unlock()
		s.must(section.Init())
	}
	for _, k := range s.sinks {
		section, err := s.host.NewOutput(s.libs[k.library], s.outputOptions(k))
		s.must(err)
		k.section = section
		s.must(section.Init())
	}
	for _, k := range s.sinks {
		s.must(k.section.Start())
	}
	for _, src := range s.sources {
		s.must(src.section.Start())
	}
}

func (s *soak) inputOptions(src *source) chost.InstanceOptions {
	o := chost.InstanceOptions{
		Name:       fmt.Sprintf("stream.%d", src.number),
		LogLevel:   slog.LevelInfo,
		Unthreaded: src.number%soakSources == 3,
		Properties: properties("source", strconv.Itoa(int(src.number)), "first", strconv.FormatUint(src.next, 10),
			"end", strconv.FormatUint(s.end, 10), "seed", strconv.Itoa(s.roll(1<<30)), "report", s.report(),
			"go.buffer_limit", []string{"1K", "4K", "32K", "128K", "512K", "2M"}[s.roll(6)]),
	}
	if !s.hidden {
		o.Properties = append(o.Properties, properties("tags", strconv.Itoa(soakTags))...)
	}
	return o
}

func (s *soak) outputOptions(k *sink) chost.InstanceOptions {
	fail := "on"
	if s.calm {
		fail = "off"
	}
	return chost.InstanceOptions{
		Name: fmt.Sprintf("%s.%d", k.library, k.number), Workers: k.workers, LogLevel: slog.LevelInfo,
		Properties: properties("path", k.path, "seed", strconv.Itoa(s.roll(1<<30)), "fail", fail),
	}
}

func (s *soak) report() string { return filepath.Join(s.dir, "report") }

func (s *soak) roll(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// append is the engine's, for inputs with and without threads of their own.
func (s *soak) append(input chost.InstanceID, tag string, events []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.byID[input]
	if src.refuse > 0 && !s.hidden {
		src.refuse--
		src.owes = src.owes || src.paused
		s.counts.refusals++
		return false
	}
	if tag == "" {
		tag = stream.TagName(int(src.number) % soakTags)
	}
	c := src.open[tag]
	if c == nil {
		c = &held{from: src, tag: tag}
		src.chunks = append(src.chunks, c)
		if src.open == nil {
			src.open = make(map[string]*held)
		}
		src.open[tag] = c
	}
	c.data = append(c.data, events...)
	src.bytes += len(events)
	if len(c.data) > fullChunk {
		delete(src.open, tag)
	}
	s.counts.appends++
	return true
}

// flush makes tasks of all chunks.
func (s *soak) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, src := range s.sources {
		for _, c := range src.chunks {
			s.route(c)
			s.sample = c.data
		}
		src.chunks, src.open = nil, nil
	}
}

// route is called with mu held, and so are dispatch and begin.
func (s *soak) route(c *held) {
	tag, err := strconv.Atoi(c.tag[len(stream.TagName(0))-1:])
	if err != nil {
		s.t.Errorf("an event has the tag %q", c.tag)
	}
	for _, k := range s.sinks {
		if k.takes(tag) {
			c.tasks++
			s.dispatch(&task{chunk: c, to: k})
		}
	}
}

func (s *soak) dispatch(t *task) {
	s.tasks++
	t.to.queue = append(t.to.queue, t)
	s.next(t.to)
}

func (s *soak) next(k *sink) {
	for len(k.queue) > 0 && k.running < k.limit() {
		t := k.queue[0]
		k.queue = k.queue[1:]
		k.running++
		s.counts.flushes++
		go s.deliver(t, k.section)
	}
}

func (s *soak) deliver(t *task, section *chost.Instance) {
	verdict, err := section.Flush(context.Background(), t.chunk.tag, t.chunk.data)
	events, broken := record.Count(t.chunk.data)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer wake(s.changed)
	t.to.running--
	s.tasks--
	defer s.next(t.to)
	switch {
	case s.killed:
	case err != nil:
		s.t.Errorf("Flush() of %d bytes of tag %s: %v", len(t.chunk.data), t.chunk.tag, err)
	case t.chunk.from == nil:
		if verdict != 0 && (verdict != 1 || broken != nil) {
			s.t.Errorf("Flush() = %d of a malformed chunk (%v), want 0", verdict, broken)
		}
	case verdict == 1:
		t.to.acked += events
		s.settle(t.chunk)
	case verdict == 2:
		s.retry(t)
	default:
		s.t.Errorf("Flush() = %d, want 1 or 2", verdict)
	}
}

// retry puts a task behind those that wait then, as the engine does.
func (s *soak) retry(t *task) {
	t.tries++
	s.tasks++
	s.counts.retries++
	time.AfterFunc(time.Duration(s.random.IntN(20))*time.Millisecond, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tasks--
		s.dispatch(t)
	})
}

func (s *soak) settle(c *held) {
	c.tasks--
	if c.tasks == 0 {
		c.from.bytes -= len(c.data)
	}
}

// pressure pauses and resumes sources by the memory that they hold.
func (s *soak) pressure() {
	for _, src := range s.sources {
		s.mu.Lock()
		full := src.bytes >= heldLimit || time.Now().Before(src.until)
		pause, resume := full && !src.paused && !src.busy, !full && src.paused && !src.busy
		s.mu.Unlock()
		switch {
		case pause:
			s.pause(src)
		case resume:
			s.resume(src)
		}
	}
}

// pause signals the source's thread, which may be busy with a turn for as long as a second.
func (s *soak) pause(src *source) {
	s.mu.Lock()
	src.paused, src.owes, src.busy = true, false, true
	s.counts.pauses++
	s.mu.Unlock()
	s.signals.Go(func() { s.signal(src, src.section.Pause) })
}

func (s *soak) resume(src *source) {
	s.mu.Lock()
	src.paused, src.busy = false, true
	s.mu.Unlock()
	s.signals.Go(func() { s.signal(src, src.section.Resume) })
}

func (s *soak) signal(src *source, call func() error) {
	err := call()
	s.mu.Lock()
	defer s.mu.Unlock()
	src.busy = false
	if err != nil && !s.killed {
		s.t.Error(err)
	}
}

// trouble does one of the things that go wrong.
func (s *soak) trouble() {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.sources[s.random.IntN(len(s.sources))]
	switch roll := s.random.IntN(100); {
	case roll < 10:
		src.refuse = 1 + s.random.IntN(20)
	case roll < 15:
		src.until = time.Now().Add(time.Duration(s.random.IntN(20)) * time.Millisecond)
	case roll < 20:
		s.malformed()
	}
}

// malformed flushes bytes that are no chunk: any, part of a chunk, or one that was tampered with.
func (s *soak) malformed() {
	var data []byte
	switch kind := s.random.IntN(3); {
	case kind == 0 || len(s.sample) == 0:
		data = make([]byte, 1+s.random.IntN(200))
		for i := range data {
			data[i] = byte(s.random.Uint32())
		}
	case kind == 1:
		data = s.sample[:1+s.random.IntN(min(len(s.sample), 100000))]
	default:
		data = append(data, s.sample[:min(len(s.sample), 100000)]...)
		for range 1 + s.random.IntN(5) {
			data[s.random.IntN(len(data))] = byte(s.random.Uint32())
		}
	}
	s.counts.malformed++
	s.dispatch(&task{chunk: &held{tag: ledger.Malformed, data: data}, to: s.sinks[s.random.IntN(len(s.sinks))]})
}

// reload is a hot reload: the new plugins are registered before the old ones' sections end.
func (s *soak) reload() {
	s.host.SetReloading(true)
	old := s.libs
	s.load()
	s.exit()
	s.must(s.host.RearmSignals()) // with SIGHUP, at a moment when no flush can be hit by a fault
	s.unload(old)
	s.host.SetReloading(false)
	s.compareCensus()
	s.sampleHeaps()
	s.counts.reloads++
	s.log.forget("sent all")
	s.initialize()
}

// shutdown is the end: what was sent is delivered.
func (s *soak) shutdown() {
	s.exit()
	s.compareCensus()
	s.sampleHeaps()
	s.unload(s.libs)
	if err := s.host.Close(); err != nil {
		s.t.Errorf("Close() = %v, want nil", err)
	}
}

// exit ends the sections as the engine does, but for sources whose appends it has refused in a pause: what they have in
// their buffers is lost then, which they log.
func (s *soak) exit() {
	s.refuse(1)
	s.signals.Wait()
	for _, src := range s.sources {
		if src.paused && src.owes {
			s.resume(src)
		}
	}
	s.signals.Wait()
	s.refuse(pauseTries)
	for _, src := range s.sources {
		s.pause(src)
	}
	s.signals.Wait()
	s.drain()
	betweenPauses()
	for _, src := range s.sources {
		s.must(src.section.Pause())
	}
	for _, k := range s.sinks {
		s.must(k.section.Exit())
	}
	for i := len(s.sources) - 1; i >= 0; i-- {
		s.must(s.sources[i].section.Exit())
	}
	s.readReports()
}

// pauseTries is how often an input tries to hand over what the engine refuses in the first pause of a stop.
const pauseTries = 4

// refuse lets each source be refused less than n times.
func (s *soak) refuse(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, src := range s.sources {
		src.refuse = s.random.IntN(n)
	}
}

// drain waits until every chunk is delivered.
func (s *soak) drain() {
	s.t.Helper()
	done := func() bool {
		s.flush()
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.tasks == 0
	}
	if !eventually(s.changed, done) {
		s.t.Fatalf("chunks are not delivered\n%s", s.log)
	}
}

func (s *soak) unload(libs map[string]*chost.Library) {
	for _, name := range []string{"stream", "ordered", "unordered"} {
		s.must(s.host.Unload(libs[name]))
	}
}

// kill ends the host as SIGKILL does, and all that it held is lost.
func (s *soak) kill() {
	s.mu.Lock()
	s.killed = true
	s.mu.Unlock()
	s.must(s.host.Kill())
	s.signals.Wait()
	<-s.host.Done()
	crash := new(chost.CrashError)
	if err := s.host.Close(); !errors.As(err, &crash) || crash.Signal != "SIGKILL" {
		s.t.Errorf("Close() = %v, want the crash by SIGKILL", err)
	}
	done := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.running() == 0
	}
	if !eventually(s.changed, done) {
		s.t.Fatal("flushes have not ended with the host")
	}
}

func (s *soak) running() (n int) {
	for _, k := range s.sinks {
		n += k.running
	}
	return n
}
