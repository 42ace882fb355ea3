package plugintest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/cshared"
	"github.com/calyptia/plugin/internal/engine/chost"
)

// Build builds the plugin in a folder, a package main, as the shared library that Fluent Bit loads, and returns its file:
// in_tail.so for a folder in_tail. The file is there until the test is over. Without cgo, a C compiler or Linux the test is
// skipped.
func Build(t testing.TB, folder string) (file string) {
	t.Helper()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := cshared.Unavailable(); err != nil {
		t.Skipf("plugintest: %v", err)
	}
	file = filepath.Join(t.TempDir(), filepath.Base(folder)+".so")
	if err := cshared.Build(t.Context(), folder, file); err != nil {
		t.Fatalf("plugintest: %v", err)
	}
	return file
}

func needLinux(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("plugintest: the C host, which stands for Fluent Bit, runs on Linux only")
	}
}

// needOneOf skips the test unless there is one of these C compilers.
func needOneOf(t testing.TB, compilers ...string) {
	t.Helper()
	for _, cc := range compilers {
		if words := strings.Fields(cc); len(words) > 0 {
			if _, err := exec.LookPath(words[0]); err == nil {
				return
			}
		}
	}
	t.Skipf("plugintest: no C compiler is there, looked for %q: install gcc or clang, or set CC", compilers)
}

// LibraryConformance checks that a shared library keeps the rules that [InputConformance] or [OutputConformance] checks of
// a value, one subtest each, under the same names. The library may be one that [Build] has built:
//
//	func TestLibraryConformance(t *testing.T) {
//		plugintest.LibraryConformance(t, plugintest.Build(t, "."), plugintest.Setup{})
//	}
//
// Every check loads it into a process of its own, a host in C that calls it as Fluent Bit does: with the engine's structs,
// threads and coroutine stacks. The checks run at the same time, in real time; functions of the setup are called one at a
// time. Events come as they do under an engine that collects every ten milliseconds. Memory that is the engine's is watched: what
// the library does to it, or a crash of its process, is an error of one more check, the last one.
//
// Left out are the checks that come between the engine and the plugin's Collect or Flush, or look at goroutines: that
// Collect can be called again after an error, that events that were sent are left alone, that Flush delivers the events of a
// chunk that are left and returns when its context ends, and that goroutines end with the section. Of setup, Options,
// Virtual and Delivered play no part; an output whose record type is a struct may need Records.
//
// It needs Linux with glibc and a C compiler. Elsewhere the test is skipped.
func LibraryConformance(t *testing.T, file string, setup Setup) {
	t.Helper()
	runTogether(newLibrary(t, file, setup).checks(t), func(c check) bool {
		return t.Run(c.name, func(t *testing.T) { c.run(t) })
	})
}

// runTogether runs the first check alone: if it fails, the others would say no more. The last one is about all of them.
func runTogether(checks []check, run func(check) bool) {
	first, others, last := checks[0], checks[1:len(checks)-1], checks[len(checks)-1]
	var all sync.WaitGroup
	if run(first) {
		for _, c := range others {
			all.Go(func() { run(c) })
		}
	}
	all.Wait()
	run(last)
}

// library is a shared library that is checked.
type library struct {
	file  string
	setup Setup         // whose functions are called one at a time
	wait  time.Duration // for events

	mu      sync.Mutex
	hosted  map[testing.TB]*hosted // by check
	damages []damage
}

// damage is what the library has done to a host in a check.
type damage struct {
	check string
	err   error
}

func newLibrary(t testing.TB, file string, setup Setup) *library {
	t.Helper()
	needLinux(t)
	needOneOf(t, os.Getenv("CC"), "cc", "gcc", "clang")
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	var turn sync.Mutex
	prompt, conf := setup.Prompt, setup.Conf
	setup.Conf = Each(func() Config {
		turn.Lock()
		defer turn.Unlock()
		if each, ok := conf.(Each); ok {
			return each()
		}
		return conf
	})
	if prompt != nil {
		setup.Prompt = func() {
			turn.Lock()
			defer turn.Unlock()
			prompt()
		}
	}
	return &library{file: file, setup: setup, wait: eventPatience, hosted: make(map[testing.TB]*hosted)}
}

func (l *library) checks(t testing.TB) []check {
	t.Helper()
	return append(l.suite(t), check{"the engine's memory is left alone", l.undamaged})
}

// suite loads the library to learn which kind it is.
func (l *library) suite(t testing.TB) []check {
	t.Helper()
	h := l.start(t)
	defer h.end()
	if h.lib.Kind == chost.Input {
		s := &inputSuite{setup: l.setup, told: true, wait: l.wait}
		s.make = func(t testing.TB) (*InputSection, error) { return l.of(t).newInput(t) }
		return s.checks()
	}
	s := &outputSuite{setup: l.setup, sample: sampleOf[any], kept: l.kept}
	s.make = func(t testing.TB) (*OutputSection, error) { return l.of(t).newOutput(t) }
	return s.checks()
}

// of returns the host of a check, which it starts when it is first asked for.
func (l *library) of(t testing.TB) *hosted {
	t.Helper()
	l.mu.Lock()
	h := l.hosted[t]
	l.mu.Unlock()
	if h != nil {
		return h
	}
	h = l.start(t)
	t.Cleanup(h.end)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hosted[t] = h
	return h
}

// kept is told by a crash: the host unmaps a chunk when it has the verdict.
func (l *library) kept(t testing.TB) {
	t.Helper()
	h := l.of(t)
	var crash *chost.CrashError
	if errors.As(h.host.Close(), &crash) {
		h.told = true
		t.Errorf("batch is Flush's own until it returns: memory of a batch was used later, when the engine had unmapped it: %v", crash)
	}
}

// undamaged reports what was done to all hosts.
func (l *library) undamaged(t testing.TB) {
	t.Helper()
	for _, d := range l.damages {
		t.Errorf("the engine's memory is left alone, and its process: %s: %v", d.check, d.err)
	}
}
