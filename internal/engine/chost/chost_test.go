//go:build linux

package chost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plugins builds each test plugin once.
type plugins struct {
	dir string
	mu  sync.Mutex
}

var built plugins

func TestMain(m *testing.M) {
	if os.Getenv(driverEnv) != "" {
		drive()
	}
	os.Exit(testMain(m))
}

const driverEnv = "CHOST_TEST_DRIVER"

// drive starts a host, prints its process id and waits to be killed.
func drive() {
	h, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(h.pid)
	select {}
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chost-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.dir = dir
	before := runtime.NumGoroutine()
	code := m.Run()
	if leak := goroutinesAbove(before); code == 0 && leak != "" {
		fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s", leak)
		return 1
	}
	return code
}

// goroutinesAbove gives goroutines that are about to end a moment for it.
func goroutinesAbove(n int) string {
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > n {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			return string(buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
	return ""
}

func needCompiler(t testing.TB) []string {
	t.Helper()
	cc, err := compiler()
	if err != nil {
		t.Skipf("needs a C compiler (install gcc or clang, or set CC): %v", err)
	}
	return cc
}

var notWord = regexp.MustCompile(`\W+`)

// plugin compiles testdata/NAME.c with definitions such as `BUG="x"`.
func plugin(t testing.TB, name string, defs ...string) string {
	t.Helper()
	cc := needCompiler(t)
	file := name + notWord.ReplaceAllString(strings.Join(defs, "_"), "_") + ".so"
	path := filepath.Join(built.dir, file)
	built.mu.Lock()
	defer built.mu.Unlock()
	if _, err := os.Stat(path); err == nil {
		return path
	}
	args := append(cc[1:len(cc):len(cc)], "-shared", "-fPIC", "-O0", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-unused", "-Werror", "-o", path)
	for _, d := range defs {
		args = append(args, "-D"+d)
	}
	if sanitized() {
		args = append(args, "-fsanitize=address")
	}
	args = append(args, filepath.Join("testdata", name+".c"), "-pthread", "-ldl")
	if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", cc[0], args, err, out)
	}
	return path
}

func bad(t *testing.T, name, bug string, defs ...string) string {
	t.Helper()
	return plugin(t, name, append([]string{fmt.Sprintf("BUG=%q", bug)}, defs...)...)
}

// An event is what an input appended.
type event struct {
	Input InstanceID
	Tag   string
	Data  string
}

// A rig is a host under test and what came out of it.
type rig struct {
	*Host
	t      testing.TB
	events chan event
	stdout lockedBuffer

	mu   sync.Mutex
	logs []string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a host; at the end of the test it is closed whatever happened.
func start(t testing.TB, o Options) *rig {
	t.Helper()
	needCompiler(t)
	r := &rig{t: t, events: make(chan event, 1000)}
	if o.Append == nil {
		o.Append = func(input InstanceID, tag string, events []byte) bool {
			r.events <- event{input, tag, string(events)}
			return true
		}
	}
	o.Log = func(level slog.Level, line string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.logs = append(r.logs, line)
	}
	if o.Tick == 0 {
		o.Tick = 5 * time.Millisecond
	}
	o.Stderr = &r.stdout
	h, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = h
	t.Cleanup(func() { _ = h.Close() })
	return r
}

func (r *rig) load(path string) *Library {
	r.t.Helper()
	lib, err := r.Load(path)
	r.must(err)
	return lib
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// input makes and initialises an input.
func (r *rig) input(lib *Library, name string, props ...Property) *Instance {
	r.t.Helper()
	i, err := r.NewInput(lib, InstanceOptions{Name: name, Properties: props})
	r.must(err)
	r.must(i.Init())
	return i
}

// output makes and initialises an output.
func (r *rig) output(lib *Library, name string, workers int, props ...Property) *Instance {
	r.t.Helper()
	i, err := r.NewOutput(lib, InstanceOptions{Name: name, Properties: props, Workers: workers})
	r.must(err)
	r.must(i.Init())
	return i
}

func (r *rig) flush(i *Instance, tag, chunk string) int {
	r.t.Helper()
	code, err := i.Flush(r.t.Context(), tag, []byte(chunk))
	r.must(err)
	return code
}

// logged returns the lines that contain text.
func (r *rig) logged(text string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, l := range r.logs {
		if strings.Contains(l, text) {
			lines = append(lines, l)
		}
	}
	return lines
}

// closed ends the host and returns the faults as lines.
func (r *rig) closed() []string {
	r.t.Helper()
	err := r.Close()
	faults := new(FaultError)
	if err != nil && !errors.As(err, &faults) {
		r.t.Errorf("Close() = %v, want nil or a *FaultError", err)
	}
	var lines []string
	for _, f := range faults.Faults {
		lines = append(lines, f.String())
	}
	return lines
}

func forGenerations(t *testing.T, test func(t *testing.T, g Generation)) {
	t.Helper()
	for _, g := range Generations {
		t.Run(string(g), func(t *testing.T) {
			t.Parallel()
			test(t, g)
		})
	}
}

func TestSourcesCompileWithoutWarnings(t *testing.T) {
	t.Parallel()
	cc := needCompiler(t)
	for _, hide := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "chost")
		if err := compile(t.Context(), cc, append(compileFlags(hide), "-Werror"), path); err != nil {
			t.Errorf("compile(hide %v) = %v, want nil", hide, err)
		}
	}
}

func TestCompilerErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		cc   string
		path string
		want string
	}{
		{"not there", "no-such-compiler", os.Getenv("PATH"), `C compiler "no-such-compiler"`},
		{"none", "", t.TempDir(), "no C compiler"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("CC", tt.cc)
			t.Setenv("PATH", tt.path)
			if _, err := build(t.Context(), false); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("build() = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestCompileShowsTheCompilersOutput(t *testing.T) {
	t.Parallel()
	cc := needCompiler(t)
	err := compile(t.Context(), cc, []string{"-DEXPORT=oops", "-D_GNU_SOURCE", "-Werror"}, filepath.Join(t.TempDir(), "chost"))
	if err == nil || !strings.Contains(err.Error(), "oops") || !strings.Contains(err.Error(), "api.c") {
		t.Errorf("compile() = %v, want an error with the compiler's output", err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    Options
		want string
	}{
		{"generation", Options{Generation: "6"}, `chost: generation "6"`},
		{"tick", Options{Tick: -1}, "chost: tick"},
		{"folder", Options{Dir: "/no/such"}, "chost: working directory: stat /no/such"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, err := Start(t.Context(), tt.o)
			if err == nil {
				h.Close()
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Start(%+v) = %v, want %q", tt.o, err, tt.want)
			}
		})
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"append", "return"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g Generation) {
				r := start(t, Options{Generation: g, HotReload: true})
				lib := r.load(plugin(t, "in_good"))
				a := r.input(lib, "good.0", Property{"Payload", "a"}, Property{"payload", "x"}, Property{"mode", mode})
				b := r.input(lib, "alias", Property{"payload", "b"}, Property{"mode", mode})
				r.must(a.Start())
				r.must(b.Start())
				got := map[InstanceID][]event{}
				for len(got[a.ID()]) < 3 || len(got[b.ID()]) < 3 {
					e := <-r.events
					got[e.Input] = append(got[e.Input], e)
				}
				for _, tt := range []struct {
					i            *Instance
					tag, payload string
				}{{a, "good.0", "a"}, {b, "alias", "b"}} {
					if mode == "return" {
						tt.tag = ""
					}
					for k, e := range got[tt.i.ID()][:3] {
						want := event{tt.i.ID(), tt.tag, fmt.Sprint(tt.payload, k)}
						if diff := cmp.Diff(want, e); diff != "" {
							t.Errorf("event %d (-want +got):\n%s", k, diff)
						}
					}
				}
				r.must(a.Pause())
				r.must(a.Resume())
				r.must(b.Exit())
				r.SetReloading(true)
				r.must(a.Exit())
				r.must(r.Unload(lib))
				if got := r.closed(); got != nil {
					t.Errorf("faults = %q, want none", got)
				}
				want := []string{
					"init good.0 on flb-in-good.0-w cmt 1 debug 0",
					"pre_run good.0 1 on flb-in-good.0-w",
					"pause good.0 on flb-in-good.0-w",
					"resume good.0 on flb-in-good.0-w",
					"pre_exit good.0 1 on flb-in-good.0-w",
					"exit good.0 on flb-in-good.0-w",
				}
				if diff := cmp.Diff(want, r.logged("good.0 ")); diff != "" {
					t.Errorf("callbacks (-want +got):\n%s", diff)
				}
				if got, want := r.stdout.String(), "unregister good on fluent-bit\n"; got != want {
					t.Errorf("stdout = %q, want %q", got, want)
				}
			})
		})
	}
}

