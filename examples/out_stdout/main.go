// Command out_stdout is a small typed output: it prints each event as a JSON line.
//
//	go run ./cmd/flbgo run --for 5s examples/out_stdout
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"

	"github.com/calyptia/plugin"
)

func init() {
	plugin.RegisterOutput("go_stdout", "Events as JSON lines on standard output", &stdout{w: os.Stdout})
}

func main() {}

// stdout has no properties, hence struct{}, and takes every record, hence the map.
type stdout struct {
	w io.Writer
}

func (o *stdout) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }

func (o *stdout) Flush(_ context.Context, batch *plugin.Batch[map[string]any]) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		if err := enc.Encode(map[string]any{"date": ev.Time, "tag": ev.Tag, "record": ev.Record}); err != nil {
			return plugin.Drop(err) // such as a NaN, which JSON does not have: no retry would help
		}
	}
	_, err := o.w.Write(lines.Bytes())
	return err // to be tried again
}
