package metric_test

import (
	"fmt"
	"time"

	"github.com/calyptia/plugin/metric"
)

// A counter with a label is one sum for each of its values.
func ExampleCounter() {
	var registry metric.Memory // in a plugin, fbit.Metrics
	requests := registry.NewCounter("requests_total", "Requests", "method", "status")
	requests.Add(1, "GET", "200")
	requests.Add(3, "GET", "503")
	requests.Add(-1, "GET", "200") // ignored: it only grows
	requests.Add(1, "POST")        // a value that is missing is empty
	for _, s := range registry.Snapshot() {
		fmt.Printf("%q %v\n", s.LabelValues, s.Value)
	}
	// Output:
	// ["GET" "200"] 1
	// ["GET" "503"] 3
	// ["POST" ""] 1
}

// What is counted for each record is looked up once, in Init.
func ExampleCounter_With() {
	var registry metric.Memory
	records := registry.NewCounter("records_total", "Records", "level")
	byLevel := map[string]metric.Counter{
		"info":  records.With("info"), // shown from now on, with 0
		"error": records.With("error"),
	}
	for range 1000 {
		byLevel["info"].Add(1)
	}
	byLevel["debug"].Add(1) // a zero Counter counts nothing
	for _, s := range registry.Snapshot() {
		fmt.Println(s.LabelValues, s.Value)
	}
	// Output:
	// [error] 0
	// [info] 1000
}

// A gauge is set to what is, or moved by what changes.
func ExampleGauge() {
	var registry metric.Memory
	lag := registry.NewGauge("lag_seconds", "Age of the last record", "partition")
	open := registry.NewGauge("connections", "Open connections")
	lag.Set((90 * time.Second).Seconds(), "0")
	for range 3 {
		open.Add(1)
	}
	open.Add(-1)
	for _, s := range registry.Snapshot() {
		fmt.Println(s.Name, s.LabelValues, s.Value)
	}
	// Output:
	// connections [] 2
	// lag_seconds [0] 90
}

// Buckets fit what is measured: here bytes, not seconds.
func ExampleHistogram() {
	var registry metric.Memory
	sizes := registry.NewHistogram("body_bytes", "Size of a request", []float64{1e3, 1e6})
	for _, n := range []int{200, 999, 40_000, 7_000_000} {
		sizes.Observe(float64(n))
	}
	s := registry.Snapshot()[0]
	for i, bound := range s.Bounds {
		fmt.Println(s.Buckets[i], "of up to", bound)
	}
	fmt.Println(s.Count, "in all, of", s.Value/float64(s.Count), "on average")
	// Output:
	// 2 of up to 1000
	// 3 of up to 1e+06
	// 4 in all, of 1.76029975e+06 on average
}

// Times go into a histogram in seconds, for which there are default buckets.
func ExampleHistogram_Observe() {
	var registry metric.Memory
	took := registry.NewHistogram("request_seconds", "Time of a request", metric.DefaultBuckets, "status")
	begin := time.Now()
	// … the request
	took.Observe(time.Since(begin).Seconds(), "200")
	s := registry.Snapshot()[0]
	fmt.Println(s.Kind, s.LabelNames, s.LabelValues, s.Count)
	// Output: histogram [status] [200] 1
}
