package plugin

import (
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/record"
)

// Waits before Collect is called again.
const (
	firstWait = time.Second
	lastWait  = time.Minute
)

// scratchSize is how much is encoded of a slice before it goes to the buffer.
const scratchSize = 64 << 10

// input drives an InputPlugin as one section. Three goroutines meet in it: the author's Collect sends events, pump
// encodes them into the buffer, and the driver's thread, on which all methods of proxy.Input run, delivers.
type input[C, R any] struct {
	section
	plugin  InputPlugin[C, R]
	bind    *binder[C]
	encoder *record.Encoder[R]
	metrics inputMetrics

	buffer    *proxy.Buffer
	events    chan Event[R] // unbuffered: an event that was sent is never in a queue that a stop would forget
	control   chan state    // what set speaks to a pump that does not listen to events
	state     state         // the driver's view
	started   bool
	refused   int           // turns in which the engine has not taken events, since it last took all
	collected chan struct{} // closed when Collect is over
	pumped    chan struct{} // closed when pump is over
	scratch   []byte        // pump's
}

// state is what pump does with events.
type state int

const (
	running  state = -1 - iota // below 0: in Event.index, which authors' events have at 0
	paused                     // leaves them with their senders
	stopping                   // throws them away
)

func (in *input[C, R]) Init(host proxy.Host) error {
	in.open(host)
	in.total, in.metrics = newInputMetrics(host.Metrics("go_input"))
	own, err := config.Bind[inputProperties](properties{host})
	if err := initialize(&in.section, in.bind, err, in.plugin.Init); err != nil {
		return in.fail("input", err)
	}
	in.buffer = proxy.NewBuffer(int(own.BufferLimit), settleTime(), in.taken)
	in.events = make(chan Event[R])
	in.control = make(chan state)
	in.state = running
	in.collected = make(chan struct{})
	in.pumped = make(chan struct{})
	return nil
}

// settleTime is a little more than the engine takes to empty the ring buffer of an input's thread, which it does not while
// the input is paused for its limits, nor when it stops too fast (flb_input_chunk.c, flb_input.c). The variable, in
// milliseconds, is the engine's own.
func settleTime() time.Duration {
	period, err := strconv.Atoi(os.Getenv("FLB_DEV_RB_MS"))
	if err != nil || period <= 0 {
		period = 250
	}
	return time.Duration(period) * time.Millisecond * 6 / 5
}

func (in *input[C, R]) Start() {
	if in.started {
		return
	}
	in.started = true
	go in.pump(in.state)
	go in.collect()
}

func (in *input[C, R]) Collect(give proxy.AppendFunc) {
	if in.state == running {
		in.buffer.Settle()
		in.deliver(give)
	}
}

// pauseTries is how often a pause tries to hand over what the engine does not take: at a stop there is no later turn. Each
// try takes the engine a second if its ring buffer is full (flb_input_chunk.c), and is refused at once else.
const pauseTries = 4

// Pause delivers in the first of several pauses only. At a stop the engine pauses twice, and what it takes in the second
// one it loses (observed on 5.1.1); kept here, it is at least reported at the exit. The second one tells that the first was
// that of a stop, in which the engine goes on emptying its ring buffers; in a pause for its limits it does not, and if it
// stops then, there is no second one (flb_input_pause).
func (in *input[C, R]) Pause(give proxy.AppendFunc) {
	if in.state == paused {
		in.buffer.Settle()
		return
	}
	in.set(paused)
	for tries := pauseTries; tries > 0 && !in.deliver(give); tries-- {
	}
	in.notify(true)
}

func (in *input[C, R]) Resume() {
	if in.state != paused {
		return
	}
	in.set(running)
	in.buffer.Unsettle()
	in.notify(false)
}

func (in *input[C, R]) Exit() {
	in.cancel()
	in.set(stopping)
	if in.started && !in.ended() {
		in.logger.Error("Collect has not returned in time", "after", exitTime)
	}
	if lost := in.buffer.Size(); lost > 0 {
		in.logger.Error("events lost: the engine has not taken them", "bytes", lost)
	}
	if n := in.buffer.Unsettled(); n > 0 {
		in.logger.Warn("the engine has stopped before it was sure to have all that it was given: not accepted", "events", n)
	}
	in.close(in.plugin)
}

// ended waits until pump, and so Collect, is over.
func (in *input[C, R]) ended() bool {
	select {
	case <-in.pumped:
		return true
	case <-time.After(exitTime):
		return false
	}
}

