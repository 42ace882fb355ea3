package plugin

import (
	"reflect"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
)

// binder makes the Conf of a section from its properties.
type binder[C any] func(properties) (C, error)

// newBinder compiles C, so that mistakes in its struct tags show at registration.
func newBinder[C any]() (binder[C], error) {
	t := reflect.TypeFor[C]()
	if t == reflect.TypeFor[ConfigLoader]() {
		return func(p properties) (C, error) { return any(p).(C), nil }, nil
	}
	plan, err := config.Compile(t)
	if err != nil {
		return nil, err
	}
	return func(p properties) (conf C, err error) {
		v, err := plan.Bind(p)
		if err != nil {
			return conf, err
		}
		return v.Interface().(C), nil
	}, nil
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