func TestInputHiddenSymbols(t *testing.T) {
	t.Parallel()
	r := start(t, Options{HideSymbols: true})
	i := r.input(r.load(plugin(t, "in_good")), "good.0", Property{"payload", "p"})
	r.must(i.Start())
	if got, want := <-r.events, (event{i.ID(), "", "p0"}); got != want {
		t.Errorf("event = %v, want %v: by way of the return", got, want)
	}
	r.must(i.Exit())
	if got := r.logged("init unnamed"); len(got) != 1 {
		t.Errorf("log of init = %q, want one line without a name", got)
	}
}

func TestInputUnthreaded(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	i, err := r.NewInput(r.load(plugin(t, "in_good")), InstanceOptions{Name: "u", Unthreaded: true, LogLevel: slog.LevelDebug})
	r.must(err)
	r.must(i.Init())
	r.must(i.Start())
	<-r.events
	r.must(i.Exit())
	want := []string{"init u on flb-pipeline cmt 1 debug 1", "pre_run u 0 on flb-pipeline", "pre_exit u 0 on flb-pipeline", "exit u on flb-pipeline"}
	if diff := cmp.Diff(want, r.logged(" u ")); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
}

func TestAppendNotTaken(t *testing.T) {
	t.Parallel()
	data := make(chan string, 100)
	var calls int
	r := start(t, Options{Append: func(_ InstanceID, _ string, b []byte) bool {
		calls++
		data <- string(b)
		return calls != 2
	}})
	i := r.input(r.load(plugin(t, "in_good")), "good.0")
	r.must(i.Start())
	got := []string{<-data, <-data, <-data}
	if diff := cmp.Diff([]string{"0", "1", "1"}, got); diff != "" {
		t.Errorf("appended (-want +got):\n%s", diff)
	}
	r.must(i.Exit())
}

