package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkFlushHandOff is the way of a chunk from a thread of the engine's to Flush and back, without the work of either,
// and beside it two threads of C that wake each other, in turn with it. Medians: a machine that does something else as
// well adds to some of them.
func BenchmarkFlushHandOff(b *testing.B) {
	lib := own(b, "out_panic")
	program := compile(b, "handoff.c")
	for b.Loop() {
	}
	b.ReportMetric(0, "ns/op")
	out, err := exec.Command(program, lib, strconv.Itoa(max(b.N, 1000))).CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var flush, wake []int
	for line := range strings.Lines(string(out)) {
		var f, w int
		if _, err := fmt.Sscan(line, &f, &w); err != nil {
			b.Fatalf("%q: %v", line, err)
		}
		flush, wake = append(flush, f), append(wake, w)
	}
	b.ReportMetric(median(flush), "ns/flush")
	b.ReportMetric(median(wake), "ns/wake")
}

func median(all []int) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2])
}

// compile returns the program of a C file in testdata.
func compile(t testing.TB, file string) string {
	t.Helper()
	needCgo(t)
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("cc", "-O2", "-o", program, filepath.Join("testdata", file), "-ldl", "-lpthread").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return program
}
