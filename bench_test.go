package plugin_test

import (
	"context"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
)

// small is a record of 96 bytes with its event.
type small struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	Host    string `json:"host"`
	Status  int    `json:"status"`
}

var smallRecord = small{"info", "GET /index.html done", "web-01.example", 200}

// BenchmarkSend sends through the channel of a running section into its buffer, with an engine that takes everything.
func BenchmarkSend(b *testing.B) {
	b.Run("one", func(b *testing.B) { benchmarkSend(b, smallRecord, 1) })
	batch := make([]small, 64)
	for i := range batch {
		batch[i] = smallRecord
	}
	b.Run("slices of 64", func(b *testing.B) { benchmarkSend(b, batch, len(batch)) })
}

func benchmarkSend[R any](b *testing.B, r R, n int) {
	sent := make(chan struct{})
	p, err := proxy.Capture(func() {
		plugin.RegisterInput("test", "", &inputFunc[R]{func(ctx context.Context, ch chan<- plugin.Event[R]) error {
			for range (b.N + n - 1) / n {
				select {
				case ch <- plugin.Event[R]{Record: r}:
				case <-ctx.Done():
				}
			}
			close(sent)
			return nil
		}})
	})
	if err != nil {
		b.Fatal(err)
	}
	in := p.NewInput()
	if err := in.Init(host()); err != nil {
		b.Fatal(err)
	}
	taken := func(string, []byte) error { return nil }
	b.ReportAllocs()
	b.ResetTimer()
	in.Start()
	tick := time.NewTicker(10 * time.Millisecond) // more often than an engine's, so that the buffer is never full
	defer tick.Stop()
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
	in.Exit()
}

// BenchmarkFlush decodes a chunk of 1000 records in Flush.
func BenchmarkFlush(b *testing.B) {
	records := make([]small, 1000)
	for i := range records {
		records[i] = smallRecord
	}
	data := chunk(b, records...)
	n := 0
	p, err := proxy.Capture(func() {
		plugin.RegisterOutput("test", "", &outputFunc[small]{func(_ context.Context, batch *plugin.Batch[small]) error {
			for ev, err := range batch.Events() {
				if err != nil {
					return err
				}
				n += ev.Record.Status
			}
			return nil
		}})
	})
	if err != nil {
		b.Fatal(err)
	}
	out := p.NewOutput()
	if err := out.Init(host()); err != nil {
		b.Fatal(err)
	}
	defer out.Exit()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if v := out.Flush("t", data); v != proxy.OK {
			b.Fatal(v)
		}
	}
}
