package proxy

import (
	"errors"
	"sync"
	"time"
)

// maxPiece is the most that one append gives to the engine, unless a single event is larger. The engine closes a chunk
// once it holds more than 2,048,000 bytes (flb_input_chunk.h), whatever the last append added.
const maxPiece = 1 << 20

// pieces is memory of pieces that were delivered, for all sections.
var pieces = sync.Pool{New: func() any { return new([]byte) }}

// maxTurn bounds how long one Deliver goes on for a section that fills its buffer all the time. It is a little more than
// the second between two calls of the engine's: the next one is then due at once, after what else the section's thread has to
// do, such as a pause, and nothing of the thread's time is lost, which the engine spends on counting records.
const maxTurn = 1020 * time.Millisecond

// Buffer holds encoded events between the goroutine of an input, which adds, and the engine's thread, which delivers. Events
// of one tag keep their order.
type Buffer struct {
	limit  int
	settle time.Duration
	taken  func(records, bytes int)
	room   chan struct{}

	mu      sync.Mutex
	queue   []*piece          // oldest first
	filling map[string]*piece // by tag: the piece that takes more
	last    *piece            // of those, the one that took the last events
	size    int               // bytes in queue and in delivery

	given []given // oldest first; of the goroutine that delivers
}

// given is what the author wants to be told once the engine is sure to have the events of a piece.
type given struct {
	at       time.Time
	accepted []func()
}

// piece is events of one tag, encoded one behind the other.
type piece struct {
	tag      string
	events   []byte
	records  int
	memory   *[]byte // that events is in, unless it has grown out of it
	accepted []func()
}

// NewBuffer returns a buffer that is full from limit bytes on. settle is how long the engine may hold what it was given
// where it loses it if it stops. taken, if not nil, is told what the engine has taken.
func NewBuffer(limit int, settle time.Duration, taken func(records, bytes int)) *Buffer {
	if taken == nil {
		taken = func(int, int) {}
	}
	return &Buffer{limit: limit, settle: settle, taken: taken, room: make(chan struct{}, 1), filling: make(map[string]*piece)}
}

// Add copies events of one tag into the buffer, so many records, and tells whether that is full now. accepted, if not nil, is
// called by Settle once the engine has taken them. A full buffer takes them too: who adds asks Full before it makes more.
func (b *Buffer) Add(tag string, events []byte, records int, accepted func()) (full bool) {
	b.mu.Lock()
	if len(events) > 0 || accepted != nil {
		p := b.last
		if p == nil || p.tag != tag {
			p = b.filling[tag]
		}
		if full := p != nil && len(p.events)+len(events) > maxPiece; full || p == nil {
			p = b.begin(tag)
			if full && cap(p.events) < maxPiece {
				p.events = make([]byte, 0, maxPiece) // so the next one will be, too
			}
		}
		p.events = append(p.events, events...)
		p.records += records
		if accepted != nil {
			p.accepted = append(p.accepted, accepted)
		}
		b.last = p
		b.size += len(events)
	}
	full = b.size >= b.limit
	b.mu.Unlock()
	return full
}

// begin queues a new piece.
func (b *Buffer) begin(tag string) *piece {
	p := &piece{tag: tag, memory: pieces.Get().(*[]byte)}
	p.events = (*p.memory)[:0]
	b.queue = append(b.queue, p)
	b.filling[tag] = p
	return p
}

// Full tells whether the buffer holds its limit or more.
func (b *Buffer) Full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size >= b.limit
}

// Room receives a value after a delivery has made room.
func (b *Buffer) Room() <-chan struct{} { return b.room }

// Size returns the bytes that wait for delivery.
func (b *Buffer) Size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size
}

// ErrLater is what an AppendFunc returns that takes no more in this turn, though nothing is wrong.
var ErrLater = errors.New("later")

// Deliver gives the buffer's pieces to the engine, oldest first, and returns the engine's error if it refuses one: that
// one stays in front. While whole pieces come in it goes on for at most maxTurn.
func (b *Buffer) Deliver(give AppendFunc) error {
	due := b.len()
	for end := time.Now().Add(maxTurn); ; due-- {
		p := b.take(due <= 0)
		if p == nil || due <= 0 && time.Now().After(end) {
			b.putBack(p)
			return nil
		}
		if len(p.events) > 0 { // none if all elements of a slice were rejected
			if err := give(p.tag, p.events); err != nil {
				b.putBack(p)
				if err == ErrLater {
					return nil
				}
				return err
			}
		}
		b.done(p)
	}
}

func (b *Buffer) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue)
}

// take removes the oldest piece, nil if there is none or if only a whole one will do.
func (b *Buffer) take(whole bool) *piece {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 || whole && b.filling[b.queue[0].tag] == b.queue[0] {
		return nil
	}
	p := b.queue[0]
	b.queue = b.queue[1:]
	if b.filling[p.tag] == p {
		delete(b.filling, p.tag)
	}
	if b.last == p {
		b.last = nil
	}
	return p
}

func (b *Buffer) putBack(p *piece) {
	if p == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append([]*piece{p}, b.queue...)
}

func (b *Buffer) done(p *piece) {
	b.taken(p.records, len(p.events))
	b.mu.Lock()
	b.size -= len(p.events)
	b.mu.Unlock()
	if cap(p.events) <= 2*maxPiece {
		*p.memory = p.events[:0]
		pieces.Put(p.memory)
	}
	select {
	case b.room <- struct{}{}:
	default:
	}
	if len(p.accepted) > 0 {
		b.given = append(b.given, given{time.Now(), p.accepted})
	}
}

// Settle calls the accepted functions of what the engine was given so long ago that it is sure to have it.
func (b *Buffer) Settle() {
	for len(b.given) > 0 && time.Since(b.given[0].at) >= b.settle {
		accepted := b.given[0].accepted
		b.given = b.given[1:]
		for _, f := range accepted {
			f()
		}
	}
}

// Unsettle makes all that has not settled as if given now.
func (b *Buffer) Unsettle() {
	for i := range b.given {
		b.given[i].at = time.Now()
	}
}

// Unsettled returns how many accepted functions were not called yet.
func (b *Buffer) Unsettled() (n int) {
	for _, g := range b.given {
		n += len(g.accepted)
	}
	return n
}
