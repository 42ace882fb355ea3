package plugintest

import (
	"errors"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

// InputSection is a section of an input, and the engine around it. Its methods are called by the goroutine of the test,
// one at a time; Log, Logged and the metrics by any.
type InputSection struct {
	*common
	input  proxy.Input
	engine proxytest.Engine
	taken  int // events
	refuse int // appends
	last   time.Time
	exited bool
}

// Input makes a section of p, with the options that its registration has, and lets its events flow: Init has returned,
// and Collect is called. The test ends if the section is refused. The section exits when the test is over.
func Input[C, R any](t testing.TB, p plugin.InputPlugin[C, R], conf Config, opts ...plugin.Option) *InputSection {
	t.Helper()
	in, err := newInput(t, p, conf, opts)
	if err == nil {
		err = in.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// InputError returns the error that refuses a section of p. The test ends if there is none, or if p cannot be
// registered at all.
func InputError[C, R any](t testing.TB, p plugin.InputPlugin[C, R], conf Config, opts ...plugin.Option) error {
	t.Helper()
	in, err := newInput(t, p, conf, opts)
	if err != nil {
		t.Fatal(err)
	}
	err = in.start()
	if err == nil {
		t.Fatalf("plugintest: input %q is not refused", in.host.Name())
	}
	return err
}

func newInput[C, R any](t testing.TB, p plugin.InputPlugin[C, R], conf Config, opts []plugin.Option) (*InputSection, error) {
	captured, s, err := private("input", p, conf, func(name string) { plugin.RegisterInput(name, "", p, opts...) })
	if err != nil {
		return nil, err
	}
	return &InputSection{common: newCommon(t, captured, s)}, nil
}

func (in *InputSection) start() error {
	in.input = in.plugin.NewInput()
	if err := in.initialize(in.input.Init); err != nil {
		return err
	}
	in.exited = false
	in.t.Cleanup(in.end)
	in.run(in.input.Start)
	return nil
}

// end is an exit without a stop before it.
func (in *InputSection) end() {
	if !in.exited {
		in.exited = true
		in.run(in.input.Exit)
	}
}

// wait lets the plugin do what it can, where that has an end that can be known.
func (in *InputSection) wait() {
	if in.virtual {
		settle()
	}
}

var errRefused = errors.New("ring buffer full")

// give is the engine's append.
func (in *InputSection) give(tag string, events []byte) error {
	if in.refuse > 0 {
		in.refuse--
		return errRefused
	}
	if tag == "" {
		tag = in.tag()
	}
	n, err := record.Count(events)
	if err != nil {
		in.t.Errorf("plugintest: engine given what it cannot read: %v", err)
	}
	in.taken += n
	in.last = time.Now()
	return in.engine.Append(tag, events)
}

// tag is that of events without one.
func (in *InputSection) tag() string {
	if tag := in.host.Properties["tag"]; tag != "" {
		return tag
	}
	return in.host.Name()
}

// Collect is one turn of the engine, of which it has about one a second: it takes what the section has buffered, and
// accepts what it has had for more than 0.3 seconds.
func (in *InputSection) Collect() {
	in.wait()
	if !in.exited {
		in.run(func() { in.input.Collect(in.give) })
	}
	in.wait()
}

// turn is the time from one turn of the engine's to the next.
const turn = time.Second

// Run lets virtual time pass, with a turn of the engine each second and one at the end. It needs a bubble of synctest.
func (in *InputSection) Run(d time.Duration) {
	in.t.Helper()
	if !in.virtual {
		in.t.Fatal("plugintest: Run needs a section that was made in synctest.Test; WaitFor does not")
	}
	for ; d > 0; d -= turn {
		time.Sleep(min(d, turn))
		in.Collect()
	}
}

// Waits for events end after one of these.
const (
	realPatience    = 10 * time.Second
	virtualPatience = time.Hour
	look            = time.Millisecond
)

// WaitFor has the engine collect until it has taken n events in all, those of before the call included. The test ends
// if they do not come within ten seconds, or in a bubble of synctest within an hour of virtual time.
func (in *InputSection) WaitFor(n int) {
	in.t.Helper()
	patience := realPatience
	if in.virtual {
		patience = virtualPatience
	}
	if !in.until(func() bool { return in.taken >= n }, patience) {
		in.t.Fatalf("plugintest: %d events, want %d", in.taken, n)
	}
}

func (in *InputSection) until(so func() bool, patience time.Duration) bool {
	step := look
	if in.virtual {
		step = turn
	}
	for end := time.Now().Add(patience); ; <-time.After(step) {
		in.Collect()
		if done := so(); done || time.Now().After(end) {
			return done
		}
	}
}

// Pause is what the engine does when the section is over its memory limit: it takes what was sent so far, and then sends
// block until Resume.
func (in *InputSection) Pause() {
	in.wait()
	in.run(func() { in.input.Pause(in.give) })
	in.wait()
}

// Resume ends a pause.
func (in *InputSection) Resume() {
	in.run(in.input.Resume)
	in.wait()
}

// Refuse has the engine refuse the next n appends, as it does while the ring buffer of the section is full. A turn ends
// with the first append that is refused; a pause tries four times.
func (in *InputSection) Refuse(n int) { in.refuse = n }

// settled is how long an engine that stops gracefully goes on emptying its ring buffers, and a little more.
const settled = 350 * time.Millisecond

// Exit stops the section as an engine does that stops gracefully: what was sent is taken and accepted. Later calls
// do nothing.
func (in *InputSection) Exit() {
	if in.exited {
		return
	}
	in.Pause()
	if wait := settled - time.Since(in.last); wait > 0 {
		<-time.After(wait)
	}
	in.Pause()
	in.end()
}

// Reload stops the section and makes a new one with the same configuration, as a hot reload does. Events and the log go
// on; metrics begin anew. The test ends if the new section is refused.
func (in *InputSection) Reload() {
	in.t.Helper()
	in.Exit()
	in.renew()
	if err := in.start(); err != nil {
		in.t.Fatal(err)
	}
}

// Events returns what the engine has taken from a section so far, as events of record type E: the plugin's own type, or
// another one that its records fit, such as map[string]any. Their tags are those that the engine gives them. The test
// ends if a record does not fit.
func Events[E any](in *InputSection) (all []plugin.Event[E]) {
	in.t.Helper()
	decoder, err := record.NewDecoder[E]()
	if err != nil {
		in.t.Fatal(err)
	}
	for _, a := range in.engine.Appends() {
		s := record.NewScanner(a.Events)
		for {
			ev := plugin.Event[E]{Tag: a.Tag}
			more, err := decoder.Next(s, &ev.Record)
			if err != nil {
				in.t.Fatal(err)
			}
			if !more {
				break
			}
			raw := s.Event()
			ev.Time, ev.Metadata = raw.Time, raw.Metadata
			all = append(all, ev)
		}
	}
	return all
}

// Records returns the records of [Events].
func Records[E any](in *InputSection) (all []E) {
	in.t.Helper()
	for _, ev := range Events[E](in) {
		all = append(all, ev.Record)
	}
	return all
}
