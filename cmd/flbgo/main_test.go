package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test program be flbgo.
const asCommand = "FLBGO_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// call is a run of flbgo in a process of its own.
type call struct {
	dir      string   // working directory
	env      []string // besides that of the test
	stdin    *os.File // nil is empty
	triggers []trigger
}

// trigger sends a signal once the process has written text, on standard output or standard error, after what the
// trigger before waited for.
type trigger struct {
	text   string
	signal os.Signal
	do     func() // instead of the signal, unless nil
}

// outcome is how flbgo ended.
type outcome struct {
	code           int
	stdout, stderr string
}

func (c call) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.WaitDelay = time.Second // for what it leaves behind
	cmd.Dir = c.dir
	if c.stdin != nil {
		cmd.Stdin = c.stdin
	}
	cmd.Env = append(os.Environ(), append(c.env, asCommand+"=1", "GOWORK=off", "PWD="+c.dir)...)
	return cmd
}

func (c call) flbgo(t *testing.T, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := c.command(ctx, args...)
	w := &watch{triggers: c.triggers, send: func(s os.Signal) { _ = cmd.Process.Signal(s) }}
	stdout, stderr := &tee{watch: w}, &tee{watch: w}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("flbgo %q: %v", args, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.text.String(), stderr.text.String()}
}

// check compares with the wanted exit code and texts that standard error must hold.
func (o outcome) check(t *testing.T, code int, texts ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code = %d, want %d", o.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("standard error has no %q", text)
		}
	}
	if strings.Contains(o.stderr, "goroutine ") {
		t.Errorf("standard error has a stack trace")
	}
	if t.Failed() {
		t.Logf("standard error:\n%s", o.stderr)
	}
}

// watch sends signals when their texts appear.
type watch struct {
	mu       sync.Mutex
	seen     bytes.Buffer
	triggers []trigger
	send     func(os.Signal)
}

func (w *watch) add(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(b)
	for len(w.triggers) > 0 {
		_, after, found := bytes.Cut(w.seen.Bytes(), []byte(w.triggers[0].text))
		if !found {
			return
		}
		w.seen.Next(w.seen.Len() - len(after))
		if do := w.triggers[0].do; do != nil {
			do()
		} else {
			w.send(w.triggers[0].signal)
		}
		w.triggers = w.triggers[1:]
	}
}

// tee keeps one stream and shows it to the watch.
type tee struct {
	text  bytes.Buffer
	watch *watch
}

func (s *tee) Write(b []byte) (int, error) {
	s.watch.add(b)
	return s.text.Write(b)
}

