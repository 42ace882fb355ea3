//go:build cgo

package bridge

/*
#include "metrics.h"
*/
import "C"

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/calyptia/plugin/metric"
)

// pushEvery is how old the engine's view of the metrics gets.
const pushEvery = time.Second

// metrics are an instance's, in memory, and what the engine has been told of them. Updates by the author touch only
// memory: a call into the engine costs more than they may.
type metrics struct {
	mu       sync.Mutex
	registry map[string]*metric.Memory // by subsystem

	metrics unsafe.Pointer            // the engine's; nil for none
	known   map[string]unsafe.Pointer // its metrics; nil for one that it did not take
	series  map[string]*engineSeries
}

// engineSeries is a series of one of the engine's metrics.
type engineSeries struct {
	labels labels
	value  float64
	count  uint64
}

// labels are an array of C strings, null for those without a value.
type labels []*C.char

func newLabels(values ...string) labels {
	all := make(labels, len(values))
	for i, v := range values {
		if v != "" {
			all[i] = newString(v)
		}
	}
	return all
}

func (l labels) free() {
	for _, s := range l {
		free(unsafe.Pointer(s))
	}
}

// Metrics returns the registry of a subsystem, which its names begin with in the engine.
func (h *host) Metrics(subsystem string) metric.Registry {
	h.metrics.mu.Lock()
	defer h.metrics.mu.Unlock()
	r := h.metrics.registry[subsystem]
	if r == nil {
		if h.metrics.registry == nil {
			h.metrics.registry = make(map[string]*metric.Memory)
		}
		r = &metric.Memory{Warn: h.warn}
		h.metrics.registry[subsystem] = r
	}
	return r
}

// pushMetrics tells the engine of what has changed. Its functions take atomic values from any thread, but before v5.1.0
// they add series without a lock (cmt_map.c): those of Init, after which this is first called, are safe.
func (h *host) pushMetrics() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return
	}
	m := &h.metrics
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.metrics = C.flbgo_metrics_of(&h.engine)
		m.known = make(map[string]unsafe.Pointer)
		m.series = make(map[string]*engineSeries)
	}
	if m.metrics == nil {
		return
	}
	now := C.uint64_t(time.Now().UnixNano())
	for subsystem, r := range m.registry {
		for _, s := range r.Snapshot() {
			m.push(h.name, subsystem, &s, now)
		}
	}
}

func (m *metrics) push(instance, subsystem string, s *metric.Series, now C.uint64_t) {
	known := m.metric(subsystem, s)
	if known == nil {
		return
	}
	key := subsystem + "\xff" + s.Name + "\xff" + strings.Join(s.LabelValues, "\xff")
	last := m.series[key]
	switch {
	case last == nil:
		last = &engineSeries{labels: newLabels(slices.Concat([]string{instance}, s.LabelValues)...)}
		m.series[key] = last
	case last.value == s.Value && last.count == s.Count:
		return
	}
	last.value, last.count = s.Value, s.Count
	buckets := append(s.Buckets, s.Count)
	C.flbgo_metric_set(known, C.int(s.Kind), now, C.double(s.Value), (*C.uint64_t)(unsafe.SliceData(buckets)), C.uint64_t(s.Count),
		unsafe.SliceData(last.labels), C.int(len(last.labels)))
}

// metric returns the engine's metric, made the first time.
func (m *metrics) metric(subsystem string, s *metric.Series) unsafe.Pointer {
	key := subsystem + "\xff" + s.Name
	known, ok := m.known[key]
	if !ok {
		known = m.create(subsystem, s)
		m.known[key] = known
	}
	return known
}

// instanceLabel is what the engine calls it in its own metrics.
const instanceLabel = "name"

// create makes a metric of the engine's, which copies all it is given. Without the label of the instance, its series and
// those of other sections would be one.
func (m *metrics) create(subsystem string, s *metric.Series) unsafe.Pointer {
	label := instanceLabel
	for slices.Contains(s.LabelNames, label) {
		label = "instance_" + label
	}
	names := newLabels(slices.Concat([]string{label}, s.LabelNames)...)
	defer names.free()
	texts := newLabels(subsystem, s.Name, s.Description)
	defer texts.free()
	return C.flbgo_metric_new(m.metrics, C.int(s.Kind), texts[0], texts[1], texts[2],
		(*C.double)(unsafe.SliceData(s.Bounds)), C.size_t(len(s.Bounds)), unsafe.SliceData(names), C.int(len(names)))
}

// free is called when the engine is no longer told.
func (m *metrics) free() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.series {
		s.labels.free()
	}
	m.series, m.known, m.metrics = nil, nil, nil
}

// tend pushes metrics until the instance exits.
func (i *instance) tend() {
	ticker := time.NewTicker(pushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			i.host.pushMetrics()
		case <-i.exited:
			return
		}
	}
}
