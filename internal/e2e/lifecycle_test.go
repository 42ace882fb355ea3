package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
)

// The engine ends outputs that it never initialised: in a dry run, and after another section's Init has failed.
func TestExitWithoutInit(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		lib := r.load(own(t, "out_panic"))
		first := r.section(lib, settings("panic.0"))
		r.must(first.Exit()) // before any Init: the library has not begun to serve flushes
		running := r.run(lib, settings("panic.1"))
		second := r.section(lib, settings("panic.2"))
		r.must(second.Exit())
		if got := r.flush(running, "t", chunk(t, 1)); got != 1 {
			t.Errorf("Flush() = %d of the other section, want 1", got)
		}
		r.exit([]*chost.Instance{running}, lib)
	})
}

func TestExitAfterFailedInit(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, plugin := range []string{"in_panic", "out_panic"} {
		t.Run(plugin, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g})
				lib := r.load(own(t, plugin))
				fail := map[string]string{"in_panic": "on", "out_panic": "Init"}[plugin]
				bad := r.section(lib, settings("panic.0", "fail", fail))
				if got := refused(t, bad.Init()); got != "FLBPluginInit" {
					t.Errorf("Init() refused at %q, want FLBPluginInit", got)
				}
				kind, _, _ := strings.Cut(plugin, "_")
				if want := "ERROR plugin: " + kind + `put "panic.0": told to fail`; r.log.count(want) != 1 {
					t.Errorf("log has no line %s", want)
				}
				never := r.section(lib, settings("panic.1"))
				r.exit([]*chost.Instance{never, bad}, lib)
			})
		})
	}
}

// A library that is registered and not used.
func TestUnused(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		for _, name := range []string{"in_sequence", "out_panic"} {
			r.must(r.Unload(r.load(own(t, name))))
		}
	})
}

// A goroutine that a plugin leaves behind reaches nothing of the engine, which has freed the instance.
func TestLate(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		lib := r.load(own(t, "in_sequence"))
		r.exit([]*chost.Instance{r.run(lib, sequence("late", "on"))}, lib)
		before := r.stdout.count("late sequence.0")
		r.until("signs of life", func() bool { return r.stdout.count("late sequence.0") > before+3 })
	})
}

// Instances are cut off with the process, as when an output's Init fails after inputs have begun.
func TestCutOff(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		r.run(r.load(own(t, "in_sequence")), sequence("count", "1000000"))
		r.run(r.load(own(t, "out_panic")), settings("panic.0"))
		r.until("events", func() bool { return r.waiting() > 0 })
	})
}

// A hot reload registers the new plugin, and may start its sections, before the old ones are gone.
func TestReload(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g, HotReload: true})
		path := own(t, "in_sequence")
		old := r.load(path)
		before := r.run(old, sequence("count", "30"))
		r.untilLogged("accepted count=30")
		r.SetReloading(true)
		lib := r.load(path)
		r.must(before.Pause())
		r.exit([]*chost.Instance{before}, old)
		after := r.run(lib, sequence("count", "40"))
		r.untilLogged("accepted count=40")
		r.exit([]*chost.Instance{after}, lib)
	})
}

var goroutines = regexp.MustCompile(`goroutines=(\d+)`)

// Sections that come and go leave no goroutines behind, whether or not they were drained.
func TestLeaks(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		lib := r.load(own(t, "in_sequence"))
		for n := range 20 {
			o := sequence("count", "1000000", "go.buffer_limit", "1K")
			o.LogLevel = chost.LevelTrace
			in := r.run(lib, o)
			if n%2 == 0 {
				r.until("events", func() bool { return r.from(in) > 0 })
				r.must(in.Pause())
			}
			r.exit([]*chost.Instance{in})
		}
		r.must(r.Unload(lib))
		found := goroutines.FindAllStringSubmatch(r.log.String(), -1)
		if first, last := found[0][1], found[len(found)-1][1]; len(found) != 20 || first != last {
			t.Errorf("%d sections have begun, the first with %s goroutines, the last with %s: want 20 and the same", len(found), first, last)
		}
	})
}
