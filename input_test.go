package plugin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
	"github.com/google/go-cmp/cmp"
)

type reading struct {
	N int `json:"n"`
}

// open makes an input of collect that is initialised.
func open[R any](t *testing.T, h *proxytest.Host, collect func(context.Context, chan<- plugin.Event[R]) error) proxy.Input {
	t.Helper()
	in := registered(t, func() { plugin.RegisterInput("test", "", &inputFunc[R]{collect}) }).NewInput()
	if err := in.Init(h); err != nil {
		t.Fatal(err)
	}
	return in
}

// run makes an input of collect that is started, and ends it with the test.
func run[R any](t *testing.T, h *proxytest.Host, collect func(context.Context, chan<- plugin.Event[R]) error) proxy.Input {
	t.Helper()
	in := open(t, h, collect)
	in.Start()
	t.Cleanup(in.Exit)
	return in
}

// send is a Collect that sends the events and waits for its end.
func send[R any](events ...plugin.Event[R]) func(context.Context, chan<- plugin.Event[R]) error {
	return func(ctx context.Context, ch chan<- plugin.Event[R]) error {
		for _, ev := range events {
			select {
			case ch <- ev:
			case <-ctx.Done():
				return nil
			}
		}
		<-ctx.Done()
		return nil
	}
}

func TestInputRecordTypes(t *testing.T) {
	t.Parallel()
	one := []map[string]any{{"n": int64(1)}}
	two := []map[string]any{{"n": int64(1)}, {"n": int64(2)}}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *proxytest.Host) proxy.Input
		want []map[string]any
	}{
		{"struct", with(reading{1}), one},
		{"pointer", with(&reading{1}), one},
		{"map", with(map[string]int{"n": 1}), one},
		{"any holding a struct", with[any](reading{1}), one},
		{"any holding a map", with[any](map[string]string{"n": "x"}), []map[string]any{{"n": "x"}}},
		{"slice of structs", with([]reading{{1}, {2}}), two},
		{"slice of maps", with([]map[string]any{{"n": 1}, {"n": 2}}), two},
		{"slice of any", with([]any{reading{1}, map[string]int{"n": 2}}), two},
		{"empty slice", with([]reading{}), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var engine proxytest.Engine
				in := test.run(t, host())
				synctest.Wait()
				in.Collect(engine.Append)
				if diff := cmp.Diff(test.want, records(t, engine.Events(""))); diff != "" {
					t.Errorf("records (-want +got)\n%s", diff)
				}
			})
		})
	}
}

func with[R any](r R) func(*testing.T, *proxytest.Host) proxy.Input {
	return func(t *testing.T, h *proxytest.Host) proxy.Input {
		return run(t, h, send(plugin.Event[R]{Record: r}))
	}
}

func TestInputEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var engine proxytest.Engine
		accepted := 0
		at := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
		in := run(t, host(), send(
			plugin.Event[reading]{Record: reading{1}},
			plugin.Event[reading]{Record: reading{2}, Time: at, Tag: "other", Metadata: map[string]any{"k": "v"}, Accepted: func() { accepted++ }},
		))
		synctest.Wait()
		if accepted != 0 {
			t.Errorf("accepted = %d before the engine took the event, want 0", accepted)
		}
		in.Collect(engine.Append)
		own, other := scan(t, engine.Events("")), scan(t, engine.Events("other"))
		if len(own) != 1 || !own[0].Time.Equal(time.Now()) {
			t.Errorf("events = %v, want one of now", own)
		}
		if len(other) != 1 || !other[0].Time.Equal(at) || other[0].Metadata["k"] != "v" {
			t.Errorf("events tagged other = %v, want one of %v with metadata", other, at)
		}
		if accepted != 0 {
			t.Errorf("accepted = %d when the engine has just taken the event, want 0", accepted)
		}
		time.Sleep(time.Second) // of virtual time
		in.Collect(engine.Append)
		if accepted != 1 {
			t.Errorf("accepted = %d at the next turn, want 1", accepted)
		}
	})
}

