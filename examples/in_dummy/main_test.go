package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/metric"
)

// properties are what Conf of an untyped plugin is.
type properties map[string]string

func (p properties) String(key string) string { return p[key] }

func TestRegistered(t *testing.T) {
	t.Parallel()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind() != "input" || p.Name != "go-test-input-plugin" {
		t.Errorf("Registered() = %s %q, want input %q", p.Kind(), p.Name, "go-test-input-plugin")
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var metrics metric.Memory
		plug := new(dummyPlugin)
		if err := plug.Init(ctx, &plugin.Fluentbit{Conf: properties{"foo": "bar"}, Metrics: &metrics}); err != nil {
			t.Fatal(err)
		}
		ch, done := make(chan plugin.Message), make(chan error, 1)
		start := time.Now()
		go func() { done <- plug.Collect(ctx, ch) }()

		want := map[string]string{"message": "hello from go-test-input-plugin", "foo": "bar"}
		for n := 1; n <= 3; n++ {
			got := <-ch
			if diff := cmp.Diff(any(want), got.Record); diff != "" {
				t.Errorf("message %d: record (-want +got):\n%s", n, diff)
			}
			if want := start.Add(time.Duration(n) * time.Second); !got.Time.Equal(want) {
				t.Errorf("message %d: time = %v, want %v", n, got.Time, want)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Collect() = %v, want nil", err)
		}
		if s := metrics.Snapshot(); len(s) != 1 || s[0].Name != "example_metric_total" || s[0].Value != 3 {
			t.Errorf("metrics = %+v, want example_metric_total at 3", s)
		}
	})
}
