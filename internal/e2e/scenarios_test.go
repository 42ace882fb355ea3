package e2e

import (
	"errors"
	"fmt"
	"math"
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
	limits []limit // of older releases, the oldest first
}

// A limit is what the releases before one cannot do.
type limit struct {
	before fluentbit.Release // anyRelease for all
	note   string            // for the README
	check  func(*stage)      // what is to be expected then; nil if the scenario cannot be played
}

var (
	anyRelease = fluentbit.Release{math.MaxInt}
	embedded   = fluentbit.Release{5, 1, 1} // whose limits the embedded engine has
)

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

// limit returns what r cannot do, nil if there is nothing.
func (sc *scenario) limit(r fluentbit.Release) *limit {
	for i := range sc.limits {
		if r.Before(sc.limits[i].before) {
			return &sc.limits[i]
		}
	}
	return nil
}

// judge looks at how it ended. l is nil, or the engine's.
func (sc *scenario) judge(s *stage, l *limit) {
	s.t.Helper()
	check := sc.check
	if l != nil {
		check = l.check
	}
	if len(s.left) > 0 {
		s.t.Errorf("ended before %s", s.left[0].what)
	}
	if got := exitStatus(s.err); got != sc.exit {
		s.t.Errorf("run = %v, status %d, want %d", s.err, got, sc.exit)
	}
	check(s)
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
			if !sc.real {
				t.Run(sc.name, func(t *testing.T) {
					t.Parallel()
					forGenerations(t, func(t *testing.T, g chost.Generation) {
						s := newStage(t, &sc)
						s.playEmbedded(g)
						sc.judge(s, sc.limit(embedded))
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
		played := playAll(t, path, release)
		compare(t, release, played)
	})
}

// playAll returns the table's column for those scenarios that were played, and not left out by -run.
func playAll(t *testing.T, path string, release fluentbit.Release) map[string]string {
	t.Helper()
	cells := make([]string, len(scenarios))
	t.Run("play", func(t *testing.T) {
		for i, sc := range scenarios {
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				l := sc.limit(release)
				defer func() { cells[i] = cell(l, t.Failed()) }()
				if l != nil && l.check == nil {
					return
				}
				s := newStage(t, &sc)
				s.playReal(path, sc.args)
				sc.judge(s, l)
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

// Conditions and actions of steps.

func hasSent(sections int) step {
	return step{fmt.Sprintf("%d sections have sent", sections), func(s *stage) bool { return len(s.sent()) >= sections }, nil}
}

// hasArrived is for one file with at least n records.
func hasArrived(file string, n int) step {
	return step{fmt.Sprintf("%d records are in %s", n, file), func(s *stage) bool { return strings.Count(s.text(file), "\n") >= n }, nil}
}

// lives is for records from that many lives of the one section in the file tally.
func lives(n int) step {
	return step{fmt.Sprintf("life %d's records", n), func(s *stage) bool { return len(s.arrived("tally")) >= n }, nil}
}

func logged(text string) step {
	return step{"the log has " + text, func(s *stage) bool { return strings.Contains(s.output, text) }, nil}
}

func (st step) do(then func(*stage)) step {
	st.then = then
	return st
}

func hangUp(s *stage) { s.signal(syscall.SIGHUP) }

func wantTally(s *stage) { s.wantOnce("tally") }

const oneFlow = `
[INPUT]
    name  flow
    count 300
    slice 3
`

const endless = `
[INPUT]
    name  flow
    count -1
    slice 3
    every 1ms
`

const everyMillisecond = `
[INPUT]
    name  flow
    count 1000
    every 1ms
`

// to is an output's section.
func to(path string, properties ...string) string {
	return "[OUTPUT]\n    name tally\n    match *\n    retry_limit no_limits\n    path " + path + "\n    " +
		strings.Join(properties, "\n    ") + "\n"
}

var toTally = to("tally")

var scenarios = []scenario{
	{
		name:  "stop",
		row:   "SIGTERM right after the last send",
		conf:  oneFlow + toTally,
		steps: []step{hasSent(1)},
		check: wantTally,
	},
	{
		name:  "stop while sending",
		row:   "SIGTERM while records are sent",
		conf:  endless + toTally,
		steps: []step{hasArrived("tally", 100)},
		check: wantTally,
	},
	{
		name:    "reload",
		row:     "hot reload by SIGHUP while records are sent, twice",
		service: "    hot_reload on\n",
		conf:    endless + toTally,
		steps:   []step{lives(1).do(hangUp), lives(2).do(hangUp), lives(3)},
		check:   wantTally,
		real:    true,
	},
	{
		name:    "reload with workers",
		row:     "the same, with `workers 2`",
		service: "    hot_reload on\n",
		conf:    endless + to("tally", "workers 2"),
		steps:   []step{lives(1).do(hangUp), lives(2).do(hangUp), lives(3)},
		check:   wantTally,
		real:    true,
	},
	{
		name:    "failed reload",
		row:     "hot reload with a broken configuration: all goes on",
		service: "    hot_reload on\n",
		conf:    endless + toTally,
		steps: []step{
			lives(1).do(func(s *stage) {
				write(s.t, s.dir, "fluent-bit.conf", service+endless+toTally+"[OUTPUT]\n    name no_such_output\n    match *\n")
				hangUp(s)
			}),
			logged("Reloading is halted").do(func(s *stage) { write(s.t, s.dir, "halted", fmt.Sprint(len(s.text("tally")))) }),
			{"records that arrive later", func(s *stage) bool {
				var before int
				_, _ = fmt.Sscan(s.text("halted"), &before)
				return len(s.text("tally")) > before+10000
			}, nil},
		},
		check: wantTally,
		real:  true,
	},
	{
		name: "pause",
		row:  "pauses by `mem_buf_limit`, slow output",
		conf: `
[INPUT]
    name            flow
    count           3000
    slice           10
    pad             1000
    mem_buf_limit   200K
    go.buffer_limit 1M
` + to("tally", "delay 100ms", "workers 1"),
		steps: []step{hasArrived("tally", 3000)},
		check: func(s *stage) {
			s.wantLogged("paused (mem buf overlimit", "resume (mem buf overlimit")
			wantTally(s)
		},
	},
	{
		name: "stop in pause",
		row:  "SIGTERM in a pause by `mem_buf_limit`",
		conf: `
[INPUT]
    name            flow
    count           3000
    slice           10
    pad             1000
    mem_buf_limit   200K
` + to("tally", "delay 2s", "workers 1"),
		steps: []step{hasSent(1), logged("paused (mem buf overlimit")},
		check: wantTally,
		limits: []limit{{
			before: anyRelease,
			note: "The ring buffer of an input that is paused by `mem_buf_limit` is not emptied any more when the engine stops, " +
				"so records in it are lost.",
			check: func(s *stage) { s.wantAtMostOnce("tally") },
		}},
	},
	{
		name: "ring buffer",
		row:  "a ring buffer of 2 that is full while the pipeline is blocked",
		conf: `
[INPUT]
    name  flow
    count 4000
    slice 500
    pad   2000
    every 300ms
    thread.ring_buffer.capacity 2
` + to("tally", "delay 5s", "slow 1"),
		steps: []step{logged("events not taken"), logged("events taken again"), hasArrived("tally", 4000)},
		check: wantTally,
		real:  true,
		limits: []limit{{
			before: fluentbit.Release{4, 1, 0},
			note:   "`thread.ring_buffer.capacity` came with 4.1.0; before, a ring buffer has room for 1024 appends.",
		}},
	},
	{
		name:  "retry",
		row:   "an output that fails three times",
		conf:  oneFlow + to("tally", "fail 3"),
		steps: []step{hasArrived("tally", 300)},
		check: wantTally,
	},
	{
		name:  "partial",
		row:   "an output fails for every third record: only those come back",
		conf:  oneFlow + to("tally", "partial on"),
		steps: []step{hasArrived("tally", 300)},
		check: func(s *stage) {
			s.wantLogged("chunk partly delivered")
			wantTally(s)
		},
	},
	{
		name: "workers",
		row:  "outputs with 0, 1 and 4 workers, each failing at first",
		conf: everyMillisecond +
			to("none", "fail 1") + to("one", "fail 1", "workers 1") + to("four", "fail 1", "workers 4", "delay 20ms"),
		steps: []step{hasArrived("none", 1000), hasArrived("one", 1000), hasArrived("four", 1000)},
		check: func(s *stage) { s.wantOnce("none", "one", "four") },
	},
	{
		name:  "ordered",
		row:   "`Ordered`, with 4 workers: in order",
		conf:  everyMillisecond + to("tally", "workers 4"),
		files: []string{"ordered"},
		steps: []step{hasArrived("tally", 1000)},
		check: func(s *stage) { s.wantInOrder("tally") },
	},
	{
		name:  "ordered retry",
		row:   "`Ordered`, with chunks that are tried again: in order",
		conf:  everyMillisecond + to("tally", "fail 2", "workers 4"),
		files: []string{"ordered"},
		steps: []step{hasArrived("tally", 1000)},
		check: func(s *stage) { s.wantInOrder("tally") },
		limits: []limit{{
			before: anyRelease,
			note:   "The engine goes on with the next chunk while one waits for another try. Each arrives once.",
			check:  wantTally,
		}},
	},
	{
		name:  "threaded off",
		row:   "two inputs with `threaded off`, SIGTERM right after the last send",
		conf:  oneFlow + "    threaded off\n" + oneFlow + "    threaded off\n" + toTally,
		steps: []step{hasSent(2)},
		check: wantTally,
	},
	{
		name:  "ten sections",
		row:   "ten sections of one input, SIGTERM right after the last send",
		conf:  strings.Repeat(oneFlow, 10) + toTally,
		steps: []step{hasSent(10)},
		check: wantTally,
	},
	{
		name:  "dry run",
		row:   "dry run",
		args:  []string{"-D"},
		ends:  true,
		conf:  endless + to("tally", "workers 2"),
		steps: []step{logged("configuration test is successful")},
		check: func(*stage) {},
		real:  true,
	},
	{
		name: "wrong input",
		row:  "a mistake in one of three inputs: the reason logged, exit status 255",
		conf: endless + endless + "[INPUT]\n    name flow\n    count many\n" + toTally,
		ends: true,
		exit: 255,
		check: func(s *stage) {
			s.wantLogged(`plugin: input "flow.2": config: count: "many" is not a whole number`)
		},
	},
	{
		name: "wrong output",
		row:  "a mistake in an output beside running inputs: the same",
		conf: endless + endless + toTally + "[OUTPUT]\n    name tally\n    match *\n",
		ends: true,
		exit: 255,
		check: func(s *stage) {
			s.wantLogged(`plugin: output "tally.1": config: path: required, not set`)
		},
	},
	{
		name:  "library twice",
		row:   "a library named twice",
		conf:  oneFlow + toTally,
		steps: []step{hasArrived("tally", 300)},
		libs: func(t *testing.T, _ string) []string {
			in, out := own(t, "in_flow"), own(t, "out_tally")
			return []string{in, out, in, out}
		},
		check: wantTally,
	},
	{
		name:  "name twice",
		row:   "two libraries with a plugin of the same name",
		conf:  oneFlow + toTally,
		steps: []step{hasArrived("tally", 300)},
		libs: func(t *testing.T, dir string) []string {
			in, out := own(t, "in_flow"), own(t, "out_tally")
			return []string{in, out, copyOf(t, in, dir), copyOf(t, out, dir)}
		},
		check: wantTally,
	},
	signalled("SIGHUP", syscall.SIGHUP),
	signalled("SIGCONT", syscall.SIGCONT),
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

// signalled is the scenario of a panic that follows a signal, for which the engine installs its handlers anew.
func signalled(name string, sig syscall.Signal) scenario {
	return scenario{
		name: name,
		row:  "a nil dereference in Flush after " + name + ": logged, the chunk tried again",
		conf: endless + to("tally", "panic now"),
		steps: []step{
			lives(1).do(func(s *stage) { s.signal(sig) }),
			logged("caught signal (" + name).do(func(s *stage) { write(s.t, s.dir, "now", "") }),
			logged("Flush panicked").do(func(s *stage) { s.signal(sig) }),
			{"a second signal", func(s *stage) bool { return strings.Count(s.output, "caught signal ("+name) == 2 },
				func(s *stage) { write(s.t, s.dir, "now", "") }},
			{"a second panic", func(s *stage) bool { return strings.Count(s.output, "Flush panicked") == 2 }, nil},
		},
		check: wantTally,
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
