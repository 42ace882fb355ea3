package plugin

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
)

// binder makes the Conf of a section from its properties. It is made at registration, where mistakes in struct tags show.
type binder[C any] struct {
	plan     *config.Plan // nil if C is ConfigLoader
	warnings []string     // about names that some engines keep for themselves
}

func newBinder[C any](kind string) (*binder[C], error) {
	t := reflect.TypeFor[C]()
	if t == reflect.TypeFor[ConfigLoader]() {
		return new(binder[C]), nil
	}
	plan, err := config.Compile(t)
	if err != nil {
		return nil, err
	}
	warnings, err := plan.CheckNames(kind)
	return &binder[C]{plan, warnings}, err
}

// bind also logs what is in effect, secrets hidden, and what may go wrong.
func (b *binder[C]) bind(p properties, logger *slog.Logger) (conf C, err error) {
	if b.plan == nil {
		return any(p).(C), nil
	}
	v, err := b.plan.Bind(p)
	if err != nil {
		return conf, err
	}
	for _, warning := range slices.Concat(b.warnings, b.plan.Warnings(p)) {
		logger.Warn(warning)
	}
	if ctx := context.Background(); logger.Enabled(ctx, slog.LevelDebug) {
		logger.LogAttrs(ctx, slog.LevelDebug, "configuration", b.plan.Effective(v)...)
	}
	return v.Interface().(C), nil
}

// plans are those of what a section may have: the author's and the library's own. There are none without the author's.
func (b *binder[C]) plans(own ...reflect.Type) []*config.Plan {
	if b == nil || b.plan == nil {
		return nil
	}
	plans := []*config.Plan{b.plan}
	for _, t := range own {
		if p, err := config.Compile(t); err == nil { // a test compiles it
			plans = append(plans, p)
		}
	}
	return plans
}

// properties are a section's, as package config and as an untyped plugin read them.
type properties struct{ host proxy.Host }

func (p properties) Lookup(key string) (string, bool) { return p.host.Property(key) }

func (p properties) String(key string) string {
	value, _ := p.host.Property(key)
	return value
}

// inputProperties are the library's own properties of an input.
type inputProperties struct {
	BufferLimit config.Size `flb:"go.buffer_limit" default:"32M" validate:"min=1" desc:"Bytes of events to hold for the engine before sends block"`
}

// outputProperties are those of an output.
type outputProperties struct {
	FlushTimeout time.Duration `flb:"go.flush_timeout" default:"5m" validate:"min=0" desc:"Time for a Flush until its context ends, and a little later it is given up; 0 for any"`

	Capture       string      `flb:"go.capture" desc:"File for every chunk and its verdict, which flbgo replay takes"`
	CaptureLimit  config.Size `flb:"go.capture_limit" default:"64M" validate:"min=1" desc:"Bytes of that file at most"`
	CaptureRedact []string    `flb:"go.capture_redact" desc:"Keys of records whose values are hidden in that file"`
}
