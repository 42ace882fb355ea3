package main

import (
	"cmp"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// position is how far a file was read, and what to know the file by.
type position struct {
	Path   string `json:"path"` // the name it was found by; it may have another one now
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	Offset int64  `json:"offset"` // where the next line begins
	Before uint32 `json:"before"` // checksum of the bytes before: a new file may have got an old one's inode
}

// file is a file that is followed.
type file struct {
	*os.File
	position
	info     os.FileInfo // for what it says of identity
	gone     time.Time   // since when it has neither a name to be found by nor anything new; zero while it has one
	searched int64       // if it ends in a line that is too long: from where on to look for its newline
}

func open(path string) (*file, error) {
	handle, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := handle.Stat()
	if err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	device, inode := identity(info)
	return &file{File: handle, info: info, position: position{Path: path, Device: device, Inode: inode}}, nil
}

// moveTo says that the next line begins at offset.
func (f *file) moveTo(offset int64) (err error) {
	f.Offset, f.searched = offset, 0
	f.Before, err = f.before(offset)
	return err
}

// before is the checksum of up to 256 bytes.
func (f *file) before(offset int64) (uint32, error) {
	b := make([]byte, min(offset, 256))
	if _, err := f.ReadAt(b, offset-int64(len(b))); err != nil {
		return 0, err
	}
	return crc32.ChecksumIEEE(b), nil
}

// intact tells whether the file, if it was truncated, has the same bytes again.
func (f *file) intact() (bool, error) {
	before, err := f.before(f.Offset)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil && before == f.Before, err
}

// found is a file in the folder.
type found struct {
	path string
	info os.FileInfo
}

func everything(string) bool { return true }

// list returns files of the folder, the oldest first. A file that gets another name while the folder is read may have none
// there: what counts is what was read twice.
func (t *tail) list(wanted func(name string) bool) (files []found, err error) {
	const tries = 10
	for n := 0; n < tries; n++ {
		before := files
		if files, err = t.read(wanted); err != nil || n > 0 && slices.EqualFunc(before, files, same) {
			break
		}
	}
	return files, err
}

func same(a, b found) bool { return a.path == b.path && os.SameFile(a.info, b.info) }

func (t *tail) read(wanted func(name string) bool) ([]found, error) {
	folder := filepath.Dir(t.Path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []found
	for _, entry := range slices.Backward(entries) { // if equally old, app.log.2 before app.log.1
		path := filepath.Join(folder, entry.Name())
		if !wanted(entry.Name()) {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() { // an error: it has just gone
			files = append(files, found{path, info})
		}
	}
	slices.SortStableFunc(files, func(a, b found) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	return files, nil
}

// look opens files that are new, and notes which of those that are open can no longer be found.
func (t *tail) look() error {
	files, err := t.list(t.follows)
	if err != nil {
		return err
	}
	for _, found := range files {
		if t.followed(found.info) {
			continue
		}
		f, err := open(found.path)
		t.complain(found.path, err)
		if err != nil {
			continue
		}
		if !os.SameFile(f.info, found.info) { // moved away meanwhile: the next look finds both, and in their order
			_ = f.Close()
			break
		}
		t.files = append(t.files, f)
	}
	for _, f := range t.files {
		listed := slices.ContainsFunc(files, func(found found) bool { return os.SameFile(found.info, f.info) })
		switch {
		case listed:
			f.gone = time.Time{}
		case f.gone.IsZero():
			f.gone = time.Now()
		}
	}
	return nil
}

func (t *tail) followed(info os.FileInfo) bool {
	return slices.ContainsFunc(t.files, func(f *file) bool { return os.SameFile(info, f.info) })
}

// complain logs an error of a file once. That it does not exist is none: it was there a moment ago.
func (t *tail) complain(path string, err error) {
	switch {
	case err == nil:
		delete(t.known, path)
	case !errors.Is(err, fs.ErrNotExist) && t.known[path] != err.Error():
		t.known[path] = err.Error()
		t.log.Error("file cannot be read for now", "file", path, "error", err)
	}
}

// reopen finds the files of another life again, by whatever name.
func (t *tail) reopen(positions []position) {
	for _, p := range positions {
		if f := t.find(p); f != nil {
			t.files = append(t.files, f)
		} else if p.Offset > 0 {
			t.log.Warn("file is gone or was truncated, lines may be missing", "file", p.Path, "from", p.Offset)
		}
	}
}

// find opens the file that p is a position in: the one of that identity or else, since it may have been copied and then
// truncated, the newest copy.
func (t *tail) find(p position) *file {
	same := func(f found) int {
		if device, inode := identity(f.info); device == p.Device && inode == p.Inode {
			return 0
		}
		return 1
	}
	files, _ := t.list(everything) // an error comes again in look
	slices.Reverse(files)
	slices.SortStableFunc(files, func(a, b found) int { return cmp.Compare(same(a), same(b)) })
	for _, found := range files {
		copied := same(found) != 0
		if copied && p.Offset == 0 || found.info.Size() < p.Offset || t.followed(found.info) {
			continue
		}
		f, err := open(found.path)
		if err != nil {
			continue
		}
		f.Path, f.Offset, f.Before = p.Path, p.Offset, p.Before
		if ok, _ := f.intact(); ok {
			return f
		}
		f.Close()
	}
	return nil
}
