package plugintest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

// InputConformance checks that an input keeps the rules that [plugin.InputPlugin], [plugin.Closer] and
// [plugin.PauseNotifier] state, one subtest each. p is the prototype of all sections; it is not changed.
func InputConformance[C, R any](t *testing.T, p plugin.InputPlugin[C, R], setup Setup) {
	t.Helper()
	runChecks(t, inputChecks(p, setup), setup.Virtual)
}

func inputChecks[C, R any](p plugin.InputPlugin[C, R], setup Setup) []check {
	s := &inputSuite[C, R]{p, setup}
	return []check{
		{"Init accepts a good configuration", func(t testing.TB) { s.open(t, p) }},
		{"Collect returns when its context ends", s.collectReturns},
		{"Collect can be called again after an error", s.collectAgain},
		{"events can be encoded", s.encodable},
		{"events that were sent are left alone", s.leftAlone},
		{"sections do not know of each other", s.apart},
		{"Collect goes on after a pause", s.afterPause},
		{"Paused returns at once", s.pausedReturns},
		{"Close returns in time", func(t testing.TB) { s.sendAndExit(t).closed(t) }},
		{"goroutines end with the section", func(t testing.TB) { s.sendAndExit(t).ended(t) }},
	}
}

type inputSuite[C, R any] struct {
	plugin plugin.InputPlugin[C, R]
	setup  Setup
}

