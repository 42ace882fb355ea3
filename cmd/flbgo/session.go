package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// session is what commands share: the terminal, and the signals that end them.
type session struct {
	term  *terminal
	stop  context.Context // done at the first signal: end gracefully
	abort context.Context // done at the second one: end at once
}

// log shows a line of the engine's log, or of a plugin's.
func (s *session) log(level slog.Level, line string) { s.term.log(time.Now(), level, line) }

func newSession(term *terminal) *session {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	received := make(chan os.Signal, 2)
	signal.Notify(received, signals...)
	stop, first := context.WithCancel(context.Background())
	abort, second := context.WithCancel(context.Background())
	go func() {
		<-received
		term.note("stopping (once more to stop at once)")
		first()
		<-received
		second()
	}()
	return &session{term: term, stop: stop, abort: abort}
}
