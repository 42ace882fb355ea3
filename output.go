package plugin

import (
	"errors"
	"iter"
	"sync"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/record"
)

// output drives an OutputPlugin as one section.
type output[C, R any] struct {
	section
	plugin  OutputPlugin[C, R]
	bind    *binder[C]
	decoder *record.Decoder[R]
}

func (o *output[C, R]) Init(host proxy.Host) error {
	o.open(host)
	if err := initialize(&o.section, o.bind, nil, o.plugin.Init); err != nil {
		return o.fail("output", err)
	}
	return nil
}

func (o *output[C, R]) Flush(tag string, chunk []byte) proxy.Verdict {
	batch := &Batch[R]{tag: tag, chunk: chunk, decoder: o.decoder}
	defer batch.close()
	return o.verdict(tag, o.call("Flush", func() error { return o.plugin.Flush(o.ctx, batch) }))
}

// verdict maps an error of Flush. The engine says why a chunk failed in neither case, so this does.
func (o *output[C, R]) verdict(tag string, err error) proxy.Verdict {
	var drop *dropError
	var unreadable *record.Error
	switch {
	case err == nil:
		return proxy.OK
	case errors.As(err, &drop), errors.As(err, &unreadable):
		o.logger.Error("chunk dropped", "tag", tag, "error", err)
		return proxy.Error
	}
	o.logger.Warn("chunk not delivered", "tag", tag, "error", err)
	return proxy.Retry
}

func (o *output[C, R]) Exit() {
	o.cancel()
	o.close(o.plugin)
}

// Batch is a chunk of events of one tag. It belongs to the Flush it was given to; after that has returned it is empty.
// Its methods may be called from several goroutines.
type Batch[R any] struct {
	tag     string
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
	n, _ := record.Count(b.chunk)
	return n
}

// Events returns the events in order. What an event refers to may be kept. The error of an event whose record does not
// fit R is a *record.Error, and so is the error that ends a broken chunk; such an event has its time, tag and index
// where they could be read. It may be ranged over more than once.
func (b *Batch[R]) Events() iter.Seq2[Event[R], error] {
	return func(yield func(Event[R], error) bool) {
		scanner := record.NewScanner(b.bytes())
		for {
			ev, err, more := b.next(scanner)
			if !more && err == nil || !yield(ev, err) || !more {
				return
			}
		}
	}
}

func (b *Batch[R]) bytes() []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.chunk
}

// next reads one event. Without more to come, err is what ended the chunk before its time, if anything did.
func (b *Batch[R]) next(s *record.Scanner) (ev Event[R], err error, more bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return ev, errClosed, false
	}
	if !s.Next() {
		return ev, s.Err(), false
	}
	raw := s.Event()
	ev = Event[R]{Time: raw.Time, Metadata: raw.Metadata, Tag: b.tag, Group: raw.Group, index: raw.Index}
	return ev, raw.Locate(b.decoder.Decode(raw.Body, &ev.Record)), true
}

// close waits for reads under way and takes the chunk away from later ones.
func (b *Batch[R]) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chunk, b.closed = nil, true
}
