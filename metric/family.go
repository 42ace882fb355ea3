package metric

import (
	"hash/maphash"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// family is a metric with its series by label values.
type family struct {
	kind        Kind
	name        string
	description string
	bounds      []float64 // of a histogram
	labelNames  []string

	plain atomic.Pointer[series] // without label values
	table atomic.Pointer[table]  // with some

	mu       sync.Mutex // held to add series
	count    int        // in table
	ofLabels []string   // problems, of interest once a value is given for a label
	warn     func(problem string)
}

// series holds one series; buckets are not cumulative here.
type series struct {
	labelValues []string
	value       atomicFloat
	count       atomic.Uint64
	buckets     []atomic.Uint64
}

// table finds series by a hash of their label values. It has a power of two of places, more than half of them free;
// who reads it needs no lock, since places are only ever filled.
type table []atomic.Pointer[series]

const firstTable = 8

var seed = maphash.MakeSeed()

func hash(values []string) (h uint64) {
	for _, v := range values {
		h = h*31 + maphash.String(seed, v)
	}
	return h
}

// find returns the series, or nil and the place that is free for it.
func (t table) find(values []string) (*series, *atomic.Pointer[series]) {
	for i := hash(values); ; i++ {
		place := &t[i&uint64(len(t)-1)]
		if s := place.Load(); s == nil || slices.Equal(s.labelValues, values) {
			return s, place
		}
	}
}

func newFamily(kind Kind, name, description string, bounds []float64, labelNames []string) *family {
	f := &family{kind: kind, name: name, description: description, bounds: bounds, labelNames: slices.Clone(labelNames)}
	t := make(table, firstTable)
	f.table.Store(&t)
	if len(labelNames) == 0 {
		f.plain.Store(f.newSeries(nil))
	}
	return f
}

// newSeries copies the values, which may be parts of a chunk.
func (f *family) newSeries(values []string) *series {
	s := &series{buckets: make([]atomic.Uint64, len(f.bounds))}
	for _, v := range values {
		s.labelValues = append(s.labelValues, strings.Clone(v))
	}
	return s
}

// with returns the series of these label values, made if it is not there.
func (f *family) with(labelValues []string) *series {
	values := labelValues[:min(len(labelValues), len(f.labelNames))]
	for len(values) > 0 && values[len(values)-1] == "" { // as if not given
		values = values[:len(values)-1]
	}
	if len(values) == 0 {
		if s := f.plain.Load(); s != nil {
			return s
		}
		return f.addPlain()
	}
	if s, _ := f.table.Load().find(values); s != nil {
		return s
	}
	return f.add(values)
}

func (f *family) addPlain() *series {
	f.plain.CompareAndSwap(nil, f.newSeries(nil))
	return f.plain.Load()
}

func (f *family) add(values []string) *series {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := *f.table.Load()
	s, place := t.find(values)
	if s != nil {
		return s
	}
	if 2*(f.count+1) >= len(t) {
		t = t.grown()
		f.table.Store(&t)
		_, place = t.find(values)
	}
	s = f.newSeries(values)
	place.Store(s)
	f.count++
	for _, problem := range f.ofLabels {
		f.warn(problem)
	}
	f.ofLabels = nil
	return s
}

func (t table) grown() table {
	next := make(table, 2*len(t))
	for i := range t {
		if s := t[i].Load(); s != nil {
			_, place := next.find(s.labelValues)
			place.Store(s)
		}
	}
	return next
}

func (s *series) observe(bounds []float64, value float64) {
	if i := sort.SearchFloat64s(bounds, value); i < len(s.buckets) {
		s.buckets[i].Add(1)
	}
	s.value.add(value)
	s.count.Add(1)
}

// atomicFloat is a float64 that goroutines add to without a lock.
type atomicFloat struct{ bits atomic.Uint64 }

func (f *atomicFloat) load() float64 { return math.Float64frombits(f.bits.Load()) }

func (f *atomicFloat) store(v float64) { f.bits.Store(math.Float64bits(v)) }

func (f *atomicFloat) add(delta float64) {
	for {
		old := f.bits.Load()
		if f.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+delta)) {
			return
		}
	}
}

func isFinite(v float64) bool { return !math.IsInf(v, 0) && v == v }
