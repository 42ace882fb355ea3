package plugintest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
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
	s := &outputSuite[C, R]{p, setup}
	return []check{
		{"Flush delivers a chunk", func(t testing.TB) { s.deliver(t, s.open(t, p, nil), "a chunk", s.chunk(t)) }},
		{"Flush reads every form of event", s.forms},
		{"Flush delivers a chunk without events", func(t testing.TB) { s.deliver(t, s.open(t, p, nil), "a chunk without events", nil) }},
		{"Flush does not deliver a broken chunk", s.broken},
		{"Flush does not panic at events that do not fit", s.misfits},
		{"Flush delivers a chunk that comes back", s.comesBack},
		{"Flush delivers the events of a chunk that are left", s.left},
		{"Flush is called concurrently", s.concurrent},
		{"Flush returns when its context ends", s.flushReturns},
		{"the memory of a batch is not kept", s.memory},
		{"sections do not know of each other", s.apart},
		{"Close returns in time", func(t testing.TB) { s.flushAndExit(t).closed(t) }},
		{"goroutines end with the section", func(t testing.TB) { s.flushAndExit(t).ended(t) }},
	}
}

type outputSuite[C, R any] struct {
	plugin plugin.OutputPlugin[C, R]
	setup  Setup
}

// open makes a section with some more properties.
func (s *outputSuite[C, R]) open(t testing.TB, p plugin.OutputPlugin[C, R], more map[string]string) *OutputSection {
	t.Helper()
	out, err := newOutput(t, p, s.setup.Conf, s.setup.Options)
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

func (s *outputSuite[C, R]) deliver(t testing.TB, out *OutputSection, what string, chunk []byte) {
	t.Helper()
	if got := out.FlushChunk(testTag, chunk); got != OK {
		t.Errorf("nil of Flush is that all is delivered: verdict = %v of %s, want %v; log:\n%s", got, what, OK, strings.Join(out.Log(), "\n"))
	}
}

// chunk is three good events, or more.
func (s *outputSuite[C, R]) chunk(t testing.TB) []byte {
	t.Helper()
	records := s.setup.Records
	for n := 0; len(records) < 3; n++ {
		records = append(records, s.sample(n))
	}
	return Chunk(t, records...)
}

func (s *outputSuite[C, R]) sample(n int) any {
	if all := s.setup.Records; len(all) > 0 {
		return all[0]
	}
	t := reflect.TypeFor[R]()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		return reflect.Zero(t).Interface()
	}
	return map[string]any{"message": fmt.Sprintf("record %d of the conformance suite", n), "number": n}
}

func (s *outputSuite[C, R]) flushAndExit(t testing.TB) *OutputSection {
	t.Helper()
	out := s.open(t, s.plugin, nil)
	out.FlushChunk(testTag, s.chunk(t))
	out.Exit()
	return out
}

// forms are those that proxy-abi.md lists: an engine gives outputs what inputs, of any age, have given to it.
func (s *outputSuite[C, R]) forms(t testing.TB) {
	const eventTime = "\xd7\x00\x65\x00\x00\x00"
	out := s.open(t, s.plugin, nil)
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

func (s *outputSuite[C, R]) broken(t testing.TB) {
	good := s.chunk(t)
	out := s.open(t, s.plugin, nil)
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

func (s *outputSuite[C, R]) misfits(t testing.TB) {
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
	out := s.open(t, s.plugin, nil)
	out.Flush(testTag, events...)
	out.wantNo(t, "Flush panicked", "an event whose record does not fit has an error")
}

func (s *outputSuite[C, R]) comesBack(t testing.TB) {
	out := s.open(t, s.plugin, nil)
	chunk := s.chunk(t)
	out.FlushChunk(testTag, chunk)
	s.deliver(t, out, "a chunk that comes back", chunk)
}

var errLeft = errors.New("plugintest: all but the last event delivered")

func (s *outputSuite[C, R]) left(t testing.TB) {
	var calls atomic.Int64
	out := s.open(t, &outputTap[C, R]{s.plugin, func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error {
		if calls.Add(1) > 1 {
			return flush(ctx, batch)
		}
		last := 0
		for ev := range batch.Events() {
			last = ev.Index()
		}
		return plugin.Partial(errLeft, last)
	}}, nil)
	chunk := s.chunk(t)
	out.FlushChunk(testTag, chunk)
	s.deliver(t, out, "a chunk of which only the last event is left", chunk)
}

func (s *outputSuite[C, R]) concurrent(t testing.TB) {
	const workers, each = 8, 4
	out := s.open(t, s.plugin, map[string]string{"workers": fmt.Sprint(workers)})
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

func (s *outputSuite[C, R]) flushReturns(t testing.TB) {
	out := s.open(t, &outputTap[C, R]{s.plugin, func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error {
		ended, end := context.WithCancel(ctx)
		end()
		return flush(ended, batch)
	}}, map[string]string{"go.flush_timeout": "1ms"}) // for the library to give it up soon
	out.FlushChunk(testTag, s.chunk(t))
	out.wantNo(t, saysFlushLate, "Flush returns when its context ends")
}

// memory gives the chunk itself to the plugin: with a time limit for Flush the library makes a copy where that is needed.
func (s *outputSuite[C, R]) memory(t testing.TB) {
	if s.setup.Delivered == nil {
		t.Skip("Setup.Delivered is needed to see what was delivered")
	}
	out := s.open(t, s.plugin, map[string]string{"go.flush_timeout": "0"})
	for range 2 {
		out.FlushChunk(testTag, s.chunk(t))
	}
	out.Exit()
	delivered := s.setup.Delivered()
	for _, trace := range []string{"\xc1", "\ufffd", `\ufffd`, `\xc1`} { // as bytes and as what encoders make of them
		if bytes.Contains(delivered, []byte(strings.Repeat(trace, 4))) {
			t.Errorf("batch is Flush's own until it returns: memory of a batch was delivered later, when the engine had written over it:\n%.500q", delivered)
		}
	}
}

func (s *outputSuite[C, R]) apart(t testing.TB) {
	one, other := s.open(t, s.plugin, nil), s.open(t, s.plugin, nil)
	one.FlushChunk(testTag, s.chunk(t))
	one.Exit()
	s.deliver(t, other, "another section that has exited since", s.chunk(t))
	s.deliver(t, s.open(t, s.plugin, nil), "a section made after another one had exited", s.chunk(t))
}

type flushFunc[R any] = func(ctx context.Context, batch *plugin.Batch[R]) error

// outputTap is an output whose calls of Flush are made by somebody else.
type outputTap[C, R any] struct {
	plugin.OutputPlugin[C, R]
	flush func(ctx context.Context, flush flushFunc[R], batch *plugin.Batch[R]) error
}

func (tap *outputTap[C, R]) Init(ctx context.Context, fbit *plugin.Instance[C]) error {
	tap.OutputPlugin = clone(tap.OutputPlugin)
	return tap.OutputPlugin.Init(ctx, fbit)
}

func (tap *outputTap[C, R]) Flush(ctx context.Context, batch *plugin.Batch[R]) error {
	return tap.flush(ctx, tap.OutputPlugin.Flush, batch)
}

func (tap *outputTap[C, R]) Close(ctx context.Context) error { return closeOf(ctx, tap.OutputPlugin) }
