// Command in_heartbeat is about the smallest typed input: it says that this machine is alive.
//
//	go run ./cmd/flbgo run --for 5s examples/in_heartbeat
package main

import (
	"context"
	"os"
	"time"

	"github.com/calyptia/plugin"
)

func init() { plugin.RegisterInput("heartbeat", "A sign of life from this machine", &heartbeat{}) }

func main() {}

type config struct {
	Interval time.Duration `flb:"interval" default:"1s" validate:"min=10ms" desc:"Time between beats"`
	Role     string        `flb:"role" validate:"required,oneof=web db cache" desc:"What the machine is for"`
}

type beat struct {
	Host   string  `json:"host"`
	Role   string  `json:"role"`
	Uptime float64 `json:"uptime_seconds"`
}

type heartbeat struct{ conf config }

func (h *heartbeat) Init(_ context.Context, fbit *plugin.Instance[config]) error {
	h.conf = fbit.Conf
	return nil
}

func (h *heartbeat) Collect(ctx context.Context, ch chan<- plugin.Event[beat]) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	for start := time.Now(); ; {
		select {
		case ch <- plugin.Event[beat]{Record: beat{host, h.conf.Role, time.Since(start).Seconds()}}:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(h.conf.Interval):
		case <-ctx.Done():
			return nil
		}
	}
}
