package kit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/metric"
	"github.com/calyptia/plugin/plugintest"
)

type order struct {
	ID    int    `json:"id"`
	Buyer string `json:"buyer"`
}

// shop is an output that places orders, one at a time.
type shop struct {
	place  func(ctx context.Context, o order) error
	placed metric.Counter
}

func (s *shop) Init(_ context.Context, fbit *plugin.Instance[struct{}]) error {
	s.placed = fbit.Metrics.NewCounter("placed_total", "Orders placed")
	return nil
}

func (s *shop) Flush(ctx context.Context, batch *plugin.Batch[order]) error {
	var failed []int
	var last error
	for ev, err := range batch.Events() {
		if err != nil {
			return err // a record that is no order: the chunk is given up
		}
		if err := s.place(ctx, ev.Record); err != nil {
			failed, last = append(failed, ev.Index()), err
			continue
		}
		s.placed.Add(1)
	}
	if len(failed) > 0 {
		return plugin.Partial(last, failed...) // these alone come back
	}
	return nil
}

// till is where a shop places its orders. It may be called by several workers.
type till struct {
	mu     sync.Mutex
	orders []string
	full   map[int]bool // refuses orders with these ids, once each
}

func (r *till) place(_ context.Context, o order) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full[o.ID] {
		delete(r.full, o.ID)
		return errors.New("no paper")
	}
	r.orders = append(r.orders, fmt.Sprintf("%s %d", o.Buyer, o.ID))
	return nil
}

func (r *till) text() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return []byte(strings.Join(r.orders, "\n"))
}

func TestOrders(t *testing.T) {
	till := till{full: map[int]bool{2: true}}
	out := plugintest.Output(t, &shop{place: till.place}, nil)
	if got := out.Flush("orders", order{1, "Ada"}, order{2, "Bob"}, map[string]any{"id": 3, "vip": true}); got != plugintest.Retry {
		t.Errorf("Flush() = %v, want %v", got, plugintest.Retry)
	}
	if got := out.Retry(); got != plugintest.OK { // the same bytes, as the engine would
		t.Errorf("Retry() = %v, want %v", got, plugintest.OK)
	}
	if diff := cmp.Diff([]string{"Ada 1", " 3", "Bob 2"}, till.orders); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if got := out.Metric("placed_total"); got != 3 {
		t.Errorf("placed_total = %v, want 3; all: %v", got, out.Metrics())
	}
	want := []string{`WARN [shop.0] chunk partly delivered tag=orders failed=1 error="no paper"`}
	if diff := cmp.Diff(want, out.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestEvents(t *testing.T) {
	var till till
	out := plugintest.Output(t, &shop{place: till.place}, nil)
	got := out.Flush("orders", plugin.Event[order]{
		Time:     time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC),
		Record:   order{1, "Ada"},
		Metadata: map[string]any{"source": "web"},
		Group:    &plugin.Group{Attributes: map[string]any{"resource": "kiosk"}},
	})
	if got != plugintest.OK || out.Metric("go_output_records_total") != 1 {
		t.Errorf("Flush() = %v, metrics %v, want %v and one record", got, out.Metrics(), plugintest.OK)
	}
	broken := append(plugintest.Chunk(t, order{2, "Bob"}), 0xc1)
	if got := out.FlushChunk("orders", broken); got != plugintest.Error {
		t.Errorf("FlushChunk(a broken chunk) = %v, want %v", got, plugintest.Error)
	}
}

func TestWorkers(t *testing.T) {
	var till till
	out := plugintest.Output(t, &shop{place: till.place}, plugintest.Properties{"workers": "8"})
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() { out.Flush("orders", order{ID: w}) })
	}
	workers.Wait()
	if got := len(till.orders); got != 8 {
		t.Errorf("orders = %d, want 8", got)
	}
}

func TestExitEndsFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := func(ctx context.Context, _ order) error { <-ctx.Done(); return ctx.Err() }
		out := plugintest.Output(t, &shop{place: closed}, nil)
		verdict := make(chan plugintest.Verdict)
		go func() { verdict <- out.Flush("orders", order{1, "Ada"}) }()
		synctest.Wait() // until Flush waits
		out.Exit()
		if got := <-verdict; got != plugintest.Retry {
			t.Errorf("verdict = %v, want %v", got, plugintest.Retry)
		}
	})
}

func TestShopConformance(t *testing.T) {
	var till till
	plugintest.OutputConformance(t, &shop{place: till.place}, plugintest.Setup{
		Records:   []any{order{1, "Ada"}, order{2, "Bob"}},
		Delivered: till.text,
	})
}

// What production did with the chunks of an incident is what the plugin still does.
func TestIncident(t *testing.T) {
	var till till
	plugintest.Replay(t, plugintest.Output(t, &shop{place: till.place}, nil), "testdata/incident.cbor")
}
