package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/cshared"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads a text of metrics as Prometheus does: values, or what histograms hold, by kind and series.
func scrape(t *testing.T, url string) (map[string]string, error) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	all := make(map[string]string)
	for name, family := range families {
		for _, m := range family.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			value := fmt.Sprint(m.Counter.GetValue() + m.Gauge.GetValue()) // of the one that it is not: 0
			if h := m.Histogram; h != nil {
				value = fmt.Sprintf("sum %.6g count %d", h.GetSampleSum(), h.GetSampleCount())
				for _, bucket := range h.Bucket {
					value += fmt.Sprintf(" %v:%d", bucket.GetUpperBound(), bucket.GetCumulativeCount())
				}
			}
			all[fmt.Sprintf("%s %s{%s}", family.GetType(), name, strings.Join(labels, ","))] = value
		}
	}
	return all, nil
}

func TestCollector(t *testing.T) {
	t.Parallel()
	label := func(name, value string) []chost.Label { return []chost.Label{{Name: name, Value: value}} }
	tests := []struct {
		name    string
		metrics []chost.Metric
		want    map[string]string
	}{
		{"nothing", nil, map[string]string{}},
		{"one of each kind", []chost.Metric{
			{Kind: chost.Counter, Name: "a_total", Help: "a\nb", Value: 1.5, Labels: label("l", "say \"hi\"\n\\")},
			{Kind: chost.Gauge, Name: "b", Help: "h", Value: -2},
			{Kind: chost.Histogram, Name: "c", Help: "h", Value: 5.65, Count: 4, Bounds: []float64{0.1, 1}, Buckets: []uint64{2, 3, 4}},
		}, map[string]string{
			`COUNTER a_total{l="say \"hi\"\n\\"}`: "1.5", "GAUGE b{}": "-2", "HISTOGRAM c{}": "sum 5.65 count 4 0.1:2 1:3 +Inf:4",
		}},
		{"help texts that differ", []chost.Metric{
			{Kind: chost.Gauge, Name: "a", Help: "x", Labels: label("l", "1")}, {Kind: chost.Gauge, Name: "a", Help: "y", Labels: label("l", "2")},
		}, map[string]string{`GAUGE a{l="1"}`: "0", `GAUGE a{l="2"}`: "0"}},
		{"kinds that differ", []chost.Metric{
			{Kind: chost.Gauge, Name: "a", Help: "x"}, {Kind: chost.Counter, Name: "a", Help: "x", Labels: label("l", "2")},
		}, map[string]string{"GAUGE a{}": "0"}},
		{"labels that differ", []chost.Metric{
			{Kind: chost.Gauge, Name: "a", Help: "x"}, {Kind: chost.Gauge, Name: "a", Help: "x", Labels: label("l", "2")},
		}, map[string]string{"GAUGE a{}": "0", `GAUGE a{l="2"}`: "0"}},
		{"a label of no text", []chost.Metric{{Kind: chost.Gauge, Name: "a", Help: "x", Labels: label("l", "\xff")}},
			map[string]string{"GAUGE a{l=\"\ufffd\"}": "0"}},
		{"labels of one name", []chost.Metric{
			{Kind: chost.Gauge, Name: "a", Help: "x", Labels: append(label("l", "1"), label("l", "2")...)}, {Kind: chost.Gauge, Name: "b", Help: "x"},
		}, map[string]string{"GAUGE b{}": "0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler(func() []chost.Metric { return tt.metrics }))
			defer server.Close()
			got, err := scrape(t, server.URL+"/metrics")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// plugin builds the library of a plugin into dir.
func plugin(t *testing.T, dir, folder string) {
	t.Helper()
	if err := cshared.Unavailable(); err != nil {
		t.Skip(err)
	}
	if err := cshared.Build(t.Context(), folder, filepath.Join(dir, filepath.Base(folder)+".so")); err != nil {
		t.Fatal(err)
	}
}

const measuredInputs = "[INPUT]\n  name go-test-input-plugin\n[INPUT]\n  name go-test-input-plugin\n[INPUT]\n  name talker\n  alias me\n"

// Metrics of a run are served at both paths, change, are apart for each section, and end with the run.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dir := folder(t, "fluent-bit.conf", "[SERVICE]\n  plugins_file plugins.conf\n"+measuredInputs+"[OUTPUT]\n  name null\n  match *\n",
		"plugins.conf", "[PLUGINS]\n  path ./in_dummy.so\n  path ./in_talker.so\n")
	plugin(t, dir, "../../examples/in_dummy")
	plugin(t, dir, "../../internal/e2e/testdata/in_talker")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := call{dir: dir}.command(ctx, "run", "--metrics", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, log := metricsURL(stderr)
	counters := func() (float64, float64, map[string]string) { return exampleCounters(t, url) }
	first, second, _ := until(ctx, t, counters, func(a, b float64) bool { return a > 0 && b > 0 })
	_, _, all := until(ctx, t, counters, func(a, b float64) bool { return a > first && b > second })
	checkTalker(t, all)
	again, err := scrape(t, strings.TrimSuffix(url, "/metrics")+"/api/v2/metrics/prometheus")
	if err != nil || len(again) != len(all) {
		t.Errorf("Fluent Bit's path has %d series, %v, want %d", len(again), err, len(all))
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	if text := <-log; cmd.Wait() != nil || ctx.Err() != nil {
		t.Errorf("flbgo ended with %v:\n%s", cmd.ProcessState, text)
	}
}

// metricsURL reads what flbgo says until it says where the metrics are; log is all that it says after that.
func metricsURL(stderr io.Reader) (url string, log <-chan string) {
	lines, rest := bufio.NewReader(stderr), make(chan string, 1)
	line, err := "", error(nil)
	for found := false; !found && err == nil; {
		line, err = lines.ReadString('\n')
		_, url, found = strings.Cut(strings.TrimSpace(line), "metrics at ")
	}
	go func() {
		text, _ := io.ReadAll(lines)
		rest <- string(text)
	}()
	return url, rest
}

// exampleCounters are those of in_dummy's two sections, 0 if they are not there yet, and all else that there is.
func exampleCounters(t *testing.T, url string) (first, second float64, all map[string]string) {
	t.Helper()
	all, err := scrape(t, url)
	if err != nil {
		t.Fatal(err)
	}
	get := func(section string) float64 {
		v, _ := strconv.ParseFloat(all[fmt.Sprintf("COUNTER fluentbit_plugin_example_metric_total{name=%q}", section)], 64)
		return v
	}
	return get("go-test-input-plugin.0"), get("go-test-input-plugin.1"), all
}

func until(ctx context.Context, t *testing.T, read func() (float64, float64, map[string]string), done func(a, b float64) bool) (
	a, b float64, all map[string]string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for a, b, all = read(); !done(a, b); a, b, all = read() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("counters stay at %v and %v; all metrics: %v", a, b, all)
		}
	}
	return a, b, all
}

func checkTalker(t *testing.T, all map[string]string) {
	t.Helper()
	for series, want := range map[string]string{
		`COUNTER fluentbit_plugin_requests_total{code="200",name="me"}`:        "3",
		`COUNTER fluentbit_plugin_requests_total{code="say \"hi\"",name="me"}`: "1",
		`COUNTER fluentbit_plugin_late_total{name="me",when="now"}`:            "1",
		`GAUGE fluentbit_plugin_depth{name="me"}`:                              "-2.5",
		`HISTOGRAM fluentbit_plugin_latency_seconds{name="me"}`:                "sum 5.65 count 4 0.1:2 1:3 +Inf:4",
	} {
		if got := all[series]; got != want {
			t.Errorf("%s = %q, want %q; all: %v", series, got, want, all)
		}
	}
}

func TestMetricsAddressInUse(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got := call{dir: folder(t, "fluent-bit.conf", dummyInput+stdoutOutput)}.flbgo(t, "run", "--metrics", listener.Addr().String())
	got.check(t, 1, "--metrics: listen tcp "+listener.Addr().String()+": bind: ")
}
