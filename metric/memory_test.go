package metric_test

import (
	"math"
	"strconv"
	"sync"
	"testing"
	"unsafe"

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
		}, []metric.Series{{Name: "c_total", Description: "help", Kind: metric.KindCounter, LabelNames: []string{"go_test_input_plugin"}, LabelValues: []string{""}, Value: 1}}},
		{"labelled, but not used yet", func(m *metric.Memory) { m.NewCounter("c_total", "help", "a") }, nil},
		{"not used yet", func(m *metric.Memory) { m.NewCounter("c_total", "") }, []metric.Series{{Name: "c_total", Description: "c_total", Kind: metric.KindCounter}}},
		{"labels", func(m *metric.Memory) {
			c := m.NewCounter("c_total", "", "a", "b")
			c.Add(1, "x", "y", "too many")
			c.With("x", "y").Add(1)
			c.Add(1, "w")
			c.With("w", "").Add(math.Inf(1))
		}, []metric.Series{
			{Name: "c_total", Description: "c_total", Kind: metric.KindCounter, LabelNames: []string{"a", "b"}, LabelValues: []string{"w", ""}, Value: 1},
			{Name: "c_total", Description: "c_total", Kind: metric.KindCounter, LabelNames: []string{"a", "b"}, LabelValues: []string{"x", "y"}, Value: 2},
		}},
		{"same name", func(m *metric.Memory) {
			m.NewGauge("g", "").Set(1)
			m.NewGauge("g", "").Add(1)
			m.NewCounter("g", "").Add(5)
		}, []metric.Series{{Name: "g", Description: "g", Kind: metric.KindGauge, Value: 2}}},
		{"gauge", func(m *metric.Memory) {
			g := m.NewGauge("g", "", "a").With("x")
			g.Set(3)
			g.Add(-1)
		}, []metric.Series{{Name: "g", Description: "g", Kind: metric.KindGauge, LabelNames: []string{"a"}, LabelValues: []string{"x"}, Value: 2}}},
		{"a value that is no text", func(m *metric.Memory) { m.NewGauge("g", "", "a").Set(1, "\xff") },
			[]metric.Series{{Name: "g", Description: "g", Kind: metric.KindGauge, LabelNames: []string{"a"}, LabelValues: []string{"\ufffd"}, Value: 1}}},
		{"histogram", func(m *metric.Memory) {
			h := m.NewHistogram("h", "", []float64{1, 2})
			h.Observe(0.5)
			h.Observe(2)
			h.With().Observe(9)
			h.Observe(math.NaN())
		}, []metric.Series{{Name: "h", Description: "h", Kind: metric.KindHistogram, Value: 11.5, Count: 3, Bounds: []float64{1, 2}, Buckets: []uint64{1, 2}}}},
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

// What Prometheus does not take is changed, and said once: of labels when a value is given.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make func(metric.Registry)
		want []string
	}{
		{"none", func(r metric.Registry) { r.NewCounter("a_total", "", "b").Add(1, "c") }, nil},
		{"name", func(r metric.Registry) { r.NewGauge("1 b-c", "") },
			[]string{`metric "1 b-c": the name becomes "_1_b_c" (want letters, digits, _ and :, and no digit first)`}},
		{"counter", func(r metric.Registry) { r.NewCounter("requests", "") }, []string{`metric "requests": names of counters end in _total`}},
		{"counter, with a blank", func(r metric.Registry) { r.NewCounter("sent total", "") }, []string{`metric "sent total": the name becomes "sent_total" (want letters, digits, _ and :, and no digit first)`}},
		{"label without a value", func(r metric.Registry) { r.NewGauge("g", "", "a-b").Set(1) }, nil},
		{"label", func(r metric.Registry) {
			g := r.NewGauge("g", "", "a-b")
			g.Set(1, "x")
			g.Set(1, "y")
		}, []string{`metric "g": the label "a-b" becomes "a_b" (want letters, digits and _, no digit and no __ first, none twice, no le of a histogram)`}},
		{"buckets", func(r metric.Registry) { r.NewHistogram("h", "", []float64{2, 1, 1, math.Inf(1)}) },
			[]string{`metric "h": the buckets [2 1 1 +Inf] become [1 2] (want finite bounds in increasing order)`}},
		{"no buckets", func(r metric.Registry) { r.NewHistogram("h", "", []float64{math.NaN()}) },
			[]string{`metric "h": the buckets [NaN] become [0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10] (want finite bounds in increasing order)`}},
		{"kind", func(r metric.Registry) {
			r.NewGauge("h", "")
			r.NewHistogram("h", "", nil)
		}, []string{`metric "h": is a gauge already, so that this histogram is not shown`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			test.make(&metric.Memory{Warn: func(problem string) { got = append(got, problem) }})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got)\n%s", diff)
			}
		})
	}
}

func TestLegalLabels(t *testing.T) {
	t.Parallel()
	var m metric.Memory
	m.NewHistogram("h", "", nil, "a", "a", "__x", "le", "", "9").Observe(1)
	want := []string{"a", "a_", "_x", "le_", "_", "_9"}
	if diff := cmp.Diff(want, m.Snapshot()[0].LabelNames); diff != "" {
		t.Errorf("label names (-want +got)\n%s", diff)
	}
}

// Label values may be parts of a chunk, which changes.
func TestLabelValuesAreCopied(t *testing.T) {
	t.Parallel()
	var m metric.Memory
	chunk := []byte("abc")
	m.NewGauge("g", "", "l").Set(1, unsafe.String(&chunk[0], 3))
	copy(chunk, "xyz")
	if got := m.Snapshot()[0].LabelValues[0]; got != "abc" {
		t.Errorf("label value = %q after its memory has changed, want abc", got)
	}
}

// The zero metrics are of instances that a test has made by hand.
func TestZeroMetrics(t *testing.T) {
	t.Parallel()
	var c metric.Counter
	c.Add(1, "x")
	c.With("y").Add(1)
	var g metric.Gauge
	g.Set(1)
	g.With().Add(1)
	var h metric.Histogram
	h.Observe(1)
	h.With().Observe(1)
}

func TestManySeries(t *testing.T) {
	t.Parallel()
	var m metric.Memory
	c := m.NewCounter("c_total", "", "a", "b")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				c.Add(1, strconv.Itoa(i), "b")
			}
		})
	}
	wg.Wait()
	all := m.Snapshot()
	if len(all) != 1000 {
		t.Fatalf("%d series, want 1000", len(all))
	}
	for _, s := range all {
		if s.Value != 4 {
			t.Errorf("series %v = %v, want 4", s.LabelValues, s.Value)
		}
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	var m metric.Memory
	c := m.NewCounter("c_total", "", "a", "b")
	h := m.NewHistogram("h", "", nil, "a")
	values := []string{"x", "y"}
	update := func() {
		c.Add(1, values[0], values[1])
		c.With("z").Add(1)
		c.Add(1)
		h.Observe(3, values[0])
	}
	update()
	if n := testing.AllocsPerRun(100, update); n != 0 {
		t.Errorf("%v allocations, want none", n)
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

func BenchmarkCounter(b *testing.B) {
	var m metric.Memory
	plain := m.NewCounter("plain_total", "")
	labelled := m.NewCounter("labelled_total", "", "method", "status")
	with := labelled.With("GET", "200")
	method, status := "GET", "200"
	for _, bench := range []struct {
		name string
		add  func()
	}{
		{"plain", func() { plain.Add(1) }},
		{"with", func() { with.Add(1) }},
		{"labels", func() { labelled.Add(1, method, status) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.add()
			}
		})
	}
}
