// Package metric declares the counters, gauges and histograms a plugin keeps, and a registry that holds them in memory.
//
// A plugin makes its metrics in Init, through the Metrics of its instance, and only updates them afterwards. No method
// of this package fails, blocks or panics, and all of them may be called from any goroutine. Updates of a series that
// exists do not allocate.
package metric

// Registry makes metrics. The same name twice gives the same metric; a name that is taken by a metric of another kind
// gives one that counts for itself and is not shown.
//
// Under Fluent Bit, names are preceded by fluentbit_plugin_ and every series has the label name, with the section's name
// or alias. Metrics and label values that are first used after Init appear too, within a second; but before 5.1 Fluent
// Bit reads its list of series without a lock, so that those are best made in Init.
type Registry interface {
	// NewCounter returns the counter of that name. description is its help text; labelNames are the names of the values
	// given to Add and With, in order. Prometheus wants names of counters to end in _total.
	NewCounter(name, description string, labelNames ...string) Counter
	// NewGauge returns the gauge of that name.
	NewGauge(name, description string, labelNames ...string) Gauge
	// NewHistogram returns the histogram of that name. buckets are the upper bounds of its buckets, in increasing
	// order, without +Inf; nil stands for DefaultBuckets.
	NewHistogram(name, description string, buckets []float64, labelNames ...string) Histogram
}

// DefaultBuckets are upper bounds in seconds that fit the time of a request over a network.
var DefaultBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Counter is a sum that only grows. Negative, infinite and NaN deltas are ignored. The zero Counter counts nothing.
type Counter struct{ m metric }

// Add adds delta to the series with these label values. Missing values are empty and values too many are ignored, so that
// a counter with label names may be used without giving any.
func (c Counter) Add(delta float64, labelValues ...string) {
	if s := c.m.with(labelValues); s != nil && delta > 0 && isFinite(delta) {
		s.value.add(delta)
	}
}

// With returns the series with these label values, found once, for updates that look nothing up.
func (c Counter) With(labelValues ...string) Counter { return Counter{c.m.bind(labelValues)} }

// Gauge is a value that goes up and down. NaN is ignored. The zero Gauge has no value.
type Gauge struct{ m metric }

// Set makes value the one of the series with these label values, which are those of [Counter.Add].
func (g Gauge) Set(value float64, labelValues ...string) {
	if s := g.m.with(labelValues); s != nil && value == value {
		s.value.store(value)
	}
}

// Add adds delta, which may be negative.
func (g Gauge) Add(delta float64, labelValues ...string) {
	if s := g.m.with(labelValues); s != nil && delta == delta {
		s.value.add(delta)
	}
}

// With returns the series with these label values, found once.
func (g Gauge) With(labelValues ...string) Gauge { return Gauge{g.m.bind(labelValues)} }

// Histogram counts observations in buckets, and keeps their sum. NaN is ignored. The zero Histogram counts nothing.
type Histogram struct{ m metric }

// Observe counts value in the series with these label values, which are those of [Counter.Add].
func (h Histogram) Observe(value float64, labelValues ...string) {
	if s := h.m.with(labelValues); s != nil && value == value {
		s.observe(h.m.family.bounds, value)
	}
}

// With returns the series with these label values, found once.
func (h Histogram) With(labelValues ...string) Histogram { return Histogram{h.m.bind(labelValues)} }

// metric is a family, or one series of it.
type metric struct {
	family *family
	bound  *series
}

func (m metric) with(labelValues []string) *series {
	switch {
	case m.bound != nil:
		return m.bound
	case m.family == nil:
		return nil
	}
	return m.family.with(labelValues)
}

func (m metric) bind(labelValues []string) metric { return metric{m.family, m.with(labelValues)} }
