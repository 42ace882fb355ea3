package engine

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
)

// file appends events as JSON lines to a file. The file is opened for each chunk, as Fluent Bit does, so that it may be
// moved away meanwhile.
type file struct {
	setup
	format     lineFormat
	path, name string
}

func newFile(s setup, dir string) (*file, error) {
	f := &file{setup: s, format: newLineFormat()}
	known := f.format.properties()
	known["path"], known["file"] = setText(&f.path), setText(&f.name)
	if err := bind(s.section, known); err != nil {
		return nil, err
	}
	if !filepath.IsAbs(f.path) {
		f.path = filepath.Join(dir, f.path)
	}
	return f, nil
}

func (f *file) Init() error { return nil }

func (f *file) Start() error { return nil }

func (f *file) Exit() error { return nil }

func (f *file) Flush(_ context.Context, tag string, chunk []byte) (int, error) {
	text, err := f.format.lines(chunk)
	if err != nil {
		f.log(slog.LevelError, "%v", err)
	}
	if err := f.write(f.pathOf(tag), text); err != nil {
		f.log(slog.LevelError, "%v", err)
		return verdictRetry, nil
	}
	return verdictDelivered, nil
}

func (f *file) pathOf(tag string) string {
	if f.name != "" {
		return filepath.Join(f.path, f.name)
	}
	return filepath.Join(f.path, tag)
}

func (f *file) write(path string, text []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return errors.Join(err, w.Close())
}
