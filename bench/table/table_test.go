package main

import (
	"bytes"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const output3 = `goos: linux
cpu: Fast CPU
BenchmarkEncode/shape=S/codec=ours-2 	 100	 30.0 ns/op	 0 B/record	 0 allocs/record
BenchmarkEncode/shape=S/codec=hand-2 	 100	 20.0 ns/op	 0 B/record	 0 allocs/record
PASS
cpu: Fast CPU
BenchmarkEncode/shape=S/codec=ours-2 	 100	 90.0 ns/op	 0 B/record	 0 allocs/record
BenchmarkEncode/shape=S/codec=hand-2 	 100	 25.0 ns/op	 0 B/record	 0 allocs/record
PASS
BenchmarkEncode/shape=S/codec=ours 	 100	 24.0 ns/op	 0 B/record	 2 allocs/record
BenchmarkEncode/shape=S/codec=hand 	 100	 15.0 ns/op	 0 B/record	 0 allocs/record
PASS
`

func sample(t *testing.T) *results {
	t.Helper()
	r, err := parse(strings.NewReader(output3))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParse(t *testing.T) {
	t.Parallel()
	r := sample(t)
	if got, want := fmt.Sprintf("%.1f", r.ratio(encodeName("S", "ours"), encodeName("S", "hand"))), "1.6"; got != want {
		t.Errorf("ratio() = %s, want %s, the median of the rounds' ratios", got, want)
	}
	if r.runs() != 3 || r.cpu != "Fast CPU" {
		t.Errorf("parse() = %d runs on %q, want 3 on Fast CPU", r.runs(), r.cpu)
	}
	if _, err := parse(strings.NewReader("PASS\n")); err == nil {
		t.Error("parse(no benchmarks) error = nil, want one")
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	lines := strings.Split(markdown(sample(t)), "\n")
	if got, want := lines[2], "| encode S | 30.0 ns | 0.6 x |  |  |  |  |"; got != want {
		t.Errorf("markdown() row = %q, want %q", got, want)
	}
	if lines[3] != "" {
		t.Errorf("markdown() has %q, which was not measured", lines[3])
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if printGoals(&out, sample(t)) {
		t.Error("printGoals(half of the benchmarks) = true, want false")
	}
	got := strings.Split(out.String(), "\n")
	want := []string{
		"NOT MET       1.60x  at most 1.40x   encode S: ours / by hand",
		"not measured  -      at most 1.30x   encode A: ours / by hand",
		"met           0      at most 0       encode S: allocations",
	}
	if diff := cmp.Diff(want, got[:3]); diff != "" {
		t.Errorf("printGoals() mismatch (-want +got):\n%s", diff)
	}
}

// TestNames keeps the goals and rows from asking for benchmarks that do not exist.
func TestNames(t *testing.T) {
	if !build.Default.CgoEnabled {
		t.Skip("fluent-bit-go needs cgo: a C compiler, and not CGO_ENABLED=0")
	}
	all, err := parse(bytes.NewReader(allBenchmarks(t)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	printGoals(&out, all)
	if strings.Contains(out.String(), "not measured") {
		t.Errorf("goals without a benchmark:\n%s", out.String())
	}
	if got := strings.Count(markdown(all), "\n| "); got != len(rows) {
		t.Errorf("markdown() has %d rows, want %d", got, len(rows))
	}
}

// allBenchmarks runs each benchmark once.
func allBenchmarks(t *testing.T) []byte {
	t.Helper()
	t.Chdir("..") // not parallel
	out, err := benchmark(options{count: 1, benchtime: "1x", cpu: 1, bench: "."})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUpdateFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(name, []byte("a\n"+begin+"old\n"+end+"b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := updateFile(name, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if want := "a\n" + begin + "new\n" + end + "b\n"; err != nil || string(got) != want {
		t.Errorf("updateFile() made %q, error %v, want %q", got, err, want)
	}
	if _, ok := replaceTable("no markers", "new"); ok {
		t.Error("replaceTable(no markers) = true, want false")
	}
}
