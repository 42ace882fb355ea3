package plugin

import (
	"errors"
	"iter"
	"sync"

	"github.com/calyptia/plugin/record"
)

// Batch is a chunk of events of one tag, or those of them that are left after a [Partial] delivery. It belongs to the
// Flush it was given to; after that has returned it is empty.
// Its methods may be called from several goroutines.
type Batch[R any] struct {
	tag     string
	left    indexSet // the events it holds
	decoder *record.Decoder[R]

	mu     sync.RWMutex // held for reading while chunk is read: the engine unmaps it after Flush
	chunk  []byte
	closed bool

	seenMu sync.Mutex
	seen   seen
}

// seen is what a plugin has read of a batch, in the pass that read most.
type seen struct {
	fit    int   // events
	unfit  int   // events whose record is none of the plugin's
	broken error // what ended the chunk before its time, in any pass
}

func (b *Batch[R]) saw(s *seen) {
	b.seenMu.Lock()
	defer b.seenMu.Unlock()
	if s.fit+s.unfit > b.seen.fit+b.seen.unfit {
		b.seen.fit, b.seen.unfit = s.fit, s.unfit
	}
	if s.broken != nil {
		b.seen.broken = s.broken
	}
}

// total is what was read in the end.
func (b *Batch[R]) total() seen {
	b.seenMu.Lock()
	defer b.seenMu.Unlock()
	return b.seen
}

var errClosed = errors.New("plugin: batch used after Flush returned")

// Tag returns the tag of the chunk.
func (b *Batch[R]) Tag() string { return b.tag }

// Len returns the number of events, found by walking the chunk: of a broken one, those before the break.
func (b *Batch[R]) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.left != nil && !b.closed {
		return b.left.len()
	}
	n, _ := record.Count(b.chunk)
	return n
}

// Events returns the events in order. What an event refers to may be kept, unless the plugin is [Borrowed] or its
// records are [record.Raw]. The error of an event whose record does not fit R is a *record.Error, and so is the error
// that ends a broken chunk; such an event has its time, tag and index where they could be read. It may be ranged over
// more than once.
func (b *Batch[R]) Events() iter.Seq2[Event[R], error] {
	return func(yield func(Event[R], error) bool) {
		scanner := record.NewScanner(b.bytes())
		var s seen
		defer b.saw(&s)
		var ev Event[R] // one for all: each would be an allocation
		for at := 0; ; at++ {
			more, err := b.next(scanner, &at, &ev)
			switch {
			case more && err == nil:
				s.fit++
			case more:
				s.unfit++
			default:
				s.broken = scanner.Err()
			}
			if !more && err == nil || !yield(ev, err) || !more {
				return
			}
		}
	}
}

// AppendJSON appends the chunk as JSON lines to dst, one event a line as f says, straight from its bytes: R plays no
// part. An error, a *record.Error, is of a broken chunk; the events before it are appended.
func (b *Batch[R]) AppendJSON(dst []byte, f record.JSONFormat) ([]byte, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return dst, errClosed
	}
	s := record.NewScanner(b.chunk)
	var read seen
	defer b.saw(&read)
	for s.Next() {
		ev := s.Event()
		if !b.left.has(ev.Index) {
			continue
		}
		var err error
		if dst, err = f.AppendEvent(dst, &ev); err != nil {
			read.broken = err
			return dst, err
		}
		dst = append(dst, '\n')
		read.fit++
	}
	read.broken = s.Err()
	return dst, read.broken
}

func (b *Batch[R]) bytes() []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.chunk
}

// next reads one event, at index at or the first one behind it that is left. Without more to come, err is what ended the
// chunk before its time, if anything did.
func (b *Batch[R]) next(s *record.Scanner, at *int, ev *Event[R]) (more bool, err error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		*ev = Event[R]{}
		return false, errClosed
	}
	for !b.left.has(*at) && s.Next() {
		*at++
	}
	more, err = b.decoder.Next(s, &ev.Record)
	if !more {
		*ev = Event[R]{}
		return false, s.Err()
	}
	if err != nil {
		*ev = Event[R]{} // not half a record
	}
	raw := s.Event()
	ev.Time, ev.Metadata, ev.Tag, ev.Group, ev.index = raw.Time, raw.Metadata, b.tag, raw.Group, raw.Index
	return true, err
}

// close waits for reads under way and takes the chunk away from later ones.
func (b *Batch[R]) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chunk, b.closed = nil, true
}