func TestAppendWaits(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	r := start(t, Options{Append: func(InstanceID, string, []byte) bool {
		entered <- struct{}{}
		<-leave
		return true
	}})
	i := r.input(r.load(plugin(t, "in_good")), "good.0")
	r.must(i.Start())
	<-entered
	done := make(chan error)
	go func() { done <- i.Exit() }()
	select {
	case <-entered:
		t.Error("a second append while the first was not answered")
	case err := <-done:
		t.Errorf("Exit() = %v before the append was answered", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	for {
		select {
		case <-entered:
		case err := <-done:
			r.must(err)
			return
		}
	}
}

// Ticks that pass while a collect is running are one tick.
func TestTicksCoalesce(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Tick: 20 * time.Millisecond})
	i := r.input(r.load(plugin(t, "in_good")), "good.0", Property{"ms", "90"})
	r.must(i.Start())
	began := time.Now()
	for range 3 {
		<-r.events
	}
	if took := time.Since(began); took < 3*90*time.Millisecond {
		t.Errorf("3 collects took %v, want 270ms or more", took)
	}
	r.must(i.Exit())
	if n := len(r.events); n > 1 {
		t.Errorf("%d collects after the third, want 0 or 1", n)
	}
}

// The engine stops the timer of the instance initialised last (proxy-abi section 6).
func TestPauseStopsTheLastInstance(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	lib := r.load(plugin(t, "in_good"))
	a, b := r.input(lib, "a.0"), r.input(lib, "b.0")
	r.must(a.Start())
	r.must(b.Start())
	<-r.events
	r.must(a.Pause())
	r.must(b.Pause()) // waits for a collect of b that is in progress
	r.must(b.Resume())
	r.must(a.Resume())
	if got := r.logged("cannot resume collector b.0:0"); len(got) != 1 {
		t.Errorf("log = %q, want one line that b.0 runs already", got)
	}
	r.must(a.Exit())
	r.must(b.Exit())
}

