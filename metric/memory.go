package metric

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Memory is a Registry that keeps its metrics in memory, where Snapshot reads them. Its zero value is ready for use; it
// must not be copied.
type Memory struct {
	// Warn is told, if not nil, what is wrong with a metric that is made, and what is done about it. It is set before
	// the first use.
	Warn func(problem string)

	mu       sync.Mutex
	families []*family // in the order in which they were made
	byName   map[string]*family
}

// Series is one series of a metric at one moment.
type Series struct {
	Name        string
	Description string
	Kind        Kind
	LabelNames  []string
	LabelValues []string  // one for each name; empty if it was not given
	Value       float64   // a counter's or gauge's value, a histogram's sum
	Count       uint64    // observations of a histogram
	Bounds      []float64 // upper bounds of a histogram's buckets, without +Inf
	Buckets     []uint64  // observations at or below each bound, cumulative
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
	families := slices.Clone(m.families)
	m.mu.Unlock()
	var all []Series
	for _, f := range families {
		all = f.appendSeries(all)
	}
	slices.SortFunc(all, func(a, b Series) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), slices.Compare(a.LabelValues, b.LabelValues))
	})
	return all
}

// NewCounter returns the counter of that name.
func (m *Memory) NewCounter(name, description string, labelNames ...string) Counter {
	return Counter{metric{family: m.family(KindCounter, name, description, nil, labelNames)}}
}

// NewGauge returns the gauge of that name.
func (m *Memory) NewGauge(name, description string, labelNames ...string) Gauge {
	return Gauge{metric{family: m.family(KindGauge, name, description, nil, labelNames)}}
}

// NewHistogram returns the histogram of that name.
func (m *Memory) NewHistogram(name, description string, buckets []float64, labelNames ...string) Histogram {
	if buckets == nil {
		buckets = DefaultBuckets
	}
	return Histogram{metric{family: m.family(KindHistogram, name, description, buckets, labelNames)}}
}

func (m *Memory) family(kind Kind, name, description string, bounds []float64, labelNames []string) *family {
	f, problems := check(kind, name, description, bounds, labelNames)
	f.warn = m.warn
	m.mu.Lock()
	known := m.byName[f.name]
	if known == nil {
		if m.byName == nil {
			m.byName = make(map[string]*family)
		}
		m.byName[f.name] = f
		m.families = append(m.families, f)
	}
	m.mu.Unlock()
	switch {
	case known != nil && known.kind == kind:
		return known
	case known != nil:
		problems = append(problems, "metric "+quote(f.name)+": is a "+known.kind.String()+" already, so that this "+kind.String()+" is not shown")
	}
	for _, p := range problems {
		m.warn(p)
	}
	return f
}

func (m *Memory) warn(problem string) {
	if m.Warn != nil {
		m.Warn(problem)
	}
}

func (f *family) appendSeries(all []Series) []Series {
	if s := f.plain.Load(); s != nil {
		all = append(all, f.read(s))
	}
	t := *f.table.Load()
	for i := range t {
		if s := t[i].Load(); s != nil {
			all = append(all, f.read(s))
		}
	}
	return all
}

func (f *family) read(s *series) Series {
	out := Series{Name: f.name, Description: f.description, Kind: f.kind, Bounds: f.bounds, LabelNames: f.labelNames}
	if len(f.labelNames) > 0 {
		out.LabelValues = make([]string, len(f.labelNames))
	}
	for i, v := range s.labelValues {
		out.LabelValues[i] = strings.ToValidUTF8(v, "\ufffd")
	}
	out.Count = s.count.Load() // first: no bucket is to have more
	var sum uint64
	for i := range s.buckets {
		sum += s.buckets[i].Load()
		out.Buckets = append(out.Buckets, min(sum, out.Count))
	}
	out.Value = s.value.load()
	return out
}

// String returns counter, gauge or histogram.
func (k Kind) String() string {
	switch k {
	case KindCounter:
		return "counter"
	case KindGauge:
		return "gauge"
	case KindHistogram:
		return "histogram"
	}
	return "metric"
}
