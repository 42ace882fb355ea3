package plugin_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/calyptia/plugin"
)

// poller asks an API that counts its requests, so it asks for nothing that the engine would not take.
type poller struct {
	logger *slog.Logger
	paused atomic.Bool
}

func (p *poller) Init(_ context.Context, fbit *plugin.Instance[struct{}]) error {
	p.logger = fbit.Logger
	return nil
}

// Paused is called by the engine, which waits for it.
func (p *poller) Paused(paused bool) {
	p.paused.Store(paused)
	p.logger.Info("polling", "paused", paused)
}

func (p *poller) Collect(ctx context.Context, ch chan<- plugin.Event[order]) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if p.paused.Load() {
			continue
		}
		select {
		case ch <- plugin.Event[order]{Record: order{ID: 1}}: // the API's answer
		case <-ctx.Done():
			return nil
		}
	}
}

var _ plugin.PauseNotifier = (*poller)(nil)

// The engine pauses an input that is over its mem_buf_limit.
func ExamplePauseNotifier() {
	pauseAndResume(func() { plugin.RegisterInput("poller", "Orders of an API", &poller{}) })
	// Output:
	// INFO [test.0] polling paused=true
	// INFO [test.0] polling paused=false
}
