package engine

import (
	"log/slog"
	"time"
)

// stop delivers what was appended, as far as the grace period allows, and pauses the inputs. What they append until
// their first Pause returns is delivered too.
func (p *pipeline) stop() {
	defer p.rings.Stop()
	p.announce()
	p.flushAll()
	p.retryNow()
	p.stopping = true
	p.pauseAll()
	p.drainRings()
	p.flushAll()
	p.drain()
	time.Sleep(max(p.second/3, 2*time.Millisecond)) // the engine ends at a tick of its clock
	p.pauseAll()
	p.log(slog.LevelInfo, "[engine] service has stopped (%d pending tasks)", p.pending())
	p.abandon()
}

func (p *pipeline) announce() {
	if p.grace < 0 {
		p.log(slog.LevelWarn, "[engine] service will shutdown when all remaining tasks are flushed")
		return
	}
	p.log(slog.LevelWarn, "[engine] service will shutdown in max %d seconds", p.grace/time.Second)
}

// retryNow makes every waiting task due.
func (p *pipeline) retryNow() {
	for _, t := range p.waiting {
		t.due = time.Time{}
	}
	p.retryDue()
}

func (p *pipeline) pauseAll() {
	for _, in := range p.inputs {
		p.log(slog.LevelInfo, "[input] pausing %s", in.name)
		p.pause(in)
	}
}

// drain waits until all is delivered or given up, at most for the grace period.
func (p *pipeline) drain() {
	grace := time.NewTimer(max(p.grace, 0))
	defer grace.Stop()
	end := grace.C
	if p.grace < 0 {
		end = nil
	}
	for p.pending() > 0 || p.inRings() > 0 {
		retry := p.nextRetry()
		select {
		case <-end:
			retry.Stop()
			return
		case <-retry.C:
			p.retryDue()
		case <-p.window:
			p.drainRings()
		case <-p.rings.C:
			p.drainRings()
		case r := <-p.done:
			p.finish(r)
		}
		retry.Stop()
		p.flushAll()
	}
}

// forget drops the chunks that no task was made of. Fluent Bit forgets what is appended in the second Pause, and what is in
// the ring of an input that is over its memory limit when the stop begins (flb_input_chunk.c: nothing ends its pause).
func (p *pipeline) forget() {
	for _, in := range p.inputs {
		for s, ok := in.ring.get(); ok; s, ok = in.ring.get() {
			p.log(slog.LevelWarn, "[engine] %d bytes with tag %s are dropped: in the ring buffer of input %s", len(s.events),
				s.tag, in.name)
		}
		for _, c := range in.store.take() {
			p.log(slog.LevelWarn, "[engine] chunk '%s' is dropped, %d events: input %s appended after its first pause",
				c.name, c.events, in.name)
			in.store.release(c)
		}
	}
}

// abandon drops the tasks that are not under way, and waits for those that are: the engine joins the outputs' workers
// whatever the grace period.
func (p *pipeline) abandon() {
	p.forget()
	for _, out := range p.outputs {
		for _, t := range out.lane.queue {
			p.drop(t, "the grace period is over")
		}
		p.queued -= len(out.lane.queue)
		out.lane.queue = nil
	}
	for p.running > 0 {
		p.finish(<-p.done)
	}
	for _, t := range p.waiting {
		p.drop(t, "the grace period is over")
	}
	p.waiting = nil
}
