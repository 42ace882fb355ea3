// Command out_file is a typed output that appends events to a file, each as one line of JSON:
//
//	{"date":"2026-01-02T15:04:05.123456789Z","tag":"app.web","record":{"message":"GET /","status":200}}
//
// The date is in UTC. Keys of a record are in alphabetical order, and binary values are base64.
//
//	go run ./cmd/flbgo run --for 5s examples/out_file
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/calyptia/plugin"
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
	Date   time.Time      `json:"date"`
	Tag    string         `json:"tag"`
	Record map[string]any `json:"record"`
}

// output is one [OUTPUT] section.
type output struct {
	logger *slog.Logger

	mu   sync.Mutex // Flush is called concurrently if the section sets workers above 1
	file *os.File
}

func (o *output) Init(_ context.Context, fbit *plugin.Instance[config]) (err error) {
	o.logger = fbit.Logger
	o.file, err = os.OpenFile(fbit.Conf.Path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	return err
}

func (o *output) Flush(_ context.Context, batch *plugin.Batch[map[string]any]) error {
	lines, err := o.encode(batch)
	if err != nil {
		return err // an event that cannot be read: the engine gives the chunk up
	}
	return o.append(lines) // of an error to write: the engine tries the chunk again
}

func (o *output) Close(context.Context) error {
	return errors.Join(o.file.Sync(), o.file.Close())
}

// encode leaves out, and logs, what JSON cannot express, such as a NaN.
func (o *output) encode(batch *plugin.Batch[map[string]any]) ([]byte, error) {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	enc.SetEscapeHTML(false)
	for ev, err := range batch.Events() {
		if err != nil {
			return nil, err
		}
		if err := enc.Encode(line{ev.Time, ev.Tag, ev.Record}); err != nil {
			o.logger.Error("event left out", "tag", ev.Tag, "event", ev.Index(), "error", err)
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
