package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/cshared"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/record"
	"github.com/google/go-cmp/cmp"
)

// tick is what hosts take for the second between two collects.
const tick = 5 * time.Millisecond

// patience bounds every wait for something that is sure to come.
const patience = 30 * time.Second

// libraries builds each plugin once per run.
var libraries struct {
	sync.Mutex
	dir   string
	built map[string]func() (string, error)
}

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	libraries.dir, libraries.built = dir, make(map[string]func() (string, error))
	return m.Run()
}

func needCgo(t testing.TB) {
	t.Helper()
	if err := cshared.Unavailable(); err != nil {
		t.Skip(err)
	}
}

// library returns the c-shared library of the plugin in folder.
func library(t testing.TB, folder string) string {
	t.Helper()
	needCgo(t)
	libraries.Lock()
	build, ok := libraries.built[folder]
	if !ok {
		build = sync.OnceValues(func() (string, error) { return buildLibrary(folder) })
		libraries.built[folder] = build
	}
	libraries.Unlock()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func buildLibrary(folder string) (string, error) {
	path := filepath.Join(libraries.dir, filepath.Base(folder)+".so")
	return path, cshared.Build(context.Background(), folder, path)
}

func example(t testing.TB, name string) string {
	t.Helper()
	return library(t, filepath.Join("..", "..", "examples", name))
}

func own(t testing.TB, name string) string {
	t.Helper()
	return library(t, filepath.Join("testdata", name))
}

// lines collects what is logged or printed, and tells who waits.
type lines struct {
	mu   sync.Mutex
	part []byte // of a line
	all  []string
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{}, 1)} }

func (l *lines) log(level slog.Level, line string) { l.add(level.String() + " " + line) }

func (l *lines) add(line string) {
	l.mu.Lock()
	l.all = append(l.all, line)
	l.mu.Unlock()
	wake(l.more)
}

// Write takes whole lines and parts of lines.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	l.part = append(l.part, b...)
	text := l.part
	for line, rest, ok := bytes.Cut(text, []byte("\n")); ok; line, rest, ok = bytes.Cut(text, []byte("\n")) {
		l.all, text = append(l.all, string(line)), rest
	}
	l.part = bytes.Clone(text)
	l.mu.Unlock()
	wake(l.more)
	return len(b), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func (l *lines) count(text string) int { return strings.Count(l.String(), text) }

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// A piece is what an input handed over in one go.
type piece struct {
	input  chost.InstanceID
	tag    string
	events []byte
}

// A rig is a C host under test: what its inputs hand over waits in it.
type rig struct {
	*chost.Host
	t      testing.TB
	log    *lines
	stdout *lines

	mu     sync.Mutex
	pieces []piece
	refuse int // pieces to refuse

	faults []string // that the host is to see
}

// start runs a host, which at the end of the test is closed and must have seen no other faults than r.faults.
func start(t testing.TB, o chost.Options) *rig {
	t.Helper()
	r := &rig{t: t, log: newLines(), stdout: newLines()}
	r.stdout.more = r.log.more
	o.Log, o.Stderr, o.Append = r.log.log, r.stdout, r.append
	if o.Tick == 0 {
		o.Tick = tick
	}
	var err error
	if r.Host, err = chost.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.close()
		if t.Failed() {
			t.Logf("log:\n%s\nprinted:\n%s", r.log, r.stdout)
		}
	})
	return r
}

func (r *rig) close() {
	err := r.Close()
	seen := new(chost.FaultError)
	if err != nil && !errors.As(err, &seen) {
		r.t.Errorf("Close() = %v, want nil", err)
	}
	var faults []string
	for _, f := range seen.Faults {
		faults = append(faults, f.String())
	}
	if diff := cmp.Diff(r.faults, faults); diff != "" {
		r.t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func (r *rig) append(input chost.InstanceID, tag string, events []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer wake(r.log.more)
	if r.refuse > 0 {
		r.refuse--
		return false
	}
	r.pieces = append(r.pieces, piece{input, tag, bytes.Clone(events)})
	return true
}

// take returns what was handed over since the last call.
func (r *rig) take() []piece {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.pieces
	r.pieces = nil
	return taken
}

func (r *rig) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pieces)
}

