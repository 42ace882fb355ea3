package plugin_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/metric"
	"github.com/google/go-cmp/cmp"
)

// values are the metrics that are not zero: of a histogram the number of its observations.
func values(m *metric.Memory) map[string]float64 {
	all := make(map[string]float64)
	for _, s := range m.Snapshot() {
		v := s.Value
		if s.Kind == metric.KindHistogram {
			v = float64(s.Count)
		}
		if v != 0 {
			all[s.Name] = v
		}
	}
	return all
}

func TestOutputMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := host()
		var fail func() error
		out := flusher(t, h, func(_ context.Context, batch *plugin.Batch[reading]) error {
			for range batch.Events() {
			}
			for range batch.Events() { // counts once
			}
			return fail()
		})
		fits := chunk(t, reading{1}, reading{2}, reading{3})
		mixed := chunk(t, map[string]any{"n": 1}, map[string]any{"n": "x"})
		stop := make(chan struct{})
		for _, flush := range []struct {
			chunk []byte
			fail  func() error
		}{
			{fits, func() error { return nil }},
			{mixed, func() error { return nil }},
			{fits, func() error { return plugin.Partial(errDown, 0, 2) }},
			{fits, func() error { return errDown }},
			{fits, func() error { return nil }}, // the two that are left
			{fits, func() error { return plugin.Drop(errDown) }},
			{fits, func() error { panic("boom") }},
			{mixed, func() error { <-stop; return nil }},
		} {
			fail = flush.fail
			proxytest.Flush(out, "t", flush.chunk)
		}
		close(stop)
		synctest.Wait()
		want := map[string]float64{
			"records_total": 3 + 1 + 1 + 2, "bytes_total": float64(2*len(fits) + len(mixed)), "rejected_records_total": 1, "panics_total": 1,
			"retries_total": 4, "partial_deliveries_total": 1, "dropped_chunks_total": 1, "late_flushes_total": 1, "flush_duration_seconds": 8,
		}
		if diff := cmp.Diff(want, values(&h.Library)); diff != "" {
			t.Errorf("metrics (-want +got)\n%s", diff)
		}
	})
}

func TestInputMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, calls := host(), 0
		in := registered(t, func() {
			plugin.RegisterInput("test", "", &inputFunc[[]any]{func(ctx context.Context, ch chan<- plugin.Event[[]any]) error {
				if calls++; calls == 1 {
					panic("boom")
				}
				ch <- plugin.Event[[]any]{Record: []any{reading{1}, 5, reading{2}}}
				<-ctx.Done()
				return nil
			}})
		}).NewInput()
		if err := in.Init(h); err != nil {
			t.Fatal(err)
		}
		in.Start()
		time.Sleep(2 * time.Second) // of virtual time
		var engine proxytest.Engine
		engine.Err = errDown
		in.Collect(engine.Append)
		in.Collect(engine.Append)
		if got := values(&h.Library); got["refused_appends_total"] != 2 || got["buffer_bytes"] == 0 || got["records_total"] != 0 {
			t.Errorf("metrics of an engine that takes nothing = %v", got)
		}
		engine.Err = nil
		in.Collect(engine.Append)
		in.Exit()
		want := map[string]float64{
			"records_total": 2, "bytes_total": float64(len(engine.Events(""))), "rejected_records_total": 1, "panics_total": 1,
			"refused_appends_total": 2, "collect_restarts_total": 1,
		}
		if diff := cmp.Diff(want, values(&h.Library)); diff != "" {
			t.Errorf("metrics (-want +got)\n%s", diff)
		}
	})
}

// The library's own metrics and the author's do not mix.
func TestAuthorsMetrics(t *testing.T) {
	t.Parallel()
	h := host()
	out := registered(t, func() { plugin.RegisterOutput("test", "", &tallying{}) }).NewOutput()
	if err := out.Init(h); err != nil {
		t.Fatal(err)
	}
	defer out.Exit()
	out.Flush("t", chunk(t, reading{1}), func(proxy.Verdict) {})
	if diff := cmp.Diff(map[string]float64{"records_total": 7}, values(&h.Plugin)); diff != "" {
		t.Errorf("metrics of the author (-want +got)\n%s", diff)
	}
}

type tallying struct{ records metric.Counter }

func (c *tallying) Init(_ context.Context, fbit *plugin.Instance[struct{}]) error {
	c.records = fbit.Metrics.NewCounter("records_total", "")
	return nil
}

func (c *tallying) Flush(context.Context, *plugin.Batch[any]) error {
	c.records.Add(7)
	return nil
}
