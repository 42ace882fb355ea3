package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/metric"
)

// What Init needs is in its instance.
func ExampleInstance() {
	type Config struct {
		Server  string        `flb:"server" validate:"required,hostname_port" desc:"Where to send"`
		Timeout time.Duration `flb:"timeout" default:"10s" desc:"Per request"`
	}
	var client *http.Client // in a plugin, a field of it
	initialize(host("server", "localhost:8080"), func(_ context.Context, fbit *plugin.Instance[Config]) error {
		client = &http.Client{Timeout: fbit.Conf.Timeout}
		fbit.Logger.Info("sending", "to", fbit.Conf.Server)
		return nil
	})
	fmt.Println(client.Timeout)
	// Output:
	// INFO [test.0] sending to=localhost:8080
	// 10s
}

// Two sections of one plugin have two names, so that what they keep has too.
func ExampleInstance_Name() {
	initialize(host(), func(_ context.Context, fbit *plugin.Instance[struct{}]) error {
		fmt.Println(fbit.Name() + ".position")
		return nil
	})
	// Output: test.0.position
}

// Metrics are made in Init, and kept in fields of the plugin.
func ExampleMetrics() {
	var sent, refused metric.Counter
	section := host()
	initialize(section, func(_ context.Context, fbit *plugin.Instance[struct{}]) error {
		requests := fbit.Metrics.NewCounter("requests_total", "Requests to the API", "status")
		sent, refused = requests.With("ok"), requests.With("refused")
		return nil
	})
	sent.Add(1) // in Flush
	sent.Add(1)
	refused.Add(1)
	for _, s := range section.Plugin.Snapshot() { // what the engine shows
		fmt.Printf("fluentbit_plugin_%s{name=%q,status=%q} %v\n", s.Name, section.Name(), s.LabelValues[0], s.Value)
	}
	// Output:
	// fluentbit_plugin_requests_total{name="test.0",status="ok"} 2
	// fluentbit_plugin_requests_total{name="test.0",status="refused"} 1
}

// Raw properties are text, "" if not set. Package config has the parsers that typed plugins use.
func ExampleConfigLoader() {
	initialize(host("timeout", "soon"), func(_ context.Context, fbit *plugin.Fluentbit) error {
		server := fbit.Conf.String("server")
		if server == "" {
			server = "localhost:8080"
		}
		timeout, err := config.ParseDuration(fbit.Conf.String("timeout"))
		if err != nil {
			return fmt.Errorf("timeout: %w", err)
		}
		fbit.Logger.Info("sending", "to", server, "timeout", timeout)
		return nil
	})
	// Output: plugin: output "test.0": timeout: config: "soon" is not a duration (want 500ms, 10s, 1m or a number of seconds)
}

// initialize is the engine of an output that is its Init: it prints the log, or why the section is refused.
func initialize[C any](section *proxytest.Host, init func(context.Context, *plugin.Instance[C]) error) {
	p, err := proxy.Capture(func() { plugin.RegisterOutput("out", "", &initOutput[C]{init}) })
	if err == nil {
		err = p.NewOutput().Init(section)
	}
	if err != nil {
		fmt.Println(err)
	}
	for _, line := range section.Lines() {
		fmt.Println(line)
	}
}

type initOutput[C any] struct {
	init func(context.Context, *plugin.Instance[C]) error
}

func (o *initOutput[C]) Init(ctx context.Context, fbit *plugin.Instance[C]) error {
	return o.init(ctx, fbit)
}
func (o *initOutput[C]) Flush(context.Context, *plugin.Batch[any]) error {
	return errors.ErrUnsupported
}
