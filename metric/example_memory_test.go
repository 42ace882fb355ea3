package metric_test

import (
	"fmt"

	"github.com/calyptia/plugin/metric"
)

// client is a part of a plugin that keeps metrics. It is made with fbit.Metrics, and in its test with a Memory.
type client struct{ retries metric.Counter }

func newClient(metrics metric.Registry) *client {
	return &client{metrics.NewCounter("retries_total", "Requests that were tried again")}
}

func (c *client) send(tries int) { c.retries.Add(float64(tries - 1)) }

func ExampleRegistry() {
	var metrics metric.Memory
	c := newClient(&metrics)
	c.send(1)
	c.send(3)
	fmt.Println(metrics.Snapshot()[0].Value)
	// Output: 2
}

// Nothing in making a metric fails. Warn tells what was wrong.
func ExampleMemory() {
	metrics := metric.Memory{Warn: func(problem string) { fmt.Println(problem) }}
	metrics.NewGauge("queue length", "Requests that wait").Set(5)
	metrics.NewHistogram("queue_length", "Requests that wait", nil).Observe(5)
	for _, s := range metrics.Snapshot() {
		fmt.Println(s.Name, s.Kind, s.Value)
	}
	// Output:
	// metric "queue length": the name becomes "queue_length" (want letters, digits, _ and :, and no digit first)
	// metric "queue_length": is a gauge already, so that this histogram is not shown
	// queue_length gauge 5
}

// A test compares what a plugin has counted with what it should.
func ExampleMemory_Snapshot() {
	var metrics metric.Memory
	sent := metrics.NewCounter("sent_total", "Requests sent", "status")
	sent.Add(2, "200")
	sent.Add(1, "503")

	got := map[string]float64{}
	for _, s := range metrics.Snapshot() {
		got[s.Name+" "+s.LabelValues[0]] = s.Value
	}
	fmt.Println(got)
	// Output: map[sent_total 200:2 sent_total 503:1]
}
