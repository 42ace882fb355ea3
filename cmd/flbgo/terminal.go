package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"
)

// terminal writes what people read, on standard error.
type terminal struct {
	w      io.Writer
	colour bool
}

func newTerminal(f *os.File) *terminal {
	return &terminal{w: f, colour: isTerminal(f) && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The colours of Fluent Bit's log (flb_log.c).
const (
	bold   = "\x1b[1m"
	red    = "\x1b[91m"
	green  = "\x1b[92m"
	yellow = "\x1b[93m"
	blue   = "\x1b[94m"
	reset  = "\x1b[0m"
)

func (t *terminal) paint(colour, text string) string {
	if !t.colour {
		return text
	}
	return colour + text + reset
}

// failed says why the command fails.
func (t *terminal) failed(err error) {
	fmt.Fprintf(t.w, "%s %v\n", t.paint(red, "flbgo:"), err)
}

// note says what flbgo does.
func (t *terminal) note(format string, args ...any) {
	fmt.Fprintf(t.w, "%s %s\n", t.paint(bold, "flbgo:"), fmt.Sprintf(format, args...))
}

// step says that something begins which takes a while. Nothing else is to be written until done is called.
func (t *terminal) step(what string) (done func(error)) {
	fmt.Fprintf(t.w, "%s ... ", what)
	began := time.Now()
	return func(err error) {
		if err != nil {
			fmt.Fprintln(t.w, t.paint(red, "failed"))
			return
		}
		fmt.Fprintf(t.w, "%.1fs\n", time.Since(began).Seconds())
	}
}

// lines is step for when other things are written meanwhile.
func (t *terminal) lines(what string) (done func(error)) {
	t.note("%s", what)
	return func(error) {}
}

// log writes a line of the engine's log in the form of Fluent Bit 5.1 (flb_log.c).
func (t *terminal) log(now time.Time, level slog.Level, line string) {
	colour, title := levelTitle(level)
	fmt.Fprintf(t.w, "%s%s%s [%s] %s\n", t.paint(bold, "["), now.Format("2006/01/02 15:04:05.000"), t.paint(bold, "]"),
		t.paint(colour, fmt.Sprintf("%5s", title)), strings.TrimSuffix(line, "\n"))
}

func levelTitle(level slog.Level) (colour, title string) {
	switch {
	case level >= slog.LevelError:
		return red, "error"
	case level >= slog.LevelWarn:
		return yellow, "warn"
	case level >= slog.LevelInfo:
		return green, "info"
	case level >= slog.LevelDebug:
		return yellow, "debug"
	}
	return blue, "trace"
}

// writeJSON writes for people, too.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
