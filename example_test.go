package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

// order is the record of the examples.
type order struct {
	ID     int     `json:"id"`
	Amount float64 `json:"amount"`
}

// A plugin is registered from init; its types are those of its methods.
func ExampleRegisterInput() {
	orders := &inputFunc[order]{func(ctx context.Context, ch chan<- plugin.Event[order]) error {
		for id := range 2 {
			select {
			case ch <- plugin.Event[order]{Record: order{ID: id + 1, Amount: 9.5}, Tag: "shop"}:
			case <-ctx.Done():
				return nil
			}
		}
		return nil // no more to say
	}}
	collect(2, "shop", func() { plugin.RegisterInput("orders", "Orders of the shop", orders) })
	// Output:
	// {"id":1,"amount":9.5}
	// {"id":2,"amount":9.5}
}

// What Flush returns decides about the chunk. nil: it is delivered.
func ExampleRegisterOutput() {
	printer := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		fmt.Println(batch.Len(), "of", batch.Tag())
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("printer", "Says how much there is", printer) }, order{ID: 1}, order{ID: 2})
	// Output:
	// 2 of shop
	// the engine has delivered the chunk
}

func ExampleBatch_Events() {
	printer := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		for ev, err := range batch.Events() {
			if err != nil {
				return err // bytes that cannot be read: the engine gives the chunk up
			}
			fmt.Println(ev.Index(), ev.Time.Format(time.TimeOnly), ev.Record.Amount)
		}
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("printer", "Prints orders", printer) }, order{ID: 1, Amount: 9.5}, order{ID: 2, Amount: 12})
	// Output:
	// 0 00:00:01 9.5
	// 1 00:00:02 12
	// the engine has delivered the chunk
}

// JSON lines straight from the engine's bytes. No record is decoded.
func ExampleBatch_AppendJSON() {
	format := record.JSONFormat{TimeKey: "date", TimeFormat: record.TimeISO8601}
	printer := &outputFunc[record.Raw]{func(_ context.Context, batch *plugin.Batch[record.Raw]) error {
		lines, err := batch.AppendJSON(nil, format)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(lines)
		return err
	}}
	deliver(func() { plugin.RegisterOutput("lines", "JSON lines", printer) }, order{ID: 1, Amount: 9.5}, order{ID: 2, Amount: 12})
	// Output:
	// {"date":"1970-01-01T00:00:01.000000Z","id":1,"amount":9.5}
	// {"date":"1970-01-01T00:00:02.000000Z","id":2,"amount":12}
	// the engine has delivered the chunk
}

// A chunk that no retry would help is given up; the library logs why.
func ExampleDrop() {
	strict := &outputFunc[order]{func(context.Context, *plugin.Batch[order]) error {
		return plugin.Drop(errors.New("413 Request Entity Too Large"))
	}}
	deliver(func() { plugin.RegisterOutput("strict", "Refuses all", strict) }, order{ID: 1})
	// Output: the engine has given the chunk up
}

// Events that were delivered do not come back.
func ExamplePartial() {
	busy := true
	api := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		var failed []int
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			if ev.Record.Amount > 10 && busy {
				failed = append(failed, ev.Index())
				continue
			}
			fmt.Println("sent order", ev.Record.ID)
		}
		busy = false
		if len(failed) > 0 {
			return plugin.Partial(errors.New("429 Too Many Requests"), failed...)
		}
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("api", "Orders to an API", api) }, order{1, 9.5}, order{2, 12}, order{3, 3})
	// Output:
	// sent order 1
	// sent order 3
	// the engine tries again
	// sent order 2
	// the engine has delivered the chunk
}

// An output that is done with each event before it takes the next needs no copies.
func ExampleBorrowed() {
	var sum float64
	total := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			sum += ev.Record.Amount // nothing of ev is kept
		}
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("total", "Adds up", total, plugin.Borrowed(), plugin.Ordered()) }, order{1, 9.5}, order{2, 12})
	fmt.Println(sum)
	// Output:
	// the engine has delivered the chunk
	// 21.5
}

// An output whose chunks depend on each other gets them one at a time, also with workers.
func ExampleOrdered() {
	balance := 100.0
	ledger := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			balance -= ev.Record.Amount // no lock: no other Flush of this section runs
			fmt.Println("balance", balance)
		}
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("ledger", "A balance", ledger, plugin.Ordered()) }, order{1, 9.5}, order{2, 12})
	// Output:
	// balance 90.5
	// balance 78.5
	// the engine has delivered the chunk
}

// deliver is the engine of an output's example: it gives it a chunk with these orders until it is done with it.
func deliver(register func(), orders ...order) { deliverTo(host(), encoded(orders), register) }

func deliverTo(section *proxytest.Host, chunk []byte, register func()) {
	p, err := proxy.Capture(register)
	if err != nil {
		fmt.Println(err)
		return
	}
	out := p.NewOutput()
	if err := out.Init(section); err != nil {
		fmt.Println(err)
		return
	}
	defer out.Exit()
	for {
		switch proxytest.Flush(out, "shop", chunk) {
		case proxy.OK:
			fmt.Println("the engine has delivered the chunk")
			return
		case proxy.Error:
			fmt.Println("the engine has given the chunk up")
			return
		case proxy.Retry:
			fmt.Println("the engine tries again")
		}
	}
}

func encoded(orders []order) (chunk []byte) {
	encoder, err := record.NewEncoder[order]()
	for i := range orders {
		if err == nil {
			chunk, err = encoder.Append(chunk, &record.Header{Time: time.Unix(int64(i+1), 0)}, &orders[i], 0)
		}
	}
	if err != nil {
		fmt.Println(err)
	}
	return chunk
}

// collect is the engine of an input's example: it takes n events of a tag and prints their records.
func collect(n int, tag string, register func()) { collectFrom(host(), tag, n, register) }

func collectFrom(section *proxytest.Host, tag string, n int, register func()) {
	for _, ev := range taken(section, tag, n, register) {
		line, err := record.JSONFormat{}.AppendEvent(nil, &ev)
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(string(line))
	}
}

// taken returns n events of a tag.
func taken(section *proxytest.Host, tag string, n int, register func()) (events []record.Event) {
	in, engine := started(section, register)
	if in == nil {
		return nil
	}
	defer in.Exit()
	await(in, engine, tag, n)
	for s := record.NewScanner(engine.Events(tag)); s.Next(); {
		events = append(events, s.Event())
	}
	return events
}

// started prints why there is no input, if so.
func started(section *proxytest.Host, register func()) (proxy.Input, *proxytest.Engine) {
	p, err := proxy.Capture(register)
	if err != nil {
		fmt.Println(err)
		return nil, nil
	}
	in := p.NewInput()
	if err := in.Init(section); err != nil {
		fmt.Println(err)
		return nil, nil
	}
	in.Start()
	return in, new(proxytest.Engine)
}

// await collects until there are n events, or none will come.
func await(in proxy.Input, engine *proxytest.Engine, tag string, n int) {
	begin := time.Now()
	for has := 0; has < n && time.Since(begin) < 10*time.Second; has, _ = record.Count(engine.Events(tag)) {
		in.Collect(engine.Append)
	}
}

// pauseAndResume is an engine that does that, and prints the log.
func pauseAndResume(register func()) {
	section := host()
	in, engine := started(section, register)
	if in == nil {
		return
	}
	in.Pause(engine.Append)
	in.Resume()
	in.Exit()
	for _, line := range section.Lines() {
		fmt.Println(line)
	}
}
