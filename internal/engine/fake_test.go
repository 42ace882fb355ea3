package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakes are plugins in and out whose sections a test scripts by their instance names.
type fakes struct {
	mu      sync.Mutex
	journal []string
	inputs  map[string]*fakeInput
	outputs map[string]*fakeOutput
	log     logged
	file    string // of the configuration
	onFlush func(Flush)
}

type fakeInput struct {
	setup
	*fakes
	initErr error
	// What happens in the callbacks, all optional.
	start, pause func(in *fakeInput)
	pauses       int
}

type fakeOutput struct {
	setup
	*fakes
	initErr error
	flush   func(tag string, chunk []byte) (int, error) // nil delivers
}

func (f *fakes) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.journal = append(f.journal, fmt.Sprintf(format, args...))
}

// noted returns the journal's lines that begin with prefix.
func (f *fakes) noted(prefix string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []string
	for _, line := range f.journal {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (f *fakes) catalog() catalog {
	c := catalog{{kind: "input", name: "in", input: f.input}, {kind: "output", name: "out", output: f.output}}
	c = append(c, plugin{kind: "input", name: "threaded", input: f.input, thread: true})
	return append(c, plugin{kind: "output", name: "sync", output: f.output, flags: flagSynchronous})
}

func (f *fakes) input(s setup) (inputInstance, error) {
	in := f.inputs[s.name]
	if in == nil {
		in = &fakeInput{}
	}
	in.setup, in.fakes = s, f
	return in, nil
}

func (f *fakes) output(s setup) (outputInstance, error) {
	out := f.outputs[s.name]
	if out == nil {
		out = &fakeOutput{}
	}
	out.setup, out.fakes = s, f
	return out, nil
}

func (in *fakeInput) note(call string)   { in.fakes.note("%s %s", in.name, call) }
func (out *fakeOutput) note(call string) { out.fakes.note("%s %s", out.name, call) }

func (in *fakeInput) Init() error {
	in.note("Init")
	return in.initErr
}

func (in *fakeInput) Start() error {
	in.note("Start")
	if in.start != nil {
		in.start(in)
	}
	return nil
}

func (in *fakeInput) Pause() error {
	in.note("Pause")
	in.pauses++
	if in.pause != nil {
		in.pause(in)
	}
	return nil
}

func (in *fakeInput) Resume() error {
	in.note("Resume")
	return nil
}

func (in *fakeInput) Exit() error {
	in.note("Exit")
	return nil
}

func (out *fakeOutput) Init() error {
	out.note("Init")
	return out.initErr
}

func (out *fakeOutput) Start() error {
	out.note("Start")
	return nil
}

func (out *fakeOutput) Exit() error {
	out.note("Exit")
	return nil
}

func (out *fakeOutput) Flush(_ context.Context, tag string, chunk []byte) (int, error) {
	out.note("Flush " + tag + " " + bodies(chunk))
	if out.flush == nil {
		return verdictDelivered, nil
	}
	return out.flush(tag, chunk)
}

// event is an event whose record is {"v": v}, for v below 128.
func event(v int) []byte {
	return appendEvent(nil, time.Unix(1700000000, 0), []byte{0x81, 0xa1, 'v', byte(v)})
}

// send appends an event for each value.
func (in *fakeInput) send(tag string, values ...int) {
	for _, v := range values {
		if !in.append(tag, event(v)) {
			in.note(fmt.Sprintf("not taken: %d", v))
		}
	}
}

// bodies lists the values of a chunk's events.
func bodies(chunk []byte) string {
	f := lineFormat{}
	text, err := f.lines(chunk)
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`{"v":`, "", "}\n", " ").Replace(string(text))
}

// run runs text for a while. The time is virtual within a synctest bubble.
func (f *fakes) run(t *testing.T, d time.Duration, text string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	c := load(t, text)
	f.file = c.File
	return run(ctx, c, Options{Tick: time.Second, Log: f.log.log, Flushed: f.onFlush}, f.catalog())
}

// verdicts returns a flush that gives these verdicts, the last one again and again.
func verdicts(list ...int) func(string, []byte) (int, error) {
	return func(string, []byte) (int, error) {
		v := list[0]
		if len(list) > 1 {
			list = slices.Delete(list, 0, 1)
		}
		return v, nil
	}
}

var errHost = errors.New("host died")
