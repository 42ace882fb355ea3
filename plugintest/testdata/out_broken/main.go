// Command out_broken is an output that breaks the rule it is told to, and keeps all others.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

func init() { plugin.RegisterOutput("broken", "Breaks a rule", &output{}) }

func main() {}

type settings struct {
	Breaks string `flb:"breaks" desc:"What it does that no output may"`
}

// What all sections of the process share.
var made, open, exited atomic.Int32

type output struct {
	breaks string
	state  *state
}

// state is a section's.
type state struct {
	mu   sync.Mutex
	seen map[string]bool
	kept []record.Raw
	sum  int
}

func (o *output) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	o.breaks = fbit.Conf.Breaks
	o.state = &state{seen: make(map[string]bool)}
	if o.breaks == "init" {
		return errors.New("no route to host")
	}
	made.Add(1)
	open.Add(1)
	return nil
}

func (o *output) Flush(_ context.Context, batch *plugin.Batch[record.Raw]) error {
	if !o.state.mu.TryLock() {
		if o.breaks == "concurrent" {
			return errors.New("busy")
		}
		o.state.mu.Lock()
	}
	defer o.state.mu.Unlock()
	switch {
	case o.breaks == "flush":
		return errors.New("no route to host")
	case o.breaks == "empty" && batch.Len() == 0:
		return errors.New("nothing to deliver")
	case o.breaks == "others" && exited.Load() > 0:
		return errors.New("closed")
	case o.breaks == "concurrent":
		<-time.After(time.Millisecond)
	case o.breaks == "again":
		return o.once(batch)
	}
	return o.read(batch)
}

// once refuses chunks that it has seen.
func (o *output) once(batch *plugin.Batch[record.Raw]) error {
	text, err := batch.AppendJSON([]byte(batch.Tag()), record.JSONFormat{TimeKey: "time"})
	if err == nil && batch.Tag() == "plugintest" && batch.Len() == 3 && o.state.seen[string(text)] {
		return errors.New("a duplicate")
	}
	o.state.seen[string(text)] = true
	return err
}

func (o *output) read(batch *plugin.Batch[record.Raw]) error {
	left := batch.Len()
	for ev, err := range batch.Events() {
		left--
		switch {
		case err != nil:
			return err
		case o.breaks == "chunk" && left == 0:
			return nil // without a look at what is behind
		case o.breaks == "metadata" && len(ev.Metadata) > 0:
			return errors.New("metadata")
		case o.breaks == "group" && ev.Group != nil:
			return plugin.Drop(errors.New("groups"))
		case o.breaks == "misfit":
			o.state.sum += len(message(ev.Record))
		case o.breaks == "batch" || o.breaks == "batch, at the exit":
			o.state.kept = append(o.state.kept, ev.Record)
		}
	}
	if o.breaks == "batch" {
		o.use()
	}
	return nil
}

// message panics if there is none.
func message(r record.Raw) string {
	decoder, err := record.NewDecoder[map[string]any]()
	var fields map[string]any
	if err == nil {
		err = decoder.Decode(r, &fields)
	}
	if err != nil {
		return fmt.Sprint(err)
	}
	return fields["message"].(string)
}

// use reads what was kept.
func (o *output) use() {
	for _, r := range o.state.kept {
		for _, b := range r {
			o.state.sum += int(b)
		}
	}
}

func (o *output) Close(context.Context) error {
	exited.Add(1)
	last := open.Add(-1) == 0
	switch {
	case o.breaks == "close":
		return errors.New("disk full")
	case o.breaks == "close, with a panic":
		panic("closed twice")
	case o.breaks == "batch, at the exit":
		o.use()
	case o.breaks == "process" && last && made.Load() > 2:
		os.Exit(3)
	}
	return nil
}
