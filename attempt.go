package plugin

import (
	"cmp"
	"sync"
	"time"
)

// slowFlush is how long a Flush runs before the log names it; then after twice as long, and so on.
const slowFlush = 30 * time.Second

// attempt is one call of the author's Flush. The engine is answered by whoever claims it: the call when it has returned,
// or the timer that gives it up.
type attempt struct {
	left indexSet      // the events it was given
	done chan struct{} // closed once the call has returned
	err  error         // what it has returned
	seen seen          // what it had read then

	mu      sync.Mutex
	claimed bool
	timer   *time.Timer
}

func newAttempt(left indexSet) *attempt { return &attempt{left: left, done: make(chan struct{})} }

// end is called once, with what the author's Flush has returned. A chunk that ended before its time is no delivery, also where
// a loop over its events has passed over that error as over those of single events.
func (a *attempt) end(err error, s seen) {
	a.err, a.seen = cmp.Or(err, s.broken), s
	close(a.done)
}

// claim tells the first caller that it is.
func (a *attempt) claim() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	first := !a.claimed
	a.claimed = true
	a.timer.Stop()
	return first
}

// watch calls slow now and then until the attempt is claimed, since the engine does not name a Flush that takes long. After
// limit, if that is not 0, it claims it itself and calls late.
func (a *attempt) watch(limit time.Duration, slow func(time.Duration), late func()) {
	start, wait := time.Now(), slowFlush
	next := func(took time.Duration) time.Duration {
		if limit > 0 {
			return min(wait, limit-took)
		}
		return wait
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.timer = time.AfterFunc(next(0), func() {
		took := time.Since(start)
		if limit > 0 && took >= limit {
			if a.claim() {
				late()
			}
			return
		}
		slow(took.Round(time.Second))
		wait *= 2
		a.again(next(took))
	})
}

// again sets the timer, unless it is no longer needed.
func (a *attempt) again(wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.claimed {
		a.timer.Reset(wait)
	}
}
