package plugintest_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/metric"
	"github.com/calyptia/plugin/plugintest"
	"github.com/calyptia/plugin/record"
)

type settings struct {
	Every time.Duration `flb:"every" default:"1s"`
	Path  string        `flb:"path"`
}

type count struct {
	N int `json:"n"`
}

// counter is an input that counts.
type counter struct {
	settings
	sent     metric.Counter
	accepted *int
	tag      string
	log      *slog.Logger
}

func (c *counter) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	c.settings, c.log = fbit.Conf, fbit.Logger
	c.sent = fbit.Metrics.NewCounter("sent_total", "Counts sent", "parity")
	if c.Path == "none" {
		return errors.New("no such path")
	}
	return nil
}

func (c *counter) Collect(ctx context.Context, ch chan<- plugin.Event[count]) error {
	for n := 1; ; n++ {
		ev := plugin.Event[count]{Record: count{n}, Tag: c.tag, Metadata: map[string]any{"odd": n%2 == 1}}
		if c.accepted != nil {
			ev.Accepted = func() { *c.accepted++ }
		}
		select {
		case ch <- ev:
			c.sent.Add(1, []string{"even", "odd"}[n%2])
			c.log.Debug("sent", "n", n)
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(c.Every):
		case <-ctx.Done():
			return nil
		}
	}
}

func TestInputInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in := plugintest.Input(t, &counter{}, plugintest.Properties{"Every": "10s", "tag": "app"})
		in.Run(25 * time.Second)
		want := []plugin.Event[count]{
			{Time: start, Record: count{1}, Metadata: map[string]any{"odd": true}, Tag: "app"},
			{Time: start.Add(10 * time.Second), Record: count{2}, Metadata: map[string]any{"odd": false}, Tag: "app"},
			{Time: start.Add(20 * time.Second), Record: count{3}, Metadata: map[string]any{"odd": true}, Tag: "app"},
		}
		if diff := cmp.Diff(want, plugintest.Events[count](in), ignoreIndex); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if got := in.Metric("sent_total", "odd"); got != 2 {
			t.Errorf("sent_total = %v, want 2", got)
		}
		if got := in.Metric("go_input_records_total"); got != 3 {
			t.Errorf("go_input_records_total = %v, want 3", got)
		}
		in.WaitFor(100)
		if got := time.Since(start); got < 980*time.Second || got > 1000*time.Second {
			t.Errorf("100 events took %v of virtual time, want 990s", got)
		}
	})
}

// An event cannot be compared as it is: its index is not exported.
var ignoreIndex = cmp.Comparer(func(a, b plugin.Event[count]) bool {
	return a.Time.Equal(b.Time) && a.Record == b.Record && a.Tag == b.Tag && cmp.Equal(a.Metadata, b.Metadata)
})

func TestInputOutsideOfBubbles(t *testing.T) {
	t.Parallel()
	in := plugintest.Input(t, &counter{tag: "own"}, plugintest.Properties{"every": "1ms", "alias": "c"})
	in.WaitFor(5)
	in.Exit()
	got := plugintest.Events[map[string]any](in)
	if len(got) < 5 || got[4].Record["n"] != int64(5) || got[4].Tag != "own" {
		t.Errorf("events = %v, want 5 or more with tag own", got)
	}
}

