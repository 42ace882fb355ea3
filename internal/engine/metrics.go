package engine

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/calyptia/plugin/internal/engine/chost"
)

// Metrics are the newest values that the plugins of a run have set their metrics to. Those of an instance go with its exit.
// The zero value is ready for use; methods may be called concurrently.
type Metrics struct {
	mu         sync.Mutex
	byInstance map[chost.InstanceID]map[string]chost.Metric
}

// All returns every series, sorted by name and then by labels, which are sorted too. Of instances that have the same series
// it returns the one of the last, as Fluent Bit does with counters and gauges (cmt_cat.c).
func (m *Metrics) All() []chost.Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []chost.Metric
	for _, series := range m.byInstance {
		for _, s := range series {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b chost.Metric) int {
		return cmp.Or(compareSeries(a, b), -cmp.Compare(a.Instance, b.Instance))
	})
	return slices.CompactFunc(all, func(a, b chost.Metric) bool { return compareSeries(a, b) == 0 })
}

func compareSeries(a, b chost.Metric) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), slices.CompareFunc(a.Labels, b.Labels, compareLabels))
}

func compareLabels(a, b chost.Label) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
}

func (m *Metrics) set(s chost.Metric) {
	slices.SortFunc(s.Labels, compareLabels)
	key := s.Name
	for _, l := range s.Labels {
		key += "\x00" + l.Name + "\x00" + l.Value // C strings have no such byte
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byInstance == nil {
		m.byInstance = make(map[chost.InstanceID]map[string]chost.Metric)
	}
	if m.byInstance[s.Instance] == nil {
		m.byInstance[s.Instance] = make(map[string]chost.Metric)
	}
	m.byInstance[s.Instance][key] = s
}

func (m *Metrics) forget(i chost.InstanceID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byInstance, i)
}

// measured is an instance whose metrics are kept until its exit.
type measured struct {
	*chost.Instance
	metrics *Metrics
}

func (i measured) Exit() error {
	defer i.metrics.forget(i.ID())
	return i.Instance.Exit()
}
