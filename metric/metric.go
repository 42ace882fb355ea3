// Package metric declares the counters, gauges and histograms a plugin keeps, and a registry that holds them in memory.
//
// A plugin makes its metrics in Init, through the Metrics of its instance, and only updates them afterwards. No method
// of this package fails, blocks or panics, and all of them may be called from any goroutine.
package metric

// Registry makes metrics. The same name twice gives the same metric; a name that is taken by a metric of another kind
// gives one that counts for itself and is not shown.
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

// Counter is a sum that only grows. Negative and NaN deltas are ignored.
type Counter interface {
	// Add adds delta to the series with these label values. Missing values are empty and values too many are ignored,
	// so that a counter with label names may be used without giving any.
	Add(delta float64, labelValues ...string)
	// With returns the series with these label values, found once, for updates that look nothing up.
	With(labelValues ...string) Counter
}

// Gauge is a value that goes up and down.
type Gauge interface {
	Set(value float64, labelValues ...string)
	Add(delta float64, labelValues ...string)
	With(labelValues ...string) Gauge
}

// Histogram counts observations in buckets, and keeps their sum. NaN is ignored.
type Histogram interface {
	Observe(value float64, labelValues ...string)
	With(labelValues ...string) Histogram
}