// What an engine loses that it was given in a pause is not accepted: it has not left the ring buffer if the engine stops too
// fast, or while the section is paused for its limits.
func TestAcceptedInPauses(t *testing.T) {
	t.Parallel()
	const never = "the engine has stopped before it was sure to have all"
	for _, test := range []struct {
		name string
		play func(in proxy.Input, give proxy.AppendFunc)
		want int
	}{
		{"stop", func(in proxy.Input, give proxy.AppendFunc) {
			in.Pause(give)
			time.Sleep(500 * time.Millisecond)
			in.Pause(give)
		}, 1},
		{"hasty stop", func(in proxy.Input, give proxy.AppendFunc) {
			in.Pause(give)
			time.Sleep(time.Millisecond)
			in.Pause(give)
		}, 0},
		{"pause for limits", func(in proxy.Input, give proxy.AppendFunc) {
			in.Pause(give)
			time.Sleep(time.Minute)
			in.Resume()
			in.Collect(give)
		}, 0},
		{"pause for limits, then on", func(in proxy.Input, give proxy.AppendFunc) {
			in.Pause(give)
			time.Sleep(time.Minute)
			in.Resume()
			time.Sleep(time.Second)
			in.Collect(give)
		}, 1},
		{"stop in a pause for limits", func(in proxy.Input, give proxy.AppendFunc) {
			in.Pause(give)
			time.Sleep(time.Minute)
		}, 0},
		{"taken just before a pause for limits", func(in proxy.Input, give proxy.AppendFunc) {
			in.Collect(give)
			time.Sleep(10 * time.Millisecond)
			in.Pause(give)
			time.Sleep(time.Minute)
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var engine proxytest.Engine
				h, accepted := host(), 0
				in := open(t, h, send(plugin.Event[reading]{Record: reading{1}, Accepted: func() { accepted++ }}))
				in.Start()
				synctest.Wait()
				test.play(in, engine.Append)
				in.Exit()
				if len(engine.Appends()) != 1 || accepted != test.want {
					t.Errorf("%d events taken, %d accepted, want 1, %d", len(engine.Appends()), accepted, test.want)
				}
				if warned := slices.ContainsFunc(h.Lines(), func(l string) bool { return strings.Contains(l, never) }); warned != (test.want == 0) {
					t.Errorf("log %q, want a warning only of what was not accepted", h.Lines())
				}
			})
		})
	}
}

func scan(t *testing.T, chunk []byte) (all []record.Event) {
	t.Helper()
	s := record.NewScanner(chunk)
	for s.Next() {
		all = append(all, s.Event())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return all
}

func TestInputRejects(t *testing.T) {
	t.Parallel()
	good := plugin.Event[any]{Record: reading{1}}
	for _, test := range []struct {
		name string
		bad  plugin.Event[any]
		want string
	}{
		{"no map", plugin.Event[any]{Record: 5}, "int"},
		{"nil", plugin.Event[any]{}, "nil"},
		{"time before 1970", plugin.Event[any]{Record: reading{1}, Time: time.Unix(-1, 0)}, "time"},
		{"tag where the engine takes none", plugin.Event[any]{Record: reading{1}, Tag: "x"}, "flb_input_log_append"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var engine proxytest.Engine
				h := host()
				h.OneTag = true
				in := run(t, h, send(good, test.bad, good))
				synctest.Wait()
				in.Collect(engine.Append)
				if got := len(records(t, engine.Events(""))); got != 2 {
					t.Errorf("%d records arrived, want the 2 good ones", got)
				}
				wantLine(t, h, "ERROR [test.0] event rejected", test.want)
			})
		})
	}
}

func TestInputSliceElementRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var engine proxytest.Engine
		h := host()
		in := run(t, h, send(plugin.Event[[]any]{Record: []any{reading{1}, 5, reading{3}}}))
		synctest.Wait()
		in.Collect(engine.Append)
		want := []map[string]any{{"n": int64(1)}, {"n": int64(3)}}
		if diff := cmp.Diff(want, records(t, engine.Events(""))); diff != "" {
			t.Errorf("records (-want +got)\n%s", diff)
		}
		wantLine(t, h, "event rejected", "event 1")
	})
}

// wantLine looks for a line of the log that holds all parts.
func wantLine(t *testing.T, h *proxytest.Host, parts ...string) {
	t.Helper()
lines:
	for _, line := range h.Lines() {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue lines
			}
		}
		return
	}
	t.Errorf("log = %q, want a line with %q", h.Lines(), parts)
}

func TestInputRefusedAppendIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := proxytest.Engine{Err: errors.New("ring buffer full")}
		h := host()
		in := run(t, h, send(plugin.Event[reading]{Record: reading{1}}, plugin.Event[reading]{Record: reading{2}}))
		synctest.Wait()
		for range 3 {
			in.Collect(engine.Append)
		}
		wantLine(t, h, "WARN [test.0] events not taken", "ring buffer full")
		engine.Err = nil
		in.Collect(engine.Append)
		in.Collect(engine.Append)
		wantLine(t, h, "INFO [test.0] events taken again turns=3")
		if n := len(h.Lines()); n != 2 {
			t.Errorf("log = %q, want one warning and its end", h.Lines())
		}
		want := []map[string]any{{"n": int64(1)}, {"n": int64(2)}}
		if diff := cmp.Diff(want, records(t, engine.Events(""))); diff != "" {
			t.Errorf("records (-want +got)\n%s", diff)
		}
	})
}

