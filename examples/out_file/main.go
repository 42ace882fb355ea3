// Command out_file is a typed output that appends events to a file, each as one line of JSON:
//
//	{"date":"2026-01-02T15:04:05.123456789Z","tag":"app.web","record":{"message":"GET /","status":200}}
//
// The date is in UTC. Records are written as [record.Raw.AppendJSON] does, straight from the engine's bytes.
//
//	go run ./cmd/flbgo run --for 5s examples/out_file
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

func init() {
	plugin.RegisterOutput("go_file", "Events as JSON lines to a file", &output{})
}

func main() {}

type config struct {
	Path string `flb:"path" validate:"required" desc:"File to append to, made if it is not there"`
}

// line is the form of an event in the file.
type line struct {
	Date   time.Time       `json:"date"`
	Tag    string          `json:"tag"`
	Record json.RawMessage `json:"record"`
}

// output is one [OUTPUT] section.
type output struct {
	mu   sync.Mutex // Flush is called concurrently if the section sets workers above 1
	file *os.File
}

func (o *output) Init(_ context.Context, fbit *plugin.Instance[config]) (err error) {
	o.file, err = os.OpenFile(fbit.Conf.Path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	return err
}

func (o *output) Flush(_ context.Context, batch *plugin.Batch[record.Raw]) error {
	lines, err := encode(batch)
	if err != nil {
		return err // an event that cannot be read: the engine gives the chunk up
	}
	return o.append(lines) // of an error to write: the engine tries the chunk again
}

func (o *output) Close(context.Context) error {
	return errors.Join(o.file.Sync(), o.file.Close())
}

func encode(batch *plugin.Batch[record.Raw]) ([]byte, error) {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	enc.SetEscapeHTML(false)
	var record []byte
	for ev, err := range batch.Events() {
		if err != nil {
			return nil, err
		}
		if record, err = ev.Record.AppendJSON(record[:0]); err != nil {
			return nil, err
		}
		if err := enc.Encode(line{ev.Time, ev.Tag, record}); err != nil {
			return nil, err
		}
	}
	return lines.Bytes(), nil
}

// append writes all of lines or, so that no retry continues half a line, nothing.
func (o *output) append(lines []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, err := o.file.Stat()
	if err != nil {
		return err
	}
	n, err := o.file.Write(lines)
	if err != nil && n > 0 {
		err = errors.Join(err, o.file.Truncate(before.Size()))
	}
	return err
}