func TestPauseAndRefuse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &counter{}, nil)
		taken := func(want int) {
			t.Helper()
			if got := len(plugintest.Records[count](in)); got != want {
				t.Errorf("%d events, want %d", got, want)
			}
		}
		in.Run(3500 * time.Millisecond)
		taken(4)
		in.Pause()
		in.Run(10 * time.Second)
		taken(4)
		in.Resume()
		in.Run(time.Second)
		taken(6)
		in.Refuse(2)
		in.Run(2 * time.Second)
		taken(6)
		if got := in.Metric("go_input_refused_appends_total"); got != 2 || !in.Logged("ring buffer full") {
			t.Errorf("refused_appends_total = %v, want 2; log: %q", got, in.Log())
		}
		in.Run(time.Second)
		taken(9)
	})
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		accepted := 0
		in := plugintest.Input(t, &counter{accepted: &accepted}, nil)
		in.Collect()
		if accepted != 0 {
			t.Errorf("%d accepted at once, want 0", accepted)
		}
		in.Run(time.Second)
		if accepted != 1 {
			t.Errorf("%d accepted at the next turn, want 1", accepted)
		}
		in.Exit()
		if got := len(plugintest.Records[count](in)); accepted != got || got != 2 {
			t.Errorf("%d accepted of %d at the exit, want 2 of 2", accepted, got)
		}
		in.Exit()
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &counter{}, plugintest.Properties{"log_level": "debug"})
		in.Run(time.Second)
		in.Reload()
		in.Collect()
		if diff := cmp.Diff([]count{{1}, {2}, {1}}, plugintest.Records[count](in)); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		want := []string{"DEBUG [counter.0] sent n=1", "DEBUG [counter.0] sent n=2", "DEBUG [counter.0] sent n=1"}
		got := slices.DeleteFunc(in.Log(), func(line string) bool { return !strings.Contains(line, "sent") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

func TestConfigurations(t *testing.T) {
	t.Parallel()
	classic := "[SERVICE]\n    Flush 1\n[INPUT]\n    Name  counter\n    Path  none\n[INPUT]\n    Name  dummy\n"
	for _, tt := range []struct {
		name string
		conf plugintest.Config
		want string
	}{
		{"properties", plugintest.Properties{"PATH": "none"}, `plugin: input "counter.0": no such path`},
		{"alias", plugintest.Properties{"path": "none", "alias": "mine"}, `plugin: input "mine": no such path`},
		{"bad value", plugintest.Properties{"every": "often"},
			`plugin: input "counter.0": config: every: "often" is not a duration (want 500ms, 10s, 1m or a number of seconds)`},
		{"unknown properties", plugintest.Properties{"paht": "x", "Tag": "y", "go.buffer_limit": "1M", "evry": "1s"},
			"plugin: input \"counter.0\": unknown configuration property \"evry\"\nunknown configuration property \"paht\""},
		{"classic", plugintest.Classic(classic[:strings.LastIndex(classic, "[")]), `plugin: input "counter.0": no such path`},
		{"YAML", plugintest.YAML("pipeline:\n  inputs:\n    - name: counts\n      path: none\n"), `plugin: input "counts.0": no such path`},
		{"each", plugintest.Each(func() plugintest.Config { return plugintest.Properties{"path": "none"} }), `plugin: input "counter.0": no such path`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := plugintest.InputError(t, &counter{}, tt.conf); err.Error() != tt.want {
				t.Errorf("InputError(%v) = %v, want %s", tt.conf, err, tt.want)
			}
		})
	}
}

// writer is an output that writes lines.
type writer struct {
	mu    sync.Mutex
	lines []string
	fail  func(ev *plugin.Event[record.Raw]) error
	kept  []record.Raw
}

func (w *writer) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }

func (w *writer) Flush(_ context.Context, batch *plugin.Batch[record.Raw]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var failed []int
	var errs error
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		line, err := ev.Record.AppendJSON(append([]byte(ev.Tag), ' '))
		if err != nil {
			return err
		}
		if err := w.fail(&ev); err != nil {
			failed, errs = append(failed, ev.Index()), err
			continue
		}
		w.kept = append(w.kept, ev.Record)
		w.lines = append(w.lines, string(line))
	}
	return plugin.Partial(errs, failed...)
}

// pointed is an output whose sections have one writer.
type pointed struct{ *writer }

func newWriter(fail func(ev *plugin.Event[record.Raw]) error) *pointed {
	if fail == nil {
		fail = func(*plugin.Event[record.Raw]) error { return nil }
	}
	return &pointed{&writer{fail: fail}}
}

