package config_test

import (
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
)

// want is one property and what is said about it; an empty text means that it is right.
type want struct{ name, value, text string }

type bounded struct {
	IntMin   int             `validate:"omitempty,min=1"`
	IntRange int             `default:"1" validate:"min=1,max=0x10"`
	IntGt    uint8           `validate:"gt=1" default:"5"`
	IntLt    int             `validate:"lt=10"`
	IntLen   int             `validate:"len=5" default:"5"`
	Float    float64         `validate:"lte=0.5"`
	Dur      time.Duration   `validate:"omitempty,min=1s"`
	DurRange time.Duration   `default:"5s" validate:"gte=1s,lte=1m"`
	DurNanos time.Duration   `default:"5s" validate:"min=1000000000"`
	Size     config.Size     `validate:"max=4000000"`
	SizeMin  config.Size     `validate:"min=1024" default:"1M"`
	Str      string          `validate:"omitempty,min=2"`
	StrOne   string          `validate:"omitempty,max=1"`
	StrRange string          `validate:"omitempty,min=2,max=3"`
	StrLen   string          `validate:"omitempty,len=3"`
	List     []string        `validate:"omitempty,min=2"`
	ListMax  []string        `validate:"max=1"`
	ListLen  []int           `validate:"omitempty,len=2"`
	Items    []int           `validate:"omitempty,dive,min=1,max=9"`
	Waits    []time.Duration `validate:"dive,min=1s"`
	Ptr      *int            `validate:"omitempty,min=1"`
}

func TestBounds(t *testing.T) {
	t.Parallel()
	checkWants[bounded](t, []want{
		{"int_min", "1", ""},
		{"int_min", "-1", `"-1" is too small (want at least 1)`},
		{"int_min", "0", ""}, // omitempty skips zero values
		{"int_range", "0", `"0" is too small (want 1 to 0x10)`},
		{"int_range", "17", `"17" is too large (want 1 to 0x10)`},
		{"int_gt", "1", `"1" is too small (want more than 1)`},
		{"int_lt", "10", `"10" is too large (want less than 10)`},
		{"int_len", "4", `"4" is not allowed (want exactly 5)`},
		{"float", "0.6", `"0.6" is too large (want at most 0.5)`},
		{"dur", "0.5", `"0.5" is too short (want at least 1s)`},
		{"dur_range", "2m", `"2m" is too long (want 1s to 1m)`},
		{"dur_nanos", "10ms", `"10ms" is too short (want at least 1s)`},
		{"size", "4001K", `"4001K" is too large (want at most 4M)`},
		{"size_min", "1K", `"1K" is too small (want at least 1024)`},
		{"str", "é", `"é" is too short (want at least 2 characters)`},
		{"str_one", "ab", `"ab" is too long (want at most 1 character)`},
		{"str_range", "abcd", `"abcd" is too long (want 2 to 3 characters)`},
		{"str_len", "ab", `"ab" has the wrong length (want exactly 3 characters)`},
		{"list", "a", `"a" has too few items (want at least 2 items)`},
		{"list_max", "a,b", `"a,b" has too many items (want at most 1 item)`},
		{"list_len", "1", `"1" has the wrong number of items (want exactly 2 items)`},
		{"items", "1,10", `item "10" is too large (want 1 to 9)`},
		{"waits", "2,0.5", `item "500ms" is too short (want at least 1s)`},
		{"ptr", "0", `"0" is too small (want at least 1)`},
	})
}

type worded struct {
	Oneof   string   `validate:"omitempty,oneof=gzip zstd 'no thing'"`
	OneofN  int      `default:"1" validate:"oneof=1 2"`
	Noneof  string   `validate:"omitempty,noneof=a b"`
	URL     string   `validate:"omitempty,url"`
	Host    string   `validate:"omitempty,hostname"`
	IP      string   `validate:"omitempty,ip"`
	Email   string   `validate:"omitempty,email"`
	Broker  string   `validate:"omitempty,hostname_port"`
	Brokers []string `validate:"dive,hostname_port"`
	Starts  string   `validate:"omitempty,startswith=arn:"`
	Ends    string   `validate:"omitempty,endswith=/"`
	Has     string   `validate:"omitempty,excludes=0x2C"`
	Eq      string   `validate:"omitempty,eq=a"`
	EqN     int      `validate:"omitempty,eq=3"`
	EqList  []string `validate:"omitempty,eq=2"`
	Ne      string   `validate:"ne=log"`
	File    string   `validate:"omitempty,file"`
	Dir     string   `validate:"omitempty,dir"`
	Either  string   `validate:"omitempty,ip|hostname|startswith=unix:"`
	Unique  []string `validate:"unique"`
	Date    string   `validate:"omitempty,datetime=2006-01-02"`
	Color   string   `validate:"omitempty,iscolor"`
	Rule    string   `validate:"omitempty,ulid"`
	Low     int
	High    int `validate:"gtefield=Low"`
	TLS     struct{ Depth int }
	Same    int `validate:"eqcsfield=TLS.Depth"`
}

