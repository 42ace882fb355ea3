package plugin_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/google/go-cmp/cmp"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		log  func(*slog.Logger)
		want []string
	}{
		{"message", func(l *slog.Logger) { l.Info("hello world") }, []string{"INFO [test.0] hello world"}},
		{"attributes", func(l *slog.Logger) { l.Warn("sent", "n", 3, "to", "a b") }, []string{`WARN [test.0] sent n=3 to="a b"`}},
		{"with and group", func(l *slog.Logger) { l.With("a", 1).WithGroup("g").Error("x", "b", 2) }, []string{"ERROR [test.0] x a=1 g.b=2"}},
		{"own level and msg", func(l *slog.Logger) { l.Info("x", "level", "high", "msg", "y") }, []string{"INFO [test.0] x level=high msg=y"}},
		{"one line", func(l *slog.Logger) { l.Info("a\nb\r\x00", "c", "d\ne\x00") }, []string{`INFO [test.0] a\nb\r\x00 c="d\ne\x00"`}},
		{"secret", func(l *slog.Logger) { l.Info("login", "password", config.NewSecret("hunter2")) }, []string{"INFO [test.0] login password=***"}},
		{"long", func(l *slog.Logger) { l.Info(strings.Repeat("é", 3000)) },
			[]string{"INFO [test.0] " + strings.Repeat("é", (4000-22-len("[test.0] "))/2) + "... (of 6009 bytes)"}},
		{"level", func(l *slog.Logger) { l.Debug("quiet"); l.Info("loud") }, []string{"INFO [test.0] loud"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := host()
			in := registered(t, func() { plugin.RegisterInput("test", "", &logging{log: test.log}) }).NewInput()
			if err := in.Init(h); err != nil {
				t.Fatal(err)
			}
			in.Exit()
			if diff := cmp.Diff(test.want, h.Lines()); diff != "" {
				t.Errorf("log (-want +got)\n%s", diff)
			}
		})
	}
}

type logging struct {
	inputFunc[reading]
	log func(*slog.Logger)
}

func (p *logging) Init(_ context.Context, fbit *plugin.Instance[struct{}]) error {
	p.log(fbit.Logger)
	return nil
}

// TestSlog runs the rules that slog has for handlers. The engine writes the level and the time of a line, so both are
// added here; a zero time, which a handler is to leave out, is nothing that it is told of.
func TestSlog(t *testing.T) {
	t.Parallel()
	var h *proxytest.Host
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		h = host()
		var logger *slog.Logger
		in := registered(t, func() {
			plugin.RegisterInput("test", "", &logging{log: func(l *slog.Logger) { logger = l }})
		}).NewInput()
		if err := in.Init(h); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(in.Exit)
		return logger.Handler()
	}, func(t *testing.T) map[string]any {
		level, line, _ := strings.Cut(h.Lines()[0], " ")
		_, line, _ = strings.Cut(line, "] ")
		message, attrs, _ := strings.Cut(line, " ")
		all := map[string]any{slog.LevelKey: level, slog.MessageKey: message}
		if !strings.HasSuffix(t.Name(), "zero-time") {
			all[slog.TimeKey] = "now"
		}
		for attr := range strings.FieldsSeq(attrs) {
			key, value, _ := strings.Cut(attr, "=")
			group := all
			for {
				name, rest, nested := strings.Cut(key, ".")
				if !nested {
					break
				}
				if group[name] == nil {
					group[name] = map[string]any{}
				}
				group, key = group[name].(map[string]any), rest
			}
			group[key] = value
		}
		return all
	})
}

func BenchmarkDisabledLine(b *testing.B) {
	h := host()
	var logger *slog.Logger
	p, err := proxy.Capture(func() {
		plugin.RegisterInput("test", "", &logging{log: func(l *slog.Logger) { logger = l }})
	})
	if err != nil {
		b.Fatal(err)
	}
	in := p.NewInput()
	if err := in.Init(h); err != nil {
		b.Fatal(err)
	}
	defer in.Exit()
	b.ReportAllocs()
	for b.Loop() {
		logger.Debug("not logged")
	}
}
