//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/calyptia/plugin/internal/fluentbit"
)

// newTalk prepares a run of in_talker with these sections in real Fluent Bit, that logs to the file log.
func newTalk(t *testing.T, service, inputs string, steps ...step) *stage {
	t.Helper()
	return newStage(t, &scenario{
		service: "    log_file DIR/log\n" + service,
		conf:    inputs + "[OUTPUT]\n    name null\n    match *\n",
		libs:    func(t *testing.T, _ string) []string { return []string{own(t, "in_talker")} },
		steps:   steps,
	})
}

// said are the lines of in_talker in a text. None may be torn, or have another in it.
func said(t *testing.T, text string) (lines []talk) {
	t.Helper()
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "goroutine=") || !strings.HasSuffix(line, "\n") { // the process ended
			continue
		}
		m := talked.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("line is torn: %q", line)
			continue
		}
		lines = append(lines, talk{section: m[2], debug: m[1] == "debug", life: m[3], words: m[4]})
	}
	return lines
}

var talked = regexp.MustCompile(`^\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?\] \[ ?(info|debug)\] \[(\w+(?:\.\d)?)\] (?:debug )?line life=(\d+) (goroutine=\d n=\d+) end=<\n$`)

type talk struct {
	section string
	debug   bool
	life    string
	words   string
}

// Every line arrives, once and whole, at its section's own level. Those of quiet sections are in the log file.
func TestLogFile(t *testing.T) {
	t.Parallel()
	path := fluentbit.ForTest(t, 2, 2, 0)
	s := newTalk(t, "", `[INPUT]
    name       talker
    goroutines 8
    lines      12500
[INPUT]
    name       talker
    alias      loud
    log_level  debug
    lines      20
[INPUT]
    name       talker
    alias      quiet
    log_level  warn
    lines      20
`, step{what: "100000 lines", when: func(s *stage) bool { return strings.Contains(s.text("log")+s.output, "all said, 100000") }})
	s.playReal(path, nil)
	if s.err != nil {
		t.Fatalf("%v\n%s", s.err, s.output)
	}
	count := make(map[string]int)
	unique := make(map[talk]bool)
	file := said(t, s.text("log"))
	for _, line := range append(file, said(t, s.output)...) {
		if unique[line] {
			t.Errorf("line came twice: %v", line)
		}
		unique[line] = true
		count[fmt.Sprint(line.section, " ", line.debug)]++
	}
	for section, want := range map[string]int{"talker.0 false": 100000, "talker.0 true": 0, "loud false": 20, "loud true": 20, "quiet false": 0, "quiet true": 0} {
		if count[section] != want {
			t.Errorf("%s: %d lines, want %d", section, count[section], want)
		}
	}
	t.Logf("%d of %d lines are in the file, the others on standard error", len(file), len(unique))
}

// Sections that go on logging while they exit, in reloads and at the end, and afterwards: no line is torn, none of an
// earlier life comes after one of a later, and nothing crashes.
func TestLogWhileExiting(t *testing.T) {
	t.Parallel()
	path := fluentbit.ForTest(t, 3, 2, 9) // earlier ones crash in reloads of their own accord
	lives := func(n int) step {
		return step{what: fmt.Sprint(n, " lives"), when: func(s *stage) bool {
			return strings.Count(s.text("log")+s.output, " n=1000 end=<") >= n
		}}
	}
	reload := func(s *stage) { s.signal(syscall.SIGHUP) }
	s := newTalk(t, "    hot_reload on\n", "[INPUT]\n    name talker\n    goroutines 8\n    endless on\n", lives(8).do(reload), lives(16).do(reload), lives(24))
	s.playReal(path, nil)
	if s.err != nil {
		t.Fatalf("%v\n%s", s.err, tail(s.output, 4000))
	}
	for _, text := range []string{s.text("log"), s.output} {
		last, ended := "", make(map[string]bool)
		for _, line := range said(t, text) {
			if line.life == last {
				continue
			}
			if ended[line.life] {
				t.Fatalf("life %s logs after %s", line.life, last)
			}
			ended[last], last = true, line.life
		}
	}
	if info, err := os.Stat(filepath.Join(s.dir, "log")); err == nil {
		t.Logf("%d bytes of log, %d on standard error", info.Size(), len(s.output))
	}
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }
