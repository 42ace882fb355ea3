package plugintest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recorder is a testing.TB that keeps what a check says.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failed   bool
	skipped  bool
	said     []string
	cleanups []func()
}

// recorded runs a check and what it leaves to do.
func recorded(t testing.TB, run func(t testing.TB)) *recorder {
	r := &recorder{TB: t}
	r.goexits(func() { run(r) })
	for _, f := range slices.Backward(r.cleanups) {
		r.goexits(f)
	}
	return r
}

func (r *recorder) goexits(f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	<-done
}

func (r *recorder) note(failed bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = r.failed || failed
	r.said = append(r.said, text)
}

func (r *recorder) skip(text string) {
	r.skipped = true
	r.note(false, text)
	runtime.Goexit()
}

func (r *recorder) fatal(text string) {
	r.note(true, text)
	runtime.Goexit()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Log(args ...any)           { r.note(false, fmt.Sprintln(args...)) }
func (r *recorder) Logf(f string, a ...any)   { r.note(false, fmt.Sprintf(f, a...)) }
func (r *recorder) Error(args ...any)         { r.note(true, fmt.Sprintln(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.note(true, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(args ...any)         { r.fatal(fmt.Sprintln(args...)) }
func (r *recorder) Fatalf(f string, a ...any) { r.fatal(fmt.Sprintf(f, a...)) }
func (r *recorder) Skip(args ...any)          { r.skip(fmt.Sprintln(args...)) }
func (r *recorder) Skipf(f string, a ...any)  { r.skip(fmt.Sprintf(f, a...)) }
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) text() string { return strings.Join(r.said, "\n") }
