package e2e

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/engine"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/calyptia/plugin/internal/fluentbit"
	"github.com/google/go-cmp/cmp"
)

// A runner runs dir/fluent-bit.conf, or .yaml, with dir as its working directory until enough, which it asks after every line that
// is logged or printed and now and then, and stops it gracefully.
type runner struct {
	name string
	run  func(t *testing.T, dir string, enough func(output string) bool) (output string, err error)
}

// runners are all engines that there are: the embedded one on each generation, and Fluent Bit.
func runners() []runner {
	all := []runner{{"fluent-bit", runFluentBit}}
	for _, g := range chost.Generations {
		all = append(all, runner{"embedded " + string(g), func(t *testing.T, dir string, enough func(string) bool) (string, error) {
			return runEmbedded(t, engine.Options{Generation: g}, dir, enough)
		}})
	}
	return all
}

func forRunners(t *testing.T, test func(*testing.T, runner)) {
	t.Helper()
	for _, r := range runners() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			test(t, r)
		})
	}
}

func runEmbedded(t *testing.T, o engine.Options, dir string, enough func(string) bool) (string, error) {
	t.Helper()
	c, err := conffile.Load(filepath.Join(dir, configuration(dir)))
	if err != nil {
		t.Fatal(err)
	}
	output := newLines()
	o.Dir, o.Tick, o.Stdout, o.Stderr = dir, tick, output, output
	o.Log = func(level slog.Level, line string) { output.add("[" + strings.ToLower(level.String()) + "] " + line) }
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx, c, o) }()
	err = stopWhen(done, output, enough, cancel)
	return output.String(), err
}

// configuration is the name of the one file that dir has.
func configuration(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "fluent-bit.yaml")); err == nil {
		return "fluent-bit.yaml"
	}
	return "fluent-bit.conf"
}

func runFluentBit(t *testing.T, dir string, enough func(string) bool) (string, error) {
	t.Helper()
	path := fluentbit.ForTest(t, 3, 2, 0)
	output := newLines()
	cmd := exec.CommandContext(within(t), path, "-c", configuration(dir))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	err := stopWhen(done, output, enough, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	return output.String(), err
}

// stopWhen waits for the end of a run, which it stops once.
func stopWhen(done <-chan error, output *lines, enough func(string) bool, stop func()) error {
	again := time.NewTicker(50 * time.Millisecond) // files are written without a word
	defer again.Stop()
	for stopped := false; ; {
		select {
		case err := <-done:
			return err
		case <-output.more:
		case <-again.C:
		}
		if !stopped && enough(output.String()) {
			stopped = true
			stop()
		}
	}
}

// The same files give the same records under every engine, where a stop that follows the last send loses none.
func TestEngines(t *testing.T) {
	t.Parallel()
	needCgo(t)
	const conf = `
[SERVICE]
    flush        0.2
    grace        5
    plugins_file plugins.conf
[INPUT]
    name  Sequence
    tag   first
    count 300
    tags  -,app.a,app.b
    slice 4
[INPUT]
    name  sequence
    alias second
    count 500
[INPUT]
    name       procstat
    tag        machine.eth
    proc_path  PROC
    interfaces eth0
    interval   20ms
[INPUT]
    name       procstat
    tag        machine.lo
    proc_path  PROC
    interfaces lo
    interval   20ms
[OUTPUT]
    name  go_file
    match app.*
    path  app
[OUTPUT]
    name    go_file
    match_regex ^(first|sequence\.1)$
    path    rest
    workers 1
[OUTPUT]
    name  go_file
    match machine.*
    path  machine
`
	var records sameRecords
	forRunners(t, func(t *testing.T, r runner) {
		dir := t.TempDir()
		write(t, dir, "fluent-bit.conf", strings.ReplaceAll(conf, "PROC", fixture(t)))
		write(t, dir, "plugins.conf", "[PLUGINS]\n    path "+own(t, "in_sequence")+"\n    path "+
			example(t, "in_procstat")+"\n    path "+example(t, "out_file")+"\n")
		output, err := r.run(t, dir, func(output string) bool {
			return strings.Count(output, "] sent count=") == 2 && hasLines(filepath.Join(dir, "machine"), 4)
		})
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		if diff := diff(sent(300, 4, "first", "app.a", "app.b"), merge(numbers(t, dir, "app"), pick(numbers(t, dir, "rest"), "first"))); diff != "" {
			t.Errorf("first section's records by tag (-sent +arrived):\n%s\n%s", diff, output)
		}
		if diff := diff(sent(500, 1, "sequence.1"), pick(numbers(t, dir, "rest"), "sequence.1")); diff != "" {
			t.Errorf("second section's records by tag (-sent +arrived):\n%s\n%s", diff, output)
		}
		records.add(t, r.name, machine(t, filepath.Join(dir, "machine")))
	})
}

// sameRecords holds what engines made of one input against each other.
type sameRecords struct {
	mu    sync.Mutex
	from  string
	first map[string]any
}

func (s *sameRecords) add(t *testing.T, from string, records map[string]any) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.from, s.first = from, records
	}
	if diff := cmp.Diff(s.first, records); diff != "" {
		t.Errorf("records by tag (-%s +%s):\n%s", s.from, from, diff)
	}
}

