//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/fluentbit"
)

// A scenario is something that an engine goes through with plugins in it, and a row of the README's table.
type scenario struct {
	name string
	row  string

	service string // properties of [SERVICE]; DIR is the stage's folder
	conf    string // the other sections
	args    []string
	files   []string
	libs    func(t *testing.T, dir string) []string // in_flow and out_tally if nil

	steps []step
	ends  bool // by itself; else it is stopped after the last step
	exit  int  // status
	check func(*stage)

	real   bool    // not for the embedded engine
	limits []limit // the first that is the engine's counts
}

const service = `[SERVICE]
    flush          0.2
    grace          20
    plugins_file   plugins.conf
    scheduler.base 1
    scheduler.cap  1
`

func (sc *scenario) libraries(t *testing.T, dir string) []string {
	t.Helper()
	if sc.libs != nil {
		return sc.libs(t, dir)
	}
	return []string{own(t, "in_flow"), own(t, "out_tally")}
}

// judge looks at how it ended.
func (sc *scenario) judge(s *stage) {
	s.t.Helper()
	if len(s.left) > 0 {
		s.t.Errorf("ended before %s", s.left[0].what)
	}
	if got := exitStatus(s.err); got != sc.exit {
		s.t.Errorf("run = %v, status %d, want %d", s.err, got, sc.exit)
	}
	sc.check(s)
	if s.t.Failed() {
		s.t.Logf("output:\n%s", s.output)
	}
}

// exitStatus is what Fluent Bit exits with, or would: the embedded engine returns an error.
func exitStatus(err error) int {
	exit := new(exec.ExitError)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return 255
}

// TestScenarios plays every scenario in the embedded engine and in Fluent Bit, and holds the outcome against the README's
// table, of which -update writes the release's column.
func TestScenarios(t *testing.T) {
	t.Parallel()
	needCgo(t)
	t.Run("embedded", func(t *testing.T) {
		for _, sc := range scenarios {
			sc, _, playable := sc.in(embedded)
			if playable && !sc.real {
				t.Run(sc.name, func(t *testing.T) {
					t.Parallel()
					forGenerations(t, func(t *testing.T, g chost.Generation) {
						s := newStage(t, sc)
						s.playEmbedded(g)
						sc.judge(s)
					})
				})
			}
		}
	})
	t.Run("fluent-bit", func(t *testing.T) {
		path := fluentbit.ForTest(t, 2, 2, 0)
		release, err := fluentbit.ReleaseOf(path)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, release, playAll(t, path, release))
	})
}

// playAll returns the table's column, of those scenarios that -run does not leave out.
func playAll(t *testing.T, path string, release fluentbit.Release) map[string]string {
	t.Helper()
	cells := make([]string, len(scenarios))
	t.Run("play", func(t *testing.T) {
		for i, sc := range scenarios {
			sc, l, playable := sc.in(release)
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				defer func() { cells[i] = cell(l, t.Failed()) }()
				if playable {
					s := newStage(t, sc)
					s.playReal(path, sc.args)
					sc.judge(s)
				}
			})
		}
	})
	column := make(map[string]string)
	for i, sc := range scenarios {
		if cells[i] != "" {
			column[sc.row] = cells[i]
		}
	}
	return column
}

// Steps.

func hasSent(sections int) step {
	return step{fmt.Sprintf("%d sections have sent", sections), func(s *stage) bool {
		return len(s.sent()) >= sections
	}, nil}
}

// hasArrived is for at least n records in each of the files.
func hasArrived(n int, files ...string) step {
	return step{fmt.Sprintf("%d records are in %s", n, files), func(s *stage) bool {
		for _, file := range files {
			if strings.Count(s.text(file), "\n") < n {
				return false
			}
		}
		return true
	}, nil}
}

// lives is for records from that many lives of the one section in the file tally.
func lives(n int) step {
	return step{fmt.Sprintf("records of life %d", n), func(s *stage) bool {
		return len(s.arrived("tally")) >= n
	}, nil}
}

func logged(text string) step { return loggedTimes(1, text) }

func loggedTimes(n int, text string) step {
	return step{fmt.Sprintf("the log has %s, %d times", text, n), func(s *stage) bool {
		return strings.Count(s.output, text) >= n
	}, nil}
}