func (w *pointed) want(t *testing.T, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, w.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestFlush(t *testing.T) {
	t.Parallel()
	w := newWriter(nil)
	out := plugintest.Output(t, w, nil)
	for _, events := range [][]any{
		{count{1}, map[string]any{"n": 2}, record.Raw("\x81\xa1n\x03")},
		{plugin.Event[count]{Record: count{4}}, &plugin.Message{Record: count{5}}, plugin.Message{Record: map[string]int{"n": 6}, Time: time.Unix(1, 0)}},
		{},
	} {
		if got := out.Flush("app", events...); got != plugintest.OK {
			t.Errorf("Flush(%v) = %v, want %v", events, got, plugintest.OK)
		}
	}
	w.want(t, `app {"n":1}`, `app {"n":2}`, `app {"n":3}`, `app {"n":4}`, `app {"n":5}`, `app {"n":6}`)
	if got := out.Metric("go_output_records_total"); got != 6 {
		t.Errorf("go_output_records_total = %v, want 6", got)
	}
	if got := out.FlushChunk("app", []byte{0xc1}); got != plugintest.Error {
		t.Errorf("FlushChunk(no msgpack) = %v, want %v", got, plugintest.Error)
	}
}

func TestRetryOfAPart(t *testing.T) {
	t.Parallel()
	down := true
	w := newWriter(func(ev *plugin.Event[record.Raw]) error {
		if down && ev.Index() == 1 {
			return errors.New("refused")
		}
		return nil
	})
	out := plugintest.Output(t, w, nil)
	if got := out.Flush("app", count{1}, count{2}, count{3}); got != plugintest.Retry {
		t.Errorf("Flush = %v, want %v", got, plugintest.Retry)
	}
	out.Flush("other")
	down = false
	if got := out.Retry(); got != plugintest.OK {
		t.Errorf("Retry() = %v, want %v", got, plugintest.OK)
	}
	w.want(t, `app {"n":1}`, `app {"n":3}`, `app {"n":2}`)
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	w := newWriter(nil)
	out := plugintest.Output(t, w, plugintest.Properties{"workers": "4"})
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() { out.Flush("app", count{n}) })
	}
	wg.Wait()
	if len(w.lines) != 4 {
		t.Errorf("%d lines, want 4", len(w.lines))
	}
}

// What a plugin keeps of a chunk without saying so is written over.
func TestMemoryIsWrittenOver(t *testing.T) {
	t.Parallel()
	w := newWriter(nil)
	out := plugintest.Output(t, w, plugintest.Properties{"go.flush_timeout": "0"})
	out.Flush("app", count{1})
	if !bytes.Equal(w.kept[0], []byte{0xc1, 0xc1, 0xc1, 0xc1}) {
		t.Errorf("kept record = %x, want c1c1c1c1", w.kept[0])
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	one := &plugin.Group{Metadata: map[string]any{"schema": "otlp"}, Attributes: map[string]any{"host": "a"}}
	chunk := plugintest.Chunk(t, count{1}, plugin.Message{Record: count{2}, Group: one}, plugin.Message{Record: count{3}, Group: one}, count{4})
	var got []any
	s := record.NewScanner(chunk)
	for s.Next() {
		if g := s.Event().Group; g != nil {
			got = append(got, g.Metadata["schema"], g.Attributes["host"])
		} else {
			got = append(got, nil)
		}
	}
	if diff := cmp.Diff([]any{nil, "otlp", "a", "otlp", "a", nil}, got); diff != "" || s.Err() != nil {
		t.Errorf("groups (-want +got), %v:\n%s", s.Err(), diff)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "incident.cbor")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	recorder := capture.NewWriter(f, capture.Options{})
	one := plugintest.Chunk(t, count{1}, count{2})
	for _, item := range []capture.Item{
		{Time: time.Now(), Section: "writer.0", Tag: "app", Chunk: one, Verdict: capture.Retry},
		{Time: time.Now(), Section: "other.0", Tag: "app", Chunk: one, Verdict: capture.OK},
		{Time: time.Now(), Section: "writer.0", Tag: "app", Chunk: one, Verdict: capture.OK},
		{Time: time.Now(), Section: "writer.0", Tag: "app", Chunk: []byte{0xc1}, Verdict: capture.Error},
	} {
		if err := recorder.Write(item); err != nil {
			t.Fatal(err)
		}
	}
	tries := 0
	w := newWriter(func(ev *plugin.Event[record.Raw]) error {
		if tries++; tries == 2 {
			return errors.New("refused")
		}
		return nil
	})
	plugintest.Replay(t, plugintest.Output(t, w, nil), file, "writer.0")
	w.want(t, `app {"n":1}`, `app {"n":2}`)
}
