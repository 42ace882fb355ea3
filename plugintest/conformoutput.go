package plugintest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

// OutputConformance checks that an output keeps the rules that [plugin.OutputPlugin], [plugin.Batch] and [plugin.Closer]
// state, one subtest each. p is the prototype of all sections; it is not changed. Its destination must be there and take
// the records of setup. With go test -race, the race detector takes part.
func OutputConformance[C, R any](t *testing.T, p plugin.OutputPlugin[C, R], setup Setup) {
	t.Helper()
	runChecks(t, outputChecks(p, setup), setup.Virtual)
}

func outputChecks[C, R any](p plugin.OutputPlugin[C, R], setup Setup) []check {
	s := &outputSuite{setup: setup, sample: sampleOf[R]}
	s.make = func(t testing.TB) (*OutputSection, error) { return newOutput(t, p, setup.Conf, setup.Options) }
	s.kept = s.delivered
	taps := &outputTaps[C, R]{s, p}
	return append(s.checks(),
		check{"Flush delivers the events of a chunk that are left", taps.left},
		check{"Flush returns when its context ends", taps.flushReturns},
		check{goroutinesEnd, func(t testing.TB) { s.flushAndExit(t).ended(t) }},
	)
}

// outputSuite is what can be checked of any output, be it a value or a library.
type outputSuite struct {
	setup  Setup
	make   func(t testing.TB) (*OutputSection, error) // a section that is yet to start
	sample func(n int) any                            // a record, if the setup has none
	kept   func(t testing.TB)                         // looks for uses of memory that was the engine's
}

func (s *outputSuite) checks() []check {
	return []check{
		{"Flush delivers a chunk", func(t testing.TB) { s.deliver(t, s.open(t, nil), "a chunk", s.chunk(t)) }},
		{"Flush reads every form of event", s.forms},
		{"Flush delivers a chunk without events", func(t testing.TB) { s.deliver(t, s.open(t, nil), "a chunk without events", nil) }},
		{"Flush does not deliver a broken chunk", s.broken},
		{"Flush does not panic at events that do not fit", s.misfits},
		{"Flush delivers a chunk that comes back", s.comesBack},
		{"Flush is called concurrently", s.concurrent},
		{"the memory of a batch is not kept", s.memory},
		{"sections do not know of each other", s.apart},
		{closesInTime, func(t testing.TB) { s.flushAndExit(t).closed(t) }},
	}
}

// open makes a section with some more properties.
func (s *outputSuite) open(t testing.TB, more map[string]string) *OutputSection {
	t.Helper()
	out, err := s.make(t)
	return running(t, out, err, more)
}

