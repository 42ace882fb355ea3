//go:build linux

package chost

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a plugin sets arrives before its Init returns; the engine's refusals are the host's.
func TestMetrics(t *testing.T) {
	t.Parallel()
	forGenerations(t, func(t *testing.T, g Generation) {
		var got []Metric
		r := start(t, Options{Generation: g, Metric: func(m Metric) { got = append(got, m) }})
		o := r.output(r.load(bad(t, "out_metrics", "none")), "m.0", 0)
		r.flush(o, "t", "x")
		r.must(o.Exit())
		depth := []Label{{"text", strings.Repeat("x", 10000)}}
		want := []Metric{
			{Kind: Counter, Name: "fluentbit_plugin_requests_total", Help: "Requests", Value: 3, Labels: []Label{{"code", "200"}}},
			{Kind: Counter, Name: "fluentbit_plugin_requests_total", Help: "Requests", Value: 1, Labels: []Label{{"code", "500"}, {"host", "a"}}},
			{Kind: Counter, Name: "fluentbit_plugin_requests_total", Help: "Requests", Value: 7},
			{Kind: Gauge, Name: "depth", Help: "Depth", Value: -2.5, Labels: depth},
			{Kind: Gauge, Name: "depth", Help: "Depth", Value: -3, Labels: depth},
			{Kind: Histogram, Name: "a_b_c", Help: "d", Value: 5.65, Count: 4, Bounds: []float64{0.1, 1}, Buckets: []uint64{2, 3, 4}},
		}
		for i := range want {
			want[i].Instance = o.ID()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
		wantLog := []string{"found 9", "same cmt 1", "rise 0", "fall -1", "other 0", "too few labels -1", "no labels 0", "gauge 0",
			"gauge falls 0", "histogram 0", "made 0 0 0 0 0 0 0", "own: worker 1", "flush: worker 1"}
		if diff := cmp.Diff(wantLog, r.logged("")); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if got := r.closed(); got != nil {
			t.Errorf("faults = %q, want none", got)
		}
		if got, want := r.stdout.String(), "[ info] foreign: worker 0\n"; got != want {
			t.Errorf("standard error = %q, want %q", got, want)
		}
	})
}

func TestMetricsHiddenSymbols(t *testing.T) {
	t.Parallel()
	r := start(t, Options{HideSymbols: true})
	r.output(r.load(bad(t, "out_metrics", "none")), "m.0", 0)
	if diff := cmp.Diff([]string{"found 0"}, r.logged("")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// What is called with metrics that are not alive is reported, and refused.
func TestFaultsOfMetrics(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ bug, log, want string }{
		{"late set", "late set -1", "FLBPluginUnregister called cmt_counter_set with metrics that are not alive"},
		{"late create", "late create 0", "FLBPluginUnregister called cmt_gauge_create with metrics that are not alive"},
		{"wrong kind", "wrong kind -1", "FLBPluginFlushCtx called cmt_gauge_set with metrics that are not alive"},
		{"no metric", "no metric -1", "a plugin: FLBPluginFlushCtx called cmt_gauge_set with metrics that are not alive"},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			t.Parallel()
			var after int
			r := start(t, Options{Metric: func(m Metric) { after++ }})
			path := bad(t, "out_metrics", tt.bug)
			lib := r.load(path)
			o := r.output(lib, "m.0", 0)
			before := after
			r.flush(o, "t", "x")
			r.must(o.Exit())
			r.must(r.Unload(lib))
			want := tt.want
			if !strings.HasPrefix(want, "a plugin") {
				want = filepath.Base(path) + ": " + want
			}
			if diff := cmp.Diff([]string{want}, r.closed()); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if len(r.logged(tt.log)) != 1 || after != before {
				t.Errorf("log = %q and %d metrics, want %q and none", r.logged(""), after-before, tt.log)
			}
		})
	}
}
