package engine

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/google/go-cmp/cmp"
)

// logged collects the engine's log.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) log(level slog.Level, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, level.String()+" "+line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// load writes a classic configuration and reads it.
func load(t *testing.T, text string) *conffile.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fluent-bit.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := conffile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// runFor runs the configuration for a while.
func runFor(t *testing.T, d time.Duration, c *conffile.Config, o Options) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return Run(ctx, c, o)
}

func TestDummyToStdout(t *testing.T) {
	t.Parallel()
	c := load(t, `
[SERVICE]
    flush 1
[INPUT]
    name dummy
    dummy {"z": 1, "a": [1.5, true, null, "<é>"], "m": {"y": 18446744073709551615, "x": -1e3}}
    rate 4
    samples 6
[OUTPUT]
    name stdout
`)
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		if err := runFor(t, 10*time.Second, c, Options{Stdout: &out}); err != nil {
			t.Fatal(err)
		}
		var want string
		for _, date := range []string{"0.25", "0.5", "0.75", "1.0", "1.25", "1.5"} {
			want += `{"date":94668480` + date + `,"z":1,"a":[1.5,true,null,"<é>"],"m":{"y":18446744073709551615,"x":-1000}}` + "\n"
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
	})
}

func TestStdinToFile(t *testing.T) {
	t.Parallel()
	c := load(t, `
[INPUT]
    name stdin
    tag t
[OUTPUT]
    name file
    match t
    json_date_key false
    path out
`)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var log logged
		stdin := strings.NewReader("{\"a\":1}\n\nno json\n [1]\n{\"b\":\"x\"} {}\n{\"c\":{}}")
		if err := Run(t.Context(), c, Options{Stdin: stdin, Dir: dir, Log: log.log}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "out", "t"))
		if err != nil {
			t.Fatal(err)
		}
		if want := "{\"a\":1}\n{\"c\":{}}\n"; string(got) != want {
			t.Errorf("file = %q, want %q", got, want)
		}
		if n := strings.Count(log.String(), "a line is left out"); n != 3 {
			t.Errorf("%d lines left out, want 3:\n%s", n, &log)
		}
	})
}

func TestStdinInterrupted(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	c := load(t, "[INPUT]\n  name stdin\n[OUTPUT]\n  name null\n")
	if err := runFor(t, 10*time.Millisecond, c, Options{Stdin: r}); err != nil {
		t.Fatal(err)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, properties, want string }{
		{"default", "", `{"date":1700000000.00012,"a":1}`},
		{"key", "json_date_key ts", `{"ts":1700000000.00012,"a":1}`},
		{"none", "json_date_key off", `{"a":1}`},
		{"epoch", "json_date_format epoch", `{"date":1700000000,"a":1}`},
		{"epoch_ms", "json_date_format EPOCH_MILLIS", `{"date":1700000000000,"a":1}`},
		{"iso8601", "json_date_format iso8601", `{"date":"2023-11-14T22:13:20.000120Z","a":1}`},
		{"java", "json_date_format java_sql_timestamp", `{"date":"2023-11-14 22:13:20.000120","a":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newLineFormat()
			if key, value, ok := strings.Cut(tt.properties, " "); ok {
				if err := f.properties()[key](value); err != nil {
					t.Fatal(err)
				}
			}
			got, err := f.lines(appendEvent(nil, time.Unix(1700000000, 120_000), []byte("\x81\xa1a\x01")))
			if err != nil || string(got) != tt.want+"\n" {
				t.Errorf("lines = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	const in, out = "[INPUT]\n  name dummy\n", "[OUTPUT]\n  name null\n"
	tests := []struct{ name, text, want string }{
		{"no outputs", in, "engine: CONF: 1 inputs and 0 outputs (want at least one of each)"},
		{"unknown input", "[INPUT]\n  name nope\n" + out,
			`engine: input "nope" at CONF:1 names a plugin that doesn't exist (built in: dummy, stdin; of loaded libraries: none)`},
		{"unknown output", in + "[OUTPUT]\n  name dummy\n",
			`engine: output "dummy" at CONF:3 names a plugin that doesn't exist (built in: stdout, file, null; of loaded libraries: none)`},
		{"unknown property", in + "  size 5\n" + out,
			`engine: input "dummy" at CONF:1: unknown configuration property "size" (line 3), want one of: dummy, rate, samples`},
		{"bad message", in + "  dummy [1]\n" + out, `engine: input "dummy" at CONF:1: dummy: "[1]" is not a JSON object`},
		{"rate", in + "  rate 0\n" + out, `engine: input "dummy" at CONF:1: rate: 0 events per second (want 1 or more)`},
		{"workers", in + out + "  workers many\n",
			`engine: output "null" at CONF:3: workers (line 5): "many" is not a whole number of 0 or more`},
		{"retry limit", in + out + "  retry_limit 0\n",
			`engine: output "null" at CONF:3: retry_limit (line 5): "0" is neither a number above 0 nor no_limits nor no_retries`},
		{"regex", in + out + "  match_regex ^(?=a)\n", `engine: output "null" at CONF:3: match_regex (line 5): error parsing ` +
			"regexp: invalid or unsupported Perl syntax: `(?=` (the embedded engine knows Go's syntax only)"},
		{"net on an input", in + "  net.keepalive on\n" + out, `engine: input "dummy" at CONF:1: net.keepalive (line 3): ` +
			"net. properties on an input of a plugin library crash Fluent Bit 4.0 and newer"},
		{"level", in + "  log_level loud\n" + out, `engine: input "dummy" at CONF:1: log_level (line 3): ` +
			`"loud" is not a log level (want off, error, warn, info, debug or trace)`},
		{"limit", in + "  mem_buf_limit 5X\n" + out, `engine: input "dummy" at CONF:1: mem_buf_limit (line 3): ` +
			`"5X" is not a size (want bytes, or a number with K, M or G)`},
		{"daemon", "[SERVICE]\n  daemon on\n" + in + out,
			"engine: CONF:2: service: daemon: the embedded engine does not run as a daemon (want off)"},
		{"flush", "[SERVICE]\n  flush 0\n" + in + out, `engine: CONF:2: service: flush: "0" is not a number of seconds above 0`},
		{"scheduler", "[SERVICE]\n  scheduler.base 9\n  scheduler.cap 8\n" + in + out,
			"engine: CONF:1: service: scheduler.base: 9 is not between 1 and scheduler.cap (8)"},
		{"date format", in + "[OUTPUT]\n  name stdout\n  json_date_format x\n",
			`engine: output "stdout" at CONF:3: json_date_format (line 5): "x" is not a time format (want double, iso8601, epoch, epoch_ms or java_sql_timestamp)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, tt.text)
			err := Run(t.Context(), c, Options{Stdout: io.Discard})
			if err == nil {
				t.Fatalf("Run = nil, want %s", tt.want)
			}
			if got := strings.ReplaceAll(err.Error(), c.File, "CONF"); got != tt.want {
				t.Errorf("Run error\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestStarted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, rate string
		want       int
	}{
		{"inputs run", "1", 1},
		{"start fails", "often", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c := load(t, "[INPUT]\n  name dummy\n  rate "+test.rate+"\n[OUTPUT]\n  name null\n")
			started := 0
			err := Run(ctx, c, Options{Started: func() { started++; cancel() }})
			if started != test.want || (err == nil) != (test.want == 1) {
				t.Errorf("Run = %v, Started called %d times, want %d", err, started, test.want)
			}
		})
	}
}
