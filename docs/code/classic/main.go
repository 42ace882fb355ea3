// Command classic is an input as it was written for this library's older, untyped API. It compiles as it was.
// The page ../../from-classic.md goes on from it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/calyptia/plugin"
)

func init() { plugin.RegisterInput("heartbeat", "A sign of life from this machine", &heartbeat{}) }

func main() {}

type heartbeat struct {
	interval time.Duration
	role     string
}

func (h *heartbeat) Init(_ context.Context, fbit *plugin.Fluentbit) error {
	h.interval = time.Second
	if text := fbit.Conf.String("interval"); text != "" {
		var err error
		if h.interval, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("interval: %w", err)
		}
	}
	switch h.role = fbit.Conf.String("role"); h.role {
	case "web", "db", "cache":
		return nil
	}
	return errors.New("role: want web, db or cache")
}

func (h *heartbeat) Collect(ctx context.Context, ch chan<- plugin.Message) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	tick := time.NewTicker(h.interval)
	defer tick.Stop()
	for start := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			ch <- plugin.Message{Time: now, Record: map[string]any{
				"host":           host,
				"role":           h.role,
				"uptime_seconds": time.Since(start).Seconds(),
			}}
		}
	}
}
