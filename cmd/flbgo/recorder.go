package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/internal/engine"
)

// recorder writes what is flushed into a capture.
type recorder struct {
	s    *session
	name string
	file *capture.File
}

// newRecorder begins a file anew.
func newRecorder(s *session, name string, o capture.Options) (*recorder, error) {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().IsRegular() {
		err = os.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--capture: %w", err)
	}
	file, err := capture.Open(name, o, func(err error) { s.term.note("%v", err) })
	if err != nil {
		return nil, fmt.Errorf("--capture: %w", err)
	}
	return &recorder{s, name, file}, nil
}

// flushed is the engine's Options.Flushed.
func (r *recorder) flushed(f engine.Flush) {
	r.file.Add(capture.Item{Time: f.Began, Section: f.Output, Tag: f.Tag, Chunk: f.Chunk, Verdict: verdict(f.Verdict)})
}

func (r *recorder) close() {
	n, err := r.file.Close()
	if err != nil {
		r.s.term.note("--capture: %v", err)
	}
	out := ""
	if n.LeftOut > 0 {
		out = fmt.Sprintf(", %d left out", n.LeftOut)
	}
	r.s.term.note("%s in %s%s", counted(n.Written, "chunk"), r.name, out)
}
