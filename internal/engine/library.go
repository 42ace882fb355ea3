package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/engine/conffile"
)

// libraries are the plugins of .so files and the process that runs them. Without any there is no process.
type libraries struct {
	host *chost.Host
	libs []*chost.Library

	metrics *Metrics

	mu     sync.Mutex
	append map[chost.InstanceID]func(tag string, events []byte) bool
}

// load starts the host and loads the libraries in their order, into the catalog.
func (e *engine) load(ctx context.Context, plugins []conffile.Plugin) (err error) {
	if len(plugins) == 0 {
		return nil
	}
	e.libs.metrics = e.opts.Metrics
	e.libs.append = make(map[chost.InstanceID]func(string, []byte) bool)
	if e.libs.host, err = chost.Start(ctx, e.hostOptions()); err != nil {
		return err
	}
	go func() { // a crash ends the run, also while nothing is asked of the host
		<-e.libs.host.Done()
		e.finish()
	}()
	for _, p := range plugins {
		if err := e.loadOne(p); err != nil {
			return fmt.Errorf("plugin library %s at %s:%d: %w", p.Path, p.File, p.Line, err)
		}
	}
	return nil
}

func (e *engine) hostOptions() chost.Options {
	return chost.Options{
		Generation: e.opts.Generation, Tick: e.second, HideSymbols: e.opts.HideSymbols, HotReload: e.hotReload,
		// log_print asks for no level: plugins ask first.
		Log:    func(level slog.Level, line string) { e.logger(levelTrace)(level, "%s", line) },
		Append: e.libs.appended,
		Metric: e.opts.Metrics.set,
		Stdout: e.opts.Stdout,
		Stderr: e.opts.Stderr,
		Dir:    e.opts.Dir,
	}
}

func (e *engine) loadOne(p conffile.Plugin) error {
	if strings.HasPrefix(filepath.Base(p.Path), "flb-") {
		return errors.New("a file whose name begins with flb- is a C plugin to Fluent Bit (want another name)")
	}
	lib, err := e.libs.host.Load(p.Path)
	if refused := new(chost.PluginError); errors.As(err, &refused) && refused.Step != "dlopen" {
		// Fluent Bit goes on, without a word, and misses the plugin when a section names it.
		e.log(slog.LevelError, "[plugin] %s registers no plugin: %v", p.Path, err)
		return nil
	}
	if err != nil {
		return err
	}
	e.log(slog.LevelInfo, "[plugin] %s %s: %s (%s)", lib.Kind, lib.Name, lib.Description, p.Path)
	e.libs.libs = append(e.libs.libs, lib)
	e.catalog = append(e.catalog, e.libs.plugin(lib))
	return nil
}

// plugin describes a library's plugin. One of kind custom can be named by no section.
func (l *libraries) plugin(lib *chost.Library) plugin {
	return plugin{
		kind: lib.Kind.String(), name: lib.Name, flags: lib.Flags,
		thread: lib.Kind == chost.Input, // flb_plugin_proxy.c
		noLogs: lib.EventType != 0 && lib.EventType&eventLogs == 0,
		input:  func(s setup) (inputInstance, error) { return l.input(lib, s) },
		output: func(s setup) (outputInstance, error) { return l.output(lib, s) },
	}
}

func (l *libraries) output(lib *chost.Library, s setup) (outputInstance, error) {
	i, err := l.host.NewOutput(lib, instanceOptions(s))
	return measured{i, l.metrics}, err
}

func (l *libraries) input(lib *chost.Library, s setup) (inputInstance, error) {
	i, err := l.host.NewInput(lib, instanceOptions(s))
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.append[i.ID()] = s.append
	return measured{i, l.metrics}, nil
}

func instanceOptions(s setup) chost.InstanceOptions {
	o := chost.InstanceOptions{Name: s.name, LogLevel: s.level, Workers: s.workers, Unthreaded: s.unthreaded}
	for _, p := range s.properties {
		o.Properties = append(o.Properties, chost.Property{Key: p.Key, Value: p.Value})
	}
	return o
}

// appended finds the input that a call of the host's Append is for.
func (l *libraries) appended(input chost.InstanceID, tag string, events []byte) bool {
	l.mu.Lock()
	add := l.append[input]
	l.mu.Unlock()
	return add != nil && add(tag, events)
}

// unload unregisters the plugins of inputs, then those of outputs, as Fluent Bit does. Every instance must have exited.
func (l *libraries) unload() error {
	var errs []error
	for _, kind := range []chost.Kind{chost.Input, chost.Output} {
		for _, lib := range l.libs {
			if lib.Kind == kind {
				errs = append(errs, l.host.Unload(lib))
			}
		}
	}
	return errors.Join(errs...)
}

// close ends the host, and returns what plugins did to its memory.
func (l *libraries) close() error {
	if l.host == nil {
		return nil
	}
	return l.host.Close()
}
