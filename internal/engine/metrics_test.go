package engine

import (
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

func counter(i chost.InstanceID, name string, value float64, labels ...chost.Label) chost.Metric {
	return chost.Metric{Instance: i, Kind: chost.Counter, Name: name, Value: value, Labels: labels}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	a, b := chost.Label{Name: "a", Value: "1"}, chost.Label{Name: "b", Value: "2"}
	for _, tt := range []struct {
		name string
		set  []chost.Metric
		want []chost.Metric
	}{
		{"nothing", nil, nil},
		{"the newest", []chost.Metric{counter(1, "x", 1), counter(1, "x", 2)}, []chost.Metric{counter(1, "x", 2)}},
		{"by name and labels", []chost.Metric{counter(1, "y", 1), counter(1, "x", 2, b), counter(1, "x", 3, a), counter(1, "x", 4)},
			[]chost.Metric{counter(1, "x", 4), counter(1, "x", 3, a), counter(1, "x", 2, b), counter(1, "y", 1)}},
		{"labels in any order", []chost.Metric{counter(1, "x", 1, b, a), counter(1, "x", 2, a, b)}, []chost.Metric{counter(1, "x", 2, a, b)}},
		{"of two instances", []chost.Metric{counter(1, "x", 1, a), counter(2, "x", 2, b)},
			[]chost.Metric{counter(1, "x", 1, a), counter(2, "x", 2, b)}},
		{"the same of two instances", []chost.Metric{counter(2, "x", 2), counter(1, "x", 1)}, []chost.Metric{counter(2, "x", 2)}},
		{"of one that has exited", []chost.Metric{counter(9, "x", 1), counter(1, "x", 2)}, []chost.Metric{counter(1, "x", 2)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var m Metrics
			for _, s := range tt.set {
				m.set(s)
			}
			m.forget(9)
			if diff := cmp.Diff(tt.want, m.All()); diff != "" {
				t.Errorf("All() (-want +got):\n%s", diff)
			}
		})
	}
}
