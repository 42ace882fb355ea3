package config_test

import (
	"errors"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type (
	mode string
	unit struct{}
	text struct {
		Text string
		TLS  tlsConfig `flb:"tls_"`
	}
	tlsConfig struct {
		CertFile string `flb:"cert_file"`
		Verify   bool   `default:"on"`
		Inner    struct{ Depth int }
	}
	Common struct {
		Host string `default:"localhost"`
	}
	hidden  struct{ Port int }
	inlined struct {
		Common
		hidden
		Name string
	}
)

type scalars struct {
	String string
	Mode   mode
	Bool   bool
	Int    int
	I8     int8
	I16    int16
	I32    int32
	I64    int64
	Uint   uint
	U8     uint8
	U16    uint16
	U32    uint32
	U64    uint64
	F32    float32
	F64    float64
	D      time.Duration
	S      config.Size
	A      netip.Addr
}

type lists struct {
	Names   []string
	Hosts   []string `flb:"hosts,sep=space"`
	Paths   []string `flb:"paths,sep=;"`
	Ports   []uint16
	Waits   []time.Duration
	Sizes   []config.Size
	Addrs   []netip.Addr
	Default []string `default:"a,b"`
}

type pointers struct {
	Set     *int
	Unset   *int
	Default *bool `default:"off"`
	List    *[]int
	TLS     *tlsConfig
}

func TestBindValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		bind func(config.Source) (any, error)
		src  config.Properties
		want any
	}{
		{"empty struct", bindAny[unit], nil, unit{}},
		{"pointer to a struct", bindAny[*Common], nil, &Common{Host: "localhost"}},
		{"scalars", bindAny[scalars], config.Properties{
			"string": " a b ", "mode": "fast", "BOOL": "On", "int": "-3", "i8": "-128", "i16": "32767", "i32": "-2147483648",
			"i64": "9223372036854775807", "uint": "7", "u8": "255", "u16": "65535", "u32": "4294967295",
			"u64": "18446744073709551615", "f32": "0.5", "f64": "-1e3", "d": "1.5", "s": "4M", "a": "::1",
		}, scalars{
			" a b ", "fast", true, -3, math.MinInt8, math.MaxInt16, math.MinInt32, math.MaxInt64, 7, math.MaxUint8,
			math.MaxUint16, math.MaxUint32, math.MaxUint64, 0.5, -1000, 1500 * time.Millisecond, 4_000_000, netip.IPv6Loopback(),
		}},
		{"scalars unset or empty", bindAny[scalars], config.Properties{"int": "", "d": ""}, scalars{}},
		{"lists", bindAny[lists], config.Properties{
			"names": " a, b c ,", "hosts": "h1:1  h2:2\t", "paths": "/a,b; /c", "ports": "1,2", "waits": "1,2m", "sizes": "1K,2",
			"addrs": "::1", "default": "c",
		}, lists{
			Names: []string{"a", "b c"}, Hosts: []string{"h1:1", "h2:2"}, Paths: []string{"/a,b", "/c"}, Ports: []uint16{1, 2},
			Waits: []time.Duration{time.Second, 2 * time.Minute}, Sizes: []config.Size{1000, 2},
			Addrs: []netip.Addr{netip.IPv6Loopback()}, Default: []string{"c"},
		}},
		{"lists without items", bindAny[lists], config.Properties{"names": " , ", "hosts": " ", "default": ","},
			lists{Default: []string{"a", "b"}}},
		{"nested", bindAny[text], config.Properties{"text": "x", "tls_cert_file": "c", "tls_inner_depth": "3"},
			text{"x", tlsConfig{"c", true, struct{ Depth int }{3}}}},
		{"embedded", bindAny[inlined], config.Properties{"port": "1", "name": "n"},
			inlined{Common{"localhost"}, hidden{1}, "n"}},
		{"pointers", bindAny[pointers], config.Properties{"set": "0", "list": "1,2"},
			pointers{Set: new(int), Default: new(bool), List: &[]int{1, 2}}},
		{"pointer to a nested struct", bindAny[pointers], config.Properties{"tls_cert_file": "c"},
			pointers{Default: new(bool), TLS: &tlsConfig{CertFile: "c", Verify: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.bind(tt.src)
			if err != nil {
				t.Fatalf("Bind(%v) = %v", tt.src, err)
			}
			exported := cmp.Exporter(func(reflect.Type) bool { return true })
			if diff := cmp.Diff(tt.want, got, exported, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("Bind(%v) (-want +got):\n%s", tt.src, diff)
			}
		})
	}
}

