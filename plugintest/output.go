package plugintest

import (
	"bytes"
	"sync"
	"testing"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
)

// Verdict is what becomes of a chunk.
type Verdict int

const (
	Error = Verdict(proxy.Error) // given up
	OK    = Verdict(proxy.OK)    // delivered
	Retry = Verdict(proxy.Retry) // to be delivered again
)

// String returns error, ok or retry.
func (v Verdict) String() string { return proxy.Verdict(v).String() }

// OutputSection is a section of an output, and the engine around it. Flush, FlushChunk, Log, Logged and the metrics may
// be used from several goroutines, which is what workers do.
type OutputSection struct {
	*common
	output proxy.Output
	exited bool

	mu    sync.Mutex
	again *flushed // the last chunk to be delivered again, nil for none
}

type flushed struct {
	tag   string
	chunk []byte
}

// Output makes a section of p, with the options that its registration has. The test ends if the section is refused. The
// section exits when the test is over.
func Output[C, R any](t testing.TB, p plugin.OutputPlugin[C, R], conf Config, opts ...plugin.Option) *OutputSection {
	t.Helper()
	out, err := newOutput(t, p, conf, opts)
	if err == nil {
		err = out.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// OutputError returns the error that refuses a section of p. The test ends if there is none, or if p cannot be
// registered at all.
func OutputError[C, R any](t testing.TB, p plugin.OutputPlugin[C, R], conf Config, opts ...plugin.Option) error {
	t.Helper()
	out, err := newOutput(t, p, conf, opts)
	if err != nil {
		t.Fatal(err)
	}
	err = out.start()
	if err == nil {
		t.Fatalf("plugintest: output %q is not refused", out.host.Name())
	}
	return err
}

func newOutput[C, R any](t testing.TB, p plugin.OutputPlugin[C, R], conf Config, opts []plugin.Option) (*OutputSection, error) {
	captured, s, err := private("output", p, conf, func(name string) { plugin.RegisterOutput(name, "", p, opts...) })
	if err != nil {
		return nil, err
	}
	return &OutputSection{common: newCommon(t, captured, s)}, nil
}

func (out *OutputSection) start() error {
	out.output = out.plugin.NewOutput()
	if err := out.initialize(out.output.Init); err != nil {
		return err
	}
	out.exited = false
	out.t.Cleanup(out.Exit)
	return nil
}

// Flush gives the section a chunk of these events, and returns what becomes of it. An event is a [plugin.Event] of any
// type, with what is set of its time, metadata and group, or a record: a struct, a map with string keys or a
// record.Raw. Where the time is zero it is now.
func (out *OutputSection) Flush(tag string, events ...any) Verdict {
	out.t.Helper()
	return out.FlushChunk(tag, Chunk(out.t, events...))
}

// FlushChunk gives the section a chunk as bytes. It gets a copy, which is written over when the verdict is there: what the
// plugin has kept of it without saying so is then no longer what it was.
func (out *OutputSection) FlushChunk(tag string, chunk []byte) (v Verdict) {
	out.run(func() { v = Verdict(proxytest.Flush(out.output, tag, chunk)) })
	out.mu.Lock()
	defer out.mu.Unlock()
	if v == Retry {
		out.again = &flushed{tag, bytes.Clone(chunk)}
	} else if out.again != nil && out.again.tag == tag && bytes.Equal(out.again.chunk, chunk) {
		out.again = nil
	}
	return v
}

// Retry delivers the last chunk again that got the verdict [Retry], byte for byte as the engine does. The test ends if
// there is none.
func (out *OutputSection) Retry() Verdict {
	out.t.Helper()
	out.mu.Lock()
	again := out.again
	out.mu.Unlock()
	if again == nil {
		out.t.Fatal("plugintest: no chunk is to be delivered again")
		return Error
	}
	return out.FlushChunk(again.tag, again.chunk)
}

// Exit ends the section, and with it the context of a Flush that is under way, as in an engine whose grace is over. Later
// calls do nothing.
func (out *OutputSection) Exit() {
	out.mu.Lock()
	first := !out.exited
	out.exited = true
	out.mu.Unlock()
	if first {
		out.run(out.output.Exit)
	}
}

// Reload ends the section and makes a new one with the same configuration, as a hot reload does. The log goes on; metrics
// begin anew. The test ends if the new section is refused.
func (out *OutputSection) Reload() {
	out.t.Helper()
	out.Exit()
	out.renew()
	if err := out.start(); err != nil {
		out.t.Fatal(err)
	}
}
