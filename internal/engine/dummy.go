package engine

import (
	"fmt"
	"math"
	"time"
)

// dummy appends the same record again and again.
type dummy struct {
	*valve
	setup
	body    []byte
	every   time.Duration
	samples int // 0 for no end

	stop chan struct{}
	done chan struct{} // nil before Start
}

// shortestTick bounds how often a dummy wakes up; at higher rates it appends several events at once.
const shortestTick = 10 * time.Millisecond

func newDummy(s setup, second time.Duration) (*dummy, error) {
	d := &dummy{setup: s, valve: newValve(s), stop: make(chan struct{})}
	text, rate := `{"message":"dummy"}`, 1
	err := bind(s.section, map[string]func(string) error{
		"dummy": setText(&text), "rate": setCount(&rate), "samples": setCount(&d.samples),
	})
	if err != nil {
		return nil, err
	}
	if rate == 0 {
		return nil, fmt.Errorf("rate: 0 events per second (want 1 or more)")
	}
	d.every = max(second/time.Duration(rate), 1)
	if d.body, err = msgpackObject([]byte(text)); err != nil {
		return nil, fmt.Errorf("dummy: %w", err)
	}
	return d, nil
}

func (d *dummy) Init() error { return nil }

func (d *dummy) Start() error {
	d.done = make(chan struct{})
	go d.generate()
	return nil
}

func (d *dummy) Exit() error {
	close(d.stop)
	if d.done != nil {
		<-d.done
	}
	return nil
}

// generate appends what is due since the start. Events that were due while paused are not made up for.
func (d *dummy) generate() {
	defer close(d.done)
	tick := time.NewTicker(max(d.every, shortestTick))
	defer tick.Stop()
	begin, due, left := time.Now(), 0, d.samples
	if left == 0 {
		left = math.MaxInt
	}
	for left > 0 {
		select {
		case <-d.stop:
			return
		case now := <-tick.C:
			before := due
			due = int(now.Sub(begin) / d.every)
			n := min(due-before, left)
			if d.send(now, n) {
				left -= n
			}
		}
	}
}

func (d *dummy) send(now time.Time, n int) bool {
	var events []byte
	for range n {
		events = appendEvent(events, now, d.body)
	}
	_, ok := d.pass(events)
	return ok
}
