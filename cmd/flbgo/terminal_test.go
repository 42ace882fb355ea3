package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLog(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 6_700_000, time.UTC)
	tests := []struct {
		name   string
		colour bool
		level  slog.Level
		want   string
	}{
		{"error", false, slog.LevelError, "[2026/01/02 03:04:05.006] [error] text\n"},
		{"warn", false, slog.LevelWarn, "[2026/01/02 03:04:05.006] [ warn] text\n"},
		{"info", false, slog.LevelInfo, "[2026/01/02 03:04:05.006] [ info] text\n"},
		{"debug", false, slog.LevelDebug, "[2026/01/02 03:04:05.006] [debug] text\n"},
		{"trace", false, slog.LevelDebug - 4, "[2026/01/02 03:04:05.006] [trace] text\n"},
		{"in colour", true, slog.LevelWarn, bold + "[" + reset + "2026/01/02 03:04:05.006" + bold + "]" + reset +
			" [" + yellow + " warn" + reset + "] text\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			(&terminal{w: &b, colour: tt.colour}).log(now, tt.level, "text\n")
			if got := b.String(); got != tt.want {
				t.Errorf("log = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStep(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	term := &terminal{w: &b}
	term.step("building a")(nil)
	term.step("building b")(errors.New("no"))
	if want := "building a ... 0.0s\nbuilding b ... failed\n"; b.String() != want {
		t.Errorf("step prints %q, want %q", b.String(), want)
	}
}
