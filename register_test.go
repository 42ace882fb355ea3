package plugin_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/google/go-cmp/cmp"
)

// configured is an input that keeps its configuration.
type configured[C any] struct {
	conf C
	name string
	err  error
	seen func(*configured[C])
}

func (p *configured[C]) Init(_ context.Context, fbit *plugin.Instance[C]) error {
	p.conf, p.name = fbit.Conf, fbit.Name()
	if p.seen != nil {
		p.seen(p)
	}
	return p.err
}

func (p *configured[C]) Collect(context.Context, chan<- plugin.Event[reading]) error { return nil }

type conf struct {
	Brokers []string `flb:"brokers" validate:"required"`
	Batch   int      `flb:"batch_size" default:"500" validate:"min=1,max=1000"`
	TLS     bool     `flb:"use_tls"`
}

func TestConfigTypes(t *testing.T) {
	t.Parallel()
	want := conf{Brokers: []string{"a", "b"}, Batch: 500, TLS: true}
	h := host("brokers", "a, b", "use_tls", "on")
	t.Run("struct", func(t *testing.T) {
		initialized(t, h, func(p *configured[conf]) {
			if diff := cmp.Diff(want, p.conf); diff != "" {
				t.Errorf("Conf (-want +got)\n%s", diff)
			}
		})
	})
	t.Run("pointer", func(t *testing.T) {
		initialized(t, h, func(p *configured[*conf]) {
			if diff := cmp.Diff(&want, p.conf); diff != "" {
				t.Errorf("Conf (-want +got)\n%s", diff)
			}
		})
	})
	t.Run("ConfigLoader", func(t *testing.T) {
		initialized(t, h, func(p *configured[plugin.ConfigLoader]) {
			if got := p.conf.String("Brokers") + p.conf.String("missing"); got != "a, b" {
				t.Errorf(`String("Brokers") + String("missing") = %q, want "a, b"`, got)
			}
		})
	})
	t.Run("nothing", func(t *testing.T) {
		initialized(t, h, func(p *configured[struct{}]) {
			if p.name != "test.0" {
				t.Errorf("Name() = %q, want test.0", p.name)
			}
		})
	})
}

func initialized[C any](t *testing.T, h proxy.Host, seen func(*configured[C])) {
	t.Helper()
	called := false
	in := registered(t, func() {
		plugin.RegisterInput("test", "", &configured[C]{seen: func(p *configured[C]) { called = true; seen(p) }})
	}).NewInput()
	if err := in.Init(h); err != nil || !called {
		t.Fatalf("Init = %v, called %t, want nil, true", err, called)
	}
	in.Exit()
}

func TestSectionsHaveTheirOwnCopies(t *testing.T) {
	t.Parallel()
	prototype := &configured[conf]{}
	var copies []*configured[conf]
	prototype.seen = func(p *configured[conf]) { copies = append(copies, p) }
	p := registered(t, func() { plugin.RegisterInput("test", "", prototype) })
	for _, broker := range []string{"a", "b"} {
		in := p.NewInput()
		if err := in.Init(host("brokers", broker)); err != nil {
			t.Fatal(err)
		}
		defer in.Exit()
	}
	got := []string{copies[0].conf.Brokers[0], copies[1].conf.Brokers[0]}
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("brokers of the sections (-want +got)\n%s", diff)
	}
	if prototype.conf.Brokers != nil {
		t.Errorf("the prototype's Conf = %v, want it untouched", prototype.conf)
	}
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		properties []string
		err        error
		want       string
	}{
		{"missing", nil, nil, `plugin: input "test.0": config: brokers: required, not set`},
		{"two problems", []string{"batch_size", "0", "use_tls", "maybe"}, nil, `plugin: input "test.0": config: 3 problems
	brokers: required, not set
	batch_size: "0" is too small (want 1 to 1000)
	use_tls: "maybe" is not a boolean (want on or off)`},
		{"of the library's own", []string{"brokers", "a", "go.buffer_limit", "much"}, nil, `plugin: input "test.0": config: go.buffer_limit: "much" is not a size in bytes (want 512, 64K, 4M or 1G)`},
		{"of Init", []string{"brokers", "a"}, errors.New("no route to host"), `plugin: input "test.0": no route to host`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := registered(t, func() { plugin.RegisterInput("test", "", &configured[conf]{err: test.err}) }).NewInput()
			if err := in.Init(host(test.properties...)); err == nil || err.Error() != test.want {
				t.Errorf("Init =\n%v\nwant\n%v", err, test.want)
			}
		})
	}
}

func TestInitPanics(t *testing.T) {
	t.Parallel()
	h := host()
	in := registered(t, func() {
		plugin.RegisterInput("test", "", &configured[struct{}]{seen: func(*configured[struct{}]) { panic("boom") }})
	}).NewInput()
	if err := in.Init(h); err == nil || !strings.Contains(err.Error(), "Init panicked: boom") {
		t.Errorf("Init = %v, want the panic", err)
	}
	wantLine(t, h, "Init panicked", "boom", "stack=")
}

