//go:build linux

package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/cshared"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

// run runs a command that makes what a test needs.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("needs %s (install gcc and Go): %v", name, err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func needCgo(t *testing.T) {
	t.Helper()
	if err := cshared.Unavailable(); err != nil {
		t.Skip(err)
	}
}

// goLibrary builds testdata/NAME.
func goLibrary(t *testing.T, name string, args ...string) string {
	t.Helper()
	needCgo(t)
	file := filepath.Join(t.TempDir(), name+".so")
	folder := filepath.Join("testdata", name)
	run(t, folder, "go", append([]string{"build", "-o", file}, append(args, ".")...)...)
	return file
}

func mistaken(t *testing.T, mistake string) string {
	t.Helper()
	return goLibrary(t, "goplugin", "-buildmode=c-shared", "-ldflags", "-s -w -X main.mistake="+mistake)
}

// cLibrary compiles testdata/plugin.c.
func cLibrary(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin.so")
	run(t, ".", "gcc", append([]string{"-shared", "-fPIC", "-w", "-o", file, "testdata/plugin.c"}, args...)...)
	return file
}

func copyTo(t *testing.T, file, name string, change func([]byte)) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(b)
	}
	to := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

// musl makes a library that needs musl's, of which there is a fake.
func musl(t *testing.T) string {
	t.Helper()
	fake := filepath.Join(t.TempDir(), "libc.musl-x86_64.so.1")
	run(t, ".", "gcc", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.musl-x86_64.so.1", "-o", fake, "-x", "c", "/dev/null")
	return cLibrary(t, "-nostdlib", "-Wl,--no-as-needed", fake)
}

func foreignMachine(b []byte) {
	other := uint16(183) // EM_AARCH64
	if runtime.GOARCH == "arm64" {
		other = 62 // EM_X86_64
	}
	binary.LittleEndian.PutUint16(b[18:], other)
}

func foreignArch() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

// checked returns the findings of one level, each as check, text and advice in one line.
func checked(t *testing.T, file string, o Options, level Level) (lines []string) {
	t.Helper()
	r, err := Check(t.Context(), file, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Level == level {
			lines = append(lines, f.Check+": "+f.Text+" | "+f.Advice)
		}
	}
	return lines
}

func wantOne(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("findings = %q, want one with %q", got, want)
	}
	for _, text := range want {
		if !strings.Contains(got[0], text) {
			t.Errorf("finding = %q, want %q in it", got[0], text)
		}
	}
}

// Every fault is named, and is the only one.
func TestFaults(t *testing.T) {
	t.Parallel()
	good := mistaken(t, "")
	tests := []struct {
		name    string
		file    func(*testing.T) string
		options Options
		want    []string
	}{
		{"package that is not main", func(t *testing.T) string { return goLibrary(t, "nomain") }, Options{},
			[]string{"format: ", "package main is missing", "name the package main"}},
		{"program", func(t *testing.T) string { return goLibrary(t, "noplugin") }, Options{},
			[]string{"format: is a program", "-buildmode=c-shared"}},
		{"library of nothing", func(t *testing.T) string { return goLibrary(t, "noplugin", "-buildmode=c-shared") }, Options{},
			[]string{"exports: FLBPluginRegister is not exported: package main does not import", "call RegisterInput"}},
		{"text", func(t *testing.T) string { return copyTo(t, "doctor.go", "x.so", nil) }, Options{},
			[]string{"format: is no shared library: bad magic number"}},
		{"file name", func(t *testing.T) string { return copyTo(t, good, "flb-in-good.so", nil) }, Options{},
			[]string{"name: the name flb-in-good.so begins with flb-", "rename it to in_good.so"}},
		{"musl", musl, Options{}, []string{"libc: it is built against musl (libc.musl-x86_64.so.1)", "golang:bookworm"}},
		{"static", func(t *testing.T) string { return cLibrary(t, "-nostdlib") }, Options{},
			[]string{"libc: it is linked statically"}},
		{"other machine", func(t *testing.T) string { return copyTo(t, good, "good.so", foreignMachine) }, Options{},
			[]string{"machine: it is for " + foreignArch() + ", not for " + runtime.GOARCH, "--target linux/" + runtime.GOARCH}},
		{"glibc", func(*testing.T) string { return good }, Options{Floor: "2.17"},
			[]string{"glibc: it needs glibc 2.3", ", newer than 2.17 | build it in an image with glibc 2.17 or older"}},
		{"no Register call", func(t *testing.T) string { return mistaken(t, "nothing") }, Options{},
			[]string{"register: FLBPluginRegister returned -1\n[error] plugin: no plugin registered", "from an init function of package main"}},
		{"two Register calls", func(t *testing.T) string { return mistaken(t, "two") }, Options{},
			[]string{`input "second": registered after input "first"`, "make a library of each plugin"}},
		{"reserved property", func(t *testing.T) string { return mistaken(t, "reserved") }, Options{},
			[]string{`register: `, "tag", "give the property another name"}},
		{"plugin in C of the other interface", func(t *testing.T) string { return cLibrary(t, "-DNATIVE") }, Options{},
			[]string{"exports: it is a plugin of Fluent Bit's C interface"}},
		{"no callbacks", func(t *testing.T) string { return cLibrary(t, "-DNO_FLUSH") }, Options{},
			[]string{"exports: neither FLBPluginInputCallback nor FLBPluginFlush"}},
		{"refused properties", func(*testing.T) string { return good }, role("fail"),
			[]string{"init: it refuses a section with these properties", "as it was told"}},
		{"panic", func(*testing.T) string { return good }, role("panic"), []string{"init: it panics", "as it was told"}},
		{"hang", func(t *testing.T) string { return mistaken(t, "hang") },
			Options{Timeout: time.Second, Properties: role("web").Properties}, []string{"load: it did not come back within 1s"}},
		{"no reference", func(t *testing.T) string { return cLibrary(t, "-DMUTE") }, Options{},
			[]string{"schema: it cannot say what its properties are: chost: plugin.so: flbgo_describe: returned -1"}},
		{"memory", func(t *testing.T) string { return cLibrary(t, "-DWILD") }, Options{},
			[]string{"memory: plugin.so: FLBPluginRegister wrote 8 bytes past the end of struct flb_plugin_proxy_def"}},
		{"crash", func(t *testing.T) string { return cLibrary(t, "-DCRASH") }, Options{},
			[]string{"load: chost: host died of SIGABRT in FLBPluginRegister"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantOne(t, checked(t, tt.file(t), tt.options, Error), tt.want...)
		})
	}
}

