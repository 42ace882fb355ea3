package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
)

// BenchmarkSend sends records of shape S through the channel of a running section, which encodes them into its buffer;
// the engine takes everything. What bounds it is measured beside it: the bare channel, and the encoding alone.
func BenchmarkSend(b *testing.B) {
	all := events(ringLen, newS)
	b.Run("shape=S/way=section/records=1", func(b *testing.B) {
		benchmarkSend(b, 1, func(i int) plugin.Event[S] {
			ev := &all[i%ringLen]
			return plugin.Event[S]{Time: ev.time, Record: ev.record}
		})
	})
	b.Run("shape=S/way=channel/records=1", func(b *testing.B) { benchmarkChannel(b, all) })
	b.Run("shape=S/way=encode/records=1", func(b *testing.B) { benchmarkEncode(b, ours(all)) })
	records := make([]S, ringLen)
	for i := range all {
		records[i] = all[i].record
	}
	b.Run(fmt.Sprintf("shape=S/way=section/records=%d", ringLen), func(b *testing.B) {
		benchmarkSend(b, ringLen, func(int) plugin.Event[[]S] { return plugin.Event[[]S]{Time: all[0].time, Record: records} })
	})
}

func benchmarkSend[R any](b *testing.B, records int, event func(i int) plugin.Event[R]) {
	sent := make(chan struct{})
	in := newInput(b, func(ctx context.Context, ch chan<- plugin.Event[R]) error {
		defer close(sent)
		for i := range (b.N + records - 1) / records {
			select {
			case ch <- event(i):
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	})
	defer in.Exit()
	taken := func(string, []byte) error { return nil }
	tick := time.NewTicker(10 * time.Millisecond) // more often than an engine's, so that the buffer is never full
	defer tick.Stop()
	b.ResetTimer()
	in.Start()
	for waiting := true; waiting; {
		select {
		case <-sent:
			waiting = false
		case <-tick.C:
			in.Collect(taken)
		}
	}
	in.Pause(taken)
	b.StopTimer()
}

// benchmarkChannel has a goroutine at the other end that does nothing.
func benchmarkChannel(b *testing.B, all []event[S]) {
	ctx, ch, done := b.Context(), make(chan plugin.Event[S]), make(chan struct{})
	go func() {
		defer close(done)
		for range ch {
		}
	}()
	for i := range b.N {
		ev := &all[i%ringLen]
		select {
		case ch <- plugin.Event[S]{Time: ev.time, Record: ev.record}:
		case <-ctx.Done():
		}
	}
	close(ch)
	<-done
}

// newInput is a section of an input that is its Collect.
func newInput[R any](b *testing.B, collect func(context.Context, chan<- plugin.Event[R]) error) proxy.Input {
	p, err := proxy.Capture(func() { plugin.RegisterInput("bench", "", &sender[R]{collect}) })
	if err != nil {
		b.Fatal(err)
	}
	in := p.NewInput()
	if err := in.Init(&proxytest.Host{Section: "bench.0", Properties: map[string]string{}}); err != nil {
		b.Fatal(err)
	}
	return in
}

type sender[R any] struct {
	collect func(context.Context, chan<- plugin.Event[R]) error
}

func (p *sender[R]) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }

func (p *sender[R]) Collect(ctx context.Context, ch chan<- plugin.Event[R]) error {
	return p.collect(ctx, ch)
}
