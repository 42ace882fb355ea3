package capture

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// File is a capture in a file. Its problems are told and not returned: whoever flushes goes on. Its methods may be called
// concurrently.
type File struct {
	file *os.File
	w    *Writer
	warn func(error)

	mu      sync.Mutex
	count   Counts
	stopped bool
}

// Counts are items.
type Counts struct{ Written, LeftOut int }

// Open appends to a capture, which it makes if there is none, for its owner alone (0600): records may hold secrets. What the
// file holds already counts as part of MaxFile. warn is told of the first item that is left out, and of the error that
// ends the capture; it must not call methods of the File.
func Open(name string, o Options, warn func(error)) (*File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	size, err := readable(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	w := NewWriter(f, o)
	w.left -= size
	return &File{file: f, w: w, warn: warn}, nil
}

// readable returns the size of a file of whole items, and why it is none: what is behind half an item cannot be read.
func readable(f *os.File) (size int64, err error) {
	for _, err := range Read(f) {
		if err != nil {
			return 0, err
		}
	}
	return f.Seek(0, io.SeekCurrent)
}

// Add writes an item, whose memory it does not keep.
func (f *File) Add(it Item) {
	err := f.w.Write(it)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.count.Written++
		return
	case errors.Is(err, ErrLeftOut):
		if f.count.LeftOut++; f.count.LeftOut == 1 {
			f.warn(err)
		}
	case !f.stopped:
		f.stopped = true
		f.warn(fmt.Errorf("%w: nothing more is captured", err))
	}
}

// Close returns how many items there were since Open.
func (f *File) Close() (Counts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.file.Close()
}

// ReadFile returns the items of a capture. With an error they are those before it.
func ReadFile(name string) (items []Item, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	defer f.Close()
	for it, err := range Read(f) {
		if err != nil {
			return items, fmt.Errorf("%s: %w", name, err)
		}
		items = append(items, it)
	}
	return items, nil
}

// WriteFile writes a capture of these items in the place of a file, which stays as it is if there is an error.
func WriteFile(name string, items []Item) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".capture-") // mode 0600
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	w := NewWriter(f, Options{MaxFile: math.MaxInt64, MaxChunk: math.MaxInt})
	for _, it := range items {
		if err := w.Write(it); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return os.Rename(f.Name(), name)
}
