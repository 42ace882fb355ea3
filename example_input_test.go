package plugin_test

import (
	"context"
	"time"

	"github.com/calyptia/plugin"
)

type beatConfig struct {
	Every time.Duration `flb:"every" default:"1s" validate:"min=1ms" desc:"Time between beats"`
	Role  string        `flb:"role" validate:"required,oneof=web db" desc:"What this machine is for"`
}

type beat struct {
	N    int    `json:"n"`
	Role string `json:"role"`
}

type heart struct{ conf beatConfig }

func (h *heart) Init(_ context.Context, fbit *plugin.Instance[beatConfig]) error {
	h.conf = fbit.Conf // bound and validated
	return nil
}

func (h *heart) Collect(ctx context.Context, ch chan<- plugin.Event[beat]) error {
	tick := time.NewTicker(h.conf.Every)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case ch <- plugin.Event[beat]{Record: beat{N: n, Role: h.conf.Role}, Tag: "beat"}:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// In a plugin, register is func init. Here the engine is a function that collects the first event.
func ExampleInputPlugin() {
	register := func() { plugin.RegisterInput("heart", "A sign of life", &heart{}) }
	collectFrom(host("every", "1h", "role", "web"), "beat", 1, register)
	// Output: {"n":1,"role":"web"}
}