// arrived waits for n records and returns what they came in. Accepted may run before they are here: an engine without an
// append function gets them as a callback's result.
func (r *rig) arrived(n int) []piece {
	r.t.Helper()
	var all []piece
	r.until(fmt.Sprint(n, " records"), func() bool {
		for _, p := range r.take() {
			size, err := record.Count(p.events)
			r.must(err)
			n -= size
			all = append(all, p)
		}
		return n <= 0
	})
	return all
}

// until waits for something that shows in the log or in what was handed over.
func (r *rig) until(what string, done func() bool) {
	r.t.Helper()
	if !eventually(r.log.more, done) {
		r.t.Fatalf("still waiting for %s\nlog:\n%s\nprinted:\n%s", what, r.log, r.stdout)
	}
}

func (r *rig) untilLogged(text string) {
	r.t.Helper()
	r.until("the log line "+text, func() bool { return r.log.count(text) > 0 })
}

// untilSaid waits for a line in the log or on standard error, where the engine has the lines of threads that are none of its
// own: those for which no thread of the engine's comes by in time, or can be told apart.
func (r *rig) untilSaid(text string) {
	r.t.Helper()
	r.until("the line "+text, func() bool { return r.log.count(text)+r.stdout.count(text) > 0 })
}

// eventually asks again whenever it is woken.
func eventually(woken <-chan struct{}, done func() bool) bool {
	end := time.NewTimer(patience)
	defer end.Stop()
	for !done() {
		select {
		case <-woken:
		case <-end.C:
			return done()
		}
	}
	return true
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%v\nlog:\n%s", err, r.log)
	}
}

func (r *rig) load(path string) *chost.Library {
	r.t.Helper()
	lib, err := r.Load(path)
	r.must(err)
	return lib
}

// section makes an instance, not yet initialised.
func (r *rig) section(lib *chost.Library, o chost.InstanceOptions) *chost.Instance {
	r.t.Helper()
	make := r.NewOutput
	if lib.Kind == chost.Input {
		make = r.NewInput
	}
	i, err := make(lib, o)
	r.must(err)
	return i
}

// run makes, initialises and starts an instance.
func (r *rig) run(lib *chost.Library, o chost.InstanceOptions) *chost.Instance {
	r.t.Helper()
	i := r.section(lib, o)
	r.must(i.Init())
	r.must(i.Start())
	return i
}

func (r *rig) flush(i *chost.Instance, tag string, chunk []byte) int {
	r.t.Helper()
	verdict, err := i.Flush(r.t.Context(), tag, chunk)
	r.must(err)
	return verdict
}

// betweenPauses is a tick of the engine's, at which a stop ends. It takes longer than emptying the ring buffers.
func betweenPauses() { <-time.After(2 * tick) }

// exit ends instances in this order, then libraries.
func (r *rig) exit(instances []*chost.Instance, libs ...*chost.Library) {
	r.t.Helper()
	for _, i := range instances {
		r.must(i.Exit())
	}
	for _, lib := range libs {
		r.must(r.Unload(lib))
	}
}

// properties are keys and values in turn.
func properties(keysAndValues ...string) []chost.Property {
	var props []chost.Property
	for i := 0; i < len(keysAndValues); i += 2 {
		props = append(props, chost.Property{Key: keysAndValues[i], Value: keysAndValues[i+1]})
	}
	return props
}

// refused is the step at which a plugin refused, "" if it did not.
func refused(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal := new(chost.PluginError)
	if !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	return refusal.Step
}

func forGenerations(t *testing.T, test func(*testing.T, chost.Generation)) {
	t.Helper()
	for _, g := range chost.Generations {
		t.Run(string(g), func(t *testing.T) {
			t.Parallel()
			test(t, g)
		})
	}
}

// write makes a file in dir.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// within is a context that ends a run that does not end by itself.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
