package plugin_test

import (
	"context"

	"github.com/calyptia/plugin"
)

// dummy is an untyped input: it reads properties by name and sends maps.
type dummy struct{ foo string }

func (d *dummy) Init(_ context.Context, fbit *plugin.Fluentbit) error {
	d.foo = fbit.Conf.String("foo")
	return nil
}

func (d *dummy) Collect(ctx context.Context, ch chan<- plugin.Message) error {
	select {
	case ch <- plugin.Message{Record: map[string]string{"foo": d.foo}, Tag: "dummy"}:
	case <-ctx.Done():
	}
	return nil
}

// The instance of an untyped plugin.
func ExampleFluentbit() {
	register := func() { plugin.RegisterInput("dummy", "Says foo", &dummy{}) }
	collectFrom(host("foo", "bar"), "dummy", 1, register)
	// Output: {"foo":"bar"}
}
