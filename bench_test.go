package plugin_test

import (
	"context"
	"testing"

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
		out.Flush("t", data, func(v proxy.Verdict) {
			if v != proxy.OK {
				b.Error(v)
			}
		})
	}
}
