package config_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

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

// everyType has a property of every type whose value is printed as it is, and of the same in lists and maps.
type everyType struct {
	String string
	Bool   bool
	I8     int8
	I64    int64
	U8     uint8
	U64    uint64
	F32    float32
	F64    float64
	D      time.Duration
	S      config.Size
	URL    *url.URL
	Value  url.URL
	Regexp *regexp.Regexp
	Zone   *time.Location
	Level  slog.Level
	Addr   netip.Addr
	Peer   netip.AddrPort
	Time   time.Time
	JSON   any     `flb:"json,json"`
	Object columns `flb:"object,json"`
	Names  []string
	Floats []float64 `flb:"floats,sep=space"`
	Waits  []time.Duration
	URLs   []*url.URL `flb:"urls,sep=space"`
	Labels map[string]string
	Sizes  map[mode]config.Size `flb:"sizes,sep=;,kv=:"`
	Words  map[string]string    `flb:"words,sep=;,kv=space"`
}

// FuzzPrinted gives a text to every decoder. What one accepts prints as a text that it reads as an equal value.
func FuzzPrinted(f *testing.F) {
	plan, err := config.Compile(reflect.TypeFor[everyType]())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		"", "a", "off", "-128", "18446744073709551615", "1e-7", "-0", "1.5M", "1h30m", "http://u:@h:80/a%2fb?c=d#e", "^a|b", "Europe/Berlin",
		"WARN+3", "debug-9223372036854775807", "::1%eth0", "[::1]:80", "2026-01-02T03:04:05.678+01:30", `{"Limit":3}`, `[1e300,"\u2028<",null]`,
		" a, b ,,", "1 2", "a=b,c=", "a:1K;b:2", "a  b c;d\te", "http://a http://b",
	} {
		f.Add(s)
	}
	// Compiled expressions have no equality, and a URL keeps a spelling that String does not give (net/url: RawFragment).
	byText := map[string]bool{"regexp": true, "url": true, "list of url": true}
	f.Fuzz(func(t *testing.T, text string) {
		for i, p := range plan.Properties() {
			first, err := plan.Bind(config.Properties{p.Name: text})
			if err != nil {
				continue
			}
			shown := plan.Effective(first)[i].Value.String()
			if strings.Contains(shown, "***") {
				continue // a password
			}
			second, err := plan.Bind(config.Properties{p.Name: shown})
			if err != nil {
				t.Errorf("Bind(%s=%q) is printed as %q, and Bind of that = %v", p.Name, text, shown, err)
				continue
			}
			again := plan.Effective(second)[i].Value.String()
			if again != shown || !byText[p.Type] && !reflect.DeepEqual(first.Field(i).Interface(), second.Field(i).Interface()) {
				t.Errorf("Bind(%s=%q) is printed as %q, and Bind of that = %v, want %v", p.Name, text, shown, second.Field(i), first.Field(i))
			}
		}
	})
}

// FuzzSecretProperty gives texts to secrets of all kinds. No error and no list of values tells them.
func FuzzSecretProperty(f *testing.F) {
	type Config struct {
		Token   config.Secret   `validate:"omitempty,min=10,startswith=x"`
		Tokens  []config.Secret `validate:"max=1,dive,max=3"`
		ByName  map[string]config.Secret
		Pin     int      `flb:"pin,secret" validate:"min=1"`
		Object  columns  `flb:"object,json,secret"`
		Matcher matcher  `flb:"matcher,secret"`
		URL     *url.URL `flb:"url,secret"`
	}
	plan, err := config.Compile(reflect.TypeFor[Config]())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"hunter2hunter2", "hunter2,hunter2=", `{"hunter22":1}`, "http://hunter22@h"} {
		f.Add(s)
	}
	// What messages and property names consist of.
	_, all := plan.Bind(config.Properties{})
	known := fmt.Sprintf("%v %v", all, plan.Properties())
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 8 || strings.Contains(known, text) {
			return
		}
		for _, p := range plan.Properties() {
			v, err := plan.Bind(config.Properties{p.Name: text})
			told := deepText(err)
			if err == nil {
				told = fmt.Sprint(plan.Effective(v))
			}
			if strings.Contains(told, text) {
				t.Errorf("Bind(%s=%q) tells %s", p.Name, text, told)
			}
		}
	})
}

// FuzzTag compiles a struct with any tag on its fields, and binds it if that works. Nothing may panic.
func FuzzTag(f *testing.F) {
	for _, s := range []string{
		`flb:"a,sep=space" default:"1,2" validate:"required,dive,min=1"`, `flb:"-"`, `flb:""`, `flb:",sep="`, `flb:"a,sep=;"`,
		`validate:"required_if=B 1"`, `validate:"oneof=1 2|min=3"`, `validate:"dive,keys,endkeys"`, `validate:"eqfield=B"`,
		`validate:"required_without_all=A B,omitempty"`, `validate:"nostructlevel"`, `validate:"min=0x2C"`, `validate:"required,dive,dive"`,
		`flb:"a,json" validate:"min=1"`, `flb:"a,json,file,secret,deprecated"`, `flb:"a,file" default:"inline:x"`, `flb:"apiKey,kv=:,sep=;"`,
		`flb:"net.x"`, `validate:"dive,keys,min=1,endkeys,max=2"`, `validate:"required_if=A x"`, `validate:"unique=A"`, `validate:"min=1"`,
	} {
		f.Add(s, "1")
	}
	types := []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[[]string](), reflect.TypeFor[*bool](), reflect.TypeFor[map[string]int](),
		reflect.TypeFor[*url.URL](), reflect.TypeFor[config.Secret](), reflect.TypeFor[any](), reflect.TypeFor[[]byte](),
		reflect.TypeFor[columns](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[[]*regexp.Regexp](), reflect.TypeFor[time.Time](),
	}
	f.Fuzz(func(t *testing.T, tag, value string) {
		for _, typ := range types {
			plan, err := config.Compile(reflect.StructOf([]reflect.StructField{
				{Name: "A", Type: typ, Tag: reflect.StructTag(tag)},
				{Name: "B", Type: reflect.TypeFor[int]()},
			}))
			if err != nil {
				continue
			}
			_, _ = plan.CheckNames("input")
			for _, p := range plan.Properties() {
				if p.File {
					value = "inline:" + value // not any file
				}
				if v, err := plan.Bind(config.Properties{p.Name: value}); err == nil {
					plan.Effective(v)
				}
			}
		}
	})
}
