package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/internal/engine"
)

// recorder writes what is flushed into a capture. The run goes on without what cannot be written.
type recorder struct {
	s       *session
	file    *os.File
	w       *capture.Writer
	written int
	leftOut int
	broken  error
}

func newRecorder(s *session, file string, o capture.Options) (*recorder, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // records may hold secrets
	if err != nil {
		return nil, fmt.Errorf("--capture: %w", err)
	}
	return &recorder{s: s, file: f, w: capture.NewWriter(f, o)}, nil
}

// flushed is the engine's Options.Flushed.
func (r *recorder) flushed(f engine.Flush) {
	err := r.w.Write(capture.Item{Time: f.Began, Section: f.Output, Tag: f.Tag, Chunk: f.Chunk, Verdict: verdict(f.Verdict)})
	switch {
	case err == nil:
		r.written++
	case errors.Is(err, capture.ErrLeftOut):
		if r.leftOut++; r.leftOut == 1 {
			r.s.term.note("%v", err)
		}
	case r.broken == nil:
		r.broken = err
		r.s.term.note("%v: nothing more is captured", err)
	}
}

func (r *recorder) close() {
	if err := r.file.Close(); err != nil && r.broken == nil {
		r.s.term.note("--capture: %v", err)
	}
	r.s.term.note("%d chunks in %s, %d left out", r.written, r.file.Name(), r.leftOut)
}
