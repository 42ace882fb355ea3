// Command in_procstat is a typed input: it reports load, memory, CPU time and network traffic of a Linux machine.
//
//	go run ./cmd/flbgo run --for 5s examples/in_procstat
package main

import (
	"context"
	"time"

	"github.com/prometheus/procfs"

	"github.com/calyptia/plugin"
)

func init() {
	plugin.RegisterInput("procstat", "Load, memory, CPU time and network traffic of this machine", &input{})
}

func main() {}

type config struct {
	Interval   time.Duration `flb:"interval" default:"1s" validate:"min=10ms" desc:"Time from one record to the next"`
	Interfaces []string      `flb:"interfaces" desc:"Network interfaces to report, comma separated; all but lo if unset"`
	ProcPath   string        `flb:"proc_path" default:"/proc" validate:"dir" desc:"Where the proc file system is mounted"`
}

// input is one [INPUT] section.
type input struct {
	conf config
	proc procfs.FS
}

// Init takes a first reading, so that what cannot be read refuses the section instead of being logged forever.
func (in *input) Init(_ context.Context, fbit *plugin.Instance[config]) (err error) {
	in.conf = fbit.Conf
	if in.proc, err = procfs.NewFS(in.conf.ProcPath); err != nil {
		return err
	}
	first, err := read(in.proc, in.conf.Interfaces)
	if err != nil {
		return err
	}
	for _, name := range in.conf.Interfaces {
		if _, ok := first.Network[name]; !ok {
			fbit.Logger.Warn("interface is left out of records until it exists", "interface", name)
		}
	}
	return nil
}

// Collect sends a record at once and then one each interval. It leaves an error to the library, which logs it and calls
// again after a while.
func (in *input) Collect(ctx context.Context, ch chan<- plugin.Event[stat]) error {
	tick := time.NewTicker(in.conf.Interval)
	defer tick.Stop()
	for {
		now := time.Now() // before the send, which waits while the engine is paused
		s, err := read(in.proc, in.conf.Interfaces)
		if err != nil {
			return err
		}
		select {
		case ch <- plugin.Event[stat]{Time: now, Record: s}:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