func bindAny[C any](src config.Source) (any, error) { return config.Bind[C](src) }

// problems binds C and gives the error's text, without its prefix.
func problems[C any](src config.Source) string {
	_, err := config.Bind[C](src)
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), "config: ")
}

func TestBindDecodeErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 200)
	tests := []struct{ name, key, value, want string }{
		{"bool", "bool", "enabled", `bool: "enabled" is not a boolean (want on or off)`},
		{"int", "int", "1.5", `int: "1.5" is not a whole number`},
		{"int with a blank", "int", "1 ", `int: "1 " is not a whole number`},
		{"int8 range", "i8", "128", `i8: "128" is out of range (want -128 to 127)`},
		{"int64 range", "i64", "-9223372036854775809",
			`i64: "-9223372036854775809" is out of range (want -9223372036854775808 to 9223372036854775807)`},
		{"uint", "uint", "-1", `uint: "-1" is not a whole number from 0 up`},
		{"uint8 range", "u8", "256", `u8: "256" is out of range (want 0 to 255)`},
		{"uint64 range", "u64", "18446744073709551616",
			`u64: "18446744073709551616" is out of range (want 0 to 18446744073709551615)`},
		{"float", "f64", "x", `f64: "x" is not a number (want 0.5 or 12)`},
		{"float infinite", "f64", "inf", `f64: "inf" is not a number (want 0.5 or 12)`},
		{"float nan", "f32", "NaN", `f32: "NaN" is not a number (want 0.5 or 12)`},
		{"float range", "f32", "1e39", `f32: "1e39" is out of range for a number`},
		{"duration", "d", "5 parsecs", `d: "5 parsecs" is not a duration (want 500ms, 10s, 1m or a number of seconds)`},
		{"size", "s", "10X", `s: "10X" is not a size in bytes (want 512, 64K, 4M or 1G)`},
		{"size range", "s", "99999999999G", `s: "99999999999G" is out of range (want less than 2^63 bytes)`},
		{"text", "a", "nowhere", `a: "nowhere" is not an IP address (want 192.0.2.1 or 2001:db8::1)`},
		{"long value", "int", long, `int: "` + long[:200] + `…" is not a whole number`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := problems[scalars](config.Properties{tt.key: tt.value}); got != tt.want {
				t.Errorf("Bind(%s %q) = %s, want %s", tt.key, tt.value, got, tt.want)
			}
		})
	}
}

func TestBindAllProblems(t *testing.T) {
	t.Parallel()
	type Config struct {
		Brokers []string `validate:"required"`
		Timeout time.Duration
		Ports   []int
		TLS     struct {
			Depth int `validate:"max=3"`
		}
		Batch int `default:"500" validate:"min=1,max=10"`
	}
	src := config.Properties{"timeout": "5 parsecs", "ports": "a,1,b", "tls_depth": "4"}
	_, err := config.Bind[Config](src)
	const want = `config: 6 problems
	brokers: required, not set
	timeout: "5 parsecs" is not a duration (want 500ms, 10s, 1m or a number of seconds)
	ports: item "a" is not a whole number
	ports: item "b" is not a whole number
	tls_depth: "4" is too large (want at most 3)
	batch: "500" is too large (want 1 to 10)`
	if err == nil || err.Error() != want {
		t.Fatalf("Bind(%v) = %v, want %s", src, err, want)
	}
	var e *config.Error
	if !errors.As(err, &e) {
		t.Fatalf("errors.As(%T, *config.Error) = false, want true", err)
	}
	got := []config.Problem{e.Problems[0], e.Problems[1], e.Problems[5]}
	wantProblems := []config.Problem{
		{Property: "brokers", Text: "required, not set"},
		{Property: "timeout", Value: "5 parsecs", Set: true,
			Text: `"5 parsecs" is not a duration (want 500ms, 10s, 1m or a number of seconds)`},
		{Property: "batch", Value: "500", Text: `"500" is too large (want 1 to 10)`},
	}
	if diff := cmp.Diff(wantProblems, got); diff != "" {
		t.Errorf("Problems (-want +got):\n%s", diff)
	}
}

