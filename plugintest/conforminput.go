package plugintest

import (
	"testing"
	"time"

	"github.com/calyptia/plugin"
)

// InputConformance checks that an input keeps the rules that [plugin.InputPlugin], [plugin.Closer] and
// [plugin.PauseNotifier] state, one subtest each. p is the prototype of all sections; it is not changed.
func InputConformance[C, R any](t *testing.T, p plugin.InputPlugin[C, R], setup Setup) {
	t.Helper()
	runChecks(t, inputChecks(p, setup), setup.Virtual)
}

func inputChecks[C, R any](p plugin.InputPlugin[C, R], setup Setup) []check {
	s := &inputSuite{setup: setup, wait: eventPatience}
	s.make = func(t testing.TB) (*InputSection, error) { return newInput(t, p, setup.Conf, setup.Options) }
	_, s.told = p.(plugin.PauseNotifier)
	taps := &inputTaps[C, R]{s, p}
	return append(s.checks(),
		check{"Collect can be called again after an error", taps.collectAgain},
		check{"events that were sent are left alone", taps.leftAlone},
		check{goroutinesEnd, func(t testing.TB) { s.sendAndExit(t).ended(t) }},
	)
}

// inputSuite is what can be checked of any input, be it a value or a library.
type inputSuite struct {
	setup Setup
	make  func(t testing.TB) (*InputSection, error) // a section that is yet to start
	told  bool                                      // of pauses
	wait  time.Duration                             // for events in real time
}

func (s *inputSuite) checks() []check {
	return []check{
		{"Init accepts a good configuration", func(t testing.TB) { s.open(t) }},
		{"Collect returns when its context ends", s.collectReturns},
		{"events can be encoded", s.encodable},
		{"sections do not know of each other", s.apart},
		{"Collect goes on after a pause", s.afterPause},
		{"Paused returns at once", s.pausedReturns},
		{closesInTime, func(t testing.TB) { s.sendAndExit(t).closed(t) }},
	}
}

func (s *inputSuite) open(t testing.TB) *InputSection {
	t.Helper()
	in, err := s.make(t)
	return opened(t, in, err)
}

// opened starts a section so that its goroutines can be found.
func opened(t testing.TB, in *InputSection, err error) *InputSection {
	t.Helper()
	if err == nil {
		in.labelled()
		err = in.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// eventPatience is how long a check waits for events in real time.
const eventPatience = 3 * time.Second

// until has the engine collect until something is so.
func (s *inputSuite) until(in *InputSection, so func() bool) bool {
	if s.setup.Prompt != nil {
		s.setup.Prompt()
	}
	if in.virtual {
		return in.until(so, virtualPatience)
	}
	return in.until(so, s.wait)
}

// sends tells whether n more events come.
func (s *inputSuite) sends(in *InputSection, n int) bool {
	n += in.taken
	return s.until(in, func() bool { return in.taken >= n })
}

// needs skips the check if n events do not come.
func (s *inputSuite) needs(t testing.TB, in *InputSection, n int) {
	t.Helper()
	if !s.sends(in, n) {
		t.Skipf("%d events needed, %d sent in time: Setup.Prompt can give the input something to send", n, in.taken)
	}
}

// sendAndExit returns a section that has sent something, if it sends at all, and exited.
func (s *inputSuite) sendAndExit(t testing.TB) *InputSection {
	t.Helper()
	in := s.open(t)
	s.sends(in, 1)
	in.Exit()
	return in
}

func (s *inputSuite) collectReturns(t testing.TB) {
	in := s.open(t)
	s.sends(in, 1)
	in.end()
	in.wantNo(t, saysCollectLate, "Collect returns when its context ends")
	in = s.open(t)
	s.sends(in, 1)
	in.Pause()
	in.lookAway()
	in.end()
	in.wantNo(t, saysCollectLate, "Collect returns when its context ends, in a pause too")
}

// lookAway lets some time pass, in a bubble a long one, in which the engine does nothing.
func (in *InputSection) lookAway() {
	if in.virtual {
		time.Sleep(virtualPatience)
	} else {
		<-time.After(eventPatience / 10)
	}
}

func (s *inputSuite) encodable(t testing.TB) {
	in := s.open(t)
	sent := s.until(in, func() bool { return in.taken > 0 || in.Logged(saysRejected) })
	in.wantNo(t, saysRejected, "an event's record is a map, and its time from 1970 to 2106")
	if !sent {
		t.Skip("no events sent in time: Setup.Prompt can give the input something to send")
	}
}

// apart stops the section that was made last: the engine's pause, which comes before, stops the collector of that one
// whichever section is paused (flb_plugin_proxy.c).
func (s *inputSuite) apart(t testing.TB) {
	other, one := s.open(t), s.open(t)
	s.needs(t, one, 2)
	s.needs(t, other, 2)
	one.Exit()
	other.catchUp()
	if !s.sends(other, 1) {
		t.Fatal("sections do not know of each other: one sends nothing any more since another one has exited")
	}
	if next := s.open(t); !s.sends(next, 1) {
		t.Error("sections do not know of each other: one sends nothing that was made after another one had exited")
	}
}

// catchUp takes what was sent so far.
func (in *InputSection) catchUp() {
	<-time.After(settled)
	in.Collect()
}

func (s *inputSuite) afterPause(t testing.TB) {
	in := s.open(t)
	s.needs(t, in, 2)
	in.Pause()
	in.lookAway()
	in.Resume()
	if !s.sends(in, 1) {
		t.Error("a send blocks while the engine has paused the section: nothing is sent any more after a pause")
	}
}

func (s *inputSuite) pausedReturns(t testing.TB) {
	in := s.open(t)
	if !s.told {
		return
	}
	tell := func(paused bool, call func()) {
		start, done := time.Now(), make(chan struct{})
		go func() { defer close(done); in.run(call) }()
		select {
		case <-done:
		case <-time.After(realPatience):
			in.exited = true // nothing more can be asked of it
		}
		if took := time.Since(start); took > grace {
			t.Errorf("Paused is called on one of the engine's threads, which waits for it: Paused(%t) takes more than %v", paused, grace)
		}
	}
	tell(true, func() { in.input.Pause(in.give) })
	if !in.exited {
		tell(false, in.input.Resume)
	}
	in.wantNo(t, "Paused panicked", "Paused does not panic")
}
