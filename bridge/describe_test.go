//go:build cgo

package bridge

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/google/go-cmp/cmp"
)

func plan(t *testing.T, conf any) *config.Plan {
	t.Helper()
	p, err := config.Compile(reflect.TypeOf(conf))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// faulty is a type of an author's whose methods panic.
type faulty struct{}

func (*faulty) UnmarshalText([]byte) error { panic("expected in this test") }

// The library registers nothing in this package, but for what capture sees.
func TestDescribe(t *testing.T) {
	newInput := func() proxy.Input { return nil }
	plans := []*config.Plan{
		plan(t, struct {
			Path string `flb:"path" validate:"required" desc:"Files <to> read."`
		}{}),
		plan(t, struct {
			Limit config.Size `flb:"go.limit" default:"1M"`
		}{}),
	}
	tests := []struct {
		name     string
		register func()
		want     map[string]string // key to a text in its value; nil for less than 0
	}{
		{"nothing registered", func() {}, map[string]string{"error": "plugin: no plugin registered"}},
		{"mistakes", func() { proxy.Register(&proxy.Plugin{Name: "x"}, errors.New(`"a" < "b"`)) }, map[string]string{"error": `plugin: "a" < "b"`}},
		{"untyped", func() { proxy.Register(&proxy.Plugin{Name: "x", Description: "<X> & \u2028"}, nil) },
			map[string]string{"kind": "output", "name": "x", "description": "<X> & \u2028"}},
		{"typed", func() { proxy.Register(&proxy.Plugin{Name: "x", NewInput: newInput, Plans: plans}, nil) }, map[string]string{
			"kind": "input", "name": "x", "description": "", "markdown": "| `go.limit` |", "classic": "Files <to> read.",
			"yaml": "      path: ", "schema": `"path":`,
		}},
		{"panic of an author's type", func() {
			proxy.Register(&proxy.Plugin{Name: "x", Plans: []*config.Plan{plan(t, struct {
				F faulty `flb:"f"`
			}{})}}, nil)
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			proxy.Capture(func() {
				tt.register()
				got := answer(t)
				if (got == nil) != (tt.want == nil) || len(got) != len(tt.want) {
					t.Errorf("flbgo_describe = %s, want %v", got, tt.want)
				}
				for key, want := range tt.want {
					text := ""
					if json.Unmarshal(got[key], &text) != nil {
						text = string(got[key])
					}
					if !strings.Contains(text, want) || want == "" && text != "" {
						t.Errorf("flbgo_describe: %s = %s, want one with %s", key, text, want)
					}
				}
			})
		})
	}
}

// answer is what a tool learns that begins without any room.
func answer(t *testing.T) (object map[string]json.RawMessage) {
	t.Helper()
	length := flbgo_describe(nil, 0)
	if length < 0 {
		return nil
	}
	text := make([]byte, length+2)
	text[length+1] = 'x'
	if got := describe(text); got != int(length) || text[length] != 0 || text[length+1] != 'x' {
		t.Errorf("describe = %d, %q, want %d, ended by one NUL", got, text, length)
	}
	cut := []byte("xxxx")
	if got := describe(cut[:3]); got != int(length) || cut[2] != 0 || cut[3] != 'x' {
		t.Errorf("describe into 3 bytes = %d, %q, want %d, ended by one NUL", got, cut, length)
	}
	if err := json.Unmarshal(text[:length], &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestDescribeNowhere(t *testing.T) {
	proxy.Capture(func() {
		if got, want := flbgo_describe(nil, 1), flbgo_describe(nil, 0); got != want || got <= 0 {
			t.Errorf("flbgo_describe with room at no address = %d, want %d, the length", got, want)
		}
	})
}

// The pages of a reference do not depend on its way through JSON.
func TestReferencePages(t *testing.T) {
	p := &proxy.Plugin{Name: "x", Plans: []*config.Plan{plan(t, struct {
		List []string `flb:"list" desc:"<a> & <b>"`
	}{})}}
	all, err := p.Reference().Encode()
	if err != nil {
		t.Fatal(err)
	}
	r := new(proxy.Reference)
	if err := json.Unmarshal(all, r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Reference().Pages(), r.Pages()); diff != "" {
		t.Errorf("pages (-before +after JSON):\n%s", diff)
	}
	if got := r.Pages()["schema.json"]; got != string(p.Reference().Schema) || strings.Contains(got, `\u003c`) {
		t.Errorf("schema.json = %s, want what package config writes", got)
	}
}
