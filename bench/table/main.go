// Command table runs the benchmarks of the bench module and prints what they say: a Markdown table of ratios, and which
// goals are met. From bench/:
//
//	go run ./table                     6 rounds, about 6 minutes
//	go run ./table -o raw.txt          keeps the raw output: go tool benchstat -col /codec raw.txt
//	go run ./table -from raw.txt       runs nothing
//	go run ./table -update             writes the table into ../README.md
//	go run ./table -check              exit code 1 if a goal is missed
//
// A round runs every benchmark once, so that a change in the machine's load meets all codecs and not one of them. They run
// on one CPU, so that a codec pays for all of the garbage collector's work, and for no waking up of other CPUs.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

type options struct {
	count     int
	benchtime string
	cpu       int
	bench     string
	raw       string
	from      string
	update    bool
	readme    string
	check     bool
}

func main() {
	var o options
	flag.IntVar(&o.count, "count", 6, "`rounds` to run")
	flag.StringVar(&o.benchtime, "benchtime", "0.3s", "`time` of each benchmark in a round, or a count as in 100x")
	flag.IntVar(&o.cpu, "cpu", 1, "`GOMAXPROCS` of the benchmarks")
	flag.StringVar(&o.bench, "bench", ".", "run only benchmarks that match the `regexp`")
	flag.StringVar(&o.raw, "o", "", "write the benchmarks' output to `file`")
	flag.StringVar(&o.from, "from", "", "read the output of an earlier run from `file`, run nothing")
	flag.BoolVar(&o.update, "update", false, "write the table into the README")
	flag.StringVar(&o.readme, "readme", "../README.md", "the `file` that -update writes to")
	flag.BoolVar(&o.check, "check", false, "exit with 1 if a goal is missed")
	flag.Parse()
	met, err := run(o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(2)
	}
	if o.check && !met {
		os.Exit(1)
	}
}

// run reports whether all goals are met.
func run(o options, w io.Writer) (met bool, err error) {
	raw, err := output(o)
	if err != nil {
		return false, err
	}
	r, err := parse(bytes.NewReader(raw))
	if err != nil {
		return false, err
	}
	table := markdown(r)
	fmt.Fprintf(w, "%s\n", table)
	met = printGoals(w, r)
	if o.update {
		return met, updateFile(o.readme, table)
	}
	return met, nil
}

// output is that of an earlier run, or of a new one.
func output(o options) ([]byte, error) {
	if o.from != "" {
		return os.ReadFile(o.from)
	}
	raw, err := benchmark(o)
	if err == nil && o.raw != "" {
		err = os.WriteFile(o.raw, raw, 0o644)
	}
	return raw, err
}

// benchmark builds the test binary and runs it once a round.
func benchmark(o options) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "bench.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	var raw bytes.Buffer
	for i := range o.count {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", i+1, o.count)
		cmd := exec.Command(binary, "-test.run=^$", "-test.bench="+o.bench, "-test.benchtime="+o.benchtime,
			"-test.cpu="+strconv.Itoa(o.cpu))
		cmd.Stdout, cmd.Stderr = &raw, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, raw.Bytes())
		}
	}
	return raw.Bytes(), nil
}
