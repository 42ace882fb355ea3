package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// What an output's Flush returns (flb_macros.h). Any other number counts as failed.
const (
	verdictFailed    = 0
	verdictDelivered = 1
	verdictRetry     = 2
)

// eventLogs in an output's event type says that it takes logs.
const eventLogs = 1

// flagSynchronous of an output asks for one chunk at a time (FLB_OUTPUT_SYNCHRONOUS).
const flagSynchronous = 2048

// instance is one configured section at work: one of a library's plugin, a built-in, or a test's fake.
//
// Exit may come without Init: so it does for outputs when another section's Init failed. An error of any method but Init
// means that the plugin's host is broken: the engine stops.
type instance interface {
	Init() error
	Start() error // after all sections were initialised, outputs first
	Exit() error
}

// inputInstance is an instance of an input. Pause comes twice at a stop, and records appended until the first one
// returns are delivered.
type inputInstance interface {
	instance
	Pause() error
	Resume() error
}

// outputInstance is an instance of an output. Flush is called by as many goroutines at once as the section has workers.
type outputInstance interface {
	instance
	Flush(ctx context.Context, tag string, chunk []byte) (verdict int, err error)
}

// setup is what an instance is made from.
type setup struct {
	*section
	name   string // of the instance: its alias, or the plugin's name and a number
	log    func(level slog.Level, format string, args ...any)
	append func(tag string, events []byte) bool // inputs: "" stands for the section's tag
	finish func()                               // ends the run, as an input that is at its end asks for
}

// plugin is what a section can name.
type plugin struct {
	kind    string // input or output
	name    string
	builtin bool
	thread  bool // of inputs: unless told otherwise a section has a thread of its own
	flags   int
	noLogs  bool                                // of outputs: takes other kinds of data only
	input   func(setup) (inputInstance, error)  // of inputs
	output  func(setup) (outputInstance, error) // of outputs
}

// catalog is the plugins there are: built-ins, then those of libraries in load order.
type catalog []plugin

// find returns the plugin that s names, up to a "://" and in any case. Of several outputs of a name the first counts,
// which a built-in is; of several inputs the last one, since that is the one Fluent Bit gives the properties
// (flb_input.c: the loop over the plugins has no break; the others run without configuration, which is not imitated).
func (c catalog) find(s *section) (plugin, error) {
	name, _, _ := strings.Cut(s.plugin, "://")
	var found []plugin
	for _, p := range c {
		if p.kind == s.kind && strings.EqualFold(p.name, name) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 0:
		return plugin{}, c.unknown(s)
	case s.kind == "input":
		return found[len(found)-1], nil
	}
	return found[0], nil
}

func (c catalog) unknown(s *section) error {
	builtins, loaded := c.names(s.kind, true), c.names(s.kind, false)
	if loaded == "" {
		loaded = "none"
	}
	return fmt.Errorf("%s names a plugin that doesn't exist (built in: %s; of loaded libraries: %s)", s, builtins, loaded)
}

func (c catalog) names(kind string, builtin bool) string {
	var names []string
	for _, p := range c {
		if p.kind == kind && p.builtin == builtin {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, ", ")
}

// bind hands each property of a built-in to the function of its name. Keys must be known, as the engine's config_map
// has it; of a key given twice the first counts.
func bind(s *section, known map[string]func(text string) error) error {
	seen := make(map[string]bool)
	for _, p := range s.properties {
		key := strings.ToLower(p.Key)
		set, ok := known[key]
		if !ok {
			return unknownProperty(p, known)
		}
		if seen[key] || p.Value == "" {
			continue
		}
		seen[key] = true
		if err := set(p.Value); err != nil {
			return fmt.Errorf("%s (line %d): %w", p.Key, p.Line, err)
		}
	}
	return nil
}

func unknownProperty(p conffile.Property, known map[string]func(string) error) error {
	if len(known) == 0 {
		return fmt.Errorf("unknown configuration property %q (line %d): none is known", p.Key, p.Line)
	}
	var keys []string
	for k := range known {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return fmt.Errorf("unknown configuration property %q (line %d), want one of: %s", p.Key, p.Line, strings.Join(keys, ", "))
}

// Setters for bind.

func setText(to *string) func(string) error {
	return func(text string) error { *to = text; return nil }
}

func setCount(to *int) func(string) error {
	return func(text string) (err error) { *to, err = parseCount(text); return err }
}

func oneOf(to *string, allowed ...string) func(string) error {
	return func(text string) error {
		*to = strings.ToLower(text)
		if !slices.Contains(allowed, *to) {
			return errors.New(quoted(text) + " is not known (want " + strings.Join(allowed, ", ") + ")")
		}
		return nil
	}
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