func (s *inputSuite[C, R]) open(t testing.TB, p plugin.InputPlugin[C, R]) *InputSection {
	t.Helper()
	in, err := newInput(t, p, s.setup.Conf, s.setup.Options)
	if err == nil {
		in.labelled()
		err = in.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// eventPatience is how long a check waits for events in real time.
const eventPatience = 3 * time.Second

// until has the engine collect until something is so.
func (s *inputSuite[C, R]) until(in *InputSection, so func() bool) bool {
	if s.setup.Prompt != nil {
		s.setup.Prompt()
	}
	if in.virtual {
		return in.until(so, virtualPatience)
	}
	return in.until(so, eventPatience)
}

// sends tells whether n more events come.
func (s *inputSuite[C, R]) sends(in *InputSection, n int) bool {
	n += in.taken
	return s.until(in, func() bool { return in.taken >= n })
}

// needs skips the check if n events do not come.
func (s *inputSuite[C, R]) needs(t testing.TB, in *InputSection, n int) {
	t.Helper()
	if !s.sends(in, n) {
		t.Skipf("%d events needed, %d sent in time: Setup.Prompt can give the input something to send", n, in.taken)
	}
}

// sendAndExit returns a section that has sent something, if it sends at all, and exited.
func (s *inputSuite[C, R]) sendAndExit(t testing.TB) *InputSection {
	t.Helper()
	in := s.open(t, s.plugin)
	s.sends(in, 1)
	in.Exit()
	return in
}

func (s *inputSuite[C, R]) collectReturns(t testing.TB) {
	in := s.open(t, s.plugin)
	s.sends(in, 1)
	in.end()
	in.wantNo(t, saysCollectLate, "Collect returns when its context ends")
	in = s.open(t, s.plugin)
	s.sends(in, 1)
	in.Pause()
	in.lookAway()
	in.end()
	in.wantNo(t, saysCollectLate, "Collect returns when its context ends, in a pause too")
}

// lookAway lets some time pass, in a bubble a long one, in which the engine does nothing.
func (in *InputSection) lookAway() {
	if in.virtual {
		time.Sleep(virtualPatience)
	} else {
		<-time.After(eventPatience / 10)
	}
}

var errEnough = errors.New("plugintest: enough of this call")

func (s *inputSuite[C, R]) collectAgain(t testing.TB) {
	var calls, sent atomic.Int64 // sent by the second call
	var finite atomic.Bool
	in := s.open(t, &inputTap[C, R]{s.plugin, func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error {
		if calls.Add(1) > 1 {
			return forward(ctx, collect, ch, func(*plugin.Event[R]) { sent.Add(1) })
		}
		first, enough := context.WithCancel(ctx)
		defer enough()
		err := forward(first, collect, ch, func(*plugin.Event[R]) { enough() })
		finite.Store(err == nil && first.Err() == nil)
		return errEnough
	}})
	s.needs(t, in, 1)
	again := s.until(in, func() bool { return sent.Load() > 0 })
	in.end()
	in.wantNo(t, "Collect panicked", "Collect is called again after an error")
	switch {
	case finite.Load():
		t.Skip("Collect has nothing more to say")
	case calls.Load() < 2:
		t.Skip("Collect has not returned when its context ended, so it cannot be called again")
	case !again && !t.Failed():
		t.Error("Collect is called again after an error: it has sent nothing the second time")
	}
}

func (s *inputSuite[C, R]) encodable(t testing.TB) {
	in := s.open(t, s.plugin)
	sent := s.until(in, func() bool { return in.taken > 0 || in.Logged(saysRejected) })
	in.wantNo(t, saysRejected, "an event's record is a map, and its time from 1970 to 2106")
	if !sent {
		t.Skip("no events sent in time: Setup.Prompt can give the input something to send")
	}
}

func (s *inputSuite[C, R]) leftAlone(t testing.TB) {
	encoder, err := record.NewEncoder[R]()
	if err != nil {
		t.Fatal(err)
	}
	var changed atomic.Value
	var last *plugin.Event[R]
	var was string
	compare := func() {
		if last == nil {
			return
		}
		if is := picture(encoder, last); is != was {
			changed.Store(fmt.Sprintf("%s was sent and became %s", was, is))
		}
	}
	in := s.open(t, &inputTap[C, R]{s.plugin, func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error {
		defer compare()
		return forward(ctx, collect, ch, func(ev *plugin.Event[R]) {
			compare()
			last, was = ev, picture(encoder, ev)
		})
	}})
	s.needs(t, in, 1)
	s.sends(in, 1)
	in.Exit()
	if is := changed.Load(); is != nil {
		t.Errorf("an event that was sent belongs to the library, with all that its record refers to: %s", is)
	}
}

// picture is what an event looks like, however its maps are ordered.
func picture[R any](encoder *record.Encoder[R], ev *plugin.Event[R]) string {
	text := fmt.Sprint(ev.Metadata)
	for i := range encoder.Len(&ev.Record) {
		b, err := encoder.Append(nil, &record.Header{Time: time.Unix(0, 0)}, &ev.Record, i)
		s := record.NewScanner(b)
		decoder, _ := record.NewDecoder[map[string]any]()
		var r map[string]any
		if err == nil {
			_, err = decoder.Next(s, &r)
		}
		text += fmt.Sprintf(" %#v", r)
		if err != nil {
			text += " " + err.Error()
		}
	}
	return text
}

func (s *inputSuite[C, R]) apart(t testing.TB) {
	one, other := s.open(t, s.plugin), s.open(t, s.plugin)
	s.needs(t, one, 2)
	s.needs(t, other, 2)
	one.Exit()
	if !s.sends(other, 1) {
		t.Error("sections do not know of each other: one sends nothing any more since another one has exited")
	}
	if next := s.open(t, s.plugin); !s.sends(next, 1) {
		t.Error("sections do not know of each other: one sends nothing that was made after another one had exited")
	}
}

func (s *inputSuite[C, R]) afterPause(t testing.TB) {
	in := s.open(t, s.plugin)
	s.needs(t, in, 2)
	in.Pause()
	in.lookAway()
	in.Resume()
	if !s.sends(in, 1) {
		t.Error("a send blocks while the engine has paused the section: nothing is sent any more after a pause")
	}
}

func (s *inputSuite[C, R]) pausedReturns(t testing.TB) {
	in := s.open(t, s.plugin)
	if _, ok := s.plugin.(plugin.PauseNotifier); !ok {
		return
	}
	tell := func(paused bool, call func()) {
		start, done := time.Now(), make(chan struct{})
		go func() { defer close(done); in.run(call) }()
		select {
		case <-done:
		case <-time.After(realPatience):
			in.exited = true // nothing more can be asked of it
		}
		if took := time.Since(start); took > grace {
			t.Errorf("Paused is called on one of the engine's threads, which waits for it: Paused(%t) takes more than %v", paused, grace)
		}
	}
	tell(true, func() { in.input.Pause(in.give) })
	if !in.exited {
		tell(false, in.input.Resume)
	}
	in.wantNo(t, "Paused panicked", "Paused does not panic")
}

type collectFunc[R any] = func(ctx context.Context, ch chan<- plugin.Event[R]) error

// inputTap is an input whose calls of Collect are made by somebody else.
type inputTap[C, R any] struct {
	plugin.InputPlugin[C, R]
	collect func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error
}

func (tap *inputTap[C, R]) Init(ctx context.Context, fbit *plugin.Instance[C]) error {
	tap.InputPlugin = clone(tap.InputPlugin)
	return tap.InputPlugin.Init(ctx, fbit)
}

func (tap *inputTap[C, R]) Collect(ctx context.Context, ch chan<- plugin.Event[R]) error {
	return tap.collect(ctx, tap.InputPlugin.Collect, ch)
}

func (tap *inputTap[C, R]) Close(ctx context.Context) error { return closeOf(ctx, tap.InputPlugin) }

func (tap *inputTap[C, R]) Paused(paused bool) {
	if p, ok := tap.InputPlugin.(plugin.PauseNotifier); ok {
		p.Paused(paused)
	}
}

// forward calls collect, here so that its panics are the caller's, and passes its events on to ch when seen has seen them.
func forward[R any](ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R], seen func(*plugin.Event[R])) error {
	own, done, passed := make(chan plugin.Event[R]), make(chan struct{}), make(chan struct{})
	defer func() { close(done); <-passed }()
	go func() {
		defer close(passed)
		for {
			select {
			case ev := <-own:
				seen(&ev)
				ch <- ev
			case <-done:
				return
			}
		}
	}()
	return collect(ctx, own)
}