func TestPropertiesOfAPlugin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		register func()
		want     []string
	}{
		{"input", func() { plugin.RegisterInput("a", "", &configured[conf]{}) }, []string{"brokers", "batch_size", "use_tls", "go.buffer_limit"}},
		{"output without any", func() { plugin.RegisterOutput("a", "", &outputFunc[any]{}) }, []string{"go.flush_timeout", "go.capture", "go.capture_limit", "go.capture_redact"}},
		{"untyped", func() { plugin.RegisterInput("a", "", &configured[plugin.ConfigLoader]{}) }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := registered(t, test.register)
			var got []string
			if p.Plans != nil {
				got = []string{}
			}
			for _, plan := range p.Plans {
				for _, property := range plan.Properties() {
					got = append(got, property.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("properties (-want +got)\n%s", diff)
			}
		})
	}
}

// guarded has a secret, and a name that only engines of today keep.
type guarded struct {
	Token  config.Secret `flb:"token" validate:"required"`
	Batch  int           `flb:"batch_size" default:"500"`
	Window string        `flb:"rate_window"`
	Size   int           `flb:"size,deprecated"`
}

func TestConfigurationInTheLog(t *testing.T) {
	t.Parallel()
	h := host("token", "s3cret", "size", "5")
	h.Level = slog.LevelDebug
	initialized(t, h, func(p *configured[guarded]) {
		if got := p.conf.Token.Reveal(); got != "s3cret" {
			t.Errorf("Token = %q, want s3cret", got)
		}
	})
	wantLine(t, h, "DEBUG [test.0] configuration token=*** batch_size=500")
	wantLine(t, h, "WARN [test.0]", "guarded.Window", "rate_window", "5.1")
	wantLine(t, h, "WARN [test.0]", "size", "deprecated")
	for _, line := range h.Lines() {
		if strings.Contains(line, "s3cret") {
			t.Errorf("the log tells the secret: %s", line)
		}
	}
}

type reserved struct {
	TLS bool `flb:"tls"`
}

type misspelt struct {
	Brokers []string `flb:"brokers,requird"`
}

type reservedOutput struct{ outputFunc[any] }

func (*reservedOutput) Init(context.Context, *plugin.Instance[reserved]) error { return nil }

func TestRegistrationMistakes(t *testing.T) {
	t.Parallel()
	good := &configured[struct{}]{}
	for _, test := range []struct {
		name     string
		register func()
		want     string
	}{
		{"nothing", func() {}, "plugin: no plugin registered: call plugin.RegisterInput or plugin.RegisterOutput from init"},
		{"twice", func() {
			plugin.RegisterInput("a", "", good)
			plugin.RegisterOutput("b", "", &outputFunc[any]{})
		}, `plugin: output "b": registered after input "a": a library has one plugin`},
		{"no name", func() { plugin.RegisterInput("", "", good) }, `plugin: input "": name: empty`},
		{"name with a blank", func() { plugin.RegisterInput("a b", "", good) }, `plugin: input "a b": name: "a b" contains a blank or "://"`},
		{"option of outputs", func() { plugin.RegisterInput("a", "", good, plugin.Borrowed()) }, `plugin: input "a": option Borrowed: is for outputs`},
		{"nil", func() { plugin.RegisterInput("a", "", (*configured[struct{}])(nil)) }, `plugin: input "a": value: nil, want a pointer to the plugin's struct`},
		{"nil interface", func() { plugin.RegisterInput[struct{}, reading]("a", "", nil) }, `plugin: input "a": value: nil, want a pointer to the plugin's struct`},
		{"struct tag", func() { plugin.RegisterInput("a", "", &configured[misspelt]{}) }, `plugin: input "a": struct tag on misspelt.Brokers: `},
		{"config is no struct", func() { plugin.RegisterInput("a", "", &configured[int]{}) }, `plugin: input "a": configuration type int: not a struct`},
		{"reserved name", func() { plugin.RegisterOutput("a", "", &reservedOutput{}) }, `plugin: output "a": struct tag on reserved.TLS: "tls"`},
		{"record is no map", func() { plugin.RegisterOutput("a", "", &outputFunc[int]{}) }, `plugin: output "a": record: int`},
		{"batch as a slice", func() { plugin.RegisterOutput("a", "", &outputFunc[[]reading]{}) }, `plugin: output "a": record: []plugin_test.reading`},
		{"two mistakes", func() { plugin.RegisterOutput("", "", &outputFunc[int]{}) }, "\nname: empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := proxy.Capture(test.register)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Capture = %v, %v, want an error with %q", p, err, test.want)
			}
		})
	}
}
