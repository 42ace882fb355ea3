package metric_test

import (
	"fmt"

	"github.com/calyptia/plugin/metric"
)

// A plugin gets its registry as the Metrics of its instance. In a test of its own it may be a Memory.
func Example() {
	var registry metric.Memory
	sent := registry.NewCounter("sent_total", "Requests sent", "status") // in Init
	open := registry.NewGauge("connections", "Open connections")
	took := registry.NewHistogram("request_seconds", "Time of a request", metric.DefaultBuckets)

	ok := sent.With("200") // found once
	ok.Add(1)
	ok.Add(1)
	sent.Add(1, "503")
	open.Set(4)
	took.Observe(0.03)

	for _, s := range registry.Snapshot() {
		fmt.Println(s.Name, s.LabelValues, s.Value, s.Count)
	}
	// Output:
	// connections [] 4 0
	// request_seconds [] 0.03 1
	// sent_total [200] 2 0
	// sent_total [503] 1 0
}
