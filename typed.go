package plugin

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/record"
)

// Instance is one configured section of a plugin, as its Init sees it. It may be kept; its parts may be used from any
// goroutine, and do nothing once the section has exited.
type Instance[C any] struct {
	Conf    C            // the section's properties, bound and validated
	Metrics Metrics      // counters, gauges and histograms; best made in Init
	Logger  *slog.Logger // Fluent Bit's log, at the section's log_level

	name string
}

// Name returns the section's alias, or the name the engine made for it ("kafka.0"), or the plugin's name where the
// engine does not tell.
func (i *Instance[C]) Name() string { return i.name }

// Event is a record with its time, and what travels with it.
type Event[R any] struct {
	Time     time.Time      // when it happened, from 1970 to 2106; zero on input: now
	Record   R              // what happened
	Metadata map[string]any // log event metadata (Fluent Bit 2.1 and later); nil for none
	Tag      string         // input: overrides the section's tag for this event; output: the chunk's tag
	Group    *Group         // output: the group that encloses the event, if any
	Accepted func()         // input: called on one of the engine's threads once it is sure to have the event; nil if not wanted

	index int // output: place in the chunk; input: 0, or one of pump's states
}

// Index returns an output event's place in its chunk, from 0.
func (e *Event[R]) Index() int { return e.index }

// InputPlugin gets data into the engine.
//
//   - Init is called once per section, before any other method. Its error refuses the section; its text reaches Fluent
//     Bit's log.
//   - Collect is called once per section, on a goroutine of its own. ctx ends when the section exits, and then Collect
//     must return. nil means that this input has nothing more to say. After an error or a panic, which is logged, it
//     is called again: after a second, then two, up to a minute.
//   - A send on ch blocks while the section's buffer is full (property go.buffer_limit, 32M if not set) or the engine
//     has paused the section, so it belongs in a select with ctx.Done(). An event whose send has returned belongs to
//     the library, with all that its record refers to, and is delivered, also when the engine stops gracefully.
//   - Accepted of an event is called when the engine has had it for a while in which it does not lose it at a stop: at the
//     next of its calls, a second later, or in the stop. Where the engine stops too fast, or while it has paused the
//     section for its limits, it may lose events of the last moments; theirs is not called, and a warning says so.
//   - ch is never closed. After ctx has ended, sends do not block and their events are thrown away.
//
// [Closer] and [PauseNotifier] are optional. A panic in any method is logged with its stack and is that method's error.
type InputPlugin[C, R any] interface {
	Init(ctx context.Context, fbit *Instance[C]) error
	Collect(ctx context.Context, ch chan<- Event[R]) error
}

// OutputPlugin gets data out of the engine.
//
//   - Init is called once per section, before any other method. Its error refuses the section; its text reaches Fluent
//     Bit's log.
//   - Flush is called once per chunk, and concurrently on the same value if the section sets workers above 1. batch is
//     its own until it returns. ctx ends when the section exits, and after the section's go.flush_timeout, 5 minutes
//     if not set. A Flush that goes on for 5 seconds more is given up, since the engine cannot stop or reload while
//     it waits: the chunk is tried again, but not given to Flush while it still runs, nor after it delivered it.
//   - Flush decides what becomes of the chunk. nil: all is delivered. An error or a panic: the engine tries again, as
//     the section's retry_limit says. [Drop]: it is given up. An error of package record (*record.Error): it is given
//     up too, since bytes that cannot be read do not get better, and so is a chunk that broke off while its events were
//     read, even if Flush returned nil. [Partial]: only the events that failed come back.
//   - Without workers, or with 0, all of Fluent Bit waits for Flush. A warning says so.
//
// [Closer] is optional. A panic in any method is logged with its stack and is that method's error.
type OutputPlugin[C, R any] interface {
	Init(ctx context.Context, fbit *Instance[C]) error
	Flush(ctx context.Context, batch *Batch[R]) error
}

// RegisterInput makes p the plugin of this library, under the name that sections give. It is called from init: main of
// a c-shared library never runs. description is what fluent-bit --help prints beside the name. It never panics: a
// mistake makes the engine refuse the plugin.
func RegisterInput[C, R any](name, description string, p InputPlugin[C, R], opts ...Option) {
	o := chosen(opts)
	bind, confErr := newBinder[C]("input")
	encoder, recordErr := record.NewEncoder[R]()
	register(&proxy.Plugin{
		Name:        name,
		Description: description,
		Flags:       o.flags,
		Plans:       bind.plans(reflect.TypeFor[inputProperties]()),
		NewInput:    func() proxy.Input { return &input[C, R]{plugin: proxy.Clone(p), bind: bind, encoder: encoder} },
	}, p, o.forInput(), confErr, recordErr)
}

// RegisterOutput makes p the plugin of this library. It is called as RegisterInput is.
func RegisterOutput[C, R any](name, description string, p OutputPlugin[C, R], opts ...Option) {
	o := chosen(opts)
	bind, confErr := newBinder[C]("output")
	decoder, recordErr := record.NewDecoder[R](o.decode...)
	register(&proxy.Plugin{
		Name:        name,
		Description: description,
		Flags:       o.flags,
		Plans:       bind.plans(reflect.TypeFor[outputProperties]()),
		NewOutput:   func() proxy.Output { return &output[C, R]{plugin: proxy.Clone(p), bind: bind, decoder: decoder} },
	}, p, confErr, recordErr)
}
