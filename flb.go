// Package plugin is for writing Fluent Bit plugins in Go: inputs that get data into the engine and outputs that get it
// out.
//
// An author declares a config struct and a record type, implements the two methods of [InputPlugin] or [OutputPlugin],
// registers a value from init, and builds with
//
//	go build -buildmode=c-shared -o my_plugin.so .
//
// Fluent Bit loads the result (fluent-bit -e ./my_plugin.so, or a plugins_file) and calls it for every section of its
// configuration that names it. The library binds the section's properties to the config struct, turns records into
// events and back, decides what becomes of a chunk from the error of Flush, and keeps panics away from the engine.
//
// # The registered value
//
// It is a prototype: every [INPUT] or [OUTPUT] section works on a shallow copy of its own, so what Init stores in fields
// belongs to one section. A library has one plugin. A mistake in registering it (a second plugin, a bad struct tag, a
// record type that is no map) is printed when the engine loads the library, and the engine goes on without the plugin.
//
// # The config type C
//
// A struct or a pointer to one is bound and validated as package config documents; [ConfigLoader] gives the raw
// properties; struct{} is for plugins without properties.
//
// # The record type R
//
// A struct, a pointer to one, map[string]T, any, or [record.Raw] for bytes as they are, as package record documents. An
// input may also send slices of those: every element is a record of its own with the event's time, tag and metadata.
//
// C and R are inferred from the methods of the registered value.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/metric"
	"github.com/calyptia/plugin/record"
)

// ConfigLoader gives the raw properties of a section. It is what the Conf of an untyped plugin is.
type ConfigLoader interface {
	// String returns the property of that name, compared without case, or "" if it is not set. It may be called from
	// any goroutine until the section exits, and returns "" afterwards.
	String(key string) string
}

// Fluentbit is the instance of an untyped plugin.
type Fluentbit = Instance[ConfigLoader]

// Message is the event of an untyped plugin. Its record is a struct or a map with string keys.
type Message = Event[any]

// Metrics makes the counters, gauges and histograms of an instance.
type Metrics = metric.Registry

// Group is the OpenTelemetry-style group that encloses an event. Events share it; it must not be changed.
type Group = record.Group

// Closer is implemented by plugins that hold something to close.
type Closer interface {
	// Close is called once, when the section exits: of an input after Collect has returned or had its time to, of an
	// output after the last Flush. It is not called if Init failed. ctx ends after five seconds, when the engine goes
	// on without waiting for it. Its error is logged.
	Close(ctx context.Context) error
}

// PauseNotifier is implemented by inputs that want to know when the engine pauses them. They need not act: sends to the
// channel block until the pause is over.
type PauseNotifier interface {
	// Paused is called on one of the engine's threads, which waits for it.
	Paused(paused bool)
}

// Option is a choice made in registering a plugin.
type Option func(*options)

type options struct {
	flags     proxy.Flags
	decode    []record.DecodeOption
	forOutput string // an option that was chosen and is for outputs only
}

func chosen(opts []Option) (o options) {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

func (o options) forInput() error {
	if o.forOutput != "" {
		return fmt.Errorf("option %s: is for outputs", o.forOutput)
	}
	return nil
}

// Ordered makes the engine give an output one chunk at a time, in their order. One that it is asked to try again waits for
// that at the end of the queue, behind those that are due (flb_engine.c): strict order needs tries inside Flush.
func Ordered() Option {
	return func(o *options) {
		o.flags |= proxy.Synchronous
		o.forOutput = "Ordered"
	}
}

// Borrowed makes an output's records cheaper and shorter-lived: their strings and []byte alias the chunk, and their
// maps, slices and pointees are those of the event before, filled anew. So what [Batch.Events] gives is valid until
// the next event, its strings until Flush returns; later, reading them may end the process. It is for outputs that
// write every event out before they take the next one.
func Borrowed() Option {
	return func(o *options) {
		o.decode = append(o.decode, record.BorrowStrings(), record.ReuseRecord())
		o.forOutput = "Borrowed"
	}
}

// Drop returns the error for Flush to return when a chunk cannot be delivered, now or later: the engine gives it up, and
// err is logged. Drop(nil) is nil.
func Drop(err error) error {
	if err == nil {
		return nil
	}
	return &dropError{err}
}

type dropError struct{ err error }

func (e *dropError) Error() string { return e.err.Error() }
func (e *dropError) Unwrap() error { return e.err }

// register hands p over to whatever loaded the library, with the mistakes that were made in it.
func register(p *proxy.Plugin, value any, mistakes ...error) {
	mistakes = append(mistakes, checkName(p.Name), checkValue(value))
	if err := errors.Join(mistakes...); err != nil {
		proxy.Register(p, fmt.Errorf("%s %q: %w", p.Kind(), p.Name, err))
		return
	}
	proxy.Register(p, nil)
}

// checkName refuses names that no section can have: the engine reads a name up to "://" and trims blanks.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("name: empty")
	case strings.ContainsAny(name, " \t\r\n\x00") || strings.Contains(name, "://"):
		return fmt.Errorf("name: %q contains a blank or \"://\"", name)
	}
	return nil
}

func checkValue(value any) error {
	if v := reflect.ValueOf(value); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("value: nil, want a pointer to the plugin's struct")
	}
	return nil
}
