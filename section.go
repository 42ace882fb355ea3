package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/calyptia/plugin/internal/proxy"
)

// exitTime is how long the exit of a section may take: Collect to return, and then Close.
const exitTime = 5 * time.Second

// section is what inputs and outputs have in common.
type section struct {
	host   proxy.Host
	logger *slog.Logger
	ctx    context.Context // ends with the section
	cancel context.CancelFunc
	total  sectionMetrics
}

func (s *section) open(host proxy.Host) {
	s.host = host
	s.logger = newLogger(host)
	s.ctx, s.cancel = context.WithCancel(context.Background())
}

// initialize binds the section's properties and runs the author's Init with them, unless there is a problem already.
func initialize[C any](s *section, bind *binder[C], problem error, init func(context.Context, *Instance[C]) error) error {
	fbit := &Instance[C]{Metrics: s.host.Metrics("plugin"), Logger: s.logger, name: s.host.Name()}
	err := s.call("Validate", func() (err error) {
		fbit.Conf, err = bind.bind(properties{s.host}, s.logger)
		return err
	})
	if err := errors.Join(err, problem); err != nil {
		return err
	}
	return s.call("Init", func() error { return init(s.ctx, fbit) })
}

// fail ends a section whose Init went wrong, and says which one it was.
func (s *section) fail(kind string, err error) error {
	s.cancel()
	return fmt.Errorf("plugin: %s %q: %w", kind, s.host.Name(), err)
}

// call runs one of the author's methods. A panic is logged with its stack and returned as the method's error.
func (s *section) call(method string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.total.panics.Add(1)
			s.logger.Error(method+" panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s panicked: %v", method, r)
		}
	}()
	return f()
}

// close calls the optional Close of p.
func (s *section) close(p any) {
	c, ok := p.(Closer)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), exitTime)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.call("Close", func() error { return c.Close(ctx) }) }()
	select {
	case err := <-done:
		if err != nil {
			s.logger.Error("Close", "error", err)
		}
	case <-ctx.Done():
		s.logger.Error("Close has not returned in time", "after", exitTime)
	}
}
