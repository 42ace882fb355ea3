package main

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/calyptia/plugin/cmd/flbgo/internal/doctor"
	"github.com/google/go-cmp/cmp"
)

// pluginOfC makes a folder with x.so, an output written in C that takes everything and needs no properties.
func pluginOfC(t *testing.T) (dir string) {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs Linux and a C compiler (install gcc or clang)")
	}
	dir = t.TempDir()
	cmd := exec.Command("cc", "-shared", "-fPIC", "-w", "-o", dir+"/x.so", "internal/doctor/testdata/plugin.c")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return dir
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	got := call{dir: dir}.flbgo(t, "check", "x.so", "-p", "a=b,c", "-p", "d=e")
	got.check(t, 0)
	for _, line := range []string{
		"ok      name      x.so\n", "ok      register  output \"of_c\": (no description)\n", "warning go        it is not built from Go",
		"ok      init      a section with these properties starts\n",
	} {
		if !strings.Contains(got.stdout, line) {
			t.Errorf("standard output = %q, want the line %q", got.stdout, line)
		}
	}
	if strings.Contains(got.stdout, "\x1b") {
		t.Errorf("standard output = %q, want no colours", got.stdout)
	}
}

func TestCheckErrors(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	got := call{dir: dir}.flbgo(t, "check", "--glibc", "2.1", "x.so")
	got.check(t, 1, "flbgo: check of x.so: 1 error\n")
	if last := got.stdout[strings.LastIndex(strings.TrimSpace(got.stdout), "\n")+1:]; !strings.HasPrefix(last, "error   glibc     it needs glibc 2.") {
		t.Errorf("last line = %q, want the error", last)
	}
}

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	got := call{dir: dir}.flbgo(t, "check", "--json", "--no-load", "--glibc", "2.1", "x.so")
	got.check(t, 1)
	var report doctor.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatal(err)
	}
	counts := []int{report.Count(doctor.Warning), report.Count(doctor.Error)}
	if diff := cmp.Diff([]int{1, 1}, counts); diff != "" || report.File != "x.so" {
		t.Errorf("report of %q: warnings and errors (-want +got):\n%s", report.File, diff)
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	var p properties
	for _, text := range []string{"a=b", " c =d=e,f", "g="} {
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	want := properties{{Key: "a", Value: "b"}, {Key: "c", Value: "d=e,f"}, {Key: "g"}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}
