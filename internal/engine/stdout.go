package engine

import (
	"context"
	"io"
	"log/slog"
)

// stdout writes events as JSON lines.
type stdout struct {
	setup
	format lineFormat
	w      io.Writer
}

func newStdout(s setup, w io.Writer) (*stdout, error) {
	o := &stdout{setup: s, format: newLineFormat(), w: w}
	return o, bind(s.section, o.format.properties())
}

func (o *stdout) Init() error { return nil }

func (o *stdout) Start() error { return nil }

func (o *stdout) Exit() error { return nil }

func (o *stdout) Flush(_ context.Context, _ string, chunk []byte) (int, error) {
	text, err := o.format.lines(chunk)
	if err != nil {
		o.log(slog.LevelError, "%v", err)
	}
	if _, err := o.w.Write(text); err != nil {
		o.log(slog.LevelError, "%v", err)
		return verdictRetry, nil
	}
	return verdictDelivered, nil
}
