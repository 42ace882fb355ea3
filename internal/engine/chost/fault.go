package chost

import (
	"fmt"
	"strings"
)

// FaultKind says what a plugin did to memory of the engine.
type FaultKind int

// The kinds of faults. Keep in step with c/blocks.h.
const (
	PastEnd      FaultKind = iota + 1 // wrote behind a struct
	BeforeStart                       // wrote in front of a struct
	AfterFree                         // wrote to a struct that the engine has freed
	EngineField                       // changed a field that is the engine's
	DeadInstance                      // called the engine with an instance that is none, or has exited
	DeadMetrics                       // called the engine with metrics that are none, or of an instance that has exited
)

// A Fault is one violation by a plugin that did not crash it.
type Fault struct {
	Kind   FaultKind
	Plugin string // file name of the library
	Func   string // the callback after which it was seen; empty: outside of one, or at the end
	What   string // the struct, or for DeadInstance and DeadMetrics the engine's function
	Size   int    // of the struct, in bytes
	Offset int    // of the first byte written, from the start of the struct
	Bytes  int    // from the first to the last byte written
}

// String returns the fault as one line.
func (f Fault) String() string {
	who := f.Plugin
	if who == "" {
		who = "a plugin"
	}
	if f.Func != "" {
		who += ": " + f.Func
	}
	what := fmt.Sprintf("%s (%d bytes) at offset %d", f.What, f.Size, f.Offset)
	switch f.Kind {
	case PastEnd:
		return fmt.Sprintf("%s wrote %d bytes past the end of %s", who, f.Bytes, what)
	case BeforeStart:
		return fmt.Sprintf("%s wrote %d bytes before the start of %s", who, f.Bytes, what)
	case AfterFree:
		return fmt.Sprintf("%s wrote %d bytes to freed %s", who, f.Bytes, what)
	case EngineField:
		return fmt.Sprintf("%s changed %d bytes of %s, which are the engine's", who, f.Bytes, what)
	case DeadMetrics:
		return fmt.Sprintf("%s called %s with metrics that are not alive", who, f.What)
	}
	return fmt.Sprintf("%s called %s with an instance that is not alive", who, f.What)
}

// A FaultError lists all violations of a host's plugins.
type FaultError struct{ Faults []Fault }

// Error returns the number of faults, and one line for each.
func (e *FaultError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "chost: %d faults", len(e.Faults))
	if len(e.Faults) == 1 {
		b.Reset()
		b.WriteString("chost: 1 fault")
	}
	for _, f := range e.Faults {
		b.WriteString("\n\t" + f.String())
	}
	return b.String()
}
