package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/internal/engine"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/engine/conffile"
)

// embedded runs the configuration in the embedded engine.
func (r *runCmd) embedded(s *session, w *workspace) error {
	if err := refuseUnsupported(w.conf.Unsupported); err != nil {
		return err
	}
	if runtime.GOOS != "linux" && len(w.conf.Plugins) > 0 {
		return errors.New("the embedded engine loads libraries on Linux only (run it with --engine fluent-bit)")
	}
	options := r.options(s, w)
	if r.Metrics != "" {
		stop, err := serveMetrics(s, r.Metrics, options.Metrics.All)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := w.prepare(s, r.builder()); err != nil {
		return err
	}
	if r.Capture != "" {
		rec, err := newRecorder(s, r.Capture, capture.Options{MaxFile: int64(r.Limit), Redact: r.Redact})
		if err != nil {
			return err
		}
		defer rec.close()
		options.Flushed = rec.flushed
	}
	if r.Verbose {
		w.conf.Service.Properties = append(w.conf.Service.Properties, conffile.Property{Key: "log_level", Value: "debug"})
	}
	ctx, cancel := context.WithCancel(s.stop)
	defer cancel()
	if r.For > 0 {
		options.Started = func() { time.AfterFunc(r.For, cancel) }
	}
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx, w.conf, options) }()
	select {
	case err := <-done:
		return err
	case <-s.abort.Done(): // the process of the libraries ends with this one
		return errAborted
	}
}

var errAborted = errors.New("stopped at once: records may be lost")

func (r *runCmd) options(s *session, w *workspace) engine.Options {
	return engine.Options{
		Stdout: os.Stdout, Stdin: os.Stdin, Stderr: s.term.w,
		Log:        s.log,
		Metrics:    new(engine.Metrics),
		Generation: chost.Generation(r.Layout), Tick: r.Tick, Dir: w.dir,
	}
}

func refuseUnsupported(sections []conffile.Section) error {
	if len(sections) == 0 {
		return nil
	}
	var lines strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&lines, "\n\t%s:%d: %s", s.File, s.Line, strings.TrimSpace(s.Kind+" "+s.Name))
	}
	return fmt.Errorf("the embedded engine runs inputs and outputs only (run it with --engine fluent-bit, or remove):%s", &lines)
}
