// Command in_sequence is an input that sends numbered records, and logs when it has sent them and when the engine has
// taken them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/config"
)

func init() {
	plugin.RegisterInput("sequence", "Numbered records", &sequence{})
}

func main() {}

type settings struct {
	Count int         `flb:"count" default:"10" validate:"min=0" desc:"Records to send"`
	Slice int         `flb:"slice" default:"1" validate:"min=1" desc:"Records in an event"`
	Tags  []string    `flb:"tags" desc:"Tags of events, in turn; - is the section's own"`
	Pad   config.Size `flb:"pad" desc:"Bytes to add to a record"`
	Late  bool        `flb:"late" desc:"Whether to go on after the section's exit"`
}

type numbered struct {
	N   int    `json:"n"`
	Pad string `json:"pad,omitempty"`
}

type sequence struct {
	conf     settings
	logger   *slog.Logger
	accepted *atomic.Int64
}

func (s *sequence) Init(ctx context.Context, fbit *plugin.Instance[settings]) error {
	s.conf, s.logger, s.accepted = fbit.Conf, fbit.Logger, new(atomic.Int64)
	s.logger.Debug("initialised", "goroutines", runtime.NumGoroutine())
	if s.conf.Late {
		go late(ctx, fbit)
	}
	return nil
}

// late uses what a section has after its exit, and tells the C host's standard output.
func late(ctx context.Context, fbit *plugin.Instance[settings]) {
	<-ctx.Done()
	for range time.Tick(time.Millisecond) {
		fbit.Logger.Info("late")
		fmt.Println("late", fbit.Name())
	}
}

func (s *sequence) Collect(ctx context.Context, ch chan<- plugin.Event[[]numbered]) error {
	for n, turn := 0, 0; n < s.conf.Count; turn++ {
		ev := s.event(n, turn)
		n += len(ev.Record)
		select {
		case ch <- ev:
		case <-ctx.Done():
			return nil
		}
	}
	s.logger.Info("sent", "count", s.conf.Count)
	return nil
}

// event makes the event that begins with record n.
func (s *sequence) event(n, turn int) plugin.Event[[]numbered] {
	var ev plugin.Event[[]numbered]
	pad := strings.Repeat("x", int(s.conf.Pad))
	for ; len(ev.Record) < s.conf.Slice && n < s.conf.Count; n++ {
		ev.Record = append(ev.Record, numbered{n, pad})
	}
	if len(s.conf.Tags) > 0 {
		ev.Tag = strings.TrimPrefix(s.conf.Tags[turn%len(s.conf.Tags)], "-")
	}
	size := int64(len(ev.Record))
	ev.Accepted = func() {
		if got := s.accepted.Add(size); got == int64(s.conf.Count) {
			s.logger.Info("accepted", "count", got)
		}
	}
	return ev
}