func TestRuleWords(t *testing.T) {
	t.Parallel()
	checkWants[worded](t, []want{
		{"oneof", "zstd", ""},
		{"oneof", "lz4", `"lz4" is not one of gzip, zstd, no thing`},
		{"oneof_n", "3", `"3" is not one of 1, 2`},
		{"noneof", "a", `"a" is not allowed (want none of a, b)`},
		{"url", "x", `"x" is not a URL (want http://host/path)`},
		{"host", "a b", `"a b" is not a host name (want host.example.com)`},
		{"ip", "1.2.3", `"1.2.3" is not an IP address (want 192.0.2.1 or 2001:db8::1)`},
		{"email", "me", `"me" is not an email address (want name@example.com)`},
		{"broker", "h", `"h" is not a host and port (want host:9092)`},
		{"brokers", "h:1, h", `item "h" is not a host and port (want host:9092)`},
		{"starts", "x", `"x" does not start with "arn:"`},
		{"ends", "x", `"x" does not end with "/"`},
		{"has", "a,b", `"a,b" contains ","`},
		{"eq", "b", `"b" is not allowed (want "a")`},
		{"eq_n", "2", `"2" is not allowed (want 3)`},
		{"eq_list", "a", `"a" has the wrong number of items (want exactly 2 items)`},
		{"ne", "log", `"log" is not allowed (want anything but "log")`},
		{"file", "/no/such", `"/no/such" is not a file that exists`},
		{"dir", "/no/such", `"/no/such" is not a folder that exists`},
		{"either", "a b", `"a b" is not allowed (want an IP address or a host name or text that starts with "unix:")`},
		{"unique", "a,a", `"a,a" has an item twice`},
		{"date", "1.2.", `"1.2." is not a date or time (want the form 2006-01-02)`},
		{"color", "x", `"x" breaks the rule "iscolor"`},
		{"rule", "x", `"x" breaks the rule "ulid"`},
		{"high", "-1", `"-1" is not allowed (want at least low)`},
		{"same", "1", `"1" is not allowed (want the same as tls_depth)`},
	})
}

// checkWants binds C once for each want, with that property alone.
func checkWants[C any](t *testing.T, wants []want) {
	t.Helper()
	for _, w := range wants {
		t.Run(w.name+"="+w.value, func(t *testing.T) {
			t.Parallel()
			if w.text != "" {
				w.text = w.name + ": " + w.text
			}
			if got := problems[C](config.Properties{w.name: w.value}); got != w.text {
				t.Errorf("Bind(%s=%s) = %s, want %s", w.name, w.value, got, w.text)
			}
		})
	}
}

func TestRulesOnUnset(t *testing.T) {
	t.Parallel()
	type Config struct {
		Min  int           `validate:"min=1"`
		Wait time.Duration `validate:"min=1s,max=1m"`
		URL  string        `validate:"url"`
		Mode string        `validate:"oneof=a b"`
		Code string        `validate:"ulid"`
		Ptr  *int          `validate:"min=1"`
	}
	const want = `6 problems
	min: not set (want at least 1)
	wait: not set (want 1s to 1m)
	url: not set (want a URL)
	mode: not set (want one of a, b)
	code: not set (want what the rule "ulid" allows)
	ptr: not set (want at least 1)`
	if got := problems[Config](config.Properties{}); got != want {
		t.Errorf("Bind() = %s, want %s", got, want)
	}
}

func TestRulesAfterBadValue(t *testing.T) {
	t.Parallel()
	type Config struct {
		Low  int `validate:"min=1"`
		High int `validate:"gtefield=Low"`
		User int
		Key  string `validate:"required_with=User"`
	}
	src := config.Properties{"low": "x", "high": "-1", "user": "y"}
	want := "3 problems\n\tlow: \"x\" is not a whole number\n\tuser: \"y\" is not a whole number\n\tkey: required when user is set"
	if got := problems[Config](src); got != want {
		t.Errorf("Bind(%v) = %s, want %s", src, got, want)
	}
}

