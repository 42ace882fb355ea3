package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/calyptia/plugin/internal/fluentbit"
)

func TestRun(t *testing.T) {
	t.Parallel()
	const yaml = "pipeline:\n  inputs:\n    - name: dummy\n  outputs:\n    - name: stdout\n      format: json_lines\n"
	dir := folder(t, "classic/fluent-bit.conf", dummyInput+stdoutOutput, "yaml/fluent-bit.yaml", yaml)
	tests := []struct {
		name, dir string
		args      []string
		note      string
	}{
		{"folder", dir, []string{"classic"}, "fluent-bit.conf in " + dir + "/classic"},
		{"folder of yaml", dir, []string{"yaml"}, "fluent-bit.yaml in " + dir + "/yaml"},
		{"current folder", dir + "/classic", nil, "fluent-bit.conf in " + dir + "/classic"},
		{"file", dir, []string{"-c", "classic/fluent-bit.conf"}, "classic/fluent-bit.conf in " + dir},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call{dir: tt.dir, triggers: stopAfterRecord}.flbgo(t, append([]string{"run", "--tick", "10ms"}, tt.args...)...)
			got.check(t, 0, tt.note, "flbgo: stopping (once more to stop at once)")
			checkRecords(t, got.stdout)
			line := regexp.MustCompile(`(?m)^\[20\d\d/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}\] \[ info\] \[engine\] service has stopped`)
			if !line.MatchString(got.stderr) {
				t.Errorf("standard error has no line of %s:\n%s", line, got.stderr)
			}
		})
	}
}

func checkRecords(t *testing.T, stdout string) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var record struct{ Message string }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Message != "dummy" {
			t.Errorf("line %q: %v, want a record of dummy", line, err)
		}
	}
	if stdout == "" {
		t.Error("no records on standard output")
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	dir := folder(t, "fluent-bit.conf", dummyInput+stdoutOutput)
	call{dir: dir}.flbgo(t, "run", "--for", "50ms", "--tick", "10ms").check(t, 0, "[engine] service has stopped")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const broken = "module x\n\ngo 1.25\n"
	tests := []struct {
		name  string
		files []string
		args  []string
		want  []string
	}{
		{"no folder", nil, []string{"none"}, []string{"no folder none (name one with a fluent-bit.conf"}},
		{"no configuration", nil, nil, []string{"folder . holds none of fluent-bit.conf, fluent-bit.yaml"}},
		{"no file", nil, []string{"-c", "x.conf"}, []string{"configuration: ", "x.conf", "no such file"}},
		{"broken configuration", []string{"a/fluent-bit.conf", "[INPUT\n"}, []string{"a"},
			[]string{"in a: conffile: fluent-bit.conf:1: "}},
		{"no output", []string{"fluent-bit.conf", dummyInput}, nil, []string{"1 inputs and 0 outputs"}},
		{"filter", []string{"fluent-bit.conf", dummyInput + "[FILTER]\n  name grep\n" + stdoutOutput}, nil,
			[]string{"inputs and outputs only (run it with --engine fluent-bit, or remove):\n\tfluent-bit.conf:3: filter grep\n"}},
		{"unknown plugin", []string{"fluent-bit.conf", "[INPUT]\n  name tail\n" + stdoutOutput}, nil,
			[]string{`input "tail" at fluent-bit.conf:1 names a plugin that doesn't exist`}},
		{"library without source", []string{"fluent-bit.conf", withPlugins, "plugins.conf", inX}, nil,
			[]string{"plugin library ./in_x.so at plugins.conf:2: ", "in_x.so does not exist, nor Go files of a package main"}},
		{"library of another package", []string{"fluent-bit.conf", withPlugins, "plugins.conf", inX, "x.go", "package x\n"}, nil,
			[]string{"in_x.so does not exist, nor Go files of a package main"}},
		{"library not built", []string{"fluent-bit.conf", withPlugins, "plugins.conf", inX, "x.go", "package main\n"},
			[]string{"--no-build"}, []string{"in_x.so does not exist (leave out --no-build to have it built)"}},
		{"library without slash", []string{"fluent-bit.conf", withPlugins, "plugins.conf", "[PLUGINS]\n  path in_x.so\n", "in_x.so", ""},
			nil, []string{"in the system's library folders only (want ./in_x.so)"}},
		{"program that does not compile", []string{"fluent-bit.conf", withPlugins, "plugins.conf", inX, "go.mod", broken, "x.go",
			"package main\n\nfunc main() { undefined() }\n"}, nil,
			[]string{"building in_x ... failed\n", "in_x.so: exit status 1\n", "x.go:3:15: undefined: undefined"}},
		{"program that is no Go", []string{"fluent-bit.conf", withPlugins, "plugins.conf", inX, "go.mod", broken, "x.go", "pakage main\n"},
			nil, []string{"in_x.so: exit status 1\n", "x.go:1:1: expected 'package'"}},
		{"program that does not compile, verbose", []string{"fluent-bit.conf", withPlugins, "plugins.conf", inX, "go.mod", broken, "x.go",
			"package main\n\nfunc main() { undefined() }\n"}, []string{"-v"},
			[]string{": go build -buildmode=c-shared -o ", "x.go:3:15: undefined: undefined", "in_x.so: exit status 1\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call{dir: folder(t, tt.files...)}.flbgo(t, append([]string{"run"}, tt.args...)...)
			got.check(t, 1, append(tt.want, "flbgo: ")...)
		})
	}
}

