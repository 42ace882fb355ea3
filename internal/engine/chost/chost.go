// Package chost runs Go-proxy plugins in a C process that treats them as Fluent Bit does.
//
// The host process opens a plugin's shared library with dlopen and calls it with the struct
// layouts, threads and coroutine stacks of a chosen engine [Generation]. Memory that a plugin must
// not touch is watched: what it damages is a [Fault], what crashes it a [CrashError].
//
// The host is written in C (folder c), compiled at first use with the C compiler that cgo needs
// anyway, and kept in the user's cache folder. It runs on Linux with glibc only. This package needs
// no cgo.
package chost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"
)

// A Generation names the struct layouts of a range of engine releases.
//
//   - "3.2", releases before 4.1: a 32-byte registration struct with garbage in it, a 56-byte API
//     struct, input contexts of 16 bytes and no input callbacks with a context.
//   - "4.1", 4.1.0 to 4.2.2: as before, with a 72-byte API struct and 24-byte input contexts.
//   - "5.0", 4.2.3 to 5.1.0: a zeroed 40-byte registration struct, and as before flushes on stacks of
//     24.5 KB (x86-64).
//   - "5.1.1": a zeroed 48-byte registration struct, stacks of 64 KB.
type Generation string

// Generations lists all generations, oldest first.
var Generations = []Generation{"3.2", "4.1", "5.0", "5.1.1"}

// InstanceID identifies an instance within its host.
type InstanceID uint32

// Options describe a host. The zero value is the newest engine with all callbacks missing.
type Options struct {
	// Generation selects the struct layouts; empty means the newest.
	Generation Generation
	// Tick is the period of collectors; 0 means one second, as in the engine.
	Tick time.Duration
	// HideSymbols builds a host that exports no functions, as plugins find it on Windows: looking
	// up flb_input_log_append fails.
	HideSymbols bool
	// HotReload is the argument of the PreRun callbacks: whether hot reload is enabled at all.
	HotReload bool
	// Log receives what plugins print through log_print on the engine's threads, and lines of the
	// host. What they print on other threads goes to Stderr, as with the engine. It is called by one
	// goroutine at a time, in order, and must not call methods of the host. nil discards.
	Log func(level slog.Level, line string)
	// Append receives the events of an input; tag is empty for the instance's own tag. events is
	// valid until it returns; false means not taken. The plugin's thread waits meanwhile, so each
	// input thread has at most one call in progress, but there may be several at a time. It must not
	// wait for a callback of that input, and has to return for Close to return. nil takes nothing.
	Append func(input InstanceID, tag string, events []byte) bool
	// Metric receives every value that plugins set. It is called as Log is, and last before the Exit
	// of the instance returns. nil discards.
	Metric func(Metric)
	// Stdout receives what plugins print on standard output. nil stands for Stderr.
	Stdout io.Writer
	// Stderr receives what plugins print on standard error. nil discards.
	Stderr io.Writer
	// Dir is the working directory of the process; empty means the caller's.
	Dir string
}

func (o Options) withDefaults() (Options, error) {
	if o.Generation == "" {
		o.Generation = Generations[len(Generations)-1]
	}
	if !slices.Contains(Generations, o.Generation) {
		return o, fmt.Errorf("chost: generation %q: want one of %q", o.Generation, Generations)
	}
	if o.Tick == 0 {
		o.Tick = time.Second
	}
	if o.Tick < time.Microsecond {
		return o, fmt.Errorf("chost: tick %v: want a microsecond or more", o.Tick)
	}
	if o.Log == nil {
		o.Log = func(slog.Level, string) {}
	}
	if o.Append == nil {
		o.Append = func(InstanceID, string, []byte) bool { return false }
	}
	if o.Metric == nil {
		o.Metric = func(Metric) {}
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	return o, nil
}

// ErrClosed is returned by calls on a host that was closed.
var ErrClosed = errors.New("chost: host is closed")

// Start builds the host if needed and starts the process. ctx bounds the start only: the host lives
// until Close, or until this process ends.
func Start(ctx context.Context, o Options) (*Host, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	path, err := build(ctx, o.HideSymbols)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(cmp.Or(o.Dir, ".")); err != nil {
		return nil, fmt.Errorf("chost: working directory: %w", err)
	}
	h, err := newHost(o, path)
	if err != nil {
		return nil, fmt.Errorf("chost: start: %w", err)
	}
	return h, nil
}

// Load opens a library and registers its plugin, on the host's main thread: dlopen, PreRegister,
// Register. A library that cannot be opened or refuses is a *PluginError.
func (h *Host) Load(path string) (*Library, error) {
	lib := &Library{id: h.nextID(), Path: path}
	f := newFrame(reqLoad).u32(lib.id).bool(h.reloading.Load()).str(path)
	reply, err := h.call(context.Background(), f, path, "")
	if err != nil {
		return nil, err
	}
	lib.Kind, lib.Flags, lib.EventType = Kind(reply.u32()), reply.i32(), reply.i32()
	lib.Name, lib.Description = reply.str(), reply.str()
	return lib, reply.err
}

// Unload unregisters a library's plugin, frees what it was given, and closes the library. All its
// instances must have exited.
func (h *Host) Unload(lib *Library) error {
	_, err := h.call(context.Background(), newFrame(reqUnload).u32(lib.id), lib.Path, "")
	return err
}

// Ask calls a function of a registered library's that is no callback of the engine's, on the host's main thread:
// int symbol(char *text, size_t size), which leaves a string in text and returns its length as snprintf does: if that is
// not less than size, it is called again with more room, up to 16 MiB. A library that does not export it, or whose function
// returns less than 0, is a *PluginError.
func (h *Host) Ask(lib *Library, symbol string) (string, error) {
	reply, err := h.call(context.Background(), newFrame(reqAsk).u32(lib.id).str(symbol), lib.Path, "")
	if err != nil {
		return "", err
	}
	return reply.str(), reply.err
}

// PID returns the number of the host's process.
func (h *Host) PID() int { return h.pid }

// SetReloading sets the argument of the PreRegister and PreExit callbacks from now on: whether the
// load or the exit is part of a hot reload. It is false at first.
func (h *Host) SetReloading(on bool) { h.reloading.Store(on) }

// RearmSignals replaces the handlers of faults, as the engine does on SIGHUP and SIGCONT. A fault that no runtime of a
// plugin's handles then ends the host, with a *CrashError.
func (h *Host) RearmSignals() error {
	_, err := h.call(context.Background(), newFrame(reqRearm), "", "")
	return err
}

// Close ends the process. Instances that have not exited are cut off; so is the host if it does not
// end within seconds, which is an error. The error holds a *FaultError if a plugin violated
// anything, and a *CrashError if the host had died. Later calls return the same.
func (h *Host) Close() error {
	h.closeOnce.Do(func() { h.closeErr = h.close() })
	return h.closeErr
}
