package chost

import (
	"context"
	"fmt"
	"log/slog"
)

// A Property is one key and value of a section. An empty value is NULL to the plugin.
type Property struct {
	Key   string
	Value string
}

// InstanceOptions describe one configured section.
type InstanceOptions struct {
	Name       string     // such as "dummy.0", or the alias; names its threads too
	Properties []Property // what get_property sees, first match wins
	LogLevel   slog.Level // what log_check compares with
	Workers    int        // outputs: threads that flush; 0 flushes on the pipeline thread
	Unthreaded bool       // inputs: run on the pipeline thread
}

// An Instance is one configured section of a plugin. Init, Start and Exit are called once each, in
// this order; Exit may be called without Init. Flush may be called concurrently.
type Instance struct {
	host *Host
	lib  *Library
	id   uint32
	name string
}

// NewInput makes an instance of an input plugin; nothing of it runs before Init.
func (h *Host) NewInput(lib *Library, o InstanceOptions) (*Instance, error) {
	return h.newInstance(lib, Input, o)
}

// NewOutput makes an instance of an output plugin; nothing of it runs before Init.
func (h *Host) NewOutput(lib *Library, o InstanceOptions) (*Instance, error) {
	return h.newInstance(lib, Output, o)
}

func (h *Host) newInstance(lib *Library, kind Kind, o InstanceOptions) (*Instance, error) {
	if o.Workers < 0 || o.Workers > maxWorkers {
		return nil, fmt.Errorf("chost: instance %q: %d workers: want 0 to %d", o.Name, o.Workers, maxWorkers)
	}
	i := &Instance{host: h, lib: lib, id: h.nextID(), name: o.Name}
	f := newFrame(reqNew).u32(lib.id).u32(uint32(kind)).u32(i.id)
	f.u32(engineLevel(o.LogLevel)).u32(uint32(o.Workers)).bool(!o.Unthreaded).str(o.Name)
	f.u32(uint32(len(o.Properties)))
	for _, p := range o.Properties {
		f.str(p.Key).str(p.Value)
	}
	_, err := h.call(context.Background(), f, lib.Path, o.Name)
	return i, err
}

// The host keeps what each of 255 threads is doing; this leaves room for several outputs.
const maxWorkers = 64

// ID returns what Options.Append gets for this instance.
func (i *Instance) ID() InstanceID { return InstanceID(i.id) }

// Init calls FLBPluginInit: for an input on a new thread of its own, for an output on the pipeline
// thread. A return of 0 or less is a *PluginError with that code; the plugin is then not called
// again, not even by Exit.
func (i *Instance) Init() error { return i.call(newFrame(reqInit).u32(i.id)) }

// Start calls the PreRun callback. An input's collector starts before it. The engine starts an
// output only after all outputs were initialised.
func (i *Instance) Start() error { return i.call(newFrame(reqStart).u32(i.id)) }

// Pause calls FLBPluginInputPause on the input's thread. As in the engine, the collector that stops
// is that of the library's instance that was initialised last, whichever is paused.
func (i *Instance) Pause() error { return i.inputCall(reqPause) }

// Resume calls FLBPluginInputResume on the input's thread, and restarts the collector that Pause
// stops.
func (i *Instance) Resume() error { return i.inputCall(reqResume) }

func (i *Instance) inputCall(request uint8) error {
	if i.lib.Kind != Input {
		return fmt.Errorf("chost: %s %q cannot be paused or resumed", i.lib.Kind, i.name)
	}
	return i.call(newFrame(request).u32(i.id))
}

// Flush hands a chunk to an output and returns what the plugin returned: 0 error, 1 done, 2 retry;
// the engine takes everything else for an error. It returns early when ctx ends, while the plugin
// goes on. chunk is not used after Flush returns.
func (i *Instance) Flush(ctx context.Context, tag string, chunk []byte) (int, error) {
	if i.lib.Kind != Output {
		return 0, fmt.Errorf("chost: %s %q cannot flush", i.lib.Kind, i.name)
	}
	reply, err := i.host.call(ctx, newFrame(reqFlush).u32(i.id).str(tag).bulk(chunk), i.lib.Path, i.name)
	if err != nil {
		return 0, err
	}
	return reply.i32(), reply.err
}

// Exit calls the PreExit and Exit callbacks and frees what the plugin knows of the instance. For an
// output, on the pipeline thread after its workers have ended, also when it was never initialised;
// for an input, on its own thread, which ends. It waits for callbacks in progress.
func (i *Instance) Exit() error {
	return i.call(newFrame(reqExit).u32(i.id).bool(i.host.reloading.Load()))
}

func (i *Instance) call(f *frame) error {
	_, err := i.host.call(context.Background(), f, i.lib.Path, i.name)
	return err
}

// The engine's log levels, flb_log.h.
func engineLevel(l slog.Level) uint32 {
	switch {
	case l >= slog.LevelError:
		return 1
	case l >= slog.LevelWarn:
		return 2
	case l >= slog.LevelInfo:
		return 3
	case l >= slog.LevelDebug:
		return 4
	}
	return 5
}

// LevelTrace is the engine's trace level.
const LevelTrace = slog.LevelDebug - 4

func slogLevel(engine uint32) slog.Level {
	switch engine {
	case 1:
		return slog.LevelError
	case 2:
		return slog.LevelWarn
	case 4:
		return slog.LevelDebug
	case 5:
		return LevelTrace
	}
	return slog.LevelInfo
}
