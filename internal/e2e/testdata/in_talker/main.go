// Command in_talker is an input that logs from many goroutines, also while it exits and afterwards, and keeps metrics of each
// kind.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/calyptia/plugin"
)

func init() { plugin.RegisterInput("talker", "Logs a lot", new(talker)) }

func main() {}

type settings struct {
	Goroutines int  `flb:"goroutines" default:"1" validate:"min=1" desc:"Goroutines that log"`
	Lines      int  `flb:"lines" default:"1" validate:"min=0" desc:"Lines that each logs; another at debug level for each"`
	Endless    bool `flb:"endless" desc:"Whether to go on until the exit, and after it"`
}

type talker struct {
	conf settings
	fbit *plugin.Instance[settings]
	life int64
}

func (t *talker) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	t.conf, t.fbit, t.life = fbit.Conf, fbit, time.Now().UnixNano()
	requests := fbit.Metrics.NewCounter("requests_total", "Requests, by code", "code")
	requests.Add(3, "200")
	requests.Add(1, `say "hi"`)
	latency := fbit.Metrics.NewHistogram("latency_seconds", "Latency", []float64{0.1, 1})
	for _, v := range []float64{0.05, 0.5, 5, 0.1} {
		latency.Observe(v)
	}
	fbit.Metrics.NewGauge("depth", "Depth of the queue").Set(-2.5)
	return nil
}

func (t *talker) Collect(ctx context.Context, ch chan<- plugin.Event[map[string]any]) error {
	late := t.fbit.Metrics.NewCounter("late_total", "Made after Init", "when")
	late.Add(1, "now")
	var all sync.WaitGroup
	for g := range t.conf.Goroutines {
		all.Go(func() {
			for n := 0; n < t.conf.Lines || t.conf.Endless; n++ {
				t.fbit.Logger.Info("line", "life", t.life, "goroutine", g, "n", n, "end", "<")
				if t.conf.Endless {
					time.Sleep(100 * time.Microsecond)
				}
				t.fbit.Logger.Debug("debug line", "life", t.life, "goroutine", g, "n", n, "end", "<")
			}
		})
	}
	if t.conf.Endless {
		<-ctx.Done()
		return nil
	}
	all.Wait()
	t.fbit.Logger.Info(fmt.Sprintf("all said, %d", t.conf.Goroutines*t.conf.Lines))
	return nil
}