var errPair = errors.New("cert and key go together")

type pair struct {
	Cert, Key string
}

func (p pair) Validate() error {
	if (p.Cert == "") != (p.Key == "") {
		return errPair
	}
	return nil
}

type checked struct {
	Low, High int `validate:"min=0"`
	TLS       pair
	Optional  *pair `flb:"opt."`
	calls     int
}

func (c *checked) Validate() error {
	c.calls++
	var errs []error
	if c.Low > c.High {
		errs = append(errs, errors.New("low is above high"))
	}
	if c.Low == 13 {
		errs = append(errs, errors.New("low is unlucky"))
	}
	return errors.Join(errs...)
}

func TestBindValidateMethod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		src  config.Properties
		want string
	}{
		{"right", config.Properties{"low": "1", "high": "2"}, ""},
		{"root, joined", config.Properties{"low": "13"}, "2 problems\n\tlow is above high\n\tlow is unlucky"},
		{"nested", config.Properties{"tls_cert": "c"}, "tls_*: cert and key go together"},
		{"nested pointer", config.Properties{"opt.key": "k"}, "opt.*: cert and key go together"},
		{"nested in order", config.Properties{"tls_cert": "c", "opt.key": "k"},
			"2 problems\n\ttls_*: cert and key go together\n\topt.*: cert and key go together"},
		{"not after a problem", config.Properties{"low": "x", "tls_cert": "c"},
			"2 problems\n\tlow: \"x\" is not a whole number\n\ttls_*: cert and key go together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := problems[checked](tt.src); got != tt.want {
				t.Errorf("Bind(%v) = %s, want %s", tt.src, got, tt.want)
			}
		})
	}
	if _, err := config.Bind[checked](config.Properties{"tls_cert": "c"}); !errors.Is(err, errPair) {
		t.Errorf("errors.Is(%v, errPair) = false, want true", err)
	}
}

type counted struct{ Calls int }

func (c *counted) Validate() error { c.Calls++; return nil }

type embedsCounted struct {
	counted
	Name string
}

func TestBindValidateMethodCalledOnce(t *testing.T) {
	t.Parallel()
	got, err := config.Bind[embedsCounted](config.Properties{})
	if err != nil || got.Calls != 1 {
		t.Errorf("Bind() = %+v, %v, want one call of the inherited Validate", got, err)
	}
}

func TestPropertiesLookup(t *testing.T) {
	t.Parallel()
	p := config.Properties{"Foo": "1", "fOO": "2", "bar": "3"}
	tests := []struct {
		key, want string
		ok        bool
	}{{"Foo", "1", true}, {"fOO", "2", true}, {"foo", "1", true}, {"BAR", "3", true}, {"baz", "", false}}
	for _, tt := range tests {
		if got, ok := p.Lookup(tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("Lookup(%q) = %q, %v, want %q, %v", tt.key, got, ok, tt.want, tt.ok)
		}
	}
}

func TestPlanConcurrently(t *testing.T) {
	t.Parallel()
	plan, err := config.Compile(reflect.TypeFor[*checked]())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v, err := plan.Bind(config.Properties{"low": "1", "high": "2"})
			if err != nil || v.Interface().(*checked).High != 2 {
				t.Errorf("Bind() = %v, %v, want high 2", v, err)
			}
		})
	}
	wg.Wait()
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	type Config struct {
		MaxRecords int `flb:"maxRecords,deprecated" desc:"the engine decides"`
		Old        int `flb:"old,deprecated"`
		New        int
	}
	plan, err := config.Compile(reflect.TypeFor[Config]())
	if err != nil {
		t.Fatal(err)
	}
	src := config.Properties{"max_records": "1", "old": "x", "new": "1"}
	want := []string{"maxRecords: deprecated: the engine decides", "old: deprecated"}
	if diff := cmp.Diff(want, plan.Warnings(src)); diff != "" {
		t.Errorf("Warnings(%v) (-want +got):\n%s", src, diff)
	}
	if got := plan.Warnings(config.Properties{"old": ""}); got != nil {
		t.Errorf("Warnings() = %q, want none", got)
	}
}
