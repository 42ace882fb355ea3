//go:build linux

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/calyptia/plugin/internal/fluentbit"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// library builds testdata/name.c into dir.
func library(t *testing.T, dir, name string, flags ...string) {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skipf("needs a C compiler (install gcc or clang): %v", err)
	}
	args := append([]string{"-shared", "-fPIC", "-D_GNU_SOURCE", "-DREFUSE=0", "-DNEW_FIELD=0", "-o", filepath.Join(dir, name+".so"),
		filepath.Join("testdata", name+".c")}, flags...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", cc, args, err, out)
	}
}

// workspace is a directory with both libraries, a plugins file and the configuration.
func workspace(t *testing.T, text string, flags ...string) (dir string, c *conffile.Config) {
	t.Helper()
	dir = t.TempDir()
	library(t, dir, "in_count", flags...)
	library(t, dir, "out_lines")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("other.conf", "[PLUGINS]\n  path ./none.so\n")
	write("native.conf", "[PLUGINS]\n  path ./flb-x.so\n")
	write("plugins.conf", "[PLUGINS]\n  path ./in_count.so\n  path ./out_lines.so\n")
	c, err := conffile.Load(write("fluent-bit.conf", "[SERVICE]\n  plugins_file plugins.conf\n  scheduler.base 1\n  scheduler.cap 3\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return dir, c
}

// until is a writer that calls enough once it has got a number of lines.
type until struct {
	mu     sync.Mutex
	lines  int
	enough func()
	text   bytes.Buffer
}

func (u *until) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.text.String()
}

func (u *until) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lines -= bytes.Count(b, []byte("\n"))
	if u.lines <= 0 {
		u.enough()
	}
	return u.text.Write(b)
}

// sections have two inputs and two outputs of the libraries.
const sections = `
[INPUT]
  name    Count
  tag     a.x
  from    10
  samples 6
[INPUT]
  name    count
  alias   second
  from    50
  samples 6
[OUTPUT]
  name        lines
  match       a.*
  path        a
  fail        2
  retry_limit 2
[OUTPUT]
  name    lines
  match   *.1
  path    b
  workers 1
[OUTPUT]
  name   stdout
  format json_lines
  match  *
`

// Two sections each of an input and an output library: all events reach the right file, in order where none was refused,
// those of the first pause as well, on every generation.
func TestLibraries(t *testing.T) {
	t.Parallel()
	for _, g := range chost.Generations {
		t.Run(string(g), func(t *testing.T) {
			t.Parallel()
			dir, c := workspace(t, sections)
			var log logged
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			stdout := &until{lines: 12, enough: cancel}
			err := Run(ctx, c, Options{Generation: g, Dir: dir, Tick: 10 * time.Millisecond, Stdout: stdout, Log: log.log})
			if err != nil {
				t.Fatalf("Run: %v\n%s", err, &log)
			}
			compareFiles(t, dir, &log)
			if line := "INFO counting from 50"; !strings.Contains(log.String(), line) {
				t.Errorf("log has no line %q:\n%s", line, &log)
			}
		})
	}
}

// The metrics of all sections are there while they run.
func TestMetricsOfLibraries(t *testing.T) {
	t.Parallel()
	dir, c := workspace(t, sections)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var metrics Metrics
	var got []chost.Metric
	started := func() {
		got = metrics.All()
		cancel()
	}
	if err := Run(ctx, c, Options{Dir: dir, Tick: 10 * time.Millisecond, Metrics: &metrics, Started: started}); err != nil {
		t.Fatal(err)
	}
	want := []chost.Metric{
		{Kind: chost.Gauge, Name: "test_from", Help: "First value", Value: 10, Labels: []chost.Label{{Name: "name", Value: "a"}}},
		{Kind: chost.Gauge, Name: "test_from", Help: "First value", Value: 50, Labels: []chost.Label{{Name: "name", Value: "b"}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(chost.Metric{}, "Instance")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if left := metrics.All(); left != nil {
		t.Errorf("metrics after all have exited = %v, want none", left)
	}
}

// compareFiles looks at what the lines outputs of sections have written. Refused chunks come later than others.
func compareFiles(t *testing.T, dir string, log fmt.Stringer) {
	t.Helper()
	for file, want := range map[string]string{"a": counted("a.x", 10, 17), "b": counted("count.1", 50, 57)} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(got), "\n")
		if file == "a" {
			slices.Sort(lines)
		}
		if diff := cmp.Diff(want, strings.Join(lines, "")); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", file, diff, log)
		}
	}
}

