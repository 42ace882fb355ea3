// Command stream is an input that sends records of shape S as fast as they are taken.
package main

import (
	"context"

	"github.com/calyptia/plugin"
)

func init() { plugin.RegisterInput("stream", "Records without end", new(stream)) }

func main() {}

type settings struct {
	Slice int `flb:"slice" default:"64" validate:"min=1" desc:"Records sent at once"`
}

type small struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	Host    string `json:"host"`
	Status  int    `json:"status"`
}

type stream struct{ slice int }

func (s *stream) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	s.slice = fbit.Conf.Slice
	return nil
}

func (s *stream) Collect(ctx context.Context, ch chan<- plugin.Event[[]small]) error {
	records := make([]small, s.slice)
	for i := range records {
		records[i] = small{"info", "GET /index.html done", "web-01.example.com", 200}
	}
	for {
		select {
		case ch <- plugin.Event[[]small]{Record: records}:
		case <-ctx.Done():
			return nil
		}
	}
}
