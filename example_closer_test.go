package plugin_test

import (
	"context"
	"fmt"

	"github.com/calyptia/plugin"
)

// broker stands for a client library.
type broker struct{}

func (*broker) Publish(_ context.Context, o order) error { fmt.Println("published", o.ID); return nil }
func (*broker) Disconnect(context.Context) error         { fmt.Println("disconnected"); return nil }

type publisher struct{ conn *broker }

func (p *publisher) Init(context.Context, *plugin.Instance[struct{}]) error {
	p.conn = new(broker) // of this section alone
	return nil
}

func (p *publisher) Flush(ctx context.Context, batch *plugin.Batch[order]) error {
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		if err := p.conn.Publish(ctx, ev.Record); err != nil {
			return err
		}
	}
	return nil
}

// Close has what ctx leaves it: five seconds. What Flush has reported as delivered must not wait for it.
func (p *publisher) Close(ctx context.Context) error { return p.conn.Disconnect(ctx) }

var _ plugin.Closer = (*publisher)(nil) // a misspelt method would not be called

func ExampleCloser() {
	deliver(func() { plugin.RegisterOutput("publisher", "Orders to a broker", &publisher{}) }, order{ID: 1})
	// Output:
	// published 1
	// the engine has delivered the chunk
	// disconnected
}
