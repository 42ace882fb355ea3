package plugintest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const memoryCheck = "the engine's memory is left alone"

// brokenInputLibraries are what testdata/in_broken can do, by the check that this fails.
var brokenInputLibraries = map[string][]string{
	"Init accepts a good configuration":     {"init"},
	"Collect returns when its context ends": {"context"},
	"events can be encoded":                 {"time"},
	"sections do not know of each other":    {"others"},
	"Collect goes on after a pause":         {"pause"},
	"Paused returns at once":                {"paused", "resumed"},
	closesInTime:                            {"close", "close, with a panic"},
	memoryCheck:                             {"memory", "process"},
}

// brokenOutputLibraries are what testdata/out_broken can do.
var brokenOutputLibraries = map[string][]string{
	"Flush delivers a chunk":                         {"init", "flush"},
	"Flush reads every form of event":                {"metadata", "group"},
	"Flush delivers a chunk without events":          {"empty"},
	"Flush does not deliver a broken chunk":          {"chunk"},
	"Flush does not panic at events that do not fit": {"misfit"},
	"Flush delivers a chunk that comes back":         {"again"},
	"Flush is called concurrently":                   {"concurrent"},
	"the memory of a batch is not kept":              {"batch", "batch, at the exit"},
	"sections do not know of each other":             {"others"},
	closesInTime:                                     {"close", "close, with a panic"},
	memoryCheck:                                      {"process"},
}

// Libraries that keep all rules are those of the examples.
func TestBrokenLibraries(t *testing.T) {
	t.Parallel()
	for folder, broken := range map[string]map[string][]string{
		"in_broken": brokenInputLibraries, "out_broken": brokenOutputLibraries,
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			file := Build(t, "testdata/"+folder)
			var names []string
			for _, c := range newLibrary(t, file, Setup{}).checks(t) {
				names = append(names, c.name)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(names)), slices.Sorted(maps.Keys(broken))); diff != "" {
				t.Errorf("checks, and those that have a broken library (-want +got):\n%s", diff)
			}
			var all sync.WaitGroup
			slots := make(chan struct{}, 4) // most of the time they wait
			for _, check := range slices.Sorted(maps.Keys(broken)) {
				for _, breaks := range broken[check] {
					slots <- struct{}{}
					all.Go(func() {
						defer func() { <-slots }()
						t.Run(breaks, func(t *testing.T) {
							l := newLibrary(t, file, Setup{Conf: Properties{"breaks": breaks}})
							l.wait = 2 * time.Second
							if diff := cmp.Diff([]string{check}, failingOf(t, l)); diff != "" {
								t.Errorf("checks that fail (-want +got):\n%s", diff)
							}
						})
					})
				}
			}
			all.Wait()
		})
	}
}

// failingOf returns the names of the checks that fail.
func failingOf(t *testing.T, l *library) (failed []string) {
	t.Helper()
	var mu sync.Mutex
	runTogether(l.checks(t), func(c check) bool {
		r := recorded(t, c.run)
		mu.Lock()
		defer mu.Unlock()
		t.Logf("%s: %s", c.name, r.text())
		if r.failed {
			failed = append(failed, c.name)
		}
		return !r.failed
	})
	return failed
}

func TestLibrariesThatAreNone(t *testing.T) {
	t.Parallel()
	needLinux(t)
	r := recorded(t, func(t testing.TB) { newLibrary(t, "doc.go", Setup{}).checks(t) })
	if !r.failed || !strings.Contains(r.text(), "doc.go: dlopen: ") {
		t.Errorf("failed %t: %s, want that it cannot be loaded", r.failed, r.text())
	}
	r = recorded(t, func(t testing.TB) { Build(t, "testdata/none") })
	if !r.failed && !r.skipped || r.failed && !strings.Contains(r.text(), "go build -buildmode=c-shared") {
		t.Errorf("failed %t: %s, want that it cannot be built", r.failed, r.text())
	}
}

func TestNeedOneOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		compilers []string
		skipped   bool
	}{
		{"none set", []string{"", "no-such-compiler"}, true},
		{"with flags", []string{"no-such-compiler", "go -m32"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := recorded(t, func(t testing.TB) { needOneOf(t, tt.compilers...) })
			if r.skipped != tt.skipped || r.failed || tt.skipped && !strings.Contains(r.text(), "install gcc or clang, or set CC") {
				t.Errorf("needOneOf(%q): skipped %t, failed %t: %s, want skipped %t", tt.compilers, r.skipped, r.failed, r.text(), tt.skipped)
			}
		})
	}
}
