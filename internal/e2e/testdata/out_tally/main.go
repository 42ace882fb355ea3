// Command out_tally is an output that writes to a file what it gets from in_flow, a record a line, and fails as it is told
// to. It is Ordered if the working directory has a file "ordered".
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/calyptia/plugin"
)

func init() {
	var opts []plugin.Option
	if _, err := os.Stat("ordered"); err == nil {
		opts = append(opts, plugin.Ordered())
	}
	plugin.RegisterOutput("tally", "Writes what arrived", &tally{}, opts...)
}

func main() {}

type settings struct {
	Path    string        `flb:"path" validate:"required" desc:"File to append to"`
	Delay   time.Duration `flb:"delay" default:"0" desc:"How long a Flush takes"`
	Slow    int           `flb:"slow" default:"-1" desc:"How many take that long; -1 for all"`
	Fail    int           `flb:"fail" default:"0" desc:"How many fail"`
	Partial bool          `flb:"partial" desc:"Whether a third of the records fails at the first try"`
	Panic   string        `flb:"panic" desc:"Flush makes a nil dereference if there is a file of this name, which it removes"`
}

type numbered struct {
	From string `json:"from"`
	N    int    `json:"n"`
}

type tally struct {
	conf   settings
	logger *slog.Logger
	file   *os.File

	mu    sync.Mutex
	tries int
	once  map[numbered]bool // failed
}

func (o *tally) Init(_ context.Context, fbit *plugin.Instance[settings]) (err error) {
	o.conf, o.logger, o.once = fbit.Conf, fbit.Logger, make(map[numbered]bool)
	o.file, err = os.OpenFile(o.conf.Path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	return err
}

func (o *tally) Flush(_ context.Context, batch *plugin.Batch[numbered]) error {
	if o.conf.Panic != "" && os.Remove(o.conf.Panic) == nil {
		var none *settings
		none.Path = "" // a fault of the processor's, which Go turns into a panic
	}
	try := o.try()
	if o.conf.Delay > 0 && (try <= o.conf.Slow || o.conf.Slow < 0) {
		o.logger.Info("slow flush")
		time.Sleep(o.conf.Delay)
	}
	if try <= o.conf.Fail {
		return errors.New("told to fail")
	}
	return o.write(batch)
}

func (o *tally) try() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries++
	return o.tries
}

func (o *tally) write(batch *plugin.Batch[numbered]) error {
	var lines bytes.Buffer
	var failed []int
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		if o.fails(ev.Record) {
			failed = append(failed, ev.Index())
			continue
		}
		fmt.Fprintln(&lines, ev.Record.From, ev.Record.N)
	}
	if _, err := o.file.Write(lines.Bytes()); err != nil {
		return err
	}
	if len(failed) > 0 {
		return plugin.Partial(errors.New("told to fail"), failed...)
	}
	return nil
}

func (o *tally) fails(r numbered) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.conf.Partial || r.N%3 != 0 || o.once[r] {
		return false
	}
	o.once[r] = true
	return true
}

func (o *tally) Close(context.Context) error { return o.file.Close() }