func hasLines(path string, n int) bool {
	text, _ := os.ReadFile(path)
	return strings.Count(string(text), "\n") >= n
}

// numbers are what a file of go_file has from in_sequence.
func numbers(t *testing.T, dir, name string) map[string][]int {
	t.Helper()
	split := make(map[string][]int)
	for _, l := range readLines(t, filepath.Join(dir, name)) {
		split[l.Tag] = append(split[l.Tag], number(t, l))
	}
	return split
}

func merge(all ...map[string][]int) map[string][]int {
	merged := make(map[string][]int)
	for _, m := range all {
		for tag, n := range m {
			merged[tag] = n
		}
	}
	return merged
}

func pick(all map[string][]int, tag string) map[string][]int { return map[string][]int{tag: all[tag]} }

// machine returns the record of each tag that the fixture gives: always the same, at growing times.
func machine(t *testing.T, path string) map[string]any {
	t.Helper()
	last := make(map[string]line)
	records := make(map[string]any)
	for i, l := range readLines(t, path) {
		before, ok := last[l.Tag]
		if diff := cmp.Diff(before.Record, l.Record); ok && (diff != "" || !before.Date.Before(l.Date)) {
			t.Errorf("record %d, of tag %s, is of %v after %v (-before +this):\n%s", i, l.Tag, l.Date, before.Date, diff)
		}
		last[l.Tag], records[l.Tag] = l, l.Record
	}
	for tag, device := range map[string]string{"machine.eth": "eth0", "machine.lo": "lo"} {
		network, _ := last[tag].Record["network"].(map[string]any)
		if _, ok := network[device]; !ok || len(network) != 1 {
			t.Errorf("network of tag %s = %v, want %s alone", tag, network, device)
		}
	}
	return records
}

// The configuration that an example comes with runs as it is.
func TestExamples(t *testing.T) {
	t.Parallel()
	needCgo(t)
	printed := map[string]string{
		"in_dummy":    `"message":"hello from go-test-input-plugin"`,
		"in_procstat": `"memory":{`,
		"out_stdout":  `"record":{"message":"hello","status":200}`,
		"out_http":    `chunk not delivered`, // nobody listens
	}
	folders, err := filepath.Glob("../../examples/*/fluent-bit.conf")
	if err != nil || len(folders) < 4 {
		t.Fatalf("Glob() = %q, %v, want the examples", folders, err)
	}
	for _, conf := range folders {
		folder := filepath.Dir(conf)
		name := filepath.Base(folder)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ok := printed[name]
			if !ok {
				want = `"date":`
			}
			forRunners(t, func(t *testing.T, r runner) {
				if name == "out_http" && r.name == "fluent-bit" {
					endsWithRetries(t)
				}
				dir := exampleDir(t, folder)
				enough := func(output string) bool {
					switch name {
					case "out_sqlite":
						table, _ := os.ReadFile(filepath.Join(dir, "events.db"))
						return strings.Contains(string(table), "GET /")
					case "out_file":
						return hasLines(filepath.Join(dir, "web.jsonl"), 1) && hasLines(filepath.Join(dir, "batch.jsonl"), 1)
					}
					return strings.Contains(output, want)
				}
				output, err := r.run(t, dir, enough)
				if err != nil || !enough(output) {
					t.Errorf("run = %v, want nil and output with %s\n%s", err, want, output)
				}
			})
		})
	}
}

