// Command goplugin is an input with the mistake that it is linked with: -ldflags "-X main.mistake=two".
package main

import (
	"context"
	"errors"
	"time"

	"github.com/calyptia/plugin"
)

var mistake string

func init() {
	switch mistake {
	case "nothing":
	case "two":
		plugin.RegisterInput("first", "", &input[struct{}]{})
		plugin.RegisterInput("second", "", &input[struct{}]{})
	case "reserved":
		plugin.RegisterInput("reserved", "", &input[reserved]{})
	default:
		plugin.RegisterInput("good", "Nothing, well", &input[config]{})
	}
}

func main() {}

type config struct {
	Role string `flb:"role" validate:"required"`
}

type reserved struct {
	Tag string `flb:"tag"`
}

type input[C any] struct{}

func (*input[C]) Init(_ context.Context, fbit *plugin.Instance[C]) error {
	conf, _ := any(fbit.Conf).(config)
	switch conf.Role {
	case "panic":
		panic("as it was told")
	case "fail":
		return errors.New("as it was told")
	}
	if mistake == "hang" {
		select {}
	}
	return nil
}

func (*input[C]) Collect(ctx context.Context, ch chan<- plugin.Event[map[string]any]) error {
	for {
		select {
		case ch <- plugin.Event[map[string]any]{Record: map[string]any{"message": "hi"}}:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
}
