package plugin_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/metric"
	"github.com/google/go-cmp/cmp"
)

// classic is the untyped plugin of old, with a pointer receiver and a value receiver.
type classic struct {
	foo     string
	counter metric.Counter
}

func (p *classic) Init(ctx context.Context, fbit *plugin.Fluentbit) error {
	p.foo = fbit.Conf.String("foo")
	p.counter = fbit.Metrics.NewCounter("example_metric_total", "Total number of example metrics", "go-test-input-plugin")
	return nil
}

func (p classic) Collect(ctx context.Context, ch chan<- plugin.Message) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			p.counter.Add(1)
			ch <- plugin.Message{Time: time.Now(), Record: map[string]string{"message": "hello", "foo": p.foo}}
		}
	}
}

func TestClassicContract(t *testing.T) {
	t.Parallel()
	p := capture(t, func() {
		plugin.RegisterInput("go-test-input-plugin", "Golang input plugin for testing", &classic{})
	})
	synctest.Test(t, func(t *testing.T) {
		host := &proxytest.Host{Section: "go-test-input-plugin.0", Properties: map[string]string{"foo": "bar"}}
		var engine proxytest.Engine
		in := p.NewInput()
		if err := in.Init(host); err != nil {
			t.Fatal(err)
		}
		in.Start()
		time.Sleep(2500 * time.Millisecond) // of virtual time
		in.Collect(engine.Append)
		in.Pause(engine.Append)
		in.Exit()

		want := []map[string]any{{"message": "hello", "foo": "bar"}, {"message": "hello", "foo": "bar"}}
		if diff := cmp.Diff(want, records(t, engine.Events(""))); diff != "" {
			t.Errorf("records (-want +got)\n%s", diff)
		}
		if got := host.Registry.Snapshot()[0].Value; got != 2 {
			t.Errorf("example_metric_total = %v, want 2", got)
		}
	})
}

// capture registers without touching the registration of the test binary.
func capture(t *testing.T, register func()) *proxy.Plugin {
	t.Helper()
	p, err := proxy.Capture(register)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
