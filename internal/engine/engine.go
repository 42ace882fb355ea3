// Package engine plays Fluent Bit for development and tests: it runs what a configuration file describes. Inputs and
// outputs are its few built-ins, and plugins of libraries (.so), which run in a C host process with Fluent Bit's own
// interface (package chost). Routing, chunks, retries, limits and the order of calls are Fluent Bit 5.1's.
//
// Built-in inputs:
//
//   - dummy: dummy (a JSON object, default {"message":"dummy"}), rate (events per second, default 1), samples (how
//     many; 0, the default, for no end)
//   - stdin: JSON objects, one a line. The run ends at the end of Options.Stdin.
//
// Built-in outputs:
//
//   - stdout: one JSON object a line to Options.Stdout, the event's time in front; json_date_key (default date, false
//     for none), json_date_format (double, the default; epoch, epoch_ms, iso8601, java_sql_timestamp); format json_lines
//   - file: the same lines, appended to a file; path (a directory, default Options.Dir), file (default the tag), and
//     the properties of stdout
//   - null: nothing
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/engine/conffile"
)

// Options are a run's surroundings. The zero value is usable.
type Options struct {
	Stdout io.Writer // of the stdout output and of what libraries print on standard output; nil discards
	Stdin  io.Reader // of the stdin input; nil is empty. Run leaves a Read behind that waits, unless SetReadDeadline ends it.

	// Log gets the engine's log, a line without time and level at a time, already filtered by log_level. Calls do not
	// overlap. nil discards.
	Log func(level slog.Level, line string)

	// Metrics is kept up to date with what plugins set their metrics to; nil if not wanted.
	Metrics *Metrics

	// Flushed is called after every flush that an output has returned from, one call at a time; nil if not wanted.
	Flushed func(Flush)

	// Started is called when every instance has been initialised and the inputs run; nil if not wanted.
	Started func()

	// Tick is what the engine takes for a second when it flushes, retries, generates dummy events, or collects from
	// inputs of libraries; the grace period is in real seconds. 0 means a second. Tests make it short.
	Tick time.Duration

	// Of the process that runs libraries.
	Generation  chost.Generation // of the engine it plays; "" is the newest
	HideSymbols bool             // whether it lacks the engine's exported functions, as on Windows
	Stderr      io.Writer        // what libraries print on standard error; nil discards

	Dir string // working directory: relative paths of libraries and of the file output count from it; "" is the process's
}

// Run runs the configuration until ctx is done, then stops gracefully: what inputs appended is delivered, as far as
// service.grace allows. It returns nil then, and otherwise what kept the engine from starting, or ended it. A stdin
// input ends the run at the end of its file.
func Run(ctx context.Context, c *conffile.Config, o Options) error {
	if o.Tick <= 0 {
		o.Tick = time.Second
	}
	if o.Metrics == nil {
		o.Metrics = new(Metrics)
	}
	o.Stdout = &lines{w: o.Stdout}
	if err := run(ctx, c, o, builtins(o)); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	return nil
}

// engine is one run.
type engine struct {
	*pipeline
	opts    Options
	catalog catalog
	libs    libraries
	finish  context.CancelFunc
	logMu   sync.Mutex
}

func run(ctx context.Context, c *conffile.Config, o Options, known catalog) error {
	e := &engine{opts: o, catalog: known}
	ctx, e.finish = context.WithCancel(ctx)
	defer e.finish()
	if err := e.configure(c); err != nil {
		return err
	}
	err := e.whole(ctx, c)
	closed := e.libs.close()
	if crash := new(chost.CrashError); errors.As(err, &crash) && errors.As(closed, &crash) {
		err = nil // close tells of the same crash
	}
	return errors.Join(err, closed)
}

// whole runs from the loading of libraries to their unloading. After a failed start the libraries stay loaded, since inputs
// have not exited.
func (e *engine) whole(ctx context.Context, c *conffile.Config) error {
	if err := e.load(ctx, c.Plugins); err != nil {
		return err
	}
	if err := e.sections(c); err != nil {
		return err
	}
	if err := e.start(); err != nil {
		return err
	}
	if e.opts.Started != nil {
		e.opts.Started()
	}
	e.run(ctx)
	e.stop()
	e.exit()
	if e.broken != nil {
		return e.broken
	}
	return e.libs.unload()
}

// configure reads [SERVICE] and tells what of the configuration is left out.
func (e *engine) configure(c *conffile.Config) error {
	var ignored []string
	svc, err := newService(c.Service, e.opts.Tick, func(p conffile.Property) {
		ignored = append(ignored, fmt.Sprintf("[service] %s has no meaning here (%s:%d)", p.Key, p.File, p.Line))
	})
	if err != nil {
		return err
	}
	e.pipeline = newPipeline(svc)
	e.pipeline.log = e.logger(svc.level)
	e.pipeline.end = e.finish
	e.pipeline.flushed = e.opts.Flushed
	for _, line := range ignored {
		e.log(slog.LevelDebug, "%s", line)
	}
	for _, line := range c.Warnings {
		e.log(slog.LevelWarn, "[config] %s", line)
	}
	for _, s := range c.Unsupported {
		what := strings.TrimSpace(s.Kind + " " + s.Name)
		e.log(slog.LevelWarn, "[config] %s at %s:%d is left out: the embedded engine has none", what, s.File, s.Line)
	}
	return nil
}

