// Package proxy is the untyped seam between the typed API of the root package and whatever drives a plugin: bridge under
// a real engine, plugintest in a test.
//
// The root package registers a Plugin; a driver makes its instances and calls them in the order that their interfaces
// document. Nothing here knows about cgo or about type parameters.
package proxy

import (
	"fmt"
	"log/slog"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/metric"
)

// Plugin is what a library registered: one name of one kind. Exactly one of NewInput and NewOutput is set.
type Plugin struct {
	Name        string
	Description string
	Flags       Flags
	Plans       []*config.Plan // of the properties that a section may have, the author's and the library's own; nil for any
	NewInput    func() Input
	NewOutput   func() Output
}

// Flags are the engine's own plugin flags, as the registration struct takes them.
type Flags int

// Synchronous asks the engine for one chunk at a time (flb_output.h: FLB_OUTPUT_SYNCHRONOUS).
const Synchronous Flags = 2048

// Kind returns "input" or "output".
func (p *Plugin) Kind() string {
	if p.NewInput != nil {
		return "input"
	}
	return "output"
}

// Host is the engine as one instance sees it. Its methods may be called from any goroutine, before Init has returned and
// after Exit; once the driver has taken the instance down they do nothing and return zero values.
type Host interface {
	// Name is the section's alias, or the name the engine made for it ("kafka.0"). It is the plugin's name where the
	// engine does not tell.
	Name() string
	// Property returns a property of the section as the engine holds it. Names compare without case. The engine does
	// not tell a property that is set to nothing from one that is not set: both are not ok.
	Property(name string) (value string, ok bool)
	// LogEnabled tells whether the section's log_level lets a line of that level through.
	LogEnabled(level slog.Level) bool
	// Log writes a line to the engine's log, whatever the section's log_level.
	Log(level slog.Level, line string)
	// Metrics is where the instance's metrics live: the author's under the subsystem "plugin", the library's own under
	// "go_input" or "go_output". The engine shows them as fluentbit_SUBSYSTEM_NAME.
	Metrics(subsystem string) metric.Registry
	// TagsPerEvent tells whether AppendFunc takes other tags than the section's.
	TagsPerEvent() bool
}

// Spoiler is a Host that writes over memory when a plugin may not read it any longer, for tests to see who does.
type Spoiler interface{ Spoil(memory []byte) }

// Input is one [INPUT] section. A driver calls Init first, and one method at a time.
type Input interface {
	// Init prepares the section. After an error no other method is called.
	Init(Host) error
	// Start lets events flow. Calls after the first do nothing.
	Start()
	// Collect hands over what the section has buffered. Drivers call it about once a second.
	Collect(AppendFunc)
	// Pause stops taking events from the plugin and hands over what was taken before. In a pause it does nothing.
	Pause(AppendFunc)
	// Resume ends a pause, if there is one.
	Resume()
	// Exit ends the section. It returns when the plugin's goroutines have ended or their time is up.
	Exit()
}

// AppendFunc gives encoded events to the engine; the tag "" is the section's own. The bytes are the engine's to read
// until it returns. After an error the events were not taken and are still the caller's; [ErrLater] is not worth a word.
type AppendFunc func(tag string, events []byte) error

// Output is one [OUTPUT] section. A driver calls Init first; Flush may be called concurrently.
type Output interface {
	// Init prepares the section. After an error no other method is called.
	Init(Host) error
	// Flush delivers a chunk, whose bytes and tag it may use until it calls answer. It does so once, before it returns
	// or, if the plugin takes too long, while it still runs; on any goroutine.
	Flush(tag string, chunk []byte, answer func(Verdict))
	// Exit ends the section, after the last Flush has answered.
	Exit()
}

// Verdict is what becomes of a chunk, in the engine's numbers (flb_macros.h).
type Verdict int

const (
	Error Verdict = 0 // given up
	OK    Verdict = 1 // delivered
	Retry Verdict = 2 // to be delivered again, as the section's retry_limit says
)

// String returns error, ok or retry.
func (v Verdict) String() string {
	switch v {
	case Error:
		return "error"
	case OK:
		return "ok"
	case Retry:
		return "retry"
	}
	return fmt.Sprintf("Verdict(%d)", int(v))
}
