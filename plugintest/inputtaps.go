package plugintest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/record"
)

// inputTaps are the checks that come between a plugin and its caller, which takes the plugin's value and types.
type inputTaps[C, R any] struct {
	*inputSuite
	plugin plugin.InputPlugin[C, R]
}

// tapped is a section whose calls of Collect are made by somebody else.
func (s *inputTaps[C, R]) tapped(t testing.TB, collect func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error) *InputSection {
	t.Helper()
	in, err := newInput(t, &inputTap[C, R]{s.plugin, collect}, s.setup.Conf, s.setup.Options)
	return opened(t, in, err)
}

var errEnough = errors.New("plugintest: enough of this call")

func (s *inputTaps[C, R]) collectAgain(t testing.TB) {
	var calls, sent atomic.Int64 // sent by the second call
	var finite atomic.Bool
	in := s.tapped(t, func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error {
		if calls.Add(1) > 1 {
			return forward(ctx, collect, ch, func(*plugin.Event[R]) { sent.Add(1) })
		}
		first, enough := context.WithCancel(ctx)
		defer enough()
		err := forward(first, collect, ch, func(*plugin.Event[R]) { enough() })
		finite.Store(err == nil && first.Err() == nil)
		return errEnough
	})
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

func (s *inputTaps[C, R]) leftAlone(t testing.TB) {
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
	in := s.tapped(t, func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error {
		defer compare()
		return forward(ctx, collect, ch, func(ev *plugin.Event[R]) {
			compare()
			last, was = ev, picture(encoder, ev)
		})
	})
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

type collectFunc[R any] = func(ctx context.Context, ch chan<- plugin.Event[R]) error

// inputTap is an input whose calls of Collect are made by somebody else.
type inputTap[C, R any] struct {
	plugin.InputPlugin[C, R]
	collect func(ctx context.Context, collect collectFunc[R], ch chan<- plugin.Event[R]) error
}

func (tap *inputTap[C, R]) Init(ctx context.Context, fbit *plugin.Instance[C]) error {
	tap.InputPlugin = proxy.Clone(tap.InputPlugin)
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
