package engine

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Of ring buffers when the section does not say (flb_input.c), and of appends to full ones (flb_input_chunk.c).
const (
	ringCapacity = 1024 // slots
	ringWindow   = 5    // percent
	ringTries    = 10
)

// slotSize is what a slot takes in the engine: a pointer. The window counts in bytes.
const slotSize = 8

// ring is between the thread of an input and the pipeline's: what one append gave takes a slot, until the pipeline drains
// it into chunks. Inputs that run on the pipeline's thread have none.
type ring struct {
	slots  chan slot
	window int // bytes in use from which on an append wakes the pipeline
}

type slot struct {
	tag    string
	events []byte
}

func newRing(capacity, window int) *ring {
	return &ring{slots: make(chan slot, capacity), window: capacity * slotSize * window / 100}
}

func (r *ring) put(s slot) bool {
	select {
	case r.slots <- s:
		return true
	default:
		return false
	}
}

// get returns the oldest slot; the ring of an input without one is always empty.
func (r *ring) get() (slot, bool) {
	if r == nil {
		return slot{}, false
	}
	select {
	case s := <-r.slots:
		return s, true
	default:
		return slot{}, false
	}
}

func (r *ring) signals() bool { return len(r.slots)*slotSize >= r.window }

// enqueue takes an input's events in as they come on its thread, which waits a second at most for room.
func (e *engine) enqueue(in *inputSection, tag string, events []byte) bool {
	s := slot{tag, bytes.Clone(events)}
	for range ringTries {
		if in.ring.put(s) {
			if in.ring.signals() {
				wake(e.window)
			}
			return true
		}
		time.Sleep(e.second / 10)
	}
	e.log(slog.LevelError, "[input] %s could not enqueue records into the ring buffer", in.name)
	return false
}

// drainRings makes chunks of what is in the rings, but for those of inputs over their memory limit. While a flush holds
// the pipeline's thread nothing is drained.
func (p *pipeline) drainRings() {
	for _, in := range p.inputs {
		for p.thread.running == 0 && !in.paused {
			s, ok := in.ring.get()
			if !ok {
				break
			}
			if p.store(in, s.tag, s.events) {
				p.pauseFull()
			}
		}
	}
}

// inRings returns the number of slots that are to be drained.
func (p *pipeline) inRings() (n int) {
	for _, in := range p.inputs {
		if in.ring != nil && !in.paused {
			n += len(in.ring.slots)
		}
	}
	return n
}

// pause pauses an input, whose thread may have to wait for room in its ring meanwhile.
func (p *pipeline) pause(in *inputSection) {
	if in.ring == nil {
		p.check(in.plugin.Pause())
		return
	}
	paused := make(chan error, 1)
	go func() { paused <- in.plugin.Pause() }()
	for {
		select {
		case err := <-paused:
			p.check(err)
			return
		case <-p.window:
			p.drainRings()
		case <-p.rings.C:
			p.drainRings()
		case r := <-p.done:
			p.finish(r)
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func setRingCapacity(s *section, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is not a whole number above 0", text)
	}
	s.ringCapacity = n
	return nil
}

func setRingWindow(s *section, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > 100 {
		return fmt.Errorf("%q is not a percentage from 1 to 100", text)
	}
	s.ringWindow = n
	return nil
}
