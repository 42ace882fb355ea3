package docs_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/metric"
)

type sender struct {
	log  *slog.Logger
	sent metric.Counter
	ok   metric.Counter // the series of sent for status 200
	open metric.Gauge
	took metric.Histogram
}

func (s *sender) Init(_ context.Context, fbit *plugin.Instance[struct{}]) error {
	s.log = fbit.Logger.With("server", "a:9092")
	s.sent = fbit.Metrics.NewCounter("sent_total", "Requests sent", "status")
	s.ok = s.sent.With("200")
	s.open = fbit.Metrics.NewGauge("connections", "Open connections")
	s.took = fbit.Metrics.NewHistogram("request_seconds", "Time of a request", metric.DefaultBuckets)
	return nil
}

func (s *sender) Flush(ctx context.Context, batch *plugin.Batch[map[string]any]) error {
	start := time.Now()
	err := s.send(ctx, batch)
	s.took.Observe(time.Since(start).Seconds())
	if err != nil {
		s.sent.Add(1, "error")
		return err // the library logs it, with the tag
	}
	s.ok.Add(1)
	s.log.Debug("sent", "events", batch.Len())
	return nil
}
