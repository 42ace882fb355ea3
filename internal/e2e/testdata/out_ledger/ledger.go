// Package ledger is an output that writes down which events of in_stream it was given, but for those that it fails, now and
// then: some of a batch, or a whole one, with an error or a panic. What is written is delivered, and nothing else.
package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/calyptia/plugin"
	_ "github.com/calyptia/plugin/internal/e2e/testdata/in_stream/census" // linked in
	"github.com/calyptia/plugin/internal/e2e/testdata/in_stream/stream"
)

// Malformed is the tag of chunks that are read and not written down.
const Malformed = "malformed"

// An Entry is an event that was delivered: the number of its source in 8 bits, in how many tries before it was not (255
// for more) in 8 bits, and its own number in 48. In the file it is little-endian.
type Entry uint64

// EntrySize is the size of an entry in bytes.
const EntrySize = 8

func entry(i *stream.Item, failed uint8) Entry {
	return Entry(i.Source)<<56 | Entry(failed)<<48 | Entry(i.Seq)
}

// Source returns the number of the event's source.
func (e Entry) Source() uint8 { return uint8(e >> 56) }

// Failed returns how often the event was not delivered before.
func (e Entry) Failed() int { return int(uint8(e >> 48)) }

// Seq returns the number of the event.
func (e Entry) Seq() uint64 { return uint64(e) & (1<<48 - 1) }

// Settings are the section's.
type Settings struct {
	Path string        `flb:"path" validate:"required" desc:"File to append to"`
	Seed uint64        `flb:"seed" desc:"Of the failures"`
	Fail bool          `flb:"fail" default:"on" desc:"Whether to fail at all"`
	Slow time.Duration `flb:"slow" default:"2ms" desc:"How long slow flushes take at most"`
	Busy time.Duration `flb:"busy" desc:"How long every flush takes at least"`
	Hang bool          `flb:"hang" desc:"Whether a flush never returns"`
}

// Output is the plugin.
type Output struct {
	conf   Settings
	logger *slog.Logger

	mu     sync.Mutex
	file   *os.File
	turns  uint64
	failed map[Entry]uint8 // by the first event of the batch to come
}

// Init opens the file. What a write left there that was cut off is removed.
func (o *Output) Init(_ context.Context, fbit *plugin.Instance[Settings]) error {
	o.conf, o.logger, o.failed = fbit.Conf, fbit.Logger, make(map[Entry]uint8)
	file, err := os.OpenFile(o.conf.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	o.file = file
	return file.Truncate(info.Size() / EntrySize * EntrySize)
}

// Flush writes events down before it says that they are delivered.
func (o *Output) Flush(_ context.Context, batch *plugin.Batch[stream.Item]) error {
	var items []stream.Item
	var index []int
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		items, index = append(items, ev.Record), append(index, ev.Index())
	}
	if o.conf.Hang {
		select {}
	}
	if batch.Tag() == Malformed || len(items) == 0 {
		return nil
	}
	turn, before := o.begin(items)
	chance := o.chances(turn)
	time.Sleep(chance.wait)
	var out []byte
	var failed []int
	var first *stream.Item
	for n := range items {
		item := &items[n]
		if !item.OK() {
			o.logger.Error("event is corrupt", "item", fmt.Sprintf("%+v", *item))
			continue
		}
		if chance.fails(turn, item) {
			if first == nil {
				first = item
			}
			failed = append(failed, index[n])
			continue
		}
		out = binary.LittleEndian.AppendUint64(out, uint64(entry(item, before)))
	}
	return o.end(first, before, out, failed, chance)
}

// begin returns the number of the flush, and in how many tries its events failed before.
func (o *Output) begin(items []stream.Item) (turn uint64, before uint8) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turns++
	first := entry(&items[0], 0)
	before = o.failed[first]
	delete(o.failed, first)
	return o.turns, before
}

func (o *Output) end(first *stream.Item, before uint8, out []byte, failed []int, chance chances) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if first != nil {
		o.failed[entry(first, 0)] = before + min(1, 255-before)
	}
	if len(out) > 0 {
		if _, err := o.file.Write(out); err != nil {
			return err
		}
	}
	switch {
	case chance.fault:
		return *(*error)(nil)
	case chance.panic:
		panic("told to panic")
	case len(failed) == 0:
		return nil
	case len(out) == 0:
		return errors.New("told to fail")
	}
	return plugin.Partial(errors.New("told to fail a part"), failed...)
}

// chances are what a flush fails of its events.
type chances struct {
	seed  uint64
	one   uint64 // of how many events one fails; 0 for none
	panic bool   // all, with a panic
	fault bool   // all, with a fault of memory
	wait  time.Duration
}

func (o *Output) chances(turn uint64) (c chances) {
	c.seed = o.conf.Seed
	random := stream.Mix(o.conf.Seed, turn)
	c.wait = o.conf.Busy
	if random>>40%16 == 0 && o.conf.Slow > 0 {
		c.wait += time.Duration(random>>20) % o.conf.Slow
	}
	if !o.conf.Fail {
		return c
	}
	switch roll := random % 100; {
	case roll < 10:
		c.one = 2 + random>>10%30
	case roll < 20:
		c.one = 100 + random>>10%1000
	case roll < 26:
		c.one = 1
	case roll < 28:
		c.one, c.panic, c.fault = 1, true, roll == 26
	}
	return c
}

func (c chances) fails(turn uint64, i *stream.Item) bool {
	switch c.one {
	case 0, 1:
		return c.one == 1
	}
	return stream.Mix(c.seed^i.Seq, turn)%c.one == 0
}

// Close closes the file.
func (o *Output) Close(context.Context) error { return o.file.Close() }
