package plugin

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/calyptia/plugin/internal/proxy"
)

// newLogger returns a logger that writes to the engine's log: one line per message, the instance's name in front, then
// the message, then attributes as key=value.
func newLogger(host proxy.Host) *slog.Logger {
	text := func(buf *bytes.Buffer) slog.Handler {
		return slog.NewTextHandler(buf, &slog.HandlerOptions{Level: slog.Level(math.MinInt), ReplaceAttr: dropBuiltin})
	}
	return slog.New(&logHandler{host: host, attrs: text})
}

// logHandler leaves quoting, groups and the rest of slog's rules for attributes to a TextHandler, made anew for each
// line because a TextHandler is tied to its writer.
type logHandler struct {
	host  proxy.Host
	attrs func(*bytes.Buffer) slog.Handler
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.host.LogEnabled(level)
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	var buf bytes.Buffer
	bare := slog.NewRecord(time.Time{}, r.Level, "", 0) // a zero time is left out
	r.Attrs(func(a slog.Attr) bool { bare.AddAttrs(a); return true })
	if err := h.attrs(&buf).Handle(ctx, bare); err != nil {
		return err
	}
	line := "[" + h.host.Name() + "] " + oneLine(r.Message)
	if attrs := bytes.TrimSpace(buf.Bytes()); len(attrs) > 0 {
		line += " " + string(attrs)
	}
	h.host.Log(r.Level, cut(line))
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.host, func(b *bytes.Buffer) slog.Handler { return h.attrs(b).WithAttrs(attrs) }}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.host, func(b *bytes.Buffer) slog.Handler { return h.attrs(b).WithGroup(name) }}
}

// dropBuiltin leaves out the level, which the engine writes, and the message, which stands in front.
func dropBuiltin(groups []string, a slog.Attr) slog.Attr {
	_, isLevel := a.Value.Any().(slog.Level)
	builtin := len(groups) == 0 && (a.Key == slog.LevelKey && isLevel || a.Key == slog.MessageKey && a.Value.String() == "")
	if builtin {
		return slog.Attr{}
	}
	return a
}

var newlines = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\x00", `\x00`)

// oneLine keeps a message on one line: the engine's log does not escape newlines, and ends at a zero byte.
func oneLine(s string) string { return newlines.Replace(s) }

// maxLine is the longest line in bytes. The engine's own limit is 4088 with the time and level in front, and it cuts
// without a word (flb_log.c).
const maxLine = 4000

// cut shortens a line that is too long between two characters, and says so.
func cut(line string) string {
	if len(line) <= maxLine {
		return line
	}
	end := maxLine - len("... (of 1000000 bytes)")
	for end > 0 && !utf8.RuneStart(line[end]) {
		end--
	}
	return fmt.Sprintf("%s... (of %d bytes)", line[:end], len(line))
}
