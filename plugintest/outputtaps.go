package plugintest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
)

// outputTaps are the checks that come between a plugin and its caller, which takes the plugin's value and types.
type outputTaps[C, R any] struct {
	*outputSuite
	plugin plugin.OutputPlugin[C, R]
}

// tapped is a section with some more properties whose calls of Flush are made by somebody else.
func (s *outputTaps[C, R]) tapped(t testing.TB, more map[string]string, flush func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error) *OutputSection {
	t.Helper()
	out, err := newOutput(t, &outputTap[C, R]{s.plugin, flush}, s.setup.Conf, s.setup.Options)
	return running(t, out, err, more)
}

var errLeft = errors.New("plugintest: all but the last event delivered")

func (s *outputTaps[C, R]) left(t testing.TB) {
	var calls atomic.Int64
	out := s.tapped(t, nil, func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error {
		if calls.Add(1) > 1 {
			return flush(ctx, batch)
		}
		last := 0
		for ev := range batch.Events() {
			last = ev.Index()
		}
		return plugin.Partial(errLeft, last)
	})
	chunk := s.chunk(t)
	out.FlushChunk(testTag, chunk)
	s.deliver(t, out, "a chunk of which only the last event is left", chunk)
}

func (s *outputTaps[C, R]) flushReturns(t testing.TB) {
	soon := map[string]string{"go.flush_timeout": "1ms"} // for the library to give it up
	out := s.tapped(t, soon, func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error {
		ended, end := context.WithCancel(ctx)
		end()
		return flush(ended, batch)
	})
	out.FlushChunk(testTag, s.chunk(t))
	out.wantNo(t, saysFlushLate, "Flush returns when its context ends")
}

type flushFunc[R any] = func(ctx context.Context, batch *plugin.Batch[R]) error

// outputTap is an output whose calls of Flush are made by somebody else.
type outputTap[C, R any] struct {
	plugin.OutputPlugin[C, R]
	flush func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error
}

func (tap *outputTap[C, R]) Init(ctx context.Context, fbit *plugin.Instance[C]) error {
	tap.OutputPlugin = proxy.Clone(tap.OutputPlugin)
	return tap.OutputPlugin.Init(ctx, fbit)
}

func (tap *outputTap[C, R]) Flush(ctx context.Context, batch *plugin.Batch[R]) error {
	return tap.flush(ctx, tap.OutputPlugin.Flush, batch)
}

func (tap *outputTap[C, R]) Close(ctx context.Context) error { return closeOf(ctx, tap.OutputPlugin) }
