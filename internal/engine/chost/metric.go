package chost

// MetricKind says what a metric is.
type MetricKind int

// The kinds of metrics. Keep in step with c/metrics.c.
const (
	Counter MetricKind = iota + 1
	Gauge
	Histogram
)

// A Label is one name and value of a series.
type Label struct{ Name, Value string }

// A Metric is what a plugin has set one series to. The strings are as the plugin gave them: nothing is checked.
type Metric struct {
	Instance InstanceID
	Kind     MetricKind
	Name     string // in full, such as "fluentbit_plugin_requests_total"
	Help     string
	Value    float64   // of a counter or gauge; the sum of a histogram
	Count    uint64    // observations of a histogram
	Labels   []Label   // in the metric's order, without those that have no value
	Bounds   []float64 // upper bounds of a histogram's buckets, without +Inf
	Buckets  []uint64  // observations at or below each bound, and last all of them
}

// metric hands a message of c/metrics.c over.
func (h *Host) metric(msg *message) {
	m := Metric{Instance: InstanceID(msg.u32()), Kind: MetricKind(msg.u8())}
	m.Name, m.Help = msg.str(), msg.str()
	m.Value, m.Count = msg.f64(), msg.u64()
	for n := msg.u32(); n > 0 && msg.err == nil; n-- {
		m.Labels = append(m.Labels, Label{msg.str(), msg.str()})
	}
	if m.Kind == Histogram {
		m.Bounds = many(msg, msg.u32(), (*message).f64)
		m.Buckets = many(msg, uint32(len(m.Bounds))+1, (*message).u64)
	}
	if msg.err == nil {
		h.o.Metric(m)
	}
}

func many[T any](msg *message, n uint32, read func(*message) T) (all []T) {
	for ; n > 0 && msg.err == nil; n-- {
		all = append(all, read(msg))
	}
	return all
}
