package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricPaths are where metrics are served; the second one is Fluent Bit's.
var metricPaths = []string{"/metrics", "/api/v2/metrics/prometheus"}

// serveMetrics serves metrics at an address until stop is called.
func serveMetrics(s *session, address string, metrics collector) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	server := &http.Server{Handler: handler(metrics), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is closed
	s.term.note("metrics at http://%s%s", listener.Addr(), metricPaths[0])
	return func() { _ = server.Close() }, nil
}

func handler(metrics collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics) // which it refuses of collectors that describe themselves only
	mux := http.NewServeMux()
	for _, path := range metricPaths {
		mux.Handle("GET "+path, promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	}
	return mux
}

// collector gives the metrics that a function returns, sorted by name, to Prometheus's handler.
type collector func() []chost.Metric

// Describe says nothing: what metrics plugins have shows as they set them.
func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(to chan<- prometheus.Metric) {
	var first chost.Metric // of the name: Prometheus wants one kind and one help text
	for _, m := range c() {
		if m.Name != first.Name {
			first = m
		}
		if m.Kind != first.Kind {
			continue
		}
		m.Help = first.Help
		if p, err := constant(m); err == nil {
			to <- p
		}
	}
}

// constant makes a metric of a series; an error says that Prometheus allows no such name.
func constant(m chost.Metric) (prometheus.Metric, error) {
	var names, values []string
	for _, l := range m.Labels {
		names, values = append(names, l.Name), append(values, strings.ToValidUTF8(l.Value, "\ufffd"))
	}
	desc := prometheus.NewDesc(m.Name, m.Help, names, nil)
	switch m.Kind {
	case chost.Counter:
		return prometheus.NewConstMetric(desc, prometheus.CounterValue, m.Value, values...)
	case chost.Gauge:
		return prometheus.NewConstMetric(desc, prometheus.GaugeValue, m.Value, values...)
	}
	buckets := make(map[float64]uint64)
	for i, bound := range m.Bounds {
		buckets[bound] = m.Buckets[i]
	}
	return prometheus.NewConstHistogram(desc, m.Count, m.Value, buckets, values...)
}
