package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

// A mistake in the registration is a reason in the engine's log and a refusal, and the host lives on.
func TestMistakes(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct{ mistake, log string }{
		{"nothing", `no plugin registered: call plugin.RegisterInput or plugin.RegisterOutput from init`},
		{"two", `output "second": registered after input "first": a library has one plugin`},
		{"no map", `input "number": record: int is no record: ` +
			`a record is a struct, a pointer to a struct, map[string]T or any, or a slice of those`},
		{"no map to read", `output "numbers": record: []int is no record: ` +
			`a record is a struct, a pointer to a struct, map[string]T or any`},
		{"struct tag", `input "tagged": struct tag on badTag.Brokers: unknown option "requird"; did you mean validate:"required"?`},
		{"default", `input "defaulted": struct tag on badDefault.Batch: default "many" is not a whole number`},
		{"nil", `input "none": value: nil, want a pointer to the plugin's struct`},
		{"nil interface", `input "none": value: nil, want a pointer to the plugin's struct`},
		{"name", `input "two words": name: "two words" contains a blank or "://"`},
	} {
		t.Run(tt.mistake, func(t *testing.T) {
			t.Parallel()
			for _, hidden := range []bool{false, true} {
				t.Run("hidden "+strconv.FormatBool(hidden), func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					write(t, dir, "mistake", tt.mistake)
					r := start(t, chost.Options{Generation: "3.2", Dir: dir, HideSymbols: hidden})
					_, err := r.Load(own(t, "mistakes"))
					if got := refused(t, err); got != "FLBPluginRegister" {
						t.Errorf("Load() refused at %q, want FLBPluginRegister", got)
					}
					want, log := "ERROR plugin: "+tt.log, r.log
					if hidden { // the log cannot be reached yet
						want, log = "plugin: "+tt.log, r.stdout
					}
					r.until("the reason", func() bool { return log.String() != "" })
					if diff := cmp.Diff(want, log.String()); diff != "" {
						t.Errorf("log (-want +got):\n%s", diff)
					}
					r.worksWith("in_sequence")
				})
			}
		})
	}
}

// worksWith runs an input to see that the host is alive and well.
func (r *rig) worksWith(input string) {
	r.t.Helper()
	lib := r.load(own(r.t, input))
	in := r.run(lib, sequence("count", "3"))
	r.untilLogged("accepted count=3")
	r.exit([]*chost.Instance{in}, lib)
}

// fault is how Go reports the nil dereference that in_panic and out_panic make.
const fault = "runtime error: invalid memory address or nil pointer dereference"

// A panic is caught and logged with its stack; the section's sibling and the host live on.
func TestPanicsOfInput(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		in      string
		refused string
		times   int
	}{
		{"Validate", "FLBPluginInit", 1},
		{"Init", "FLBPluginInit", 1},
		{"Collect", "", 1},
		{"Accepted", "", 1},
		{"Paused", "", 2}, // told of the end of the pause too
		{"Close", "", 1},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g})
				lib := r.load(own(t, "in_panic"))
				bad := r.section(lib, settings("panic.0", "in", tt.in))
				if got := refused(t, bad.Init()); got != tt.refused {
					t.Errorf("Init() refused at %q, want %q", got, tt.refused)
				}
				good := r.run(lib, settings("panic.1"))
				if tt.refused == "" {
					r.must(bad.Start())
					r.until("the good section's event", func() bool { return r.from(good) > 0 })
					if tt.in != "Collect" {
						r.until("the bad section's event", func() bool { return r.from(bad) > 0 })
					}
					r.must(bad.Pause())
					betweenPauses()
					r.must(bad.Pause())
					r.must(bad.Resume())
				}
				r.exit([]*chost.Instance{good, bad}, lib)
				r.wantPanics(tt.in, tt.times)
			})
		})
	}
}

// from counts the pieces of an input.
func (r *rig) from(input *chost.Instance) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, p := range r.pieces {
		if p.input == input.ID() {
			n++
		}
	}
	return n
}

// wantPanics looks for the lines that report them, with the plugin's own function in the stack.
func (r *rig) wantPanics(method string, times int) {
	r.t.Helper()
	begin := "ERROR [panic.0] " + method + " panicked panic=\"" + fault + "\" stack="
	found := 0
	for line := range strings.Lines(r.log.String()) {
		if strings.HasPrefix(line, begin) && strings.Contains(line, "main.(*settings).panicIn") {
			found++
		}
	}
	if found != times {
		r.t.Errorf("%d log lines begin with %s and show the stack, want %d", found, begin, times)
	}
}

