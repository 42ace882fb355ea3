package e2e

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

// An arrival is the number of a record and the tag that it came with.
type arrival struct {
	Tag string
	N   int
}

// arrivals are the records of one input.
func arrivals(t testing.TB, pieces []piece, input *chost.Instance) []arrival {
	t.Helper()
	var all []arrival
	for _, p := range pieces {
		if p.input != input.ID() {
			continue
		}
		for _, l := range decode(t, p.tag, p.events) {
			all = append(all, arrival{p.tag, number(t, l)})
		}
	}
	return all
}

// number is that of a record of in_sequence.
func number(t testing.TB, l line) int {
	t.Helper()
	text, _ := l.Record["n"].(json.Number)
	n, err := strconv.Atoi(text.String())
	if err != nil {
		t.Fatalf("record %v has no number n", l.Record)
	}
	return n
}

// byTag splits arrivals: across tags there is no order to rely on.
func byTag(all []arrival) map[string][]int {
	split := make(map[string][]int)
	for _, a := range all {
		split[a.Tag] = append(split[a.Tag], a.N)
	}
	return split
}

// sent is what in_sequence sends under each tag.
func sent(count, slice int, tags ...string) map[string][]int {
	split := make(map[string][]int)
	for n := range count {
		tag := tags[n/slice%len(tags)]
		split[tag] = append(split[tag], n)
	}
	return split
}

// diff is the beginning of a difference.
func diff(want, got any) string {
	text := cmp.Diff(want, got)
	return text[:min(len(text), 2000)]
}

func sequence(props ...string) chost.InstanceOptions {
	return chost.InstanceOptions{Name: "sequence.0", Properties: properties(props...)}
}

func TestSequence(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		name  string
		props []string
		want  map[string][]int
	}{
		{"one at a time", []string{"count", "500"}, sent(500, 1, "")},
		{"slices", []string{"count", "503", "slice", "10"}, sent(503, 10, "")},
		{"none", []string{"count", "0"}, sent(0, 1, "")},
		{"tags", []string{"count", "500", "tags", "-, app.a, app.b"}, sent(500, 1, "", "app.a", "app.b")},
		{"slices with tags", []string{"count", "503", "slice", "10", "tags", "app.a,app.b"}, sent(503, 10, "app.a", "app.b")},
		{"small buffer", []string{"count", "2000", "slice", "3", "tags", "a,b", "go.buffer_limit", "1K"}, sent(2000, 3, "a", "b")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g})
				lib := r.load(own(t, "in_sequence"))
				in := r.run(lib, sequence(tt.props...))
				r.untilLogged("sent count=")
				r.must(in.Pause())
				if diff := diff(tt.want, byTag(arrivals(t, r.take(), in))); diff != "" {
					t.Errorf("records by tag (-sent +arrived):\n%s", diff)
				}
				betweenPauses()
				r.must(in.Pause())
				if len(tt.want) > 0 && r.log.count("accepted count=") != 1 {
					t.Error("Accepted was not called for all events")
				}
				r.exit([]*chost.Instance{in}, lib)
			})
		})
	}
}

// Without the engine's append function, events with tags of their own are refused and all others arrive.
func TestTagsRefused(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g, HideSymbols: true})
		lib := r.load(own(t, "in_sequence"))
		in := r.run(lib, sequence("count", "60", "tags", "-,app.a,app.b"))
		r.untilSaid("sent count=60")
		want := map[string][]int{"": sent(60, 1, "", "app.a", "app.b")[""]}
		if diff := diff(want, byTag(arrivals(t, r.arrived(20), in))); diff != "" {
			t.Errorf("records by tag (-sent +arrived):\n%s", diff)
		}
		const refusal = `[error] [sequence] event rejected error="tag: events cannot have tags of their own in this engine, which exports no flb_input_log_append"`
		if got := r.stdout.count(refusal); got != 40 {
			t.Errorf("%d lines %s, want 40:\n%s", got, refusal, r.stdout)
		}
		r.exit([]*chost.Instance{in}, lib)
	})
}

