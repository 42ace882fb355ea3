// Command out_lines is an output that writes events as JSON lines to a TCP server.
// The page ../../from-fluent-bit-go.md has it beside one of the same use that is written against fluent-bit-go.
package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

func init() { plugin.RegisterOutput("lines", "JSON lines over TCP", &lines{}) }

func main() {}

type config struct {
	Address string        `flb:"address" validate:"required,hostname_port" desc:"host:port of the server"`
	Timeout time.Duration `flb:"timeout" default:"10s" validate:"min=1ms" desc:"To connect and to write"`
}

type lines struct{ conf config }

func (l *lines) Init(_ context.Context, fbit *plugin.Instance[config]) error {
	l.conf = fbit.Conf
	return nil
}

func (l *lines) Flush(ctx context.Context, batch *plugin.Batch[record.Raw]) error {
	format := record.JSONFormat{TimeKey: "date", TimeFormat: record.TimeISO8601}
	body, err := batch.AppendJSON(nil, format)
	if err != nil {
		return err // a broken chunk: given up, and the log says where it is broken
	}
	ctx, cancel := context.WithTimeout(ctx, l.conf.Timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.conf.Address)
	if err != nil {
		return err // tried again
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	_, err = conn.Write(body)
	return errors.Join(err, conn.Close())
}
