//go:build unix

package e2e

import (
	"math"
	"strings"

	"github.com/calyptia/plugin/internal/fluentbit"
)

// A limit is what some releases cannot do. Each is a fact of the engine's source.
type limit struct {
	from, before fluentbit.Release
	word         string          // of the table's cell; "" is no
	note         string          // for the README
	adapt        func(*scenario) // to what can be expected; nil if it cannot be played
}

var (
	anyRelease = fluentbit.Release{math.MaxInt}
	embedded   = fluentbit.Release{5, 1, 1} // what the embedded engine is like
)

// in returns what can be expected of a release, and its limit, nil if it has none.
func (sc scenario) in(r fluentbit.Release) (adapted *scenario, l *limit, playable bool) {
	for i := range sc.limits {
		l := &sc.limits[i]
		if r.Before(l.from) || !r.Before(l.before) {
			continue
		}
		if l.adapt != nil {
			l.adapt(&sc)
		}
		return &sc, l, l.adapt != nil
	}
	return &sc, nil, true
}

func atMostOnce(sc *scenario) { sc.check = tallyAtMostOnce }

// notAccepted is how the library tells of it.
const notAccepted = " The library does not call their `Accepted`, and warns of that."

// The engine looks whether it can end a second after it was told to, or earlier: its timers are set to full seconds of
// CLOCK_MONOTONIC (mk_event_epoll.c). Up to 4.0.2 it counts the tasks alone (flb_engine.c, FLB_ENGINE_SHUTDOWN); later also
// the chunks, and on a full second ring buffers have just been emptied.
var hastyStop = []limit{
	{
		before: fluentbit.Release{4, 0, 3},
		note: "Before 4.0.3 a stop, or the stop of a reload, does not wait for records that have just been sent: " +
			"those of the last half second may be lost." + notAccepted,
		adapt: atMostOnce,
	},
	{
		before: anyRelease,
		word:   "yes",
		note: "Unless the stop comes some milliseconds before a full second of the system's monotonic clock: at that the engine " +
			"ends, whether or not the threads of its inputs have handed over what they hold. `threaded off` avoids it." + notAccepted,
		adapt: func(*scenario) {},
	},
}

// flb_engine.c of 4.0.3: "exiting".
var endlessStop = limit{
	from:   fluentbit.Release{4, 0, 3},
	before: fluentbit.Release{4, 0, 8},
	note:   "4.0.3 to 4.0.7 never end, nor reload, if outputs take more than two seconds for what is left.",
}

// flb_plugin_proxy.c: shutdown_by_hot_reloading.
var noFlushes = limit{
	before: fluentbit.Release{3, 2, 3},
	note: "From 2.2.0 to 3.2.2 the engine does not call a Go output while it stops for a reload, but plans another try. " +
		"With `retry_limit no_limits` it never ends; else records are lost.",
	adapt: func(sc *scenario) {
		sc.conf = strings.ReplaceAll(sc.conf, "no_limits", "1")
		sc.check = tallyAtMostOnce
		sc.steps = sc.steps[:2:2]
		sc.steps = append(sc.steps, lives(3))
	},
}

// flb_input_thread.c, flb_input_thread_instance_pause: the thread is NULL.
var crashUnstarted = limit{
	before: fluentbit.Release{3, 2, 9},
	note:   "Before 3.2.9 the engine crashes when it discards a configuration that it has not started and that has a Go input.",
}
