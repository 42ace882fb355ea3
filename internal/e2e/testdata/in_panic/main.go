// Command in_panic is an input whose methods panic, or return an error, if they are told to. It sends one record.
package main

import (
	"context"
	"errors"

	"github.com/calyptia/plugin"
)

func init() {
	plugin.RegisterInput("panic", "Panics where it is told to", &input{})
}

func main() {}

type settings struct {
	In   string `flb:"in" desc:"Method that panics"`
	Fail bool   `flb:"fail" desc:"Init returns an error"`
}

func (s *settings) Validate() error { s.panicIn("Validate"); return nil }

func (s *settings) panicIn(method string) {
	if s.In == method {
		var none *settings
		none.In = method // a fault of the processor's, which Go turns into a panic
	}
}

type input struct{ conf settings }

func (in *input) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	in.conf = fbit.Conf
	in.conf.panicIn("Init")
	if in.conf.Fail {
		return errors.New("told to fail")
	}
	return nil
}

func (in *input) Collect(ctx context.Context, ch chan<- plugin.Event[map[string]string]) error {
	in.conf.panicIn("Collect")
	select {
	case ch <- plugin.Event[map[string]string]{
		Record:   map[string]string{"panics": in.conf.In},
		Accepted: func() { in.conf.panicIn("Accepted") },
	}:
	case <-ctx.Done():
	}
	return nil
}

func (in *input) Paused(bool) { in.conf.panicIn("Paused") }

func (in *input) Close(context.Context) error { in.conf.panicIn("Close"); return nil }
