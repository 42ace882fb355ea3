package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// Endings of the names beside a file.
const (
	fresh   = ".new"
	old     = ".old"
	damaged = ".damaged"
)

const mode = 0o600

var errNotRegular = errors.New("not a regular file")

// generation is one of the two files, or why it is none.
type generation struct {
	path     string
	sequence uint64
	payload  []byte
	err      error
}

func (g generation) usable() bool  { return g.err == nil }
func (g generation) missing() bool { return errors.Is(g.err, fs.ErrNotExist) }

func (s *store) read(path string) generation {
	g := generation{path: path}
	content, err := readFile(path)
	if err == nil {
		g.sequence, g.payload, err = unseal(content)
	}
	if err == nil {
		err = s.readable(g.payload)
	}
	g.err = err
	return g
}

func readFile(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	case info.Size() > maxSize:
		return nil, fmt.Errorf("%d bytes, want at most %d", info.Size(), maxSize)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxSize+1))
}

// replace makes payload the newest generation. Wherever it is cut off, one usable generation remains, or a damaged one
// if there was no other: what load says goes from the value before to the new one, and never to "none".
func (s *store) replace(payload []byte) error {
	if err := s.readable(payload); err != nil {
		return fmt.Errorf("value cannot be read back: %w", err)
	}
	newest, older := s.read(s.path), s.read(s.path+old)
	content, err := seal(max(newest.sequence, older.sequence)+1, payload)
	if err != nil {
		return err
	}
	if err := s.writeFresh(content); err != nil {
		return err
	}
	if err := s.makeRoom(newest, older); err != nil {
		return err
	}
	if err := s.rename(s.path+fresh, s.path); err != nil {
		return err
	}
	return s.syncFolder()
}

func (s *store) makeRoom(newest, older generation) error {
	switch {
	case newest.missing():
		return nil
	case newest.usable() && older.usable() && newest.sequence < older.sequence: // somebody has put it there
		return nil
	case !newest.usable() && older.usable():
		return s.moveAside(newest.path, newest.err)
	case !older.usable() && !older.missing():
		if err := s.moveAside(older.path, older.err); err != nil {
			return err
		}
	}
	return s.rename(newest.path, older.path) // also a damaged one: a save that is cut off here must not hide it
}

func (s *store) writeFresh(content []byte) error {
	path := s.path + fresh
	if err := s.clear(path); err != nil {
		return err
	}
	if err := s.step("create"); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	return errors.Join(s.fill(file, content), file.Close())
}

func (s *store) fill(file *os.File, content []byte) error {
	if err := s.step("write"); err != nil {
		return err
	}
	if _, err := file.Write(content); err != nil {
		return err
	}
	if err := s.step("sync"); err != nil {
		return err
	}
	return file.Sync()
}

// clear removes what a save that was cut off has left.
func (s *store) clear(path string) error {
	file, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !file.Mode().IsRegular() {
		return s.moveAside(path, errNotRegular)
	}
	if begins, err := beginning(path); err != nil || !ours(begins) {
		return s.moveAside(path, errors.Join(err, errors.New("not a checkpoint")))
	}
	if err := s.step("remove"); err != nil {
		return err
	}
	return os.Remove(path)
}

func beginning(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, int64(len(magic))))
}

// moveAside gives a file that is not ours, or no longer usable, a name that is free.
func (s *store) moveAside(path string, reason error) error {
	to, err := free(s.path + damaged)
	if err != nil {
		return err
	}
	if err := s.rename(path, to); err != nil {
		return err
	}
	s.logger.Warn("checkpoint moved aside", "path", path, "to", to, "reason", reason)
	return nil
}

func free(name string) (string, error) {
	for n := 0; ; n++ {
		path := name
		if n > 0 {
			path += "." + strconv.Itoa(n)
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		} else if err != nil {
			return "", err
		}
	}
}

func (s *store) rename(from, to string) error {
	if err := s.step("rename " + filepath.Base(from) + " to " + filepath.Base(to)); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// syncFolder makes renames durable. Windows cannot sync folders, and its file systems journal renames.
func (s *store) syncFolder() error {
	if err := s.step("sync folder"); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
