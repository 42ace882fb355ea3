// Command out_settings is an output with properties to get wrong. It counts the events it gets.
package main

import (
	"context"
	"log/slog"

	"github.com/calyptia/plugin"
)

func init() {
	plugin.RegisterOutput("settings", "Properties to get wrong", &output{})
}

func main() {}

type settings struct {
	Endpoint string `flb:"endpoint" validate:"required" desc:"Where events would go"`
	Compress bool   `flb:"compress" desc:"Whether they would be compressed"`
	Batch    int    `flb:"batch_size" default:"500" validate:"min=1,max=10000" desc:"Events at a time"`
	Color    string `flb:"lineColor" validate:"omitempty,oneof=red green" desc:"Of a line"`
}

type output struct{ logger *slog.Logger }

func (o *output) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	o.logger = fbit.Logger
	return nil
}

func (o *output) Flush(_ context.Context, batch *plugin.Batch[map[string]any]) error {
	o.logger.Info("got", "events", batch.Len())
	return nil
}