// set changes what pump does, and returns when it does it, with no event in hand. The state goes through whichever
// channel pump listens to: one among the events, since a receive from two channels would cost every event more than its
// encoding does.
func (in *input[C, R]) set(s state) {
	in.state = s
	if !in.started {
		return
	}
	select {
	case in.events <- Event[R]{index: int(s)}:
	case in.control <- s:
	}
}

func (in *input[C, R]) taken(records, bytes int) {
	in.total.records.Add(float64(records))
	in.total.bytes.Add(float64(bytes))
}

// deliver warns once of an engine that does not take events, and says when it takes them again.
func (in *input[C, R]) deliver(give proxy.AppendFunc) (all bool) {
	err := in.buffer.Deliver(give)
	in.metrics.buffered.Set(float64(in.buffer.Size()))
	switch {
	case err != nil && in.refused == 0:
		in.logger.Warn("events not taken, kept until they are", "bytes", in.buffer.Size(), "error", err)
	case err == nil && in.refused > 0:
		in.logger.Info("events taken again", "turns", in.refused)
		in.refused = 0
	}
	if err != nil {
		in.refused++
		in.metrics.refused.Add(1)
	}
	return err == nil
}

func (in *input[C, R]) notify(paused bool) {
	if p, ok := in.plugin.(PauseNotifier); ok {
		_ = in.call("Paused", func() error { p.Paused(paused); return nil })
	}
}

// collect calls Collect until it has nothing more to say.
func (in *input[C, R]) collect() {
	defer close(in.collected)
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		start := time.Now()
		err := in.call("Collect", func() error { return in.plugin.Collect(in.ctx, in.events) })
		if err == nil || in.ctx.Err() != nil {
			return
		}
		if time.Since(start) > lastWait {
			wait = firstWait
		}
		in.logger.Error("Collect ended, it is called again", "error", err, "after", wait)
		select {
		case <-time.After(wait):
			in.metrics.restarts.Add(1)
		case <-in.ctx.Done():
			return
		}
	}
}

// pump moves events from the channel to the buffer. It goes on after Collect has returned: it is still spoken to.
func (in *input[C, R]) pump(s state) {
	defer close(in.pumped)
	var ev Event[R] // one for all: each would be an allocation
	for full := false; s != stopping; {
		if s == paused || full {
			select {
			case s = <-in.control:
			case <-in.buffer.Room():
			}
			full = in.buffer.Full()
			continue
		}
		ev = <-in.events
		if ev.index < 0 {
			s = state(ev.index)
		} else {
			full = in.take(&ev)
		}
		ev = Event[R]{} // no longer kept alive
	}
	in.discard()
}

// discard frees senders that do not look at their context, until Collect has returned.
func (in *input[C, R]) discard() {
	for n := 0; ; n++ {
		select {
		case <-in.events:
		case <-in.collected:
			if n > 0 {
				in.logger.Info("events thrown away: sent while the section was ending", "events", n)
			}
			return
		}
	}
}

// take encodes an event, or each element of one that is a slice, into the buffer, and tells whether that is full.
func (in *input[C, R]) take(ev *Event[R]) (full bool) {
	if ev.Tag != "" && !in.host.TagsPerEvent() {
		in.reject(errors.New("tag: events cannot have tags of their own in this engine, which exports no flb_input_log_append"))
		return false
	}
	if ev.Time.IsZero() {
		ev.Time = time.Now()
	}
	header := record.Header{Time: ev.Time, Metadata: ev.Metadata}
	scratch, records := in.scratch[:0], 0
	for i, n := 0, in.encoder.Len(&ev.Record); i < n; i++ {
		var err error
		if scratch, err = in.encoder.Append(scratch, &header, &ev.Record, i); err != nil {
			in.reject(err)
			continue
		}
		records++
		if len(scratch) >= scratchSize {
			in.buffer.Add(ev.Tag, scratch, records, nil)
			scratch, records = scratch[:0], 0
		}
	}
	in.scratch = scratch
	return in.buffer.Add(ev.Tag, scratch, records, in.guard(ev.Accepted))
}

// guard keeps a panic of the author's away from the engine's thread.
func (in *input[C, R]) guard(accepted func()) func() {
	if accepted == nil {
		return nil
	}
	return func() { _ = in.call("Accepted", func() error { accepted(); return nil }) }
}

func (in *input[C, R]) reject(err error) {
	in.total.rejected.Add(1)
	in.logger.Error("event rejected", "error", err)
}
