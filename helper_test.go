package plugin_test

import (
	"context"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

// registered returns what register registers, without touching the registration of the test binary.
func registered(t *testing.T, register func()) *proxy.Plugin {
	t.Helper()
	p, err := proxy.Capture(register)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// records decodes the events of a chunk.
func records(t *testing.T, chunk []byte) []map[string]any {
	t.Helper()
	decoder, err := record.NewDecoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	s := record.NewScanner(chunk)
	for s.Next() {
		var r map[string]any
		if err := decoder.Decode(s.Event().Body, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return all
}

// chunk encodes events of whole seconds.
func chunk[R any](t testing.TB, all ...R) []byte {
	t.Helper()
	encoder, err := record.NewEncoder[R]()
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for i := range all {
		if b, err = encoder.Append(b, &record.Header{Time: time.Unix(int64(i+1), 0)}, &all[i], 0); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// inputFunc is an input that is its Collect.
type inputFunc[R any] struct {
	collect func(ctx context.Context, ch chan<- plugin.Event[R]) error
}

func (p *inputFunc[R]) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }

func (p *inputFunc[R]) Collect(ctx context.Context, ch chan<- plugin.Event[R]) error {
	return p.collect(ctx, ch)
}

// outputFunc is an output that is its Flush.
type outputFunc[R any] struct {
	flush func(ctx context.Context, batch *plugin.Batch[R]) error
}

func (p *outputFunc[R]) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }

func (p *outputFunc[R]) Flush(ctx context.Context, batch *plugin.Batch[R]) error {
	return p.flush(ctx, batch)
}

func host(properties ...string) *proxytest.Host {
	h := &proxytest.Host{Section: "test.0", Properties: map[string]string{}}
	for i := 0; i < len(properties); i += 2 {
		h.Properties[properties[i]] = properties[i+1]
	}
	return h
}