// running starts a section so that its goroutines can be found.
func running(t testing.TB, out *OutputSection, err error, more map[string]string) *OutputSection {
	t.Helper()
	if err == nil {
		out.labelled()
		out.conf = out.conf.with(more)
		out.host = out.newHost()
		err = out.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const testTag = "plugintest"

func (s *outputSuite) deliver(t testing.TB, out *OutputSection, what string, chunk []byte) {
	t.Helper()
	if got := out.FlushChunk(testTag, chunk); got != OK {
		t.Errorf("nil of Flush is that all is delivered: verdict = %v of %s, want %v; log:\n%s", got, what, OK, strings.Join(out.Log(), "\n"))
	}
}

// chunk is three good events, or more.
func (s *outputSuite) chunk(t testing.TB) []byte {
	t.Helper()
	records := slices.Clone(s.setup.Records)
	for n := 0; len(records) < 3; n++ {
		if len(s.setup.Records) > 0 {
			records = append(records, s.setup.Records[0])
		} else {
			records = append(records, s.sample(n))
		}
	}
	return Chunk(t, records...)
}

func sampleOf[R any](n int) any {
	t := reflect.TypeFor[R]()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		return reflect.Zero(t).Interface()
	}
	return map[string]any{"message": fmt.Sprintf("record %d of the conformance suite", n), "number": n}
}

func (s *outputSuite) flushAndExit(t testing.TB) *OutputSection {
	t.Helper()
	out := s.open(t, nil)
	out.FlushChunk(testTag, s.chunk(t))
	out.Exit()
	return out
}

// forms are those that proxy-abi.md lists: an engine gives outputs what inputs, of any age, have given to it.
func (s *outputSuite) forms(t testing.TB) {
	const eventTime = "\xd7\x00\x65\x00\x00\x00"
	out := s.open(t, nil)
	for _, form := range []struct{ name, head string }{ // each of another time
		{"the legacy form", "\x92" + eventTime + "\x01\x00\x00\x00"},
		{"the legacy form with ext8", "\x92\xc7\x08\x00\x65\x00\x00\x00\x02\x00\x00\x00"},
		{"the legacy form in seconds", "\x92\xce\x65\x00\x00\x03"},
		{"the legacy form with a float", "\x92\xcb\x41\xd9\x40\x00\x00\x20\x00\x00"},
		{"the form with metadata", "\x92\x92" + eventTime + "\x05\x00\x00\x00\xdf\x00\x00\x00\x01\xa1k\xa1v"},
		{"the form with long heads", "\xdc\x00\x02\xdd\x00\x00\x00\x02" + eventTime + "\x06\x00\x00\x00\xde\x00\x00"},
	} {
		var chunk []byte
		for _, body := range bodies(t, s.chunk(t)) {
			chunk = append(append(chunk, form.head...), body...)
		}
		s.deliver(t, out, form.name, chunk)
	}
	group := &plugin.Group{Metadata: map[string]any{"schema": "otlp"}, Attributes: map[string]any{"resource": map[string]any{"name": "x"}}}
	chunk := appendMarks(t, s.chunk(t), nil, group)
	s.deliver(t, out, "a group", appendMarks(t, append(chunk, s.chunk(t)...), group, nil))
}

func bodies(t testing.TB, chunk []byte) (all [][]byte) {
	t.Helper()
	events := record.NewScanner(chunk)
	for events.Next() {
		all = append(all, events.Event().Body)
	}
	if err := events.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *outputSuite) broken(t testing.TB) {
	good := s.chunk(t)
	out := s.open(t, nil)
	for _, chunk := range []struct {
		name  string
		bytes []byte
	}{
		{"ends in the middle of an event", good[:len(good)-1]},
		{"has other bytes behind its events", append(bytes.Clone(good), 0xc1)},
		{"is no events at all", []byte("\xc1 no msgpack")},
	} {
		if got := out.FlushChunk(testTag, chunk.bytes); got == OK {
			t.Errorf("the error that ends a broken chunk is Flush's to return: verdict = %v of one that %s, want %v", got, chunk.name, Error)
		}
	}
	out.wantNo(t, "Flush panicked", "a broken chunk ends in an error of Batch.Events")
}

func (s *outputSuite) misfits(t testing.TB) {
	decoder, err := record.NewDecoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	var events []any
	for _, body := range bodies(t, s.chunk(t)) {
		var r map[string]any
		if err := decoder.Decode(body, &r); err != nil {
			t.Fatal(err)
		}
		for key := range r {
			r[key] = map[string]any{testTag: []any{true}}
		}
		events = append(events, r, map[string]any{})
	}
	out := s.open(t, nil)
	out.Flush(testTag, events...)
	out.wantNo(t, "Flush panicked", "an event whose record does not fit has an error")
}

func (s *outputSuite) comesBack(t testing.TB) {
	out := s.open(t, nil)
	chunk := s.chunk(t)
	out.FlushChunk(testTag, chunk)
	s.deliver(t, out, "a chunk that comes back", chunk)
}

func (s *outputSuite) concurrent(t testing.TB) {
	const workers, each = 8, 4
	out := s.open(t, map[string]string{"workers": fmt.Sprint(workers)})
	chunk := s.chunk(t)
	var verdicts [workers][each]Verdict
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				verdicts[w][i] = out.FlushChunk(fmt.Sprint(testTag, ".", w), chunk)
			}
		})
	}
	all.Wait()
	for w := range workers {
		for i, got := range verdicts[w] {
			if got != OK {
				t.Fatalf("Flush is called concurrently if the section sets workers above 1: verdict = %v of chunk %d of worker %d, want %v", got, i, w, OK)
			}
		}
	}
}

// memory gives the chunk itself to the plugin: with a time limit for Flush the library makes a copy where that is needed.
func (s *outputSuite) memory(t testing.TB) {
	out := s.open(t, map[string]string{"go.flush_timeout": "0"})
	for range 2 {
		out.FlushChunk(testTag, s.chunk(t))
	}
	out.Exit()
	s.kept(t)
}

// delivered looks for what chunks were written over with.
func (s *outputSuite) delivered(t testing.TB) {
	t.Helper()
	if s.setup.Delivered == nil {
		t.Skip("Setup.Delivered is needed to see what was delivered")
	}
	delivered := s.setup.Delivered()
	for _, trace := range []string{"\xc1", "\ufffd", `\ufffd`, `\xc1`} { // as bytes and as what encoders make of them
		if bytes.Contains(delivered, []byte(strings.Repeat(trace, 4))) {
			t.Errorf("batch is Flush's own until it returns: memory of a batch was delivered later, when the engine had written over it:\n%.500q", delivered)
		}
	}
}

func (s *outputSuite) apart(t testing.TB) {
	one, other := s.open(t, nil), s.open(t, nil)
	one.FlushChunk(testTag, s.chunk(t))
	one.Exit()
	s.deliver(t, other, "another section that has exited since", s.chunk(t))
	s.deliver(t, s.open(t, nil), "a section made after another one had exited", s.chunk(t))
}
