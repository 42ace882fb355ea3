package chost

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Kind is the type of a plugin.
type Kind int

// The kinds of plugins, as the engine numbers them.
const (
	Input  Kind = 1
	Output Kind = 2
	Custom Kind = 3
)

// String returns the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Input:
		return "input"
	case Output:
		return "output"
	case Custom:
		return "custom"
	}
	return fmt.Sprintf("kind %d", int(k))
}

// A Library is a shared library whose plugin is registered. Its fields are what the plugin wrote.
type Library struct {
	Path        string
	Kind        Kind
	Name        string
	Description string
	Flags       int
	EventType   int // 0 on generations without the field

	id uint32
}

// A PluginError says that a plugin refused a call or cannot be called.
type PluginError struct {
	Plugin   string // path of the library
	Instance string // name of the instance; empty for the library itself
	Step     string // "dlopen", or the symbol, such as "FLBPluginRegister"
	Code     int    // what the call returned, or the offending value; 0 if there is none
	Text     string // what happened, such as "returned -1" or "is not exported"
}

// Error returns file, instance, step and what happened.
func (e *PluginError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "chost: %s: ", filepath.Base(e.Plugin))
	if e.Instance != "" {
		fmt.Fprintf(&b, "%s: ", e.Instance)
	}
	b.WriteString(e.Step)
	if !strings.HasPrefix(e.Step, "FLBPlugin") {
		b.WriteByte(':')
	}
	b.WriteString(" " + e.Text)
	return b.String()
}
