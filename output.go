package plugin

import (
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/record"
)

// slowFlush is how long a Flush runs before the log names it; then after twice as long, and so on.
const slowFlush = 30 * time.Second

// output drives an OutputPlugin as one section.
type output[C, R any] struct {
	section
	plugin   OutputPlugin[C, R]
	bind     *binder[C]
	decoder  *record.Decoder[R]
	partials partials
}

func (o *output[C, R]) Init(host proxy.Host) error {
	o.open(host)
	if err := initialize(&o.section, o.bind, nil, o.plugin.Init); err != nil {
		return o.fail("output", err)
	}
	return nil
}

func (o *output[C, R]) Flush(tag string, chunk []byte) proxy.Verdict {
	batch := &Batch[R]{tag: tag, chunk: chunk, left: o.partials.find(tag, chunk), decoder: o.decoder}
	done := make(chan struct{})
	go o.watch(tag, done)
	err := o.call("Flush", func() error { return o.plugin.Flush(o.ctx, batch) })
	close(done)
	batch.close()
	verdict := o.verdict(tag, chunk, batch.left, err)
	if verdict != proxy.Retry && batch.left != nil {
		o.partials.forget(tag, chunk)
	}
	return verdict
}

// watch names a Flush that takes long, since the engine does not: it waits, and at a stop gives up after its grace.
func (o *output[C, R]) watch(tag string, done <-chan struct{}) {
	start := time.Now()
	for wait := slowFlush; ; wait *= 2 {
		select {
		case <-done:
			return
		case <-time.After(wait):
			o.logger.Warn("Flush is still running", "tag", tag, "for", time.Since(start).Round(time.Second))
		}
	}
}

// verdict maps an error of Flush. The engine says why a chunk failed in no case, so this does.
func (o *output[C, R]) verdict(tag string, chunk []byte, left indexSet, err error) proxy.Verdict {
	var drop *dropError
	var partly *partialError
	var unreadable *record.Error
	switch {
	case err == nil:
		return proxy.OK
	case errors.As(err, &drop):
		o.logger.Error("chunk dropped", "tag", tag, "error", err)
		return proxy.Error
	case errors.As(err, &partly):
		o.partly(tag, chunk, left, partly.failed, err)
		return proxy.Retry
	case errors.As(err, &unreadable):
		o.logger.Error("chunk dropped", "tag", tag, "error", err)
		return proxy.Error
	}
	o.logger.Warn("chunk not delivered", "tag", tag, "error", err)
	return proxy.Retry
}

// partly remembers the events that failed, of those that were left.
func (o *output[C, R]) partly(tag string, chunk []byte, left indexSet, failed []int, err error) {
	n, _ := record.Count(chunk)
	again := make(indexSet, (n+63)/64)
	for _, i := range failed {
		if i < 0 || i >= n || !left.has(i) {
			o.logger.Error("Partial: no such event in the batch", "tag", tag, "index", i, "error", err)
			continue
		}
		again.add(i)
	}
	if again.len() == 0 { // whatever was meant, nothing is lost
		o.logger.Warn("chunk not delivered", "tag", tag, "error", err)
		return
	}
	o.partials.keep(tag, chunk, again)
	o.logger.Warn("chunk partly delivered", "tag", tag, "failed", again.len(), "error", err)
}

func (o *output[C, R]) Exit() {
	o.cancel()
	o.close(o.plugin)
}

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
		var ev Event[R] // one for all: each would be an allocation
		for at := 0; ; at++ {
			more, err := b.next(scanner, &at, &ev)
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
	for s.Next() {
		ev := s.Event()
		if !b.left.has(ev.Index) {
			continue
		}
		var err error
		if dst, err = f.AppendEvent(dst, &ev); err != nil {
			return dst, err
		}
		dst = append(dst, '\n')
	}
	return dst, s.Err()
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
