package plugin

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/record"
)

// output drives an OutputPlugin as one section.
type output[C, R any] struct {
	section
	plugin   OutputPlugin[C, R]
	bind     *binder[C]
	decoder  *record.Decoder[R]
	metrics  outputMetrics
	timeout  time.Duration // of a Flush; 0 for none
	partials partials
	capture  *recorder // nil for none
}

func (o *output[C, R]) Init(host proxy.Host) error {
	o.open(host)
	o.total, o.metrics = newOutputMetrics(host.Metrics("go_output"))
	own, err := config.Bind[outputProperties](properties{host})
	o.timeout = own.FlushTimeout
	if err := initialize(&o.section, o.bind, err, o.plugin.Init); err != nil {
		return o.fail("output", err)
	}
	o.capture = newRecorder(&o.section, own)
	return nil
}

// Flush runs the author's Flush on the calling goroutine: to wake another one costs more than all else here.
func (o *output[C, R]) Flush(tag string, chunk []byte, answer func(proxy.Verdict)) {
	answer = o.capture.listen(tag, chunk, answer)
	left, late := o.partials.find(tag, chunk)
	if late != nil {
		answer(o.resume(late, tag, chunk))
		return
	}
	batch := &Batch[R]{tag: tag, chunk: chunk, left: left, decoder: o.decoder}
	memory := o.own(batch)
	a := newAttempt(left)
	a.watch(o.limit(), func(d time.Duration) { o.logger.Warn("Flush is still running", "tag", tag, "for", d) }, func() {
		batch.close()
		answer(o.giveUp(a, tag, chunk))
	})
	a.end(o.attempt(batch), batch.total())
	if a.claim() {
		batch.close()
		verdict := o.settle(a, tag, chunk)
		o.disown(memory)
		answer(verdict)
	}
}

func (o *output[C, R]) attempt(batch *Batch[R]) error {
	start := time.Now()
	defer func() { o.metrics.duration.Observe(time.Since(start).Seconds()) }()
	ctx := o.ctx
	if o.timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		ctx = limited
	}
	return o.call("Flush", func() error { return o.plugin.Flush(ctx, batch) })
}

// limit is the time after which a Flush is given up, 0 for never.
func (o *output[C, R]) limit() time.Duration {
	if o.timeout == 0 {
		return 0
	}
	return o.timeout + exitTime
}

// copies is memory of chunks, for all sections.
var copies = sync.Pool{New: func() any { return new([]byte) }}

// own gives the batch a copy of its chunk if records refer to it: a Flush that is given up goes on after the engine has
// unmapped it. All others read it through the batch alone, and have no copy.
func (o *output[C, R]) own(batch *Batch[R]) (memory *[]byte) {
	if o.timeout == 0 || !o.decoder.Aliases() {
		return nil
	}
	memory = copies.Get().(*[]byte)
	*memory = append((*memory)[:0], batch.chunk...)
	batch.chunk = *memory
	return memory
}

func (o *output[C, R]) disown(memory *[]byte) {
	if memory == nil {
		return
	}
	if s, ok := o.host.(proxy.Spoiler); ok {
		s.Spoil(*memory)
	}
	copies.Put(memory)
}

// giveUp lets the engine go on, which waits for a Flush even when it is to stop. What becomes of the Flush counts when
// the chunk comes back.
func (o *output[C, R]) giveUp(a *attempt, tag string, chunk []byte) proxy.Verdict {
	o.logger.Error("Flush has not returned in time, and is left alone until the chunk is tried again", "tag", tag, "after", o.limit())
	o.metrics.late.Add(1)
	o.metrics.retries.Add(1)
	o.partials.keep(tag, chunk, partial{left: a.left, late: a})
	return proxy.Retry
}

// resume waits for a Flush that was given up when this chunk was last tried.
func (o *output[C, R]) resume(a *attempt, tag string, chunk []byte) proxy.Verdict {
	select {
	case <-a.done:
		o.partials.keep(tag, chunk, partial{left: a.left})
		return o.settle(a, tag, chunk)
	case <-time.After(exitTime):
		o.logger.Error("Flush has still not returned", "tag", tag)
		return proxy.Retry
	}
}

// settle decides on what the author's Flush has returned.
func (o *output[C, R]) settle(a *attempt, tag string, chunk []byte) proxy.Verdict {
	verdict := o.verdict(tag, chunk, a.left, a.err)
	switch verdict {
	case proxy.OK:
		o.total.records.Add(float64(a.seen.fit))
		o.total.rejected.Add(float64(a.seen.unfit))
		o.total.bytes.Add(float64(len(chunk)))
	case proxy.Retry:
		o.metrics.retries.Add(1)
		return verdict // what is left of the chunk is still known
	case proxy.Error:
		o.metrics.dropped.Add(1)
	}
	if a.left != nil {
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
	o.metrics.partials.Add(1)
	o.total.records.Add(float64(left.count(n) - again.len()))
	o.logger.Warn("chunk partly delivered", "tag", tag, "failed", again.len(), "error", err)
}

func (o *output[C, R]) Exit() {
	o.cancel()
	o.close(o.plugin)
	o.capture.close()
}