func TestOutput(t *testing.T) {
	t.Parallel()
	forGenerations(t, func(t *testing.T, g Generation) {
		r := start(t, Options{Generation: g})
		lib := r.load(plugin(t, "out_good"))
		size := map[Generation]int{"3.2": 32, "4.1": 32, "5.0": 40, "5.1.1": 48}[g]
		if lib.Kind != Output || lib.Name != "good" || lib.Description != "a test plugin" || lib.Flags != size {
			t.Errorf("Load() = %+v, want an output that found %d bytes", lib, size)
		}
		if want := size / 40; lib.EventType != want {
			t.Errorf("EventType = %d, want %d", lib.EventType, want)
		}
		a := r.output(lib, "good.0", 0, Property{"ret", "2"})
		b := r.output(lib, "good.1", 2, Property{"ret", "0"})
		r.must(a.Start())
		if got := r.flush(a, "tag.a", "one"); got != 2 {
			t.Errorf("Flush() = %d, want 2", got)
		}
		if got := r.flush(b, "tag.b", ""); got != 0 {
			t.Errorf("Flush() = %d, want 0", got)
		}
		r.must(a.Exit())
		r.must(b.Exit())
		r.must(r.Unload(lib))
		if got := r.closed(); got != nil {
			t.Errorf("faults = %q, want none", got)
		}
		want := []string{
			"init good.0 on flb-pipeline",
			"init good.1 on flb-pipeline",
			"pre_run 0 on flb-pipeline",
			"flush good.0 tag.a one on flb-pipeline",
			"flush good.1 tag.b  on flb-out-good.1-",
			"pre_exit 0 on flb-pipeline",
			"exit good.0 on flb-pipeline",
			"pre_exit 0 on flb-pipeline",
			"exit good.1 on flb-pipeline",
		}
		if diff := cmp.Diff(want, r.logged(" on ")); diff != "" {
			t.Errorf("callbacks (-want +got):\n%s", diff)
		}
	})
}

// Without exports a plugin finds libc's malloc_usable_size, which must be exact too.
func TestOutputHiddenSymbols(t *testing.T) {
	t.Parallel()
	if sanitized() {
		t.Skip("needs a host without AddressSanitizer (unset CHOST_ASAN), whose malloc_usable_size knows its own blocks alone")
	}
	r := start(t, Options{HideSymbols: true, Generation: "4.1"})
	if got := r.load(plugin(t, "out_good")).Flags; got != 32 {
		t.Errorf("malloc_usable_size(def) = %d, want 32", got)
	}
}

func TestFlushesAreConcurrentWithWorkers(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	o := r.output(r.load(plugin(t, "out_good")), "w", 2, Property{"together", "2"})
	var wg sync.WaitGroup
	for _, tag := range []string{"one", "two"} {
		wg.Go(func() { r.flush(o, tag, "x") })
	}
	wg.Wait()
	for _, want := range []string{"on flb-out-w-w0", "on flb-out-w-w1"} {
		if got := r.logged(want); len(got) != 1 {
			t.Errorf("lines with %q = %q, want one", want, got)
		}
	}
	r.must(o.Exit())
}

func TestFlushLargeAndMany(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	o := r.output(r.load(plugin(t, "out_good")), "o", 0)
	for n := range 300 { // more than the host keeps watching
		r.flush(o, fmt.Sprintf("tag%d", n), strings.Repeat("x", n*31))
	}
	r.flush(o, "big", strings.Repeat("0123456789abcdef", 1<<20))
	if got := r.logged("flush o big"); len(got) != 1 || len(got[0]) != 4050 {
		t.Errorf("log lines = %d, want one of 4050 bytes, where the engine cuts", len(got))
	}
	r.must(o.Exit())
	if got := r.closed(); got != nil {
		t.Errorf("faults = %q, want none", got)
	}
}

func TestFlushEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	o := r.output(r.load(plugin(t, "out_good")), "o", 2, Property{"together", "2"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.Flush(ctx, "t", []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("Flush() = %v, want %v", err, context.Canceled)
	}
	r.flush(o, "t", "x") // joins the first, which is in progress still
	r.must(o.Exit())
}

func TestExitWithoutInit(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	in, err := r.NewInput(r.load(plugin(t, "in_good")), InstanceOptions{Name: "i"})
	r.must(err)
	out, err := r.NewOutput(r.load(plugin(t, "out_good")), InstanceOptions{Name: "o"})
	r.must(err)
	r.must(in.Exit())
	if err := in.Exit(); err == nil {
		t.Error("second Exit() = nil, want an error")
	}
	// out_good learns the API in Init, so let another instance have it.
	r.must(r.output(out.lib, "other", 0).Exit())
	r.must(out.Exit())
	_ = r.closed()
	if got, want := r.stdout.String(), "exit without init\n"; got != want {
		t.Errorf("stdout = %q, want %q", got, want)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	forGenerations(t, func(t *testing.T, g Generation) {
		r := start(t, Options{Generation: g})
		path := plugin(t, "out_good")
		old := r.load(path)
		a := r.output(old, "good.0", 1)
		for range 3 {
			r.SetReloading(true)
			lib := r.load(path) // before the old one is gone
			r.flush(a, "t", "x")
			r.must(a.Exit())
			r.must(r.Unload(old))
			old, a = lib, r.output(lib, "good.0", 1)
		}
		if err := r.Unload(old); err == nil || !strings.Contains(err.Error(), "1 instances have not exited") {
			t.Errorf("Unload() = %v, want an error about an instance", err)
		}
		r.must(a.Exit())
		r.must(r.Unload(old))
		if err := r.Unload(old); err == nil {
			t.Error("second Unload() = nil, want an error")
		}
		if got := r.closed(); got != nil {
			t.Errorf("faults = %q, want none", got)
		}
	})
}

func BenchmarkFlush(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r := start(b, Options{})
			o := r.output(r.load(plugin(b, "out_good")), "o", 0, Property{"quiet", "2"})
			chunk := bytes.Repeat([]byte("x"), size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := o.Flush(b.Context(), "t", chunk); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			appended := make(chan struct{})
			r := start(b, Options{Tick: time.Millisecond, Append: func(InstanceID, string, []byte) bool {
				appended <- struct{}{}
				return true
			}})
			props := []Property{{"size", fmt.Sprint(size)}, {"times", "64"}}
			i := r.input(r.load(plugin(b, "in_good")), "i", props...)
			r.must(i.Start())
			b.SetBytes(int64(size))
			for b.Loop() {
				<-appended
			}
			go func() {
				for range appended {
				}
			}()
			r.must(i.Pause())
			r.must(i.Exit())
			close(appended)
		})
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	lib := r.load(plugin(t, "out_good"))
	for symbol, want := range map[string]string{
		"room_for_answer": "room for 1024 bytes",
		"long_answer":     strings.Repeat(" ", 100_000-len("end")) + "end",
		"short_answer":    "short",
	} {
		if got, err := r.Ask(lib, symbol); err != nil || got != want {
			t.Errorf("Ask(%q) = %q, %v, want %q", symbol, got, err, want)
		}
	}
	for symbol, want := range map[string]PluginError{
		"no_such_function": {Text: "is not exported"},
		"no_answer":        {Code: -3, Text: "returned -3"},
		"never_enough":     {Code: 32 << 20, Text: "returned 33554432"},
	} {
		want.Plugin, want.Step = lib.Path, symbol
		refused := new(PluginError)
		if got, err := r.Ask(lib, symbol); !errors.As(err, &refused) || *refused != want {
			t.Errorf("Ask(%q) = %q, %v, want %v", symbol, got, err, &want)
		}
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", r.PID())); err != nil {
		t.Errorf("PID() = %d: %v", r.PID(), err)
	}
}

func TestAskFault(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	if _, err := r.Ask(r.load(plugin(t, "out_good")), "writes_too_much"); err != nil {
		t.Fatal(err)
	}
	want := []string{"out_good.so: a question wrote 1 bytes past the end of room for an answer (1024 bytes) at offset 1024"}
	if diff := cmp.Diff(want, r.closed()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// The host watches what it has freed for a while, and not for ever.
func TestFreedIsGivenBack(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	lib := r.load(plugin(t, "out_good"))
	for range 600 { // of several blocks each
		o, err := r.NewOutput(lib, InstanceOptions{Name: "good.0"})
		r.must(err)
		r.must(o.Init())
		r.must(o.Exit())
	}
	if got := r.closed(); got != nil {
		t.Errorf("faults = %q, want none", got)
	}
}
