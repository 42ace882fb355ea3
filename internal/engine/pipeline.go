package engine

import (
	"context"
	"log/slog"
	"time"
)

// pipeline moves chunks from inputs to outputs: it routes, retries, and pauses inputs that hold too much. Its methods
// are for one goroutine, that of run and stop; flushes have goroutines of their own, which report to done.
type pipeline struct {
	*service
	log     func(level slog.Level, format string, args ...any)
	end     func()      // ends the run
	flushed func(Flush) // may be nil
	broken  error       // the first error of a plugin's host, which ends the run
	inputs  []*inputSection
	outputs []*outputSection

	done     chan result
	pressure chan struct{} // an input passed its memory limit; holds one
	window   chan struct{} // a ring is filling up; holds one
	rings    *time.Ticker  // when rings are drained
	thread   *lane         // of the outputs without workers
	waiting  []*task       // for their next try
	queued   int           // tasks in lanes, not begun
	running  int           // flushes under way
	stopping bool
}

// inputSection is a section of an input and the chunks it filled.
type inputSection struct {
	*section
	name   string
	plugin inputInstance
	store  store
	ring   *ring // nil if the input runs on the pipeline's thread
	paused bool  // by its memory limit
}

// outputSection is a section of an output and the lane that its flushes go through.
type outputSection struct {
	*section
	name   string
	noLogs bool
	plugin outputInstance
	lane   *lane
}

// lane runs flushes, at most limit at once, in the order of their arrival. Outputs without workers share one: the
// engine flushes those on its only pipeline thread.
type lane struct {
	limit   int
	running int
	queue   []*task
}

// task is the delivery of a chunk to one output.
type task struct {
	chunk   *chunk
	from    *inputSection
	to      *outputSection
	retries int       // tries asked for so far
	due     time.Time // of the next try
}

// result is how a flush ended.
type result struct {
	task    *task
	began   time.Time
	verdict int
	err     error
}

// Flush is what an output was given, and what it made of it.
type Flush struct {
	Began   time.Time
	Output  string // name of the instance
	Tag     string
	Chunk   []byte // valid until Options.Flushed returns
	Verdict int    // 1 is delivered, 2 is to be tried again, all else is given up (flb_macros.h)
}

func newPipeline(svc *service) *pipeline {
	return &pipeline{
		service: svc, done: make(chan result), pressure: make(chan struct{}, 1), window: make(chan struct{}, 1),
		rings: time.NewTicker(max(svc.second/4, time.Millisecond)), thread: &lane{limit: 1},
	}
}

// run works until ctx is done.
func (p *pipeline) run(ctx context.Context) {
	flush := time.NewTicker(p.flush)
	defer flush.Stop()
	for {
		retry := p.nextRetry()
		select {
		case <-ctx.Done():
			retry.Stop()
			return
		case <-flush.C:
			p.flushAll()
		case <-retry.C:
			p.retryDue()
		case r := <-p.done:
			p.finish(r)
		case <-p.pressure:
			p.pauseFull()
		case <-p.window:
			p.drainRings()
		case <-p.rings.C:
			p.drainRings()
		}
		retry.Stop()
	}
}

// flushAll makes tasks of every pending chunk: one for each output that matches its tag.
func (p *pipeline) flushAll() {
	for _, in := range p.inputs {
		for _, c := range in.store.take() {
			p.route(in, c)
		}
	}
}

func (p *pipeline) route(in *inputSection, c *chunk) {
	var to []*outputSection
	for _, out := range p.outputs {
		if !out.noLogs && out.match.tag(c.tag) {
			to = append(to, out)
		}
	}
	if len(to) == 0 || c.events == 0 { // flb_output.h: a chunk without records is acknowledged, not flushed
		p.log(slog.LevelDebug, "[engine] chunk '%s' (tag %s, %d events) goes to no output", c.name, c.tag, c.events)
		p.release(in, c)
		return
	}
	c.tasks = len(to)
	for _, out := range to {
		p.dispatch(&task{chunk: c, from: in, to: out})
	}
}

// dispatch flushes now, or when the lane has room.
func (p *pipeline) dispatch(t *task) {
	l := t.to.lane
	if l.running < l.limit {
		p.flushTask(t)
		return
	}
	l.queue = append(l.queue, t)
	p.queued++
}

func (p *pipeline) flushTask(t *task) {
	t.to.lane.running++
	p.running++
	began := time.Now()
	go func() {
		// The engine has no way to cancel a flush: a stop waits for it.
		verdict, err := t.to.plugin.Flush(context.Background(), t.chunk.tag, t.chunk.data)
		p.done <- result{task: t, began: began, verdict: verdict, err: err}
	}()
}

// finish acts on a flush's verdict and begins the lane's next one.
func (p *pipeline) finish(r result) {
	l := r.task.to.lane
	l.running--
	p.running--
	if t := r.task; r.err == nil && p.flushed != nil {
		p.flushed(Flush{r.began, t.to.name, t.chunk.tag, t.chunk.data, r.verdict})
	}
	p.judge(r)
	p.drainRings()
	if len(l.queue) > 0 {
		next := l.queue[0]
		l.queue = l.queue[1:]
		p.queued--
		p.flushTask(next)
	}
}

func (p *pipeline) judge(r result) {
	t := r.task
	switch {
	case r.err != nil:
		p.check(r.err)
		p.drop(t, "the output's host is gone: "+r.err.Error())
	case r.verdict == verdictDelivered:
		p.delivered(t)
	case r.verdict == verdictRetry:
		p.retry(t)
	default:
		p.drop(t, "the output gave it up") // the engine counts this and logs nothing
	}
}

func (p *pipeline) delivered(t *task) {
	if t.retries > 0 {
		p.log(slog.LevelInfo, "[engine] flush chunk '%s' succeeded at retry %d: input=%s > output=%s",
			t.chunk.name, t.retries, t.from.name, t.to.name)
	}
	p.settle(t)
}

func (p *pipeline) drop(t *task, why string) {
	p.log(slog.LevelError, "[engine] chunk '%s' is dropped, %d events, %s: input=%s > output=%s",
		t.chunk.name, t.chunk.events, why, t.from.name, t.to.name)
	p.settle(t)
}

// settle ends a task; the last one of a chunk releases it.
func (p *pipeline) settle(t *task) {
	t.chunk.tasks--
	if t.chunk.tasks == 0 {
		p.release(t.from, t.chunk)
	}
}

func (p *pipeline) release(in *inputSection, c *chunk) {
	held := in.store.release(c)
	if in.paused && held < in.memLimit && !p.stopping {
		p.log(slog.LevelInfo, "[input] %s resume (mem buf overlimit)", in.name)
		in.paused = false
		p.check(in.plugin.Resume())
	}
}

// pauseFull pauses the inputs that hold as much as they may.
func (p *pipeline) pauseFull() {
	for _, in := range p.inputs {
		if held := in.store.held(); in.full(held) && !in.paused && !p.stopping {
			p.log(slog.LevelWarn, "[input] %s paused (mem buf overlimit): %d bytes >= %d", in.name, held, in.memLimit)
			in.paused = true
			p.pause(in)
		}
	}
}

func (in *inputSection) full(held int) bool { return in.memLimit > 0 && held >= in.memLimit }

// check ends the run if a plugin's host is broken.
func (p *pipeline) check(err error) {
	if err == nil {
		return
	}
	if p.broken == nil {
		p.broken = err
	}
	p.end()
}

// pending returns the number of deliveries that are not decided.
func (p *pipeline) pending() int { return p.running + p.queued + len(p.waiting) }