// The same files give the same under Fluent Bit itself.
func TestLibrariesInFluentBit(t *testing.T) {
	t.Parallel()
	engine := fluentbit.ForTest(t, 4, 0, 3) // before, a stop does not wait for what was just sent (flb_engine.c)
	dir, c := workspace(t, sections)
	cmd := exec.CommandContext(t.Context(), engine, "-c", c.File)
	var log bytes.Buffer
	stop := func() { _ = cmd.Process.Signal(os.Interrupt) }
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &until{lines: 12, enough: stop}, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	compareFiles(t, dir, &log)
}

func counted(tag string, from, to int) string {
	var b strings.Builder
	for v := from; v < to; v++ {
		fmt.Fprintf(&b, "%s %d\n", tag, v)
	}
	return b.String() + "exit\n"
}

// A crash of an input that nothing waits for is told at the end of the run, if not before.
func TestCrashInCollect(t *testing.T) {
	t.Parallel()
	dir, c := workspace(t, `
[INPUT]
  name  count
  crash 1
[OUTPUT]
  name null
`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := Run(ctx, c, Options{Dir: dir, Tick: 10 * time.Millisecond})
	if ctx.Err() != nil {
		t.Error("Run went on after the crash")
	}
	crash := new(chost.CrashError)
	if !errors.As(err, &crash) || strings.Count(err.Error(), "SIGSEGV") != 1 {
		t.Errorf("Run = %v, want one *chost.CrashError", err)
	}
}

// What a plugin does to the engine's memory is an error of the run, which goes on to its end.
func TestFault(t *testing.T) {
	t.Parallel()
	dir, c := workspace(t, sections, "-UNEW_FIELD", "-DNEW_FIELD=1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stdout := &until{lines: 12, enough: cancel}
	err := Run(ctx, c, Options{Generation: "3.2", Dir: dir, Tick: 10 * time.Millisecond, Stdout: stdout})
	var fault *chost.FaultError
	if !errors.As(err, &fault) || len(fault.Faults) != 1 || fault.Faults[0].Kind != chost.PastEnd {
		t.Errorf("Run = %v, want one fault past the end", err)
	}
	compareFiles(t, dir, stdout)
}

func TestLibraryErrors(t *testing.T) {
	t.Parallel()
	const in, out = "[INPUT]\n  name count\n  samples 1\n", "[OUTPUT]\n  name null\n"
	tests := []struct {
		name, text string
		flags      []string
		want       string
	}{
		{"init refused", in + "  refuse 1\n" + out, nil,
			`engine: input "count" at CONF:5: the plugin refuses this section (see the lines above)`},
		{"registration refused", in + out, []string{"-UREFUSE", "-DREFUSE=1"},
			`engine: input "count" at CONF:5 names a plugin that doesn't exist (built in: dummy, stdin; of loaded libraries: none)`},
		{"crash in flush", in + "[OUTPUT]\n  name lines\n  path x\n  crash 1\n", nil, `engine: chost: `},
		{"no such library", "  plugins_file other.conf\n" + in + out, nil, `engine: plugin library ./none.so at DIR/other.conf:2: chost: none.so: dlopen: `},
		{"native name", "  plugins_file native.conf\n" + in + out, nil,
			`engine: plugin library ./flb-x.so at DIR/native.conf:2: a file whose name begins with flb- is a C plugin to Fluent Bit (want another name)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, c := workspace(t, tt.text, tt.flags...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := Run(ctx, c, Options{Dir: dir, Tick: 10 * time.Millisecond})
			got := strings.NewReplacer(c.File, "CONF", dir, "DIR").Replace(fmt.Sprint(err))
			if !strings.HasPrefix(got, tt.want) || ctx.Err() != nil {
				t.Errorf("Run = %s, want %s", got, tt.want)
			}
			if crash := new(chost.CrashError); strings.HasPrefix(tt.name, "crash") != errors.As(err, &crash) {
				t.Errorf("Run = %v, a crash: %v", err, !strings.HasPrefix(tt.name, "crash"))
			}
		})
	}
}
