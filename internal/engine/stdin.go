package engine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"time"
)

// stdin appends a record for each line that is a JSON object.
type stdin struct {
	*valve
	setup
	r *bufio.Reader
	// interrupt ends a Read that waits, where the reader has a way to.
	interrupt func() error
	stop      chan struct{}
	done      chan struct{} // nil before Start
}

func newStdin(s setup, r io.Reader) (*stdin, error) {
	if err := bind(s.section, nil); err != nil {
		return nil, err
	}
	if r == nil {
		r = bytes.NewReader(nil)
	}
	in := &stdin{setup: s, valve: newValve(s), r: bufio.NewReader(r), stop: make(chan struct{})}
	if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
		in.interrupt = func() error { return d.SetReadDeadline(time.Now()) }
	}
	return in, nil
}

func (in *stdin) Init() error { return nil }

func (in *stdin) Start() error {
	in.done = make(chan struct{})
	go in.read()
	return nil
}

// Exit leaves the goroutine behind if it is in a Read that nothing can end, as of a terminal.
func (in *stdin) Exit() error {
	close(in.stop)
	if in.done == nil {
		return nil
	}
	if in.interrupt != nil && in.interrupt() == nil {
		<-in.done
	}
	return nil
}

func (in *stdin) read() {
	defer close(in.done)
	for {
		line, err := in.r.ReadBytes('\n')
		if !in.line(bytes.TrimSpace(line)) {
			return
		}
		if err != nil {
			in.ended(err)
			return
		}
	}
}

// ended ends the run, as Fluent Bit's own stdin input does.
func (in *stdin) ended(err error) {
	select {
	case <-in.stop:
		return // interrupted
	default:
	}
	if !errors.Is(err, io.EOF) {
		in.log(slog.LevelError, "%v", err)
	}
	in.log(slog.LevelInfo, "end of file")
	in.finish()
}

// line reports false if the instance exits.
func (in *stdin) line(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	body, err := msgpackObject(text)
	if err != nil {
		in.log(slog.LevelWarn, "a line is left out: %v", err)
		return true
	}
	event := appendEvent(nil, time.Now(), body)
	for {
		opened, ok := in.pass(event)
		if ok {
			return true
		}
		select {
		case <-opened:
		case <-in.stop:
			return false
		}
	}
}
