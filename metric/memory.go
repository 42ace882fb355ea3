package metric

import (
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// Memory is a Registry that keeps its metrics in memory, where Snapshot reads them. Its zero value is ready for use; it
// must not be copied.
type Memory struct {
	mu      sync.Mutex
	metrics map[string]*family
}

// Series is one series of a metric at one moment.
type Series struct {
	Name        string
	Description string
	Kind        Kind
	Labels      map[string]string // without the labels that were given no value
	Value       float64           // a counter's or gauge's value, a histogram's sum
	Count       uint64            // observations of a histogram
	Bounds      []float64         // upper bounds of a histogram's buckets, without +Inf
	Buckets     []uint64          // observations at or below each bound, cumulative
}

// Kind says what a metric is.
type Kind int

const (
	KindCounter Kind = iota + 1
	KindGauge
	KindHistogram
)

// Snapshot returns every series, sorted by name and then by label values.
func (m *Memory) Snapshot() []Series {
	m.mu.Lock()
	families := make([]*family, 0, len(m.metrics))
	for _, f := range m.metrics {
		families = append(families, f)
	}
	m.mu.Unlock()
	sort.Slice(families, func(i, j int) bool { return families[i].name < families[j].name })
	var all []Series
	for _, f := range families {
		all = f.appendSeries(all)
	}
	return all
}

func (m *Memory) NewCounter(name, description string, labelNames ...string) Counter {
	return counter{m.family(KindCounter, name, description, nil, labelNames)}
}

func (m *Memory) NewGauge(name, description string, labelNames ...string) Gauge {
	return gauge{m.family(KindGauge, name, description, nil, labelNames)}
}

func (m *Memory) NewHistogram(name, description string, buckets []float64, labelNames ...string) Histogram {
	if buckets == nil {
		buckets = DefaultBuckets
	}
	return histogram{m.family(KindHistogram, name, description, slices.Clone(buckets), labelNames)}
}

func (m *Memory) family(kind Kind, name, description string, bounds []float64, labelNames []string) *family {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.metrics[name]; f != nil && f.kind == kind {
		return f
	}
	f := &family{kind: kind, name: name, description: description, bounds: bounds, labelNames: slices.Clone(labelNames)}
	if m.metrics == nil {
		m.metrics = make(map[string]*family)
	}
	if m.metrics[name] == nil {
		m.metrics[name] = f
	}
	return f
}

// family is a metric with its series by label values.
type family struct {
	kind        Kind
	name        string
	description string
	bounds      []float64
	labelNames  []string
	series      sync.Map // joined label values -> *series
}

// series holds one series; buckets are not cumulative here.
type series struct {
	labelValues []string
	value       atomicFloat
	count       atomic.Uint64
	buckets     []atomic.Uint64
}

func (f *family) with(labelValues []string) *series {
	values := labelValues[:min(len(labelValues), len(f.labelNames))]
	key := strings.Join(values, "\xff") // no byte of valid UTF-8
	if s, ok := f.series.Load(key); ok {
		return s.(*series)
	}
	s, _ := f.series.LoadOrStore(key, &series{labelValues: slices.Clone(values), buckets: make([]atomic.Uint64, len(f.bounds))})
	return s.(*series)
}

func (f *family) appendSeries(all []Series) []Series {
	start := len(all)
	f.series.Range(func(_, v any) bool {
		all = append(all, f.read(v.(*series)))
		return true
	})
	added := all[start:]
	sort.Slice(added, func(i, j int) bool { return f.sortKey(added[i]) < f.sortKey(added[j]) })
	return all
}

func (f *family) read(s *series) Series {
	out := Series{Name: f.name, Description: f.description, Kind: f.kind, Value: s.value.load(), Count: s.count.Load(), Bounds: f.bounds}
	for i, v := range s.labelValues {
		if v == "" {
			continue
		}
		if out.Labels == nil {
			out.Labels = make(map[string]string)
		}
		out.Labels[f.labelNames[i]] = v
	}
	var sum uint64
	for i := range s.buckets {
		sum += s.buckets[i].Load()
		out.Buckets = append(out.Buckets, sum)
	}
	return out
}

func (f *family) sortKey(s Series) string {
	values := make([]string, len(f.labelNames))
	for i, name := range f.labelNames {
		values[i] = s.Labels[name]
	}
	return strings.Join(values, "\xff")
}

func (s *series) add(delta float64) {
	if !math.IsNaN(delta) {
		s.value.add(delta)
	}
}

func (s *series) addPositive(delta float64) {
	if delta > 0 {
		s.value.add(delta)
	}
}

func (s *series) set(value float64) { s.value.store(value) }

func (s *series) observe(bounds []float64, value float64) {
	if math.IsNaN(value) {
		return
	}
	if i := sort.SearchFloat64s(bounds, value); i < len(s.buckets) {
		s.buckets[i].Add(1)
	}
	s.value.add(value)
	s.count.Add(1)
}

type counter struct{ *family }

func (c counter) Add(delta float64, labelValues ...string) { c.with(labelValues).addPositive(delta) }
func (c counter) With(labelValues ...string) Counter       { return boundCounter{c.with(labelValues)} }

type boundCounter struct{ *series }

func (c boundCounter) Add(delta float64, _ ...string) { c.addPositive(delta) }
func (c boundCounter) With(...string) Counter         { return c }

type gauge struct{ *family }

func (g gauge) Set(value float64, labelValues ...string) { g.with(labelValues).set(value) }
func (g gauge) Add(delta float64, labelValues ...string) { g.with(labelValues).add(delta) }
func (g gauge) With(labelValues ...string) Gauge         { return boundGauge{g.with(labelValues)} }

type boundGauge struct{ *series }

func (g boundGauge) Set(value float64, _ ...string) { g.set(value) }
func (g boundGauge) Add(delta float64, _ ...string) { g.add(delta) }
func (g boundGauge) With(...string) Gauge           { return g }

type histogram struct{ *family }

func (h histogram) Observe(value float64, labelValues ...string) {
	h.with(labelValues).observe(h.bounds, value)
}
func (h histogram) With(labelValues ...string) Histogram {
	return boundHistogram{h.with(labelValues), h.bounds}
}

type boundHistogram struct {
	*series
	bounds []float64
}

func (h boundHistogram) Observe(value float64, _ ...string) { h.observe(h.bounds, value) }
func (h boundHistogram) With(...string) Histogram           { return h }

// atomicFloat is a float64 that goroutines add to without a lock.
type atomicFloat struct{ bits atomic.Uint64 }

func (f *atomicFloat) load() float64   { return math.Float64frombits(f.bits.Load()) }
func (f *atomicFloat) store(v float64) { f.bits.Store(math.Float64bits(v)) }

func (f *atomicFloat) add(delta float64) {
	for {
		old := f.bits.Load()
		if f.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+delta)) {
			return
		}
	}
}