// folder makes a folder with files, given as name and text in turn.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(files[i+1], "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(files[i+1]), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Texts of configurations.
const (
	dummyInput   = "[INPUT]\n  name dummy\n"
	stdoutOutput = "[OUTPUT]\n  name stdout\n  format json_lines\n"
	withPlugins  = "[SERVICE]\n  plugins_file plugins.conf\n" + dummyInput + stdoutOutput
	inX          = "[PLUGINS]\n  path ./in_x.so\n"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no command", nil, `expected one of "new", "run", "replay", "build", "check"`},
		{"unknown command", []string{"walk"}, `unexpected argument walk`},
		{"unknown flag", []string{"run", "--fore", "5s"}, `unknown flag --fore, did you mean "--for"?`},
		{"time without unit", []string{"run", "--for", "5"}, `--for: expected duration but got "5"`},
		{"negative time", []string{"run", "--for=-5s"}, "--for: -5s is negative"},
		{"negative tick", []string{"run", "--tick=-5s"}, "--tick: -5s is negative"},
		{"unknown engine", []string{"run", "--engine", "fluentd"}, `--engine must be one of "embedded","fluent-bit"`},
		{"unknown layout", []string{"run", "--layout", "1.0"}, `--layout: "1.0" is none of [3.2 4.1 5.0 5.1.1]`},
		{"folder and file", []string{"run", "-c", "x.conf", "."}, "either FOLDER or --config, not both"},
		{"layout for fluent-bit", []string{"run", "--engine", "fluent-bit", "--layout", "3.2"}, "are for the embedded engine"},
		{"tick for fluent-bit", []string{"run", "--engine", "fluent-bit", "--tick", "1s"}, "are for the embedded engine"},
		{"metrics for fluent-bit", []string{"run", "--engine", "fluent-bit", "--metrics", ":2021"}, "Fluent Bit serves metrics itself, with http_server on"},
		{"metrics without port", []string{"run", "--metrics", "2021"}, "--metrics: address 2021: missing port in address (want an address such as :2021"},
		{"file as folder", []string{"run", "some.file"}, "some.file is no folder (want flbgo run -c some.file"},
		{"watch for fluent-bit", []string{"run", "--engine", "fluent-bit", "--watch"}, "--watch is for the embedded engine"},
		{"watch without build", []string{"run", "-w", "--no-build"}, "--watch is for the embedded engine, and builds"},
		{"capture for fluent-bit", []string{"run", "--engine", "fluent-bit", "--capture", "x"}, "--capture is for the embedded engine"},
		{"capture and watch", []string{"run", "--watch", "--capture", "x"}, "either --capture or --watch"},
		{"keys without capture", []string{"run", "--redact", "x"}, "--redact and --capture-limit are for --capture"},
		{"negative limit", []string{"run", "--capture", "x", "--capture-limit=-1"}, `--capture-limit: config: "-1" is not a size in bytes`},
		{"no room", []string{"run", "--capture", "x", "--capture-limit=0"}, `--capture-limit: "0" is less than a byte`},
		{"kind of plugin", []string{"new", "filter", "x"}, `<kind> must be one of "input","output"`},
		{"name of a plugin", []string{"new", "input", "Weather"}, `name "Weather": want lower case letters`},
		{"no release", []string{"new", "input", "weather"}, "this flbgo is no release: say --library VERSION, or --replace"},
		{"nothing to replace with", []string{"new", "input", "weather", "--replace", "."}, "--replace: stat "},
		{"nothing to replay", []string{"replay", "none.cbor", "x.so"}, "none.cbor: no such file or directory (flbgo run --capture writes one)"},
		{"nothing to build", []string{"build", "none"}, "none: no such file or directory (name the folder of a plugin"},
		{"file to build", []string{"build", "some.file"}, "some.file is no folder"},
		{"unknown target", []string{"build", "--target", "plan9/mips"}, `--target: "plan9/mips" is none of linux/386, linux/amd64,`},
		{"nothing to check", []string{"check", "none.so"}, "none.so: no such file or directory (build it with flbgo build)"},
		{"folder to check", []string{"check", "."}, "check: . is a folder"},
		{"floor", []string{"check", "--glibc", "two", "some.file"}, `--glibc: "two" is no version of glibc (want one such as 2.28)`},
		{"property", []string{"check", "-p", "a", "some.file"}, `"a" is no property (want key=value)`},
		{"folder as file", []string{"run", "-c", "."}, "-c .: is a folder (leave out -c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call{dir: folder(t, "some.file", "")}.flbgo(t, tt.args...)
			got.check(t, 2, "flbgo: ", tt.want)
			if got.stdout != "" {
				t.Errorf("standard output = %q, want nothing", got.stdout)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"new", "--help"}, {"build", "--help"}, {"replay", "--help"}, {"check", "--help"}} {
		got := call{dir: t.TempDir()}.flbgo(t, args...)
		got.check(t, 0)
		text := "flbgo run"
		if len(args) > 1 {
			text = "    flbgo " + args[0]
		}
		if !strings.Contains(got.stdout, text) || got.stderr != "" {
			t.Errorf("flbgo %q prints %q and %q, want one with %q and nothing", args, got.stdout, got.stderr, text)
		}
	}
}

// stopAfterRecord ends a run of a dummy gracefully.
var stopAfterRecord = []trigger{{text: `"message":"dummy"`, signal: syscall.SIGINT}}