type present struct {
	Bool  bool        `validate:"required"`
	Int   int         `validate:"required,max=9"`
	Ptr   *int        `validate:"required,max=9"`
	List  []int       `validate:"required,dive,required,max=9"`
	Size  config.Size `validate:"required" default:"0"`
	Group *struct {
		Key string `validate:"required"`
		Opt string
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	with := func(more ...string) config.Properties {
		p := config.Properties{"bool": "off", "int": "0", "ptr": "0", "list": "0,0"}
		for i := 0; i < len(more); i += 2 {
			p[more[i]] = more[i+1]
		}
		return p
	}
	tests := []struct {
		name string
		src  config.Properties
		want string
	}{
		{"zero values that are set", with(), ""},
		{"empty", with("bool", "", "list", ","), "2 problems\n\tbool: required, not set\n\tlist: required, not set"},
		{"nothing", config.Properties{}, "4 problems\n\tbool: required, not set\n\tint: required, not set\n\t" +
			"ptr: required, not set\n\tlist: required, not set"},
		{"further rules", with("int", "10", "ptr", "10", "list", "10"),
			"3 problems\n\tint: \"10\" is too large (want at most 9)\n\tptr: \"10\" is too large (want at most 9)\n\t" +
				"list: item \"10\" is too large (want at most 9)"},
		{"in a nested struct that is there", with("group_opt", "x"), "group_key: required, not set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := problems[present](tt.src); got != tt.want {
				t.Errorf("Bind(%v) = %s, want %s", tt.src, got, tt.want)
			}
		})
	}
}

type conditional struct {
	On      bool
	User    string
	Host    string `default:"localhost"`
	Mode    string
	Depth   int
	Ptr     *int
	TLS     tlsFiles `flb:"tls_"`
	With    string   `validate:"required_with=User,omitempty,min=2"`
	WithOn  int      `validate:"required_with=On"`
	WithAll string   `validate:"required_with_all=User Mode"`
	Without string   `validate:"required_without=Host"`
	Neither string   `validate:"required_without_all=User Mode Alone"`
	Alone   string
	If      string `validate:"required_if=Mode fast On true"`
	IfPtr   string `validate:"required_if=Ptr 0"`
	Unless  *int   `validate:"required_unless=Depth 0 Mode 'a b',max=5"`
	ExWith  string `validate:"excluded_with=User Host"`
	ExOut   string `validate:"excluded_without=User"`
	ExIf    int    `validate:"excluded_if=Mode slow"`
	ExBool  bool   `validate:"excluded_with=User"`
	WithTLS string `validate:"required_with=TLS"`
}

type tlsFiles struct {
	Cert string `validate:"required_with=Key"`
	Key  string `validate:"required_with=Cert"`
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		src  config.Properties
		want string
	}{
		{"nothing applies", config.Properties{}, ""},
		{"with", config.Properties{"user": "u"}, "with: required when user is set"},
		{"with, satisfied", config.Properties{"user": "u", "with": "ab"}, ""},
		{"with, further rule", config.Properties{"user": "u", "with": "a"},
			`with: "a" is too short (want at least 2 characters)`},
		{"with a bool on", config.Properties{"on": "yes"}, "with_on: required when on is on"},
		{"with a bool on, satisfied by 0", config.Properties{"on": "yes", "with_on": "0"}, ""},
		{"with a bool off", config.Properties{"on": "no"}, ""},
		{"with_all", config.Properties{"user": "u", "with": "ab", "mode": "m"},
			"with_all: required when user is set and mode is set"},
		{"without_all", config.Properties{"alone": ""},
			"neither: required when user is not set and mode is not set and alone is not set"},
		{"if", config.Properties{"mode": "fast", "on": "1", "with_on": "1"},
			`if: required when mode is "fast" and on is on`},
		{"if, half", config.Properties{"mode": "fast"}, ""},
		{"if a pointer", config.Properties{"ptr": "0"}, `if_ptr: required when ptr is "0"`},
		{"unless", config.Properties{"depth": "1"}, `unless: required unless depth is "0" or mode is "a b"`},
		{"unless, satisfied", config.Properties{"depth": "1", "mode": "a b"}, ""},
		{"unless, further rule", config.Properties{"depth": "1", "unless": "6"}, `unless: "6" is too large (want at most 5)`},
		{"excluded_with", config.Properties{"user": "u", "with": "ab", "ex_with": "x"},
			`ex_with: "x" is not allowed when user is set or host is set`},
		{"excluded_with a default", config.Properties{"ex_with": "x"}, ""},
		{"excluded_without", config.Properties{"ex_out": "x"}, `ex_out: "x" is not allowed when user is not set`},
		{"excluded_if", config.Properties{"mode": "slow", "ex_if": "0"}, `ex_if: "0" is not allowed when mode is "slow"`},
		{"excluded bool on", config.Properties{"user": "u", "with": "ab", "ex_bool": "on"},
			`ex_bool: "on" is not allowed when user is set`},
		{"excluded bool off", config.Properties{"user": "u", "with": "ab", "ex_bool": "off"}, ""},
		{"pair and nested struct", config.Properties{"tls_cert": "c"},
			"2 problems\n\ttls_key: required when tls_cert is set\n\twith_tls: required when tls_* is set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := config.Properties{"neither": "n"}
			for k, v := range tt.src {
				src[k] = v
			}
			if _, ok := tt.src["alone"]; ok {
				delete(src, "neither")
			}
			if got := problems[conditional](src); got != tt.want {
				t.Errorf("Bind(%v) = %s, want %s", src, got, tt.want)
			}
		})
	}
}
