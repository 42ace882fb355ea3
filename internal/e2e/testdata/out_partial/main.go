// Command out_partial is an output that writes the numbers of in_sequence to a file, a line each, but for a third of each
// batch that it fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/calyptia/plugin"
)

func init() {
	plugin.RegisterOutput("partial", "Fails a third of each batch", &output{}, plugin.Ordered())
}

func main() {}

type settings struct {
	Path string `flb:"path" validate:"required" desc:"File to write to"`
}

type numbered struct {
	N int `json:"n"`
}

type output struct {
	file  *os.File
	turns int
}

func (o *output) Init(_ context.Context, fbit *plugin.Instance[settings]) (err error) {
	o.file, err = os.Create(fbit.Conf.Path)
	return err
}

func (o *output) Flush(_ context.Context, batch *plugin.Batch[numbered]) error {
	var failed []int
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		if (ev.Record.N+o.turns)%3 == 0 {
			failed = append(failed, ev.Index())
			continue
		}
		if _, err := fmt.Fprintln(o.file, ev.Record.N); err != nil {
			return err
		}
	}
	o.turns++
	if failed == nil {
		return nil
	}
	return plugin.Partial(errors.New("told to fail"), failed...)
}

func (o *output) Close(context.Context) error { return o.file.Close() }