// TestFlood sends 8 MB while the engine refuses now and then.
func TestFlood(t *testing.T) {
	t.Parallel()
	needCgo(t)
	const count, pad = 4000, 2000
	for _, tt := range []struct {
		name   string
		o      chost.Options
		refuse int
		max    int // bytes of a piece
	}{
		{"append", chost.Options{}, 0, 1<<20 + pad + 100},
		{"refused at first", chost.Options{}, 7, 1<<20 + pad + 100},
		{"return", chost.Options{HideSymbols: true}, 0, 32 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, tt.o)
			r.refuse = tt.refuse
			lib := r.load(own(t, "in_sequence"))
			in := r.run(lib, sequence("count", strconv.Itoa(count), "slice", "10", "pad", strconv.Itoa(pad)))
			r.untilLogged("accepted count=4000")
			pieces := r.arrived(count)
			if diff := diff(sent(count, 10, ""), byTag(arrivals(t, pieces, in))); diff != "" {
				t.Errorf("records (-sent +arrived):\n%s", diff)
			}
			for _, p := range pieces {
				if len(p.events) > tt.max {
					t.Errorf("a piece has %d bytes, want at most %d", len(p.events), tt.max)
				}
			}
			if got, want := r.log.count("WARN [sequence.0] events not taken"), min(tt.refuse, 1); got != want {
				t.Errorf("%d warnings of events not taken, want %d", got, want)
			}
			again := "INFO [sequence.0] events taken again turns=" + strconv.Itoa(tt.refuse)
			if got, want := r.log.count(again), min(tt.refuse, 1); got != want {
				t.Errorf("%d lines of %s, want %d", got, again, want)
			}
			r.exit([]*chost.Instance{in}, lib)
		})
	}
}

// never is a tick that does not come.
const never = time.Hour

// A pause hands over what was sent since the last tick; sends wait until it is over.
func TestPause(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g, Tick: never})
		lib := r.load(own(t, "in_sequence"))
		in := r.run(lib, sequence("count", "300", "tags", "a,b"))
		r.untilSaid("sent count=300")
		if n := r.waiting(); n > 0 {
			t.Errorf("%d pieces handed over before the pause, want none", n)
		}
		r.must(in.Pause())
		if diff := diff(sent(300, 1, "a", "b"), byTag(arrivals(t, r.take(), in))); diff != "" {
			t.Errorf("records by tag (-sent +handed over):\n%s", diff)
		}
		r.must(in.Pause()) // the engine's stop pauses twice
		if n := r.waiting(); n > 0 {
			t.Errorf("%d pieces handed over in the second pause, want none", n)
		}
		r.exit([]*chost.Instance{in}, lib)
	})
}

// Without the append function a pause keeps what it finds until the input is resumed.
func TestPauseKeeps(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, hidden := range []bool{false, true} {
		t.Run("hidden "+strconv.FormatBool(hidden), func(t *testing.T) {
			t.Parallel()
			r := start(t, chost.Options{HideSymbols: hidden})
			lib := r.load(own(t, "in_sequence"))
			in := r.run(lib, sequence("count", "20000"))
			for range 10 {
				r.must(in.Pause())
				r.must(in.Resume())
			}
			r.untilLogged("accepted count=20000")
			if diff := diff(sent(20000, 1, ""), byTag(arrivals(t, r.arrived(20000), in))); diff != "" {
				t.Errorf("records (-sent +arrived):\n%s", diff)
			}
			r.exit([]*chost.Instance{in}, lib)
		})
	}
}

// What an engine never takes is told of at the exit.
func TestLostEvents(t *testing.T) {
	t.Parallel()
	needCgo(t)
	r := start(t, chost.Options{})
	r.refuse = 1 << 30
	lib := r.load(own(t, "in_sequence"))
	in := r.run(lib, sequence("count", "10"))
	r.untilLogged("sent count=10")
	r.must(in.Pause())
	r.exit([]*chost.Instance{in}, lib)
	if got := r.log.count("ERROR [sequence.0] events lost: the engine has not taken them bytes="); got != 1 {
		t.Errorf("%d log lines tell of the loss, want 1", got)
	}
}
