// Command out_panic is an output whose methods panic, or return an error, if they are told to.
package main

import (
	"context"
	"errors"

	"github.com/calyptia/plugin"
)

func init() {
	plugin.RegisterOutput("panic", "Panics where it is told to", &output{})
}

func main() {}

type settings struct {
	In   string `flb:"in" desc:"Method that panics"`
	Fail string `flb:"fail" desc:"Method that returns an error; Drop for a Flush that gives up"`
}

func (s *settings) Validate() error { s.panicIn("Validate"); return nil }

func (s *settings) panicIn(method string) {
	if s.In == method {
		var none *settings
		none.In = method // a fault of the processor's, which Go turns into a panic
	}
}

func (s *settings) failIn(method string) error {
	if s.Fail == method {
		return errors.New("told to fail")
	}
	return nil
}

type output struct{ conf settings }

func (o *output) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	o.conf = fbit.Conf
	o.conf.panicIn("Init")
	return o.conf.failIn("Init")
}

func (o *output) Flush(_ context.Context, batch *plugin.Batch[map[string]any]) error {
	for _, err := range batch.Events() {
		if err != nil {
			return err
		}
		o.conf.panicIn("Flush")
	}
	if err := o.conf.failIn("Drop"); err != nil {
		return plugin.Drop(err)
	}
	return o.conf.failIn("Flush")
}

func (o *output) Close(context.Context) error {
	o.conf.panicIn("Close")
	return o.conf.failIn("Close")
}
