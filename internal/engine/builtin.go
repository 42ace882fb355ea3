package engine

import (
	"io"
	"sync"
)

// builtins returns the catalog's first part.
func builtins(o Options) catalog {
	return catalog{
		{kind: "input", name: "dummy", builtin: true,
			input: func(s setup) (inputInstance, error) { return newDummy(s, o.Tick) }},
		{kind: "input", name: "stdin", builtin: true,
			input: func(s setup) (inputInstance, error) { return newStdin(s, o.Stdin) }},
		{kind: "output", name: "stdout", builtin: true,
			output: func(s setup) (outputInstance, error) { return newStdout(s, o.Stdout) }},
		{kind: "output", name: "file", builtin: true,
			output: func(s setup) (outputInstance, error) { return newFile(s, o.Dir) }},
		{kind: "output", name: "null", builtin: true,
			output: func(s setup) (outputInstance, error) { return newNull(s) }},
	}
}

// lines writes what several outputs, and libraries, print to one writer.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(b []byte) (int, error) {
	if l.w == nil {
		return len(b), nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// valve stands between a built-in input and the engine. Once Pause has returned, nothing passes until Resume.
type valve struct {
	mu     sync.Mutex
	append func(tag string, events []byte) bool
	opened chan struct{} // closed while open
}

func newValve(s setup) *valve {
	v := &valve{append: s.append, opened: make(chan struct{})}
	close(v.opened)
	return v
}

// pass appends events to the section's tag, or reports what to wait for before another try.
func (v *valve) pass(events []byte) (opened <-chan struct{}, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.open() {
		return v.opened, false
	}
	return nil, v.append("", events)
}

func (v *valve) open() bool {
	select {
	case <-v.opened:
		return true
	default:
		return false
	}
}

func (v *valve) Pause() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.open() {
		v.opened = make(chan struct{})
	}
	return nil
}

func (v *valve) Resume() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.open() {
		close(v.opened)
	}
	return nil
}
