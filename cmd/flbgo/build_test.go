package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/calyptia/plugin/cmd/flbgo/internal/doctor"
	"github.com/google/go-cmp/cmp"
)

// fakeZig writes down how it is called, and is the C compiler of this machine.
const fakeZig = `#!/bin/sh
echo "$@" >>"$FAKE_ZIG_LOG"
shift 3 # cc -target TRIPLE
exec cc "$@"
`

// empty is a library of nothing, quickly built.
const empty = "package main\n\nimport \"C\"\n\nfunc main() {}\n"

func needCgo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs Linux and a C compiler (install gcc or clang)")
	}
}

func TestBuildPlugin(t *testing.T) {
	t.Parallel()
	needCgo(t)
	file := filepath.Join(t.TempDir(), "out", "good.so")
	got := call{dir: "."}.flbgo(t, "build", "internal/doctor/testdata/goplugin", "-o", file, "-v")
	got.check(t, 0, "go build -buildmode=c-shared -trimpath -ldflags=-s -w -o ", "flbgo: "+file+", ")
	files, err := filepath.Glob(filepath.Dir(file) + "/*")
	if err != nil || len(files) != 1 || got.stdout != "" {
		t.Errorf("files = %q, %v, standard output = %q, want the library and nothing", files, err, got.stdout)
	}
}

// What is wrong with a library that was built is shown, and is an error.
func TestBuildChecks(t *testing.T) {
	t.Parallel()
	needCgo(t)
	dir := folder(t, "in_x/go.mod", "module x\n\ngo 1.25\n", "in_x/x.go", empty)
	got := call{dir: dir}.flbgo(t, "build", "in_x", "--json", "--debug", "--ldflags=-X main.a=b", "-v")
	got.check(t, 1, " -trimpath -ldflags=-X main.a=b -o ", "flbgo: check of in_x/in_x.so: 1 error\n")
	var report doctor.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || report.Count(doctor.Error) != 1 {
		t.Errorf("standard output = %q, %v, want a report of 1 error", got.stdout, err)
	}
}

func TestBuildWithZig(t *testing.T) {
	t.Parallel()
	needCgo(t)
	dir := folder(t, "go.mod", "module x\n\ngo 1.25\n", "x.go", empty, "bin with blank/zig", fakeZig)
	env := []string{"PATH=" + dir + "/bin with blank:" + os.Getenv("PATH"), "FAKE_ZIG_LOG=" + dir + "/log", "CC="}
	got := call{dir: dir, env: env}.flbgo(t, "build", "--no-load", "--glibc", "2.28")
	got.check(t, 1, "FLBPluginRegister is not exported")
	log, err := os.ReadFile(dir + "/log")
	if want := "cc -target " + triples[thisMachine] + ".2.28 "; err != nil || !strings.Contains(string(log), want) {
		t.Errorf("zig was called with %q, %v, want %q", log, err, want)
	}
}

// With zig itself, where it is installed, a library is one of the other machine and needs no newer glibc than was asked for.
func TestBuildWithRealZig(t *testing.T) {
	t.Parallel()
	needCgo(t)
	if _, err := exec.LookPath("zig"); err != nil {
		t.Skip("needs zig (https://ziglang.org/download)")
	}
	for _, target := range []string{"linux/amd64", "linux/arm64"} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "good.so")
			c := call{dir: "."}
			c.flbgo(t, "build", "internal/doctor/testdata/goplugin", "-o", file, "--target", target, "--glibc", "2.28").check(t, 0)
			arch := filepath.Base(target)
			got := c.flbgo(t, "check", "--glibc", "2.28", "--no-load", file)
			if !strings.Contains(got.stdout, "for "+arch) || !strings.Contains(got.stdout, ", which 2.28 has") {
				t.Errorf("flbgo check prints\n%s\nwant that it is for %s and needs glibc 2.28 at most", got.stdout, arch)
			}
		})
	}
}

func TestToolchain(t *testing.T) {
	dir := folder(t, "zig", fakeZig)
	here := []string{"GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH}
	zig := func(env []string, triple string) []string {
		return append(env, "CC='"+dir+"/zig' cc -target "+triple, "CXX='"+dir+"/zig' c++ -target "+triple)
	}
	tests := []struct {
		name, path, cc string
		target         target
		glibc          string
		want           []string
	}{
		{"this machine", dir, "", "", "", here},
		{"without zig", "", "", "", "2.28", here},
		{"other machine", dir, "", "linux/arm64", "", zig([]string{"GOOS=linux", "GOARCH=arm64"}, "aarch64-linux-gnu.2.36")},
		{"other machine and glibc", dir, "", "linux/arm", "2.31",
			zig([]string{"GOOS=linux", "GOARCH=arm", "GOARM=7"}, "arm-linux-gnueabihf.2.31")},
		{"own compiler", dir, "s390x-linux-gnu-gcc", "linux/s390x", "2.31", []string{"GOOS=linux", "GOARCH=s390x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			t.Setenv("CC", tt.cc)
			got, err := toolchain(tt.target, tt.glibc)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("toolchain(%q, %q) = %v (-want +got):\n%s", tt.target, tt.glibc, err, diff)
			}
		})
	}
}

func TestBuildWithoutZig(t *testing.T) {
	t.Parallel()
	dir := folder(t, "x.go", empty)
	got := call{dir: dir, env: []string{"PATH=" + dir, "CC="}}.flbgo(t, "build", "--target", "linux/s390x")
	got.check(t, 1, "build for linux/s390x needs a C compiler for it: install zig (https://ziglang.org/download), or set CC")
}
