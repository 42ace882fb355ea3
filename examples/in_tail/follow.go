package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/calyptia/plugin"
)

// scan sends all lines that are complete. Files are listed before the first is read: the one that has been moved away has
// then got its last lines, and they are read before the lines of its successor.
func (t *tail) scan(ctx context.Context, ch chan<- plugin.Event[[]line]) error {
	t.rewind()
	if err := t.look(); err != nil {
		return err
	}
	for _, f := range t.files {
		t.complain(f.Path, t.drain(ctx, ch, f))
	}
	if ctx.Err() == nil && t.drop() {
		t.send(ctx, ch, nil)
	}
	return nil
}

// rewind begins anew with files that were truncated, after the rest of their copy if there is one.
func (t *tail) rewind() {
	for i := 0; i < len(t.files); i++ {
		f := t.files[i]
		if ok, err := f.intact(); ok || err != nil {
			continue // reading it will tell the error
		}
		if rest := t.find(f.position); rest != nil {
			t.files = slices.Insert(t.files, i, rest)
			i++
		}
		t.log.Info("file was truncated, it is read from its beginning", "file", f.Path)
		_ = f.moveTo(0) // of nothing there is no error
	}
}

func (t *tail) drain(ctx context.Context, ch chan<- plugin.Event[[]line], f *file) error {
	for ctx.Err() == nil {
		if ok, err := f.intact(); !ok { // truncated while a send was waiting
			return err
		}
		lines, end, err := t.next(f)
		if err != nil || end == f.Offset {
			return err
		}
		if err := f.moveTo(end); err != nil {
			return err
		}
		t.send(ctx, ch, lines)
		if !f.gone.IsZero() {
			f.gone = time.Now()
		}
	}
	return nil
}

// next returns lines that are complete, and where they end.
func (t *tail) next(f *file) (lines []line, end int64, err error) {
	n, err := f.ReadAt(t.buf, f.Offset)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	text := t.buf[:n]
	switch whole := bytes.LastIndexByte(text, '\n') + 1; {
	case whole > 0:
		lines, n = t.split(f.Path, string(text[:whole]))
		return lines, f.Offset + int64(n), nil
	case n == len(t.buf):
		return t.cut(f, string(text[:t.MaxLine]))
	}
	return nil, f.Offset, nil
}

func (t *tail) split(path, text string) (lines []line, size int) {
	for raw := range strings.Lines(text) {
		size += len(raw)
		lines = append(lines, line{Log: strings.TrimSuffix(raw[:len(raw)-1], "\r"), File: path})
		if len(lines) == t.Lines {
			break
		}
	}
	return lines, size
}

// cut is next for a line of which only the beginning is sent.
func (t *tail) cut(f *file, beginning string) (lines []line, end int64, err error) {
	for at := max(f.searched, f.Offset); ; {
		n, err := f.ReadAt(t.buf, at)
		if err != nil && err != io.EOF {
			return nil, 0, err
		}
		if i := bytes.IndexByte(t.buf[:n], '\n'); i >= 0 {
			end = at + int64(i) + 1
			t.log.Warn("line cut off", "file", f.Path, "at", f.Offset, "bytes", end-f.Offset)
			return []line{{beginning, f.Path, true}}, end, nil
		}
		at += int64(n)
		if err == io.EOF {
			f.searched = at
			return nil, f.Offset, nil
		}
	}
}

// drop closes files that cannot be found and have been quiet, and tells whether there were any.
func (t *tail) drop() (dropped bool) {
	t.files = slices.DeleteFunc(t.files, func(f *file) bool {
		if f.gone.IsZero() || time.Since(f.gone) < t.RotateWait {
			return false
		}
		if info, err := f.Stat(); err == nil && info.Size() > f.Offset {
			t.log.Warn("last line left out: it has no end", "file", f.Path, "bytes", info.Size()-f.Offset)
		}
		f.Close()
		dropped = true
		return true
	})
	return dropped
}

// skip moves to the ends of files, or to the beginnings of their last lines if those are not complete.
func (t *tail) skip() error {
	for _, f := range t.files {
		size := f.info.Size()
		begin := max(0, size-int64(len(t.buf)))
		n, err := f.ReadAt(t.buf[:size-begin], begin)
		if err != nil && err != io.EOF {
			return err
		}
		if err := f.moveTo(begin + int64(bytes.LastIndexByte(t.buf[:n], '\n')+1)); err != nil {
			return err
		}
	}
	return nil
}