func TestNoGoCommand(t *testing.T) {
	t.Parallel()
	dir := folder(t, "fluent-bit.conf", withPlugins, "plugins.conf", inX, "x.go", "package main\n")
	call{dir: dir, env: []string{"PATH=" + dir}}.flbgo(t, "run").check(t, 1, "install Go from https://go.dev/dl")
}

// A library is built, even if the current folder is another one, with nothing left beside it, and loaded.
func TestBuild(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cc"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs Linux and a C compiler (install gcc or clang)")
	}
	dir := folder(t, "p/fluent-bit.conf", withPlugins, "p/plugins.conf", inX, "p/go.mod", "module x\n\ngo 1.25\n",
		"p/x.go", "package main\n\nfunc main() {}\n")
	got := call{dir: dir, triggers: stopAfterRecord}.flbgo(t, "run", "--tick", "10ms", "-c", "p/fluent-bit.conf")
	got.check(t, 0, "flbgo: fluent-bit.conf in "+dir+"/p\n", "building in_x ... ", "s\n[20", "./in_x.so registers no plugin")
	checkRecords(t, got.stdout)
	files, err := filepath.Glob(dir + "/p/*")
	if err != nil || len(files) != 5 { // Glob finds names with a dot in front, too
		t.Errorf("files = %q, %v, want the four and in_x.so", files, err)
	}
}

// The second signal ends a run that has records that cannot be delivered.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	dir := folder(t, "fluent-bit.conf", "[SERVICE]\n  grace -1\n  scheduler.base 1\n  scheduler.cap 2\n"+dummyInput+
		"[OUTPUT]\n  name file\n  path none\n  retry_limit no_limits\n")
	c := call{dir: dir, triggers: []trigger{{text: "[output:file:file.0]", signal: syscall.SIGTERM}, {text: "once more", signal: syscall.SIGTERM}}}
	c.flbgo(t, "run", "--tick", "10ms").check(t, 1, "stopped at once")
}

// fakeEngine is a stand-in for Fluent Bit that says how it was called and waits for SIGTERM: in short sleeps, since a shell
// that is about to block would see to the signal afterwards.
const fakeEngine = `#!/bin/sh
trap 'echo terminated; exit 0' TERM
echo "called with $* in $(pwd)"
while :; do sleep 0.05; done
`

func TestFluentBit(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a system with shell scripts (run on Linux or macOS)")
	}
	service := "[SERVICE]\n  no_such_key 1\n"
	tests := []struct {
		name, engine string
		args         []string
		triggers     []trigger
		code         int
		stdout       string
		stderr       string
	}{
		{"for a time", fakeEngine, []string{"--for", "2s"}, nil, 0, "called with -c fluent-bit.conf in DIR/p\nterminated\n", ""},
		{"interrupted", fakeEngine, []string{"-v"}, []trigger{{text: "called", signal: syscall.SIGINT}},
			0, "called with -c fluent-bit.conf -v in DIR/p\nterminated\n", "flbgo: stopping"},
		{"ends by itself", "#!/bin/sh\necho out\necho err >&2\n", nil, nil, 0, "out\n", "err\n"},
		{"exit status", "#!/bin/sh\nexit 3\n", nil, nil, 1, "", "engine ended with exit status 3"},
		{"crash", "#!/bin/sh\nkill -SEGV $$\n", nil, nil, 1, "", "engine ended with signal: segmentation fault"},
		{"killed by the second signal", "#!/bin/sh\ntrap '' TERM\necho ready\nkill -STOP $$\n", nil,
			[]trigger{{text: "ready", signal: syscall.SIGINT}, {text: "once more", signal: syscall.SIGINT}}, 1, "ready\n", "stopped at once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, "p/fluent-bit.conf", service+dummyInput+stdoutOutput, "engine", tt.engine)
			c := call{dir: dir, env: []string{"FLUENT_BIT=./engine"}, triggers: tt.triggers}
			got := c.flbgo(t, append([]string{"run", "--engine", "fluent-bit", "p"}, tt.args...)...)
			got.check(t, tt.code, tt.stderr)
			if want := strings.ReplaceAll(tt.stdout, "DIR", dir); got.stdout != want {
				t.Errorf("standard output = %q, want %q", got.stdout, want)
			}
		})
	}
}

// Fluent Bit gets standard input if a section reads it.
func TestFluentBitStdin(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a system with shell scripts (run on Linux or macOS)")
	}
	dir := folder(t, "fluent-bit.conf", "[INPUT]\n  name stdin\n"+stdoutOutput, "engine", "#!/bin/sh\nread line\necho \"got $line\"\n",
		"lines", "one\n")
	in, err := os.Open(filepath.Join(dir, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	got := call{dir: dir, env: []string{"FLUENT_BIT=" + dir + "/engine"}, stdin: in}.flbgo(t, "run", "--engine", "fluent-bit")
	got.check(t, 0)
	if want := "got one\n"; got.stdout != want {
		t.Errorf("standard output = %q, want %q", got.stdout, want)
	}
}

func TestRealFluentBit(t *testing.T) {
	t.Parallel()
	fluentbit.ForTest(t, 3, 2, 0)
	dir := folder(t, "p/fluent-bit.conf", dummyInput+stdoutOutput)
	got := call{dir: dir, triggers: stopAfterRecord}.flbgo(t, "run", "--engine", "fluent-bit", "p")
	got.check(t, 0, "[engine] service has stopped")
	checkRecords(t, strings.TrimSpace(got.stdout))
}