func role(value string) Options {
	return Options{Properties: []chost.Property{{Key: "role", Value: value}}}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	ofC := "go: it is not built from Go"
	tests := []struct {
		name string
		file func(*testing.T) string
		want []string
	}{
		{"plugin in C", func(t *testing.T) string { return cLibrary(t) }, []string{ofC}},
		{"name", func(t *testing.T) string { return copyTo(t, cLibrary(t), "plugin.dll", nil) }, []string{"name: the name plugin.dll", ofC}},
		{"static TLS", func(t *testing.T) string { return cLibrary(t, "-DBIG_TLS") }, []string{ofC, "tls: its static thread-local storage is 600 bytes"}},
		{"empty chunk", func(t *testing.T) string { return cLibrary(t, "-DNO_EMPTY") },
			[]string{ofC, "flush: a chunk without events is not delivered, its verdict is retry"}},
		{"fluent-bit-go", fluentBitGo, []string{"library: it is written with another library, github.com/fluent/fluent-bit-go v"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := tt.file(t)
			if got := checked(t, file, Options{}, Error); len(got) > 0 {
				t.Errorf("errors = %q, want none", got)
			}
			got := checked(t, file, Options{}, Warning)
			if len(got) != len(tt.want) {
				t.Fatalf("warnings = %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("warning = %q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}

func fluentBitGo(t *testing.T) string {
	t.Helper()
	needCgo(t)
	folder, err := filepath.Abs("../../../../internal/e2e/testdata/fluentbitgo")
	if err != nil {
		t.Fatal(err)
	}
	download := exec.Command("go", "mod", "download")
	download.Dir = folder
	if out, err := download.CombinedOutput(); err != nil {
		t.Skipf("needs the module github.com/fluent/fluent-bit-go (run go mod download in %s): %v\n%s", folder, err, out)
	}
	file := filepath.Join(t.TempDir(), "foreign.so")
	run(t, folder, "go", "build", "-buildmode=c-shared", "-o", file, ".")
	return file
}

func TestGood(t *testing.T) {
	t.Parallel()
	good := mistaken(t, "")
	var checks []string
	for _, line := range checked(t, good, role("web"), OK) {
		check, text, _ := strings.Cut(line, ": ")
		checks = append(checks, check)
		if check == "register" && !strings.HasPrefix(text, `input "good": Nothing, well`) {
			t.Errorf("register = %q, want the name and the description", text)
		}
	}
	want := []string{"name", "format", "machine", "go", "library", "exports", "libc", "glibc", "tls", "register", "schema", "init", "pause", "exit", "memory"}
	if diff := cmp.Diff(want, checks); diff != "" {
		t.Errorf("checks that are fine (-want +got):\n%s", diff)
	}
	for _, level := range []Level{Warning, Error} {
		if got := checked(t, good, Options{}, level); len(got) > 0 {
			t.Errorf("findings of level %s = %q, want none", level, got)
		}
	}
}

// A library for another machine is right if one is asked for, and is not loaded.
func TestCrossBuilt(t *testing.T) {
	t.Parallel()
	file := copyTo(t, cLibrary(t), "plugin.so", foreignMachine)
	if got := checked(t, file, Options{Arch: foreignArch()}, Error); len(got) > 0 {
		t.Errorf("errors = %q, want none", got)
	}
	wantOne(t, checked(t, file, Options{Arch: foreignArch()}, Warning)[1:], "load: not loaded: it is for another machine")
}

func TestNothingToCheck(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if _, err := Check(ctx, "none.so", Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Check(none.so) = %v, want ErrNotExist", err)
	}
	if _, err := Check(ctx, ".", Options{}); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("Check(.) = %v, want that it is a folder", err)
	}
	for _, floor := range []string{"2", "2.x", "2.1.1.1", "two", "2.-1"} {
		if _, err := Check(ctx, "doctor.go", Options{Floor: floor}); !errors.Is(err, ErrVersion) {
			t.Errorf("Check(Floor %q) = %v, want ErrVersion", floor, err)
		}
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	ordered := []string{"2.2.5", "2.3", "2.3.2", "2.10", "2.28", "3.0"}
	for i, a := range ordered {
		for j, b := range ordered {
			v, err := parseVersion(a)
			w, err2 := parseVersion(b)
			if err != nil || err2 != nil || v.String() != a {
				t.Fatalf("parseVersion(%q) = %v, %v, %v", a, v, err, err2)
			}
			if got := v.newer(w); got != (i > j) {
				t.Errorf("%s newer than %s = %v, want %v", a, b, got, i > j)
			}
		}
	}
}
