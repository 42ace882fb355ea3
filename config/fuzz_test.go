package config_test

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/calyptia/plugin/config"
)

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"0", "512", "1.5M", "4MB", "false", "-1", "9223372036G", "1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := config.ParseSize(s)
		if err != nil {
			return
		}
		if again, err := config.ParseSize(n.String()); err != nil || again != n || n < 0 {
			t.Errorf("ParseSize(%q) = %d, and ParseSize(%q) = %d, %v, want the same", s, n, n.String(), again, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"0", "10", "0.25", "1h30m", "-5", "5 parsecs", "5m30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := config.ParseDuration(s)
		if err != nil {
			return
		}
		if again, err := config.ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("ParseDuration(%q) = %v, and ParseDuration(%q) = %v, %v, want the same", s, d, d.String(), again, err)
		}
	})
}

func FuzzParseBool(f *testing.F) {
	for _, s := range []string{"on", "OFF", "1", "0", "yes", "maybe", "ON"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := config.ParseBool(s)
		if err != nil {
			return
		}
		if again, err := config.ParseBool(strconv.FormatBool(v)); err != nil || again != v {
			t.Errorf("ParseBool(%q) = %v, and as printed %v, %v, want the same", s, v, again, err)
		}
	})
}

// FuzzTag compiles a struct with any tag on its fields, and binds it if that works. Nothing may panic.
func FuzzTag(f *testing.F) {
	for _, s := range []string{
		`flb:"a,sep=space" default:"1,2" validate:"required,dive,min=1"`, `flb:"-"`, `flb:""`, `flb:",sep="`, `flb:"a,sep=;"`,
		`validate:"required_if=B 1"`, `validate:"oneof=1 2|min=3"`, `validate:"dive,keys,endkeys"`, `validate:"eqfield=B"`,
		`validate:"required_without_all=A B,omitempty"`, `validate:"nostructlevel"`, `validate:"min=0x2C"`,
	} {
		f.Add(s, "1")
	}
	f.Fuzz(func(t *testing.T, tag, value string) {
		for _, typ := range []reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[[]string](), reflect.TypeFor[*bool]()} {
			plan, err := config.Compile(reflect.StructOf([]reflect.StructField{
				{Name: "A", Type: typ, Tag: reflect.StructTag(tag)},
				{Name: "B", Type: reflect.TypeFor[int]()},
			}))
			if err != nil {
				continue
			}
			for _, p := range plan.Properties() {
				_, _ = plan.Bind(config.Properties{p.Name: value})
			}
		}
	})
}
