package engine

import (
	"log/slog"
	"math/rand/v2"
	"time"
)

// retry plans another try, or drops the chunk where retry_limit allows no more: a limit of n means n retries after the
// first try (flb_task.c).
func (p *pipeline) retry(t *task) {
	limit := t.to.retryLimit
	switch {
	case limit == retryNever:
		p.drop(t, "not retried (retry_limit no_retries)")
		return
	case limit != retryForever && t.retries >= limit:
		p.drop(t, "cannot be retried (retry_limit)")
		return
	}
	t.retries++
	wait := p.backoff(t.retries)
	t.due = time.Now().Add(time.Duration(wait) * p.second)
	p.waiting = append(p.waiting, t)
	p.log(slog.LevelWarn, "[engine] failed to flush chunk '%s', retry in %d seconds: input=%s > output=%s",
		t.chunk.name, wait, t.from.name, t.to.name)
}

// backoff returns how many seconds to wait before retry n: one more than a random number from scheduler.base to
// base times 2^n, which scheduler.cap bounds. While the engine stops it is 1 (flb_scheduler.c).
func (p *pipeline) backoff(n int) int {
	if p.stopping {
		return 1
	}
	most := p.cap
	if n < 31 && p.base<<n < p.cap {
		most = p.base << n
	}
	return 1 + p.base + rand.IntN(most-p.base+1)
}

// nextRetry returns a timer for the task that is due first; it never fires if none waits.
func (p *pipeline) nextRetry() *time.Timer {
	if len(p.waiting) == 0 {
		t := time.NewTimer(time.Hour)
		t.Stop()
		return t
	}
	due := p.waiting[0].due
	for _, t := range p.waiting[1:] {
		if t.due.Before(due) {
			due = t.due
		}
	}
	return time.NewTimer(time.Until(due))
}

// retryDue dispatches the tasks whose time has come, in the order they were asked for.
func (p *pipeline) retryDue() {
	now := time.Now()
	var later []*task
	for _, t := range p.waiting {
		if t.due.After(now) {
			later = append(later, t)
			continue
		}
		p.dispatch(t)
	}
	p.waiting = later
}
