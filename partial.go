package plugin

import (
	"errors"
	"hash/maphash"
	"math/bits"
	"sync"
	"time"
)

// Partial returns the error for Flush to return when only some events of its batch were not delivered: failed are their
// [Event.Index]es. The engine tries the chunk again, as the section's retry_limit says, and then the batch holds
// those events alone, with the indexes they had. err is logged. Without failed events it is err: all come back.
//
// A chunk that comes back is known by its tag and bytes. A section remembers the last 1000 such chunks, each for two
// hours after its last try, until it exits; one that it has forgotten comes back whole. Two chunks of the same tag and
// bytes are one to it.
func Partial(err error, failed ...int) error {
	switch {
	case len(failed) == 0:
		return err
	case err == nil:
		err = errors.New("events failed")
	}
	return &partialError{err, failed}
}

type partialError struct {
	err    error
	failed []int
}

func (e *partialError) Error() string { return e.err.Error() }
func (e *partialError) Unwrap() error { return e.err }

// The engine waits for at most scheduler.cap seconds between two tries, 2000 if that is not set (flb_scheduler.h).
const (
	maxPartials   = 1000
	maxPartialAge = 2 * time.Hour
)

// partials knows what is still to be delivered of chunks that come back. Forgetting a chunk is safe: its events come again.
type partials struct {
	mu     sync.Mutex
	seeds  [2]maphash.Seed
	chunks map[fingerprint]*partial
}

// fingerprint is a chunk's: two hashes, since of two chunks that are taken for one, events would be lost.
type fingerprint struct {
	tag  string
	size int
	sums [2]uint64
}

type partial struct {
	left indexSet
	late *attempt  // was given up, and may still run; nil for none
	last time.Time // of the last try
}

// find returns the events that are left of a chunk that comes back, nil for all, and what became late with it.
func (p *partials) find(tag string, chunk []byte) (left indexSet, late *attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.chunks) == 0 {
		return nil, nil // the usual case: no hashing
	}
	c := p.chunks[p.print(tag, chunk)]
	if c == nil {
		return nil, nil
	}
	c.last = time.Now()
	return c.left, c.late
}

// keep remembers what is left of a chunk that comes back; nothing if that is all of it.
func (p *partials) keep(tag string, chunk []byte, c partial) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.chunks == nil {
		p.chunks = make(map[fingerprint]*partial)
		p.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	}
	key := p.print(tag, chunk)
	if c.left == nil && c.late == nil {
		delete(p.chunks, key)
		return
	}
	if p.chunks[key] == nil {
		p.trim()
	}
	c.last = time.Now()
	p.chunks[key] = &c
}

// forget is for chunks that find has found, and that do not come back.
func (p *partials) forget(tag string, chunk []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.chunks, p.print(tag, chunk))
}

// trim makes room for one more.
func (p *partials) trim() {
	var oldest fingerprint
	for key, c := range p.chunks {
		if time.Since(c.last) > maxPartialAge {
			delete(p.chunks, key)
		} else if o := p.chunks[oldest]; o == nil || c.last.Before(o.last) {
			oldest = key
		}
	}
	if len(p.chunks) >= maxPartials {
		delete(p.chunks, oldest)
	}
}

func (p *partials) print(tag string, chunk []byte) fingerprint {
	return fingerprint{tag, len(chunk), [2]uint64{maphash.Bytes(p.seeds[0], chunk), maphash.Bytes(p.seeds[1], chunk)}}
}

// indexSet is a set of events by index, a bit for each. nil is all of them.
type indexSet []uint64

func (s indexSet) has(i int) bool {
	return s == nil || i >= 0 && i/64 < len(s) && s[i/64]>>(i%64)&1 == 1
}

func (s indexSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s indexSet) len() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// count is how many of n events it holds.
func (s indexSet) count(n int) int {
	if s == nil {
		return n
	}
	return s.len()
}
