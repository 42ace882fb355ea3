package metric_test

import (
	"math"
	"sync"
	"testing"

	"github.com/calyptia/plugin/metric"
	"github.com/google/go-cmp/cmp"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		update func(*metric.Memory)
		want   []metric.Series
	}{
		{"counter", func(m *metric.Memory) {
			c := m.NewCounter("c_total", "help")
			c.Add(1)
			c.Add(2.5)
			c.Add(-1)
			c.Add(math.NaN())
		}, []metric.Series{{Name: "c_total", Description: "help", Kind: metric.KindCounter, Value: 3.5}}},
		{"counter without values for its labels", func(m *metric.Memory) {
			m.NewCounter("c_total", "help", "go-test-input-plugin").Add(1)
		}, []metric.Series{{Name: "c_total", Description: "help", Kind: metric.KindCounter, Value: 1}}},
		{"labels", func(m *metric.Memory) {
			c := m.NewCounter("c_total", "", "a", "b")
			c.Add(1, "x", "y", "too many")
			c.With("x", "y").Add(1)
			c.Add(1, "w")
		}, []metric.Series{
			{Name: "c_total", Kind: metric.KindCounter, Labels: map[string]string{"a": "w"}, Value: 1},
			{Name: "c_total", Kind: metric.KindCounter, Labels: map[string]string{"a": "x", "b": "y"}, Value: 2},
		}},
		{"same name", func(m *metric.Memory) {
			m.NewGauge("g", "").Set(1)
			m.NewGauge("g", "").Add(1)
			m.NewCounter("g", "").Add(5)
		}, []metric.Series{{Name: "g", Kind: metric.KindGauge, Value: 2}}},
		{"gauge", func(m *metric.Memory) {
			g := m.NewGauge("g", "", "a").With("x")
			g.Set(3)
			g.Add(-1)
		}, []metric.Series{{Name: "g", Kind: metric.KindGauge, Labels: map[string]string{"a": "x"}, Value: 2}}},
		{"histogram", func(m *metric.Memory) {
			h := m.NewHistogram("h", "", []float64{1, 2})
			h.Observe(0.5)
			h.Observe(2)
			h.With().Observe(9)
			h.Observe(math.NaN())
		}, []metric.Series{{Name: "h", Kind: metric.KindHistogram, Value: 11.5, Count: 3, Bounds: []float64{1, 2}, Buckets: []uint64{1, 2}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var m metric.Memory
			test.update(&m)
			if diff := cmp.Diff(test.want, m.Snapshot()); diff != "" {
				t.Errorf("Snapshot (-want +got)\n%s", diff)
			}
		})
	}
}

func TestMemoryConcurrently(t *testing.T) {
	t.Parallel()
	var m metric.Memory
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				m.NewCounter("c_total", "", "a").Add(1, "x")
				m.Snapshot()
			}
		})
	}
	wg.Wait()
	if got := m.Snapshot()[0].Value; got != 8000 {
		t.Errorf("c_total = %v, want 8000", got)
	}
}

func BenchmarkCounterWith(b *testing.B) {
	var m metric.Memory
	c := m.NewCounter("c_total", "", "a").With("x")
	b.ReportAllocs()
	for b.Loop() {
		c.Add(1)
	}
}
