// Command in_stream is an input that sends numbered events of a source under several tags, one or many at a time, from a
// given one on. At its end it appends a line of JSON to a file: how many sends had returned, and how many events were
// accepted.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync/atomic"

	"github.com/calyptia/plugin"
	_ "github.com/calyptia/plugin/internal/e2e/testdata/in_stream/census"
	"github.com/calyptia/plugin/internal/e2e/testdata/in_stream/stream"
)

func init() {
	plugin.RegisterInput("stream", "Numbered events of a source", &input{})
}

func main() {}

type settings struct {
	Source uint8  `flb:"source" desc:"Number of the source"`
	First  uint64 `flb:"first" desc:"Event to begin with"`
	End    uint64 `flb:"end" desc:"Event to end in front of"`
	Tags   int    `flb:"tags" desc:"How many tags; 0 for the section's own"`
	Slice  int    `flb:"slice" default:"64" validate:"min=1,max=64" desc:"Most records in an event"`
	Seed   uint64 `flb:"seed" desc:"Of the sizes of slices"`
	Report string `flb:"report" validate:"required" desc:"File to append the report to"`
}

type input struct {
	conf     settings
	logger   *slog.Logger
	report   stream.Report
	accepted *atomic.Uint64
}

func (in *input) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	in.conf, in.logger, in.accepted = fbit.Conf, fbit.Logger, new(atomic.Uint64)
	in.report = stream.Report{Source: in.conf.Source, First: in.conf.First}
	return nil
}

func (in *input) Collect(ctx context.Context, ch chan<- plugin.Event[[]stream.Item]) error {
	random := rand.New(rand.NewPCG(in.conf.Seed, in.conf.First))
	for seq := in.conf.First; seq < in.conf.End; {
		ev := in.event(seq, 1+random.IntN(in.conf.Slice)*random.IntN(2))
		size := uint64(len(ev.Record))
		select {
		case ch <- ev:
		case <-ctx.Done():
			return nil
		}
		if ctx.Err() != nil {
			in.report.Late = size // it may have returned before that, or be thrown away
			return nil
		}
		in.report.Sent += size
		seq += size
	}
	in.report.Done = true
	in.logger.Info("sent all")
	return nil
}

// event makes an event of at most n records from seq on, all of one tag.
func (in *input) event(seq uint64, n int) (ev plugin.Event[[]stream.Item]) {
	if in.conf.Tags > 0 {
		ev.Tag = stream.TagName(stream.Tag(in.conf.Source, seq, in.conf.Tags))
	}
	end := min(seq+uint64(n), in.conf.End, (seq/stream.Block+1)*stream.Block)
	for ; seq < end; seq++ {
		ev.Record = append(ev.Record, stream.New(in.conf.Source, seq))
	}
	size := uint64(len(ev.Record))
	ev.Accepted = func() { in.accepted.Add(size) }
	return ev
}

// Close comes after Collect has returned.
func (in *input) Close(context.Context) error {
	in.report.Accepted = in.accepted.Load()
	line, err := json.Marshal(in.report)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(in.conf.Report, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%s\n", line)
	return err
}
