package docs_test

import (
	"context"
	"encoding/json"
	"os"

	"github.com/calyptia/plugin"
)

// classicOutput has the methods of an output of the older API, which this one does not have.
type classicOutput struct{ file *os.File }

func (o *classicOutput) Init(_ context.Context, fbit *plugin.Fluentbit) (err error) {
	o.file, err = os.OpenFile(fbit.Conf.String("path"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return err
}

func (o *classicOutput) Flush(ctx context.Context, ch <-chan plugin.Message) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case msg := <-ch:
			if err := json.NewEncoder(o.file).Encode(msg.Record); err != nil {
				return err
			}
		}
	}
}

type typedOutput struct{ file *os.File }

type fileConfig struct {
	Path string `flb:"path" validate:"required" desc:"File to append to"`
}

func (o *typedOutput) Init(_ context.Context, fbit *plugin.Instance[fileConfig]) (err error) {
	o.file, err = os.OpenFile(fbit.Conf.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return err
}

func (o *typedOutput) Flush(_ context.Context, batch *plugin.Batch[map[string]any]) error {
	enc := json.NewEncoder(o.file)
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		if err := enc.Encode(ev.Record); err != nil {
			return err // all of the chunk comes again
		}
	}
	return nil
}

func (o *typedOutput) Close(context.Context) error { return o.file.Close() }

// Both forms keep compiling.
var (
	_ interface {
		Flush(context.Context, <-chan plugin.Message) error
	} = (*classicOutput)(nil)
	_ plugin.OutputPlugin[fileConfig, map[string]any] = (*typedOutput)(nil)
)