// logger returns a log function that lets pass what is at least of level.
func (e *engine) logger(level slog.Level) func(slog.Level, string, ...any) {
	return func(l slog.Level, format string, args ...any) {
		if l < level || e.opts.Log == nil {
			return
		}
		e.logMu.Lock()
		defer e.logMu.Unlock()
		e.opts.Log(l, fmt.Sprintf(format, args...))
	}
}

// sections makes the instances, inputs first.
func (e *engine) sections(c *conffile.Config) error {
	if len(c.Inputs) == 0 || len(c.Outputs) == 0 {
		return fmt.Errorf("%s: %d inputs and %d outputs (want at least one of each)", c.File, len(c.Inputs), len(c.Outputs))
	}
	for _, s := range c.Inputs {
		if err := e.addInput(s); err != nil {
			return err
		}
	}
	for _, s := range c.Outputs {
		if err := e.addOutput(s); err != nil {
			return err
		}
	}
	e.defaultMatch()
	return nil
}

func (e *engine) addInput(s conffile.Section) error {
	sec, err := newSection(s, e.level)
	if err != nil {
		return err
	}
	p, err := e.catalog.find(sec)
	if err != nil {
		return err
	}
	in := &inputSection{section: sec, name: fmt.Sprintf("%s.%d", p.name, len(e.inputs))}
	if sec.tag == "" {
		sec.tag = in.name
	}
	if sec.alias != "" {
		in.name = sec.alias
	}
	in.store.prefix = in.name
	if p.thread && !sec.unthreaded {
		in.ring = newRing(sec.ringCapacity, sec.ringWindow)
	}
	set := e.setup(sec, p, in.name)
	set.append = func(tag string, events []byte) bool { return e.appended(in, tag, events) }
	if in.plugin, err = p.input(set); err != nil {
		return fmt.Errorf("%s: %w", sec, err)
	}
	e.inputs = append(e.inputs, in)
	return nil
}

func (e *engine) addOutput(s conffile.Section) error {
	sec, err := newSection(s, e.level)
	if err != nil {
		return err
	}
	p, err := e.catalog.find(sec)
	if err != nil {
		return err
	}
	out := &outputSection{section: sec, name: fmt.Sprintf("%s.%d", p.name, len(e.outputs)), lane: e.thread}
	if sec.alias != "" {
		out.name = sec.alias
	}
	switch {
	case sec.workers > 0 && p.flags&flagSynchronous != 0:
		out.lane = &lane{limit: 1}
	case sec.workers > 0:
		out.lane = &lane{limit: sec.workers}
	}
	if out.plugin, err = p.output(e.setup(sec, p, out.name)); err != nil {
		return fmt.Errorf("%s: %w", sec, err)
	}
	if out.noLogs = p.noLogs; p.noLogs {
		e.log(slog.LevelWarn, "[output] %s takes no logs: it gets nothing", out.name)
	}
	e.outputs = append(e.outputs, out)
	return nil
}

func (e *engine) setup(s *section, p plugin, name string) setup {
	prefix := fmt.Sprintf("[%s:%s:%s] ", s.kind, p.name, name)
	log := e.logger(s.level)
	return setup{
		section: s,
		name:    name,
		log: func(level slog.Level, format string, args ...any) {
			log(level, "%s", prefix+fmt.Sprintf(format, args...))
		},
		finish: e.finish,
	}
}

// defaultMatch gives all to the only output of the only input; other outputs without a match get nothing (flb_router.c).
func (e *engine) defaultMatch() {
	for _, out := range e.outputs {
		if !out.match.isZero() {
			continue
		}
		if len(e.inputs) == 1 && len(e.outputs) == 1 {
			out.match.wildcard = "*"
			continue
		}
		e.log(slog.LevelWarn, "[router] NO match for %s output instance", out.name)
	}
}

// appended takes an input's events in. It is called on the goroutines of inputs.
func (e *engine) appended(in *inputSection, tag string, events []byte) bool {
	switch {
	case len(events) == 0:
	case in.ring != nil:
		return e.enqueue(in, tag, events)
	case e.store(in, tag, events):
		wake(e.pressure)
	}
	return true
}

// store puts events into an input's chunks, and tells whether that holds as much as it may.
func (p *pipeline) store(in *inputSection, tag string, events []byte) (full bool) {
	if tag == "" {
		tag = in.tag
	}
	if len(tag) > maxTag {
		tag = tag[:maxTag]
		p.log(slog.LevelWarn, "[input] %s: a tag is cut to %d bytes", in.name, maxTag)
	}
	held, broken := in.store.append(tag, events)
	if broken != nil {
		p.log(slog.LevelError, "[input] %s appended bytes that are no events, after which Fluent Bit sees nothing of "+
			"the chunk: %v", in.name, broken)
	}
	return in.full(held)
}
