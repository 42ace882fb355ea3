// Command in_flow is an input that sends numbered records, and writes to a file, sent.NAME.LIFE in the working directory,
// how many it has sent. A section's life begins with its Init; the process counts them.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/config"
)

func init() {
	plugin.RegisterInput("flow", "Numbered records, and how many they are", &flow{})
}

func main() {}

type settings struct {
	Count int           `flb:"count" default:"0" validate:"min=-1" desc:"Records to send; -1 for no end"`
	Until string        `flb:"until" desc:"Sends until there is a file of this name"`
	Slice int           `flb:"slice" default:"1" validate:"min=1" desc:"Records in an event"`
	Every time.Duration `flb:"every" default:"0" desc:"Time between events"`
	Pad   config.Size   `flb:"pad" desc:"Bytes to add to a record"`
}

type numbered struct {
	From string `json:"from"` // NAME.LIFE
	N    int    `json:"n"`
	Pad  string `json:"pad,omitempty"`
}

var lives atomic.Int64

type flow struct {
	conf settings
	from string
}

func (f *flow) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	f.conf, f.from = fbit.Conf, fmt.Sprintf("%s.%d", fbit.Name(), lives.Add(1))
	return nil
}

func (f *flow) Collect(ctx context.Context, ch chan<- plugin.Event[[]numbered]) error {
	n := f.send(ctx, ch)
	part := "part." + f.from
	if err := os.WriteFile(part, []byte(strconv.Itoa(n)), 0o600); err != nil {
		return err
	}
	return os.Rename(part, "sent."+f.from)
}

// send returns how many records the library has taken before the section's end. What is sent later it throws away, and
// a select may prefer that to ctx.
func (f *flow) send(ctx context.Context, ch chan<- plugin.Event[[]numbered]) (n int) {
	for n != f.conf.Count && !f.told() {
		records := f.records(n)
		select {
		case ch <- plugin.Event[[]numbered]{Record: records}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return n
		}
		n += len(records)
		select {
		case <-time.After(f.conf.Every):
		case <-ctx.Done():
		}
	}
	return n
}

// told reports whether to send no more.
func (f *flow) told() bool {
	_, err := os.Stat(f.conf.Until)
	return f.conf.Until != "" && err == nil
}

// records are those of the event that begins with record n.
func (f *flow) records(n int) (records []numbered) {
	pad := strings.Repeat("x", int(f.conf.Pad))
	for ; len(records) < f.conf.Slice && n != f.conf.Count; n++ {
		records = append(records, numbered{f.from, n, pad})
	}
	return records
}