// On SIGHUP the engine replaces Go's handlers of faults; they are back when a method runs.
func TestPanicsAfterSignals(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		lib := r.load(own(t, "out_panic"))
		out := r.run(lib, settings("panic.0", "in", "Flush"))
		for range 2 {
			r.must(r.RearmSignals())
			if got := r.flush(out, "t", chunk(t, 1)); got != 2 {
				t.Errorf("Flush() = %d, want 2", got)
			}
		}
		r.exit([]*chost.Instance{out}, lib)
		r.wantPanics("Flush", 2)
	})
	t.Run("input", func(t *testing.T) {
		t.Parallel()
		r := start(t, chost.Options{})
		lib := r.load(own(t, "in_panic"))
		in := r.run(lib, settings("panic.0", "in", "Paused"))
		r.until("its event", func() bool { return r.from(in) > 0 })
		r.must(r.RearmSignals())
		r.must(in.Pause())
		r.exit([]*chost.Instance{in}, lib)
		r.wantPanics("Paused", 1)
	})
}

func TestPanicsOfOutput(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		in      string
		refused string
		verdict int
	}{
		{"Validate", "FLBPluginInit", 0},
		{"Init", "FLBPluginInit", 0},
		{"Flush", "", 2},
		{"Close", "", 1},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g})
				lib := r.load(own(t, "out_panic"))
				bad := r.section(lib, settings("panic.0", "in", tt.in))
				if got := refused(t, bad.Init()); got != tt.refused {
					t.Errorf("Init() refused at %q, want %q", got, tt.refused)
				}
				good := r.run(lib, settings("panic.1"))
				if tt.refused == "" {
					if got := r.flush(bad, "t", chunk(t, 1)); got != tt.verdict {
						t.Errorf("Flush() = %d, want %d", got, tt.verdict)
					}
				}
				if got := r.flush(good, "t", chunk(t, 1)); got != 1 {
					t.Errorf("Flush() = %d of the other section, want 1", got)
				}
				r.exit([]*chost.Instance{bad, good}, lib)
				r.wantPanics(tt.in, 1)
			})
		})
	}
}

// TestVerdicts holds what an output returns against what the engine gets and what is logged.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	needCgo(t)
	broken := append(chunk(t, 1), 0xc1)
	for _, tt := range []struct {
		name  string
		fail  string
		chunk []byte
		want  int
		log   string
	}{
		{"delivered", "", chunk(t, 1), 1, ``},
		{"not delivered", "Flush", chunk(t, 1), 2, `WARN [panic.0] chunk not delivered tag=t error="told to fail"`},
		{"given up", "Drop", chunk(t, 1), 0, `ERROR [panic.0] chunk dropped tag=t error="told to fail"`},
		{"unreadable", "", broken, 0, `ERROR [panic.0] chunk dropped tag=t error="record: event 1 at byte 17: `},
		{"empty", "", []byte{}, 1, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, workers := range []int{0, 2} {
				r := start(t, chost.Options{Generation: "5.0"})
				lib := r.load(own(t, "out_panic"))
				out := r.run(lib, chost.InstanceOptions{Name: "panic.0", Properties: properties("fail", tt.fail), Workers: workers})
				if got := r.flush(out, "t", tt.chunk); got != tt.want {
					t.Errorf("Flush() = %d with %d workers, want %d", got, workers, tt.want)
				}
				log := r.log.String()
				if workers == 0 {
					warning, rest, _ := strings.Cut(log, "\n")
					if !strings.HasPrefix(warning, "WARN [panic.0] workers is not set, or 0") {
						t.Errorf("first log line %q without workers, want a warning of that", warning)
					}
					log = rest
				}
				if !strings.HasPrefix(log, tt.log) || tt.log == "" && log != "" {
					t.Errorf("log\n got %s\nwant %s", log, tt.log)
				}
				r.exit([]*chost.Instance{out}, lib)
			}
		})
	}
}

// An output is told once what its workers, or having none, lead to.
func TestWorkersWarning(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		name      string
		workers   int
		hotReload bool
		want      string
	}{
		{"none", 0, false, "(want workers 1 or more)"},
		{"none with hot reload", 0, true, "(with hot_reload on, workers would crash it: want a Flush that is quick)"},
		{"some", 2, false, ""},
		{"some with hot reload", 2, true, "may crash after a reload (want workers 0, or hot_reload off)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, chost.Options{HotReload: tt.hotReload})
			lib := r.load(own(t, "out_panic"))
			out := r.run(lib, chost.InstanceOptions{Name: "panic.0", Workers: tt.workers})
			for range 2 {
				r.flush(out, "t", chunk(t, 1))
			}
			log := r.log.String()
			if got := r.log.count("workers"); strings.Contains(log, "\n") || !strings.HasSuffix(log, tt.want) || (got > 0) != (tt.want != "") {
				t.Errorf("log %q, want one line with %q", log, tt.want)
			}
			r.exit([]*chost.Instance{out}, lib)
		})
	}
}
