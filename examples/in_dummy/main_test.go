package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin/plugintest"
)

func TestRegistered(t *testing.T) {
	t.Parallel()
	if kind, name := plugintest.Registered(t); kind != "input" || name != "go-test-input-plugin" {
		t.Errorf("Registered() = %s %q, want input %q", kind, name, "go-test-input-plugin")
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in := plugintest.Input(t, &dummyPlugin{}, plugintest.Properties{"Foo": "bar"})
		in.Run(3500 * time.Millisecond) // of virtual time
		events := plugintest.Events[map[string]string](in)
		if len(events) != 3 {
			t.Fatalf("%d messages, want 3", len(events))
		}
		want := map[string]string{"message": "hello from go-test-input-plugin", "foo": "bar"}
		for n, got := range events {
			if diff := cmp.Diff(want, got.Record); diff != "" {
				t.Errorf("message %d: record (-want +got):\n%s", n, diff)
			}
			if want := start.Add(time.Duration(n+1) * time.Second); !got.Time.Equal(want) {
				t.Errorf("message %d: time = %v, want %v", n, got.Time, want)
			}
		}
		if got := in.Metric("example_metric_total", ""); got != 3 {
			t.Errorf("example_metric_total = %v, want 3", got)
		}
	})
}

var setup = plugintest.Setup{Conf: plugintest.Properties{"foo": "bar"}, Virtual: true}

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.InputConformance(t, &dummyPlugin{}, setup)
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup)
}
