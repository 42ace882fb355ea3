package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

// Time, tag and metadata are beside the record.
func ExampleEvent() {
	orders := &inputFunc[order]{func(ctx context.Context, ch chan<- plugin.Event[order]) error {
		select {
		case ch <- plugin.Event[order]{
			Time:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), // zero: now
			Record:   order{ID: 1, Amount: 9.5},
			Tag:      "shop.eu", // empty: that of the section
			Metadata: map[string]any{"source": "till"},
		}:
		case <-ctx.Done():
		}
		return nil
	}}
	for _, ev := range taken(host(), "shop.eu", 1, func() { plugin.RegisterInput("orders", "Orders of the shop", orders) }) {
		fmt.Println(ev.Time.Format(time.DateTime), ev.Metadata)
	}
	// Output: 2026-01-02 03:04:05 map[source:till]
}

// A message leaves its queue once the engine is sure to have the event: none is lost in a crash.
func ExampleEvent_accepted() {
	queue := &inputFunc[order]{func(ctx context.Context, ch chan<- plugin.Event[order]) error {
		for id := range 2 { // messages of the queue
			ev := plugin.Event[order]{Record: order{ID: id + 1}}
			ev.Accepted = func() { fmt.Println("delete message", id+1) } // quick: the engine waits
			select {
			case ch <- ev:
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	}}
	settle(2, func() { plugin.RegisterInput("queue", "Messages of a queue", queue) })
	// Output:
	// delete message 1
	// delete message 2
}

// A bulk API answers with the places in the request of what it refuses. Those are no indexes: in a second try the batch
// has fewer events.
func ExampleEvent_Index() {
	bulk := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		var request []order
		var indexes []int
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			request = append(request, ev.Record)
			indexes = append(indexes, ev.Index())
		}
		var failed []int
		for _, place := range busy(request) {
			failed = append(failed, indexes[place])
		}
		fmt.Println("sent", indexes, "failed", failed)
		if len(failed) > 0 {
			return plugin.Partial(errors.New("some orders are locked"), failed...)
		}
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("bulk", "Orders, many at once", bulk) }, order{1, 5}, order{2, 6}, order{3, 7})
	// Output:
	// sent [0 1 2] failed [1 2]
	// the engine tries again
	// sent [1 2] failed [2]
	// the engine tries again
	// sent [2] failed []
	// the engine has delivered the chunk
}

// busy is a bulk API that takes the first order alone.
func busy(request []order) (refused []int) {
	for i := range request[1:] {
		refused = append(refused, i+1)
	}
	return refused
}

func ExampleBatch_Len() {
	table := &outputFunc[order]{func(_ context.Context, batch *plugin.Batch[order]) error {
		rows := make([]order, 0, batch.Len())
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			rows = append(rows, ev.Record)
		}
		fmt.Println(len(rows), "rows, room for", cap(rows))
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("table", "Orders into a table", table) }, order{ID: 1}, order{ID: 2}, order{ID: 3})
	// Output:
	// 3 rows, room for 3
	// the engine has delivered the chunk
}

// All events of a batch have one tag, which may say where they go.
func ExampleBatch_Tag() {
	topics := &outputFunc[record.Raw]{func(_ context.Context, batch *plugin.Batch[record.Raw]) error {
		topic := "logs-" + strings.ReplaceAll(batch.Tag(), ".", "-")
		fmt.Println(topic)
		return nil
	}}
	deliver(func() { plugin.RegisterOutput("topics", "A topic a tag", topics) }, order{ID: 1})
	// Output:
	// logs-shop
	// the engine has delivered the chunk
}

// Fluent Bit's OpenTelemetry input puts what its events have in common into a group.
func ExampleGroup() {
	services := &outputFunc[map[string]any]{func(_ context.Context, batch *plugin.Batch[map[string]any]) error {
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			if ev.Group == nil {
				fmt.Println("of no group:", ev.Record["log"])
				continue
			}
			resource, _ := ev.Group.Attributes["resource"].(map[string]any)
			attributes, _ := resource["attributes"].(map[string]any)
			fmt.Println(attributes["service.name"], ev.Record["log"])
		}
		return nil
	}}
	deliverFile("record/testdata/otlp_group.chunk", func() { plugin.RegisterOutput("services", "Logs of services", services) })
	// Output:
	// cart checkout done
	// cart checkout failed
	// of no group: after
	// the engine has delivered the chunk
}

// What an untyped input sends may be of several types.
func ExampleMessage() {
	mix := &inputFunc[any]{func(ctx context.Context, ch chan<- plugin.Message) error {
		for _, r := range []any{
			map[string]any{"log": "a map"},
			order{ID: 1, Amount: 9.5},
			record.Raw("\x81\xa3log\xa5bytes"),
		} {
			select {
			case ch <- plugin.Message{Record: r, Tag: "mix"}:
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	}}
	collect(3, "mix", func() { plugin.RegisterInput("mix", "A mix of records", mix) })
	// Output:
	// {"log":"a map"}
	// {"id":1,"amount":9.5}
	// {"log":"bytes"}
}

// settle is an engine that stops when it is sure to have n events.
func settle(n int, register func()) {
	in, engine := started(host(), register)
	if in == nil {
		return
	}
	await(in, engine, "", n)
	in.Pause(engine.Append)
	<-time.After(310 * time.Millisecond) // see settleTime
	in.Pause(engine.Append)
	in.Exit()
}

// deliverFile is an engine that delivers a chunk in a file.
func deliverFile(file string, register func()) {
	chunk, err := os.ReadFile(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	deliverTo(host(), chunk, register)
}
