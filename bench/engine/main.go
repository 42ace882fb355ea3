// Command engine measures what one input section of a real Fluent Bit delivers into its null output, and compares it with
// an input in C that only copies bytes.
//
//	FLUENT_BIT=/path/to/fluent-bit go run ./engine
//
// The inputs take turns, so that they share the machine's moods. What counts is the ratio.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// subject is an input to measure.
type subject struct {
	title   string
	library string
	section string
}

var subjects = []subject{
	{"C, copies bytes", "copier", "name copier"},
	{"slices of 64", "stream", "name stream"},
	{"one at a time", "stream", "name stream\n    slice 1"},
}

// result is of one run.
type result struct {
	perSecond float64 // records that the output took
	peak      int     // resident memory in MB
}

func main() {
	rounds := flag.Int("rounds", 3, "runs of each input")
	length := flag.Duration("time", 10*time.Second, "measured time of a run")
	flag.Parse()
	if err := measure(*rounds, *length); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func measure(rounds int, length time.Duration) error {
	program, err := exec.LookPath(os.Getenv("FLUENT_BIT"))
	if err != nil {
		return fmt.Errorf("FLUENT_BIT: %w (want the path of the program fluent-bit)", err)
	}
	dir, err := os.MkdirTemp("", "engine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return err
	}
	results := make([][]result, len(subjects))
	for range rounds {
		for i, s := range subjects {
			r, err := run(program, dir, s, length)
			if err != nil {
				return fmt.Errorf("%s: %w", s.title, err)
			}
			results[i] = append(results[i], r)
		}
	}
	print(results)
	return nil
}

func build(dir string) error {
	for _, command := range [][]string{
		{"go", "build", "-buildmode=c-shared", "-o", filepath.Join(dir, "stream.so"), "./engine/stream"},
		{"cc", "-O2", "-shared", "-fPIC", "-o", filepath.Join(dir, "copier.so"), "./engine/copier/copier.c"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}

func run(program, dir string, s subject, length time.Duration) (result, error) {
	port, err := freePort()
	if err != nil {
		return result{}, err
	}
	conf := fmt.Sprintf("[SERVICE]\n    flush 1\n    log_level warn\n    http_server on\n    http_listen 127.0.0.1\n    http_port %d\n"+
		"[INPUT]\n    %s\n    tag s\n[OUTPUT]\n    name null\n    match *\n", port, s.section)
	path := filepath.Join(dir, s.library+".conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		return result{}, err
	}
	cmd := exec.Command(program, "-e", filepath.Join(dir, s.library+".so"), "-c", path)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
	return watch(cmd.Process.Pid, fmt.Sprintf("http://127.0.0.1:%d/api/v1/metrics", port), length)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// warmUp is for the first seconds, in which buffers grow.
const warmUp = 3 * time.Second

func watch(pid int, metrics string, length time.Duration) (result, error) {
	time.Sleep(warmUp)
	before, start, err := records(metrics)
	if err != nil {
		return result{}, err
	}
	time.Sleep(length)
	after, end, err := records(metrics)
	if err != nil {
		return result{}, err
	}
	peak, err := peakMB(pid)
	return result{float64(after-before) / end.Sub(start).Seconds(), peak}, err
}

// records is how many the output has taken. The engine counts anew about once a second: the time is that of a change.
func records(metrics string) (n int, at time.Time, err error) {
	first := -1
	for range 500 {
		if n, err = count(metrics); err != nil {
			return 0, at, err
		}
		if first >= 0 && n != first {
			return n, time.Now(), nil
		}
		first = n
		time.Sleep(5 * time.Millisecond)
	}
	return 0, at, errors.New("no record in 2 seconds")
}

func count(metrics string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, metrics, nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var all struct {
		Output map[string]struct {
			Records int `json:"proc_records"`
		} `json:"output"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return 0, err
	}
	return all.Output["null.0"].Records, nil
}

func peakMB(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			return n / 1024, err
		}
	}
	return 0, errors.New("/proc has no VmHWM")
}

// print writes medians, and ratios to the first subject.
func print(results [][]result) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer w.Flush()
	fmt.Fprintln(w, "input\trecords/s\tratio\tpeak MB\t")
	limit := median(results[0])
	for i, s := range subjects {
		r := median(results[i])
		fmt.Fprintf(w, "%s\t%.2f M\t%.2f\t%d\t\n", s.title, r.perSecond/1e6, r.perSecond/limit.perSecond, r.peak)
	}
	fmt.Fprintf(w, "%d CPUs, %s\t\t\t\t\n", runtime.NumCPU(), runtime.Version())
}

func median(all []result) result {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b result) int { return int(a.perSecond - b.perSecond) })
	return sorted[len(sorted)/2]
}
