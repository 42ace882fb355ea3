//go:build unix

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/fluentbit"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads metrics that have to be what Prometheus takes; nil if there is no answer yet.
func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	// Not with http.Get: after a reload nobody answers on a connection to the server before it.
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	if err != nil {
		t.Errorf("metrics are no Prometheus text: %v\n%s", err, text)
	}
	return families
}

// series is the one of a metric with these labels, given as name and value in turn.
func series(families map[string]*dto.MetricFamily, name string, labels ...string) *dto.Metric {
	for _, m := range families[name].GetMetric() {
		has := make(map[string]string)
		for _, l := range m.GetLabel() {
			has[l.GetName()] = l.GetValue()
		}
		same := len(has) == len(labels)/2
		for i := 0; i < len(labels); i += 2 {
			same = same && has[labels[i]] == labels[i+1]
		}
		if same {
			return m
		}
	}
	return nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// The metrics of plugins are in Fluent Bit's own endpoint, series by section, and begin anew with the sections of a reload.
func TestMetricsInFluentBit(t *testing.T) {
	t.Parallel()
	path := fluentbit.ForTest(t, 3, 2, 9) // earlier ones crash in reloads of their own accord
	release, err := fluentbit.ReleaseOf(path)
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("http://127.0.0.1:%d/api/v2/metrics/prometheus", freePort(t))
	const example = "fluentbit_plugin_example_metric_total"
	var now map[string]*dto.MetricFamily
	example0 := func() float64 {
		return series(now, example, "name", "go-test-input-plugin.0").GetCounter().GetValue()
	}
	before := 0.0
	rises := func(least float64) func(*stage) bool {
		return func(*stage) bool {
			now = scrape(t, url)
			return example0() > before && example0() >= least
		}
	}
	s := newStage(t, &scenario{
		service: fmt.Sprintf("    http_server on\n    http_listen 127.0.0.1\n    http_port %s\n    hot_reload on\n", strings.Split(strings.Split(url, ":")[2], "/")[0]),
		conf: `[INPUT]
    name go-test-input-plugin
[INPUT]
    name  go-test-input-plugin
    alias second
[INPUT]
    name  talker
    alias talks
[OUTPUT]
    name   tally
    match  *
    path   tally
`,
		libs: func(t *testing.T, _ string) []string {
			return []string{library(t, "../../examples/in_dummy"), own(t, "in_talker"), own(t, "out_tally")}
		},
		steps: []step{
			{what: "a counter", when: rises(1), then: func(*stage) { before = example0() }},
			{what: "a counter that rises", when: rises(8), then: func(s *stage) {
				wantTalkerMetrics(t, now, release)
				if series(now, example, "name", "second") == nil {
					t.Errorf("no series of the second section: %v", now[example])
				}
				if got := series(now, "fluentbit_go_input_records_total", "name", "second").GetCounter().GetValue(); got < 1 {
					t.Errorf("records of the second section = %v, want some", got)
				}
				if got := series(now, "fluentbit_go_output_flush_duration_seconds", "name", "tally.0").GetHistogram().GetSampleCount(); got < 1 {
					t.Errorf("flushes = %v, want some", got)
				}
				before = example0()
				s.signal(syscall.SIGHUP)
			}},
			{what: "a counter that begins anew", when: func(*stage) bool {
				now = scrape(t, url)
				return example0() > 0 && example0() < before
			}},
		},
	})
	s.playReal(path, nil)
	if s.err != nil || len(s.left) > 0 {
		t.Fatalf("run = %v, steps left: %v\n%s", s.err, s.left, s.output)
	}
}

func wantTalkerMetrics(t *testing.T, families map[string]*dto.MetricFamily, release fluentbit.Release) {
	t.Helper()
	for _, want := range []struct {
		name   string
		labels []string
		value  float64
	}{
		{"fluentbit_plugin_requests_total", []string{"name", "talks", "code", "200"}, 3},
		{"fluentbit_plugin_requests_total", []string{"name", "talks", "code", `say "hi"`}, 1},
		{"fluentbit_plugin_late_total", []string{"name", "talks", "when", "now"}, 1},
		{"fluentbit_plugin_depth", []string{"name", "talks"}, -2.5},
	} {
		m := series(families, want.name, want.labels...)
		if got := m.GetCounter().GetValue() + m.GetGauge().GetValue(); m == nil || got != want.value {
			t.Errorf("%s%v = %v, want %v", want.name, want.labels, m, want.value)
		}
	}
	h := series(families, "fluentbit_plugin_latency_seconds", "name", "talks").GetHistogram()
	if h.GetSampleCount() != 4 || h.GetSampleSum() < 5.64 || h.GetSampleSum() > 5.66 || len(h.GetBucket()) != 3 {
		t.Fatalf("histogram = %v, want 4 observations with a sum of 5.65 in 3 buckets", h)
	}
	counts := []uint64{2, 3, 4}
	if release.Before(fluentbit.Release{5, 0, 0}) {
		counts = counts[:2] // they lose the bucket of +Inf when they merge instances
	}
	for i, want := range counts {
		if got := h.GetBucket()[i].GetCumulativeCount(); got != want {
			t.Errorf("bucket %d = %d, want %d", i, got, want)
		}
	}
}
