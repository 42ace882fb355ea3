package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// store is a File without its type. Its saves have an order, that in which they were asked for; disk is never behind
// what it has been.
type store struct {
	path     string
	logger   *slog.Logger
	readable func(payload []byte) error // tells whether a payload is a value
	step     func(name string) error    // runs before each change on disk; tests make it fail
	lock     *flock.Flock

	mu       sync.Mutex
	closed   bool
	asked    uint64 // saves so far
	waiting  save   // the newest that was asked of the background
	failures int    // in the background, since the last success
	wake     chan struct{}
	stopped  chan struct{} // closed when the background has ended

	disk     sync.Mutex // held while files change
	released bool
	done     uint64 // the newest save on disk
}

type save struct {
	order   uint64
	payload []byte
}

// open returns a store also with an error, for its path.
func open(path string, opts []Option) (*store, error) {
	absolute, err := filepath.Abs(path)
	s := &store{
		path:    absolute,
		logger:  slog.New(slog.DiscardHandler),
		step:    func(string) error { return nil },
		lock:    flock.New(absolute + ".lock"),
		wake:    make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
	for _, opt := range opts {
		opt(s)
	}
	if err == nil {
		err = checkPath(absolute)
	}
	return s, err
}

// checkPath refuses what must not be renamed: a mistyped path may be a folder with all that is in it.
func checkPath(path string) error {
	folder := filepath.Dir(path)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("folder %q does not exist", folder)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%q is not a folder", folder)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errNotRegular
	}
	return nil
}

func (s *store) acquire() error {
	switch locked, err := s.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("lock: %w", err)
	case !locked:
		return ErrLocked
	}
	return nil
}

// load returns the payload of the newest usable file, nil if there is no file at all.
func (s *store) load() ([]byte, error) {
	s.disk.Lock()
	defer s.disk.Unlock()
	if s.released {
		return nil, ErrClosed
	}
	newest, older := s.read(s.path), s.read(s.path+old)
	if older.usable() && older.sequence > newest.sequence {
		newest, older = older, newest
	}
	damage := errors.Join(s.damage(newest), s.damage(older))
	switch {
	case newest.usable():
		return newest.payload, nil
	case older.usable():
		return older.payload, nil
	case damage != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, damage)
	}
	return nil, nil
}

// damage reports a file that is there and not usable.
func (s *store) damage(g generation) error {
	if g.err == nil || g.missing() {
		return nil
	}
	s.logger.Warn("checkpoint is damaged", "path", g.path, "reason", g.err)
	return fmt.Errorf("%s: %w", filepath.Base(g.path), g.err)
}

func (s *store) save(payload []byte) error {
	s.mu.Lock()
	v := s.next(payload)
	s.mu.Unlock()
	return s.write(v)
}

// next is called with mu held.
func (s *store) next(payload []byte) save {
	s.asked++
	return save{s.asked, payload}
}

// write does nothing if a newer value is on disk.
func (s *store) write(v save) error {
	s.disk.Lock()
	defer s.disk.Unlock()
	switch {
	case s.released:
		return ErrClosed
	case v.order <= s.done:
		return nil
	}
	if err := s.replace(v.payload); err != nil {
		return err
	}
	s.done = v.order
	return nil
}

// accept runs on the engine's thread.
func (s *store) accept(payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.logger.Warn("checkpoint not saved: the file is closed", "path", s.path)
		return
	}
	s.waiting = s.next(payload)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// background saves what waits until the store is closed.
func (s *store) background() {
	defer close(s.stopped)
	for range s.wake {
		s.report(s.write(s.newest()))
	}
}

func (s *store) newest() save {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// report warns once of saves that fail, and says when they work again.
func (s *store) report(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil && s.failures == 0:
		s.logger.Warn("checkpoint not saved, tried again with the next value", "path", s.path, "error", err)
	case err == nil && s.failures > 0:
		s.logger.Info("checkpoint saved again", "path", s.path, "failures", s.failures)
		s.failures = 0
	}
	if err != nil {
		s.failures++
	}
}

func (s *store) close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.wake)
	s.mu.Unlock()
	<-s.stopped
	err := s.write(s.waiting) // nobody changes it any more
	s.disk.Lock()
	defer s.disk.Unlock()
	s.released = true
	return errors.Join(err, s.lock.Unlock())
}