// endsWithRetries skips on releases that never end while an output has something to try again (flb_engine.c: "exiting").
func endsWithRetries(t *testing.T) {
	t.Helper()
	release, err := fluentbit.ReleaseOf(fluentbit.ForTest(t, 3, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !release.Before(fluentbit.Release{4, 0, 3}) && release.Before(fluentbit.Release{4, 0, 8}) {
		t.Skipf("needs Fluent Bit 4.0.8, or one before 4.0.3: %v does not end while something is tried again", release)
	}
}

// exampleDir is a folder with what an example runs with, and its library.
func exampleDir(t *testing.T, folder string) string {
	t.Helper()
	dir := t.TempDir()
	so := library(t, folder)
	if err := os.Symlink(so, filepath.Join(dir, filepath.Base(so))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fluent-bit.conf", "plugins.conf"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, string(text))
	}
	return dir
}

// The classic untyped program has its property in each of its sections.
func TestClassic(t *testing.T) {
	t.Parallel()
	needCgo(t)
	const conf = `
[SERVICE]
    flush        0.2
    plugins_file plugins.conf
[INPUT]
    name go-test-input-plugin
    tag  a
    foo  bar
[INPUT]
    name go-test-input-plugin
    tag  b
    Foo  baz
[OUTPUT]
    name          stdout
    match         *
    format        json_lines
    json_date_key false
`
	forRunners(t, func(t *testing.T, r runner) {
		dir := t.TempDir()
		write(t, dir, "fluent-bit.conf", conf)
		write(t, dir, "plugins.conf", "[PLUGINS]\n    path "+example(t, "in_dummy")+"\n")
		const bar, baz = `"foo":"bar"`, `"foo":"baz"`
		line := func(foo string) *regexp.Regexp { // the record is a map, so its fields have no order
			const message = `"message":"hello from go-test-input-plugin"`
			return regexp.MustCompile(`(?m)^(\{` + foo + `,` + message + `\}|\{` + message + `,` + foo + `\})$`)
		}
		both := func(output string) bool {
			return line(bar).MatchString(output) && line(baz).MatchString(output)
		}
		if output, err := r.run(t, dir, both); err != nil || !both(output) {
			t.Errorf("run = %v, want lines with %s and %s\n%s", err, bar, baz, output)
		}
	})
}

// Every engine refuses to start with a section that has mistakes, and its log names them all.
func TestBadInputInEngines(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forRunners(t, func(t *testing.T, r runner) {
		for _, tt := range mistaken {
			t.Run(tt.name, func(t *testing.T) {
				dir := t.TempDir()
				var section strings.Builder
				for i := 0; i < len(tt.props); i += 2 {
					section.WriteString("    " + tt.props[i] + " " + tt.props[i+1] + "\n")
				}
				write(t, dir, "fluent-bit.conf", "[SERVICE]\n    plugins_file plugins.conf\n[INPUT]\n    name dummy\n"+
					"[OUTPUT]\n    name settings\n    match *\n"+section.String()+
					"[OUTPUT]\n    name settings\n    match *\n    endpoint x\n")
				write(t, dir, "plugins.conf", "[PLUGINS]\n    path "+own(t, "out_settings")+"\n")
				output, err := r.run(t, dir, func(string) bool { return false })
				if err == nil {
					t.Error("run = nil, want an error")
				}
				if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() != 255 {
					t.Errorf("exit status %d, want 255", exit.ExitCode())
				}
				for want := range strings.Lines(strings.ReplaceAll(tt.log, "NAME", "settings.0")) {
					if !strings.Contains(output, "[error] "+strings.TrimSuffix(want, "\n")) {
						t.Errorf("log has no error %q:\n%s", want, output)
					}
				}
			})
		}
	})
}
