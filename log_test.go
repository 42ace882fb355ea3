package plugin_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/calyptia/plugin"
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
		{"one line", func(l *slog.Logger) { l.Info("a\nb\r", "c", "d\ne") }, []string{`INFO [test.0] a\nb\r c="d\ne"`}},
		{"level", func(l *slog.Logger) { l.Debug("quiet"); l.Info("loud") }, []string{"INFO [test.0] loud"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := host()
			in := capture(t, func() { plugin.RegisterInput("test", "", &logging{log: test.log}) }).NewInput()
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
