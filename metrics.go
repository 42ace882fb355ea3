package plugin

import "github.com/calyptia/plugin/metric"

// sectionMetrics are the library's own of every section, beside those that its author makes. They are updated per piece or
// chunk, never per record.
type sectionMetrics struct {
	records  metric.Counter
	bytes    metric.Counter
	rejected metric.Counter
	panics   metric.Counter
}

type inputMetrics struct {
	buffered metric.Gauge
	refused  metric.Counter
	restarts metric.Counter
}

type outputMetrics struct {
	retries  metric.Counter
	partials metric.Counter
	dropped  metric.Counter
	late     metric.Counter
	duration metric.Histogram
}

func newInputMetrics(r Metrics) (sectionMetrics, inputMetrics) {
	return sectionMetrics{
			records:  r.NewCounter("records_total", "Records that the engine has taken"),
			bytes:    r.NewCounter("bytes_total", "Encoded bytes that the engine has taken"),
			rejected: r.NewCounter("rejected_records_total", "Records that could not be encoded"),
			panics:   r.NewCounter("panics_total", "Panics of the plugin"),
		}, inputMetrics{
			buffered: r.NewGauge("buffer_bytes", "Bytes that wait for the engine"),
			refused:  r.NewCounter("refused_appends_total", "Times that the engine has not taken what it was given"),
			restarts: r.NewCounter("collect_restarts_total", "Calls of Collect after an error or panic"),
		}
}

func newOutputMetrics(r Metrics) (sectionMetrics, outputMetrics) {
	return sectionMetrics{
			records:  r.NewCounter("records_total", "Records that were delivered"),
			bytes:    r.NewCounter("bytes_total", "Bytes of chunks that were delivered"),
			rejected: r.NewCounter("rejected_records_total", "Records of delivered chunks that did not fit the plugin's record type"),
			panics:   r.NewCounter("panics_total", "Panics of the plugin"),
		}, outputMetrics{
			retries:  r.NewCounter("retries_total", "Chunks, or parts of them, that the engine was asked to try again"),
			partials: r.NewCounter("partial_deliveries_total", "Retries of which some events were delivered"),
			dropped:  r.NewCounter("dropped_chunks_total", "Chunks that were given up"),
			late:     r.NewCounter("late_flushes_total", "Calls of Flush that did not return in time"),
			duration: r.NewHistogram("flush_duration_seconds", "Time that Flush took", nil),
		}
}
