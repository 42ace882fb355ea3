package plugin

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/calyptia/plugin/config"
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
	timeout  time.Duration // of a Flush; 0 for none
	partials partials
}

func (o *output[C, R]) Init(host proxy.Host) error {
	o.open(host)
	own, err := config.Bind[outputProperties](properties{host})
	o.timeout = own.FlushTimeout
	if err := initialize(&o.section, o.bind, err, o.plugin.Init); err != nil {
		return o.fail("output", err)
	}
	return nil
}

// attempt is a call of the author's Flush.
type attempt struct {
	left indexSet      // the events it was given
	done chan struct{} // closed once it has returned
	err  error         // what it has returned
}

func (o *output[C, R]) Flush(tag string, chunk []byte) proxy.Verdict {
	left, late := o.partials.find(tag, chunk)
	if late != nil {
		return o.resume(late, tag, chunk)
	}
	batch := &Batch[R]{tag: tag, chunk: chunk, left: left, decoder: o.decoder}
	memory := o.own(batch)
	a := &attempt{left: left, done: make(chan struct{})}
	go o.attempt(a, batch)
	ended := o.wait(a, tag, o.timeout+exitTime)
	batch.close()
	if !ended {
		return o.giveUp(a, tag, chunk)
	}
	if memory != nil {
		copies.Put(memory)
	}
	return o.settle(a, tag, chunk)
}

func (o *output[C, R]) attempt(a *attempt, batch *Batch[R]) {
	defer close(a.done)
	ctx, cancel := o.ctx, context.CancelFunc(func() {})
	if o.timeout > 0 {
		ctx, cancel = context.WithTimeout(o.ctx, o.timeout)
	}
	defer cancel()
	a.err = o.call("Flush", func() error { return o.plugin.Flush(ctx, batch) })
}

// copies is memory of chunks, for all sections.
var copies = sync.Pool{New: func() any { return new([]byte) }}

// own gives the batch a copy of its chunk if records refer to it: a Flush that is given up goes on after the engine has
// unmapped it. All others read it through the batch alone.
func (o *output[C, R]) own(batch *Batch[R]) (memory *[]byte) {
	if o.timeout == 0 || !o.decoder.Aliases() {
		return nil
	}
	memory = copies.Get().(*[]byte)
	*memory = append((*memory)[:0], batch.chunk...)
	batch.chunk = *memory
	return memory
}

// wait tells whether a is over in time. One that takes long it names in the log, since the engine does not.
func (o *output[C, R]) wait(a *attempt, tag string, limit time.Duration) bool {
	var end <-chan time.Time
	if o.timeout > 0 {
		end = time.After(limit)
	}
	start := time.Now()
	for wait := slowFlush; ; wait *= 2 {
		select {
		case <-a.done:
			return true
		case <-end:
			return false
		case <-time.After(wait):
			o.logger.Warn("Flush is still running", "tag", tag, "for", time.Since(start).Round(time.Second))
		}
	}
}

// giveUp lets the engine go on, which waits for a Flush even when it is to stop. What becomes of the Flush counts when
// the chunk comes back.
func (o *output[C, R]) giveUp(a *attempt, tag string, chunk []byte) proxy.Verdict {
	o.logger.Error("Flush has not returned in time, and is left alone until the chunk is tried again", "tag", tag, "after", o.timeout+exitTime)
	o.partials.keep(tag, chunk, partial{left: a.left, late: a})
	return proxy.Retry
}

// resume waits for a Flush that was given up when this chunk was last tried.
func (o *output[C, R]) resume(a *attempt, tag string, chunk []byte) proxy.Verdict {
	if !o.wait(a, tag, exitTime) {
		o.logger.Error("Flush has still not returned", "tag", tag)
		return proxy.Retry
	}
	o.partials.keep(tag, chunk, partial{left: a.left})
	return o.settle(a, tag, chunk)
}

// settle decides on what the author's Flush has returned.
func (o *output[C, R]) settle(a *attempt, tag string, chunk []byte) proxy.Verdict {
	verdict := o.verdict(tag, chunk, a.left, a.err)
	if verdict != proxy.Retry && a.left != nil {
		o.partials.forget(tag, chunk)
	}
	return verdict
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
	o.partials.keep(tag, chunk, partial{left: again})
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