// lateInSecond makes what an engine does not wait for show: its timers expire with the seconds of the system's clock. It
// leaves a busy machine the time to hand over.
func lateInSecond() step {
	return step{"the second is late", func(s *stage) bool {
		return s.signal == nil || phase(s.t) >= 0.5 && phase(s.t) < 0.7
	}, nil}
}

func (st step) do(then func(*stage)) step {
	st.then = then
	return st
}

func (st step) hangUp() step { return st.do(func(s *stage) { s.signal(syscall.SIGHUP) }) }

// touch makes a file.
func (st step) touch(name string) step { return st.do(func(s *stage) { write(s.t, s.dir, name, "") }) }

// allArrives ends what untilDone sends, and waits for it.
func allArrives(st step) []step {
	return []step{st.touch("done"), hasSent(1), {"all arrives", func(s *stage) bool {
		return strings.Count(s.text("tally"), "\n") == total(s.sent())
	}, nil}}
}

func total(sent map[string]int) (sum int) {
	for _, n := range sent {
		sum += n
	}
	return sum
}

// Checks.

func tallyOnce(s *stage)       { s.wantOnce("tally") }
func tallyAtMostOnce(s *stage) { s.wantAtMostOnce("tally") }
func tallyInOrder(s *stage)    { s.wantInOrder("tally") }

// Sections.

const (
	oneFlow = `
[INPUT]
    name  flow
    count 300
    slice 3
`
	endless = `
[INPUT]
    name  flow
    count -1
    slice 3
    every 1ms
`
	untilDone        = endless + "    until done\n"
	everyMillisecond = `
[INPUT]
    name  flow
    count 1000
    every 1ms
`
)

// to is an output's section.
func to(path string, properties ...string) string {
	return "[OUTPUT]\n    name tally\n    match *\n    retry_limit no_limits\n    path " + path + "\n    " +
		strings.Join(properties, "\n    ") + "\n"
}

var toTally = to("tally")

