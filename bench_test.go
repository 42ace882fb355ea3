package plugin_test

import (
	"context"
	"testing"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

// small is a record of 96 bytes with its event.
type small struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	Host    string `json:"host"`
	Status  int    `json:"status"`
}

var smallRecord = small{"info", "GET /index.html done", "web-01.example", 200}

// BenchmarkFlush reads a chunk of a thousand records. What aliases the chunk gets a copy of it if a Flush may be given up.
func BenchmarkFlush(b *testing.B) {
	b.Run("safe", func(b *testing.B) { benchmarkFlush[small](b, host()) })
	b.Run("borrowed", func(b *testing.B) { benchmarkFlush[small](b, host(), plugin.Borrowed()) })
	b.Run("borrowed without timeout", func(b *testing.B) {
		benchmarkFlush[small](b, host("go.flush_timeout", "0"), plugin.Borrowed())
	})
	b.Run("raw", func(b *testing.B) { benchmarkFlush[record.Raw](b, host()) })
	b.Run("raw without timeout", func(b *testing.B) { benchmarkFlush[record.Raw](b, host("go.flush_timeout", "0")) })
}

func benchmarkFlush[R any](b *testing.B, h *proxytest.Host, opts ...plugin.Option) {
	records := make([]small, 1000)
	for i := range records {
		records[i] = smallRecord
	}
	data := chunk(b, records...)
	n := 0
	p, err := proxy.Capture(func() {
		plugin.RegisterOutput("test", "", &outputFunc[R]{func(_ context.Context, batch *plugin.Batch[R]) error {
			for _, err := range batch.Events() {
				if err != nil {
					return err
				}
				n++
			}
			return nil
		}}, opts...)
	})
	if err != nil {
		b.Fatal(err)
	}
	out := p.NewOutput()
	if err := out.Init(struct{ proxy.Host }{h}); err != nil { // an engine, which is no proxy.Spoiler
		b.Fatal(err)
	}
	defer out.Exit()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		out.Flush("t", data, func(v proxy.Verdict) {
			if v != proxy.OK {
				b.Error(v)
			}
		})
	}
}
