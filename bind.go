package plugin

import (
	"reflect"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
)

// binder makes the Conf of a section from its properties.
type binder[C any] func(properties) (C, error)

// newBinder compiles C, so that mistakes in its struct tags show at registration. plan is nil if C has none.
func newBinder[C any]() (bind binder[C], plan *config.Plan, err error) {
	t := reflect.TypeFor[C]()
	if t == reflect.TypeFor[ConfigLoader]() {
		return func(p properties) (C, error) { return any(p).(C), nil }, nil, nil
	}
	if plan, err = config.Compile(t); err != nil {
		return nil, nil, err
	}
	return func(p properties) (conf C, err error) {
		v, err := plan.Bind(p)
		if err != nil {
			return conf, err
		}
		return v.Interface().(C), nil
	}, plan, nil
}

// propertiesOf lists what a section may have, nil if there is no saying: the plan's properties and the library's own.
func propertiesOf(plan *config.Plan, own reflect.Type) []proxy.Property {
	if plan == nil {
		return nil
	}
	all := plan.Properties()
	if ownPlan, err := config.Compile(own); err == nil {
		all = append(all, ownPlan.Properties()...)
	}
	list := make([]proxy.Property, len(all)) // not nil without any: then a section may have none
	for i, p := range all {
		list[i] = proxy.Property{Name: p.Name, Type: p.Type, Default: p.Default, Description: p.Description}
	}
	return list
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

// outputProperties are the library's own properties of an output.
type outputProperties struct{}
