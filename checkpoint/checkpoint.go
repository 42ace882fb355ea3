// Package checkpoint keeps one typed value in a file, for inputs that must remember where they were.
//
//	state, err := checkpoint.Open[position](path)
//	…
//	pos, err := state.Load()
//	…
//	ch <- plugin.Event[line]{Record: l, Accepted: state.After(pos)}
//
// A value is saved once the engine has the events before it, so that after a crash nothing is missing; what the engine
// took after the last save comes again.
//
// # On disk
//
// The file holds the value in deterministic CBOR (RFC 8949, section 4.2.1) with a checksum, in the form that struct tags
// json or cbor give it: fields that the type no longer has are ignored, new ones are zero. Times keep their
// nanoseconds; strings may hold any bytes. A value is written to path.new, synced
// and renamed to path; the value before it stays in path.old. Damage to one of the two costs one save. path.lock is
// locked while the file is open, and stays.
//
// What is not a checkpoint of this type is neither used nor lost: the first save that needs its name renames it to
// path.damaged, or path.damaged.1 and so on if that exists. A damaged path is path.old for one save.
package checkpoint

import (
	"errors"
	"fmt"
	"log/slog"
)

// What errors of this package are, for errors.Is.
var (
	// ErrDamaged is that of Load when there are files, and none of them can be used. The next Save begins anew.
	ErrDamaged = errors.New("no usable value")
	// ErrLocked is that of Open when a writer, in this process or another, has the file open.
	ErrLocked = errors.New("in use by another writer")
	// ErrClosed is that of Load and Save after Close.
	ErrClosed = errors.New("closed")
)

// Error is every error of this package.
type Error struct {
	Path string // as Open got it, made absolute
	Err  error
}

// Error returns the path and the cause.
func (e *Error) Error() string { return fmt.Sprintf("checkpoint: file %q: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Option is a choice made in opening a file.
type Option func(*store)

// Logger makes l what damage, files moved aside and failed background saves are reported to; nil and the default are
// nowhere.
func Logger(l *slog.Logger) Option {
	return func(s *store) {
		if l != nil {
			s.logger = l
		}
	}
}

// File is a file with a value of type S, open for one writer. Its methods may be called concurrently.
type File[S any] struct{ store *store }

// Open locks the file at path, in a folder that exists; it writes no value. It refuses a type that cannot be saved: one
// with channels or functions in it, or a struct without exported fields.
func Open[S any](path string, opts ...Option) (*File[S], error) {
	store, err := open(path, opts)
	if err == nil {
		err = checkType[S]()
	}
	if err == nil {
		err = store.acquire()
	}
	if err != nil {
		return nil, &Error{store.path, err}
	}
	store.readable = func(payload []byte) error { return decode(payload, new(S)) }
	go store.background()
	return &File[S]{store}, nil
}

// Load returns the value that was saved last. It returns the zero value if none ever was, the value before it if the
// last one is damaged, and ErrDamaged if there is none left. It reports all damage that it meets.
func (f *File[S]) Load() (value S, err error) {
	payload, err := f.store.load()
	if err == nil && payload != nil {
		err = decode(payload, &value)
	}
	return value, f.wrap(err)
}

// Save makes value durable before it returns nil. Of values that are saved concurrently the last to begin remains, and
// for the others nil means that it is durable.
func (f *File[S]) Save(value S) error {
	payload, err := encode(value)
	if err == nil {
		err = f.store.save(payload)
	}
	return f.wrap(err)
}

// After returns a function, for Event.Accepted, that makes value what is saved next, in the background. The function
// returns at once; while a save is under way the newest value waits, and those before it are skipped. Values are
// saved in the order in which their functions are called: events of one tag are accepted in the order of their sends.
// value is encoded here, and may be changed afterwards.
//
// A save that fails is tried again with the next value, or at Close.
func (f *File[S]) After(value S) func() {
	payload, err := encode(value)
	if err != nil {
		f.store.report(err)
		return func() {}
	}
	return func() { f.store.accept(payload) }
}

// Close saves the value that waits, and unlocks the file. Later calls do nothing and return nil. It belongs in the
// plugin's Close, when all events that will be were accepted; functions of After that are called later only report it.
func (f *File[S]) Close() error { return f.wrap(f.store.close()) }

func (f *File[S]) wrap(err error) error {
	if err == nil {
		return nil
	}
	return &Error{f.store.path, err}
}
