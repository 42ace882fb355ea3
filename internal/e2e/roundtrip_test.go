package e2e

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

// fixture is a proc file system that does not change.
func fixture(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../../examples/in_procstat/testdata/proc")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRoundTrip runs two sections of in_procstat, one on this machine and one on the fixture, into two of out_file.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		name        string
		hidden      bool
		unthreaded  bool
		generations []chost.Generation
	}{
		{"append", false, false, chost.Generations},
		{"append unthreaded", false, true, chost.Generations},
		{"return", true, false, chost.Generations},
		// Before 4.1 the callback does not say for which input it is, and its result goes to the one that it is for.
		{"return unthreaded", true, true, chost.Generations[1:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, g := range tt.generations {
				t.Run(string(g), func(t *testing.T) {
					t.Parallel()
					newTrip(t, chost.Options{Generation: g, HideSymbols: tt.hidden}, tt.unthreaded).run()
				})
			}
		})
	}
}

// trip is one run of TestRoundTrip.
type trip struct {
	*rig
	hidden  bool
	libs    []*chost.Library
	inputs  []*chost.Instance
	outputs []*chost.Instance
	tags    []string
	paths   []string
	went    [][]line // into each output
}

func newTrip(t *testing.T, o chost.Options, unthreaded bool) *trip {
	t.Helper()
	from, to := example(t, "in_procstat"), example(t, "out_file")
	r := &trip{rig: start(t, o), hidden: o.HideSymbols, tags: []string{"machine.live", "machine.fixture"}, went: make([][]line, 2)}
	in, out := r.load(from), r.load(to)
	r.libs = []*chost.Library{in, out}
	procs := []string{"/proc", fixture(t)}
	dir := t.TempDir()
	for i, proc := range procs {
		props := properties("Interval", "10ms", "proc_path", proc)
		input := r.section(in, chost.InstanceOptions{Name: fmt.Sprint("procstat.", i), Properties: props, Unthreaded: unthreaded})
		r.must(input.Init())
		r.inputs = append(r.inputs, input)
		r.paths = append(r.paths, filepath.Join(dir, strconv.Itoa(i)))
	}
	for i, path := range r.paths {
		out := r.section(out, chost.InstanceOptions{Name: fmt.Sprint("go_file.", i), Properties: properties("path", path), Workers: 2 * i})
		r.must(out.Init())
		r.outputs = append(r.outputs, out)
	}
	return r
}

// run lets 20 records of each input pass, then stops as the engine does.
func (r *trip) run() {
	r.t.Helper()
	for _, i := range append(r.outputs[:2:2], r.inputs...) {
		r.must(i.Start())
	}
	for len(r.went[0]) < 20 || len(r.went[1]) < 20 {
		r.until("events", func() bool { return r.waiting() > 0 })
		r.deliver()
	}
	for _, in := range r.inputs {
		r.must(in.Pause())
	}
	r.deliver()
	r.exit(r.outputs)
	r.exit([]*chost.Instance{r.inputs[1], r.inputs[0]}, r.libs...)
	r.check()
}

// deliver flushes what has come in, each piece to the output of its input.
func (r *trip) deliver() {
	r.t.Helper()
	for _, p := range r.take() {
		to := 0
		if p.input == r.inputs[1].ID() {
			to = 1
		}
		if p.tag != "" {
			r.t.Errorf("piece of input %d has tag %q, want none", to, p.tag)
		}
		if got := r.flush(r.outputs[to], r.tags[to], p.events); got != 1 {
			r.t.Fatalf("Flush(%d bytes) = %d, want 1", len(p.events), got)
		}
		r.went[to] = append(r.went[to], decode(r.t, r.tags[to], p.events)...)
	}
}

func (r *trip) check() {
	r.t.Helper()
	for i, path := range r.paths {
		if diff := cmp.Diff(r.went[i], readLines(r.t, path)); diff != "" {
			r.t.Errorf("records of section %d (-went in +came out):\n%s", i, diff)
		}
		for n, l := range r.went[i] {
			if n > 0 && !l.Date.After(r.went[i][n-1].Date) {
				r.t.Errorf("record %d of section %d is of %v, not after the one before", n, i, l.Date)
			}
		}
	}
	if r.hidden {
		return // what the pause finds cannot be handed over
	}
	if n := r.log.count("events lost"); n > 0 {
		r.t.Errorf("%d sections lost events at their exit", n)
	}
}