// counting sends numbered records and counts the sends that returned.
func counting(sent *int) func(context.Context, chan<- plugin.Event[reading]) error {
	return func(ctx context.Context, ch chan<- plugin.Event[reading]) error {
		for {
			select {
			case ch <- plugin.Event[reading]{Record: reading{*sent}}:
				*sent++
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func TestInputBackPressure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var engine proxytest.Engine
		sent := 0
		in := run(t, host("go.buffer_limit", "1K"), counting(&sent))
		synctest.Wait()
		first := sent
		if first == 0 || first > 100 {
			t.Fatalf("sent = %d before the buffer of 1 KB was full, want some and at most 100", first)
		}
		in.Collect(engine.Append)
		synctest.Wait()
		if sent < 2*first {
			t.Errorf("sent = %d after a delivery, want at least %d", sent, 2*first)
		}
		in.Pause(engine.Append)
		if got := len(records(t, engine.Events(""))); got != sent {
			t.Errorf("%d records arrived, want all %d that were sent", got, sent)
		}
	})
}

func TestInputPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var engine proxytest.Engine
		sent := 0
		in := run(t, host("go.buffer_limit", "1K"), counting(&sent))
		synctest.Wait()
		in.Pause(engine.Append)
		before := sent
		synctest.Wait()
		in.Collect(engine.Append)
		synctest.Wait()
		if sent != before {
			t.Errorf("sent = %d in a pause, want %d", sent, before)
		}
		in.Resume()
		synctest.Wait()
		if sent == before {
			t.Errorf("sent = %d after the pause, want more", sent)
		}
		in.Pause(engine.Append)
		if got := len(records(t, engine.Events(""))); got != sent {
			t.Errorf("%d records arrived, want all %d that were sent", got, sent)
		}
	})
}

// What the engine refuses in the first pause of a stop, it would lose in the second one.
func TestInputSecondPauseDeliversNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := proxytest.Engine{Err: errors.New("ring buffer full")}
		h := host()
		in := open(t, h, send(plugin.Event[reading]{Record: reading{1}}))
		in.Start()
		synctest.Wait()
		in.Pause(engine.Append)
		engine.Err = nil
		in.Pause(engine.Append)
		if got := engine.Appends(); len(got) != 0 {
			t.Errorf("the second pause delivered %v, want nothing", got)
		}
		in.Resume()
		in.Resume()
		in.Collect(engine.Append)
		if got := len(records(t, engine.Events(""))); got != 1 {
			t.Errorf("%d records arrived after the pause, want 1", got)
		}
		in.Exit()
	})
}

func TestInputPausedBeforeStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var engine proxytest.Engine
		sent := 0
		in := open(t, host("go.buffer_limit", "1K"), counting(&sent))
		in.Pause(engine.Append)
		in.Start()
		synctest.Wait()
		if sent != 0 {
			t.Errorf("sent = %d in a pause, want 0", sent)
		}
		in.Exit()
	})
}

func TestCollectIsCalledAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func() error
	}{
		{"error", func() error { return errors.New("broken pipe") }},
		{"panic", func() error { panic("broken pipe") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Duration
				start := time.Now()
				h := host()
				run(t, h, func(context.Context, chan<- plugin.Event[reading]) error {
					at = append(at, time.Since(start))
					return test.end()
				})
				time.Sleep(10 * time.Second) // of virtual time
				synctest.Wait()
				want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}
				if diff := cmp.Diff(want, at); diff != "" {
					t.Errorf("calls at (-want +got)\n%s", diff)
				}
				wantLine(t, h, "ERROR [test.0] Collect ended, it is called again", "broken pipe")
			})
		})
	}
}

func TestCollectThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := host()
		release := make(chan struct{})
		in := open(t, h, func(context.Context, chan<- plugin.Event[reading]) error {
			<-release
			return nil
		})
		in.Start()
		start := time.Now()
		in.Exit()
		if got := time.Since(start); got != 5*time.Second {
			t.Errorf("Exit took %v, want 5s", got)
		}
		wantLine(t, h, "ERROR [test.0] Collect has not returned in time")
		close(release)
	})
}

func TestSendsAfterExitDoNotBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := host()
		in := open(t, h, func(ctx context.Context, ch chan<- plugin.Event[reading]) error {
			<-ctx.Done()
			ch <- plugin.Event[reading]{Record: reading{1}}
			return nil
		})
		in.Start()
		synctest.Wait()
		start := time.Now()
		in.Exit()
		if got := time.Since(start); got != 0 {
			t.Errorf("Exit took %v, want no time", got)
		}
		wantLine(t, h, "events thrown away", "events=1")
	})
}

func TestUndeliveredIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := host()
		in := open(t, h, send(plugin.Event[reading]{Record: reading{1}}))
		in.Start()
		synctest.Wait()
		in.Exit()
		wantLine(t, h, "ERROR [test.0] events lost", "bytes=")
	})
}

func TestAcceptedPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var engine proxytest.Engine
		h := host()
		in := run(t, h, send(plugin.Event[reading]{Record: reading{1}, Accepted: func() { panic("boom") }}))
		synctest.Wait()
		in.Collect(engine.Append)
		time.Sleep(time.Second) // of virtual time
		in.Collect(engine.Append)
		wantLine(t, h, "Accepted panicked", "boom", "stack=")
	})
}