var scenarios = []scenario{
	{
		name:   "stop",
		row:    "SIGTERM before what was sent is collected",
		conf:   oneFlow + toTally,
		steps:  []step{hasSent(1), lateInSecond()},
		check:  tallyOnce,
		limits: hastyStop,
	},
	{
		name:   "threaded off",
		row:    "the same of two inputs with `threaded off`",
		conf:   oneFlow + "    threaded off\n" + oneFlow + "    threaded off\n" + toTally,
		steps:  []step{hasSent(2), lateInSecond()},
		check:  tallyOnce,
		limits: hastyStop[:1],
	},
	{
		name:   "ten sections",
		row:    "the same of ten sections of one plugin",
		conf:   strings.Repeat(oneFlow, 10) + toTally,
		steps:  []step{hasSent(10), lateInSecond()},
		check:  tallyOnce,
		limits: hastyStop,
	},
	{
		name:   "stop while sending",
		row:    "SIGTERM while records are sent",
		conf:   endless + toTally,
		steps:  []step{hasArrived(100, "tally"), lateInSecond()},
		check:  tallyOnce,
		limits: hastyStop,
	},
	{
		name:   "slow stop",
		row:    "SIGTERM while a Flush takes 3 seconds",
		conf:   endless + to("tally", "delay 3s", "slow 1", "workers 1"),
		steps:  []step{logged("slow flush")},
		check:  tallyOnce,
		limits: append([]limit{endlessStop}, hastyStop...),
	},
	{
		name:  "stop in pause",
		row:   "SIGTERM in a pause by `mem_buf_limit`",
		conf:  tooMuch + to("tally", "delay 700ms", "workers 1"),
		steps: []step{hasSent(1), logged("paused (mem buf overlimit")},
		check: tallyOnce,
		limits: []limit{{
			before: anyRelease,
			note: "The ring buffer of an input that `mem_buf_limit` has paused is not emptied any more when the engine stops: " +
				"records in it are lost." + notAccepted,
			adapt: atMostOnce,
		}},
	},
	{
		name:    "reload",
		row:     "SIGHUP, hot reload while records are sent, twice",
		service: "    hot_reload on\n",
		conf:    untilDone + toTally,
		steps:   append([]step{lives(1).hangUp(), lives(2).hangUp()}, allArrives(lives(3))...),
		check:   tallyOnce,
		real:    true,
		limits:  append([]limit{noFlushes}, hastyStop...),
	},
	{
		name:    "reload with workers",
		row:     "the same with an output that has `workers`",
		service: "    hot_reload on\n",
		conf:    untilDone + to("tally", "workers 2"),
		steps:   append([]step{lives(1).hangUp(), lives(2).hangUp()}, allArrives(lives(3))...),
		check:   tallyOnce,
		real:    true,
		limits: []limit{{
			before: anyRelease,
			// cb_thread_sched_timer in flb_output_thread.c; without workers eight reloads are as good as one.
			note: "The engine starts the workers of a Go output twice. Those that it forgets outlive a reload and read freed " +
				"memory: after two to five reloads it crashes.",
		}},
	},
	{
		name:    "failed reload",
		row:     "SIGHUP, hot reload with a broken configuration: all goes on",
		service: "    hot_reload on\n",
		conf:    untilDone + toTally,
		steps: append([]step{
			lives(1).do(func(s *stage) {
				write(s.t, s.dir, "fluent-bit.conf", service+untilDone+toTally+"[OUTPUT]\n    name no_such_output\n    match *\n")
				s.signal(syscall.SIGHUP)
			}),
			logged("Reloading is halted"),
		}, allArrives(hasArrived(5000, "tally"))...),
		check:  tallyOnce,
		real:   true,
		limits: []limit{crashUnstarted},
	},
	signalled("SIGHUP", syscall.SIGHUP),
	signalled("SIGCONT", syscall.SIGCONT),
	{
		name:  "pause",
		row:   "pauses by `mem_buf_limit`",
		conf:  tooMuch + "    go.buffer_limit 1M\n" + to("tally", "delay 100ms", "workers 1"),
		steps: []step{hasArrived(3000, "tally")},
		check: func(s *stage) {
			s.wantLogged("paused (mem buf overlimit", "resume (mem buf overlimit")
			tallyOnce(s)
		},
	},
	{
		name: "ring buffer",
		row:  "a ring buffer for 2 appends, the pipeline blocked",
		conf: `
[INPUT]
    name  flow
    count 4000
    slice 500
    pad   2000
    every 300ms
    thread.ring_buffer.capacity 2
` + to("tally", "delay 5s", "slow 1"),
		steps: []step{logged("events not taken"), logged("events taken again"), hasArrived(4000, "tally")},
		check: tallyOnce,
		real:  true,
		limits: []limit{{
			before: fluentbit.Release{4, 1, 0},
			note:   "`thread.ring_buffer.capacity` came with 4.1.0. Before, there is room for 1024.",
		}},
	},
	{
		name:  "retry",
		row:   "an output that fails three times",
		conf:  oneFlow + to("tally", "fail 3"),
		steps: []step{hasArrived(300, "tally")},
		check: tallyOnce,
	},
	{
		name:  "partial",
		row:   "an output that fails for a third of the records: only those come back",
		conf:  oneFlow + to("tally", "partial on"),
		steps: []step{hasArrived(300, "tally")},
		check: func(s *stage) {
			s.wantLogged("chunk partly delivered")
			tallyOnce(s)
		},
	},
	{
		name: "workers",
		row:  "outputs with 0, 1 and 4 workers that fail at first",
		conf: everyMillisecond +
			to("none", "fail 1") + to("one", "fail 1", "workers 1") + to("four", "fail 1", "workers 4", "delay 20ms"),
		steps: []step{hasArrived(1000, "none", "one", "four")},
		check: func(s *stage) { s.wantOnce("none", "one", "four") },
	},
	{
		name:  "ordered",
		row:   "`Ordered` with 4 workers: in order",
		conf:  everyMillisecond + to("tally", "workers 4"),
		files: []string{"ordered"},
		steps: []step{hasArrived(1000, "tally")},
		check: tallyInOrder,
	},
	{
		name:  "ordered retry",
		row:   "`Ordered` and a chunk that is tried again: in order",
		conf:  everyMillisecond + to("tally", "fail 2", "workers 4"),
		files: []string{"ordered"},
		steps: []step{hasArrived(1000, "tally")},
		check: tallyInOrder,
		limits: []limit{{
			before: anyRelease,
			note:   "The engine goes on with the next chunk while one waits for another try. Each arrives once.",
			adapt:  func(sc *scenario) { sc.check = tallyOnce },
		}},
	},
	{
		name:   "dry run",
		row:    "dry run",
		args:   []string{"-D"},
		conf:   endless + to("tally", "workers 2"),
		ends:   true,
		steps:  []step{logged("configuration test is successful")},
		check:  func(*stage) {},
		real:   true,
		limits: []limit{crashUnstarted},
	},
	{
		name: "wrong input",
		row:  "a mistake in one of three inputs: the reason logged, exit status 255",
		conf: untilDone + "[INPUT]\n    name flow\n    count many\n" + toTally,
		ends: true,
		exit: 255,
		check: func(s *stage) {
			s.wantLogged(`plugin: input "flow.1": config: count: "many" is not a whole number`)
		},
		limits: []limit{{
			before: fluentbit.Release{4, 0, 3},
			note:   "Before 4.0.3 the engine logs that, goes on without the input, and when it has stopped it crashes.",
			adapt: func(sc *scenario) { // go.c: what proxy_go_input_init has freed, proxy_go_input_unregister frees again
				sc.ends, sc.exit, sc.steps = false, -1, allArrives(hasArrived(100, "tally"))
				logs := sc.check
				sc.check = func(s *stage) { logs(s); tallyOnce(s) }
			},
		}},
	},
	{
		name: "wrong output",
		row:  "the same with an output, beside inputs that run",
		conf: endless + endless + toTally + "[OUTPUT]\n    name tally\n    match *\n",
		ends: true,
		exit: 255,
		check: func(s *stage) {
			s.wantLogged(`plugin: output "tally.1": config: path: required, not set`)
		},
	},
	{
		name:  "library twice",
		row:   "a library that is named twice",
		conf:  oneFlow + toTally,
		steps: []step{hasArrived(300, "tally")},
		libs: func(t *testing.T, _ string) []string {
			in, out := own(t, "in_flow"), own(t, "out_tally")
			return []string{in, out, in, out}
		},
		check: tallyOnce,
	},
	{
		name:  "name twice",
		row:   "two libraries with a plugin of the same name",
		conf:  oneFlow + toTally,
		steps: []step{hasArrived(300, "tally")},
		libs: func(t *testing.T, dir string) []string {
			in, out := own(t, "in_flow"), own(t, "out_tally")
			return []string{in, out, copyOf(t, in, dir), copyOf(t, out, dir)}
		},
		check: tallyOnce,
	},
	{
		name:    "daemon",
		row:     "daemon mode: refused, the reason logged",
		args:    []string{"-d"},
		service: "    log_file DIR/log\n",
		conf:    endless + toTally,
		ends:    true,
		check:   func(s *stage) { s.output += s.text("log"); s.wantLogged("daemon mode") },
		real:    true,
	},
}

const tooMuch = `
[INPUT]
    name          flow
    count         3000
    slice         10
    pad           1000
    mem_buf_limit 200K
`

// signalled is the scenario of panics that follow a signal, for which the engine installs its handlers anew.
func signalled(name string, sig syscall.Signal) scenario {
	caught := name + ")" // the line is written in two pieces
	send := func(s *stage) { s.signal(sig) }
	return scenario{
		name: name,
		row:  "a nil dereference in Flush after " + name + ": logged, the chunk tried again",
		conf: untilDone + to("tally", "panic now"),
		steps: append([]step{
			lives(1).do(send),
			loggedTimes(1, caught).touch("now"),
			loggedTimes(1, "Flush panicked").do(send),
			loggedTimes(2, caught).touch("now"),
		}, allArrives(loggedTimes(2, "Flush panicked"))...),
		check: tallyOnce,
		real:  true,
	}
}

func copyOf(t *testing.T, path, dir string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, "copy_of_"+filepath.Base(path), string(text))
}
