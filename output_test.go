package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
	"github.com/google/go-cmp/cmp"
)

// flusher makes an initialised output of flush.
func flusher[R any](t *testing.T, h *proxytest.Host, flush func(context.Context, *plugin.Batch[R]) error, opts ...plugin.Option) proxy.Output {
	t.Helper()
	out := registered(t, func() { plugin.RegisterOutput("test", "", &outputFunc[R]{flush}, opts...) }).NewOutput()
	if err := out.Init(h); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Exit)
	return out
}

func TestBatch(t *testing.T) {
	t.Parallel()
	type event struct {
		Index  int
		Time   time.Time
		Tag    string
		Record reading
	}
	var got []event
	var tag string
	var n int
	out := flusher(t, host(), func(_ context.Context, batch *plugin.Batch[reading]) error {
		tag, n = batch.Tag(), batch.Len()
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			got = append(got, event{ev.Index(), ev.Time, ev.Tag, ev.Record})
		}
		return nil
	})
	if v := proxytest.Flush(out, "a.b", chunk(t, reading{7}, reading{8})); v != proxy.OK {
		t.Errorf("Flush = %v, want %v", v, proxy.OK)
	}
	want := []event{
		{0, time.Unix(1, 0).UTC(), "a.b", reading{7}},
		{1, time.Unix(2, 0).UTC(), "a.b", reading{8}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
	if tag != "a.b" || n != 2 {
		t.Errorf("Tag, Len = %q, %d, want a.b, 2", tag, n)
	}
}

func TestOutputRecordTypes(t *testing.T) {
	t.Parallel()
	data := chunk(t, map[string]any{"n": 1, "s": "x"})
	t.Run("struct", func(t *testing.T) { wantRecord(t, data, reading{1}) })
	t.Run("pointer", func(t *testing.T) { wantRecord(t, data, &reading{1}) })
	t.Run("map", func(t *testing.T) { wantRecord(t, data, map[string]any{"n": int64(1), "s": "x"}) })
	t.Run("any", func(t *testing.T) { wantRecord[any](t, data, map[string]any{"n": int64(1), "s": "x"}) })
}

func wantRecord[R any](t *testing.T, data []byte, want R) {
	t.Helper()
	out := flusher(t, host(), func(_ context.Context, batch *plugin.Batch[R]) error {
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			if diff := cmp.Diff(want, ev.Record); diff != "" {
				t.Errorf("record (-want +got)\n%s", diff)
			}
		}
		return nil
	})
	if v := proxytest.Flush(out, "t", data); v != proxy.OK {
		t.Errorf("Flush = %v, want %v", v, proxy.OK)
	}
}

// labelled has all that a decoded record can share with its chunk or with the record before it.
type labelled struct {
	Name   string            `msgpack:"name"`
	ID     []byte            `msgpack:"id"`
	Labels map[string]string `msgpack:"labels"`
	Tags   []string          `msgpack:"tags"`
	Any    any               `msgpack:"any"`
}

func labelledRecord(n string) labelled {
	return labelled{"name" + n, []byte(n), map[string]string{"k" + n: "v" + n}, []string{"t" + n}, map[string]any{"a": "b" + n}}
}

// keep keeps what Flush got, strings and all.
func keep[R any](t *testing.T, data []byte, opts ...plugin.Option) (kept []R) {
	t.Helper()
	out := flusher(t, host("go.flush_timeout", "0"), func(_ context.Context, batch *plugin.Batch[R]) error {
		for ev, err := range batch.Events() {
			if err != nil {
				return err
			}
			kept = append(kept, ev.Record)
		}
		return nil
	}, opts...)
	if v := proxytest.Flush(out, "t", data); v != proxy.OK {
		t.Errorf("Flush = %v, want %v", v, proxy.OK)
	}
	return kept
}

// TestWhatMayBeKept keeps records past Flush, when their chunk holds something else.
func TestWhatMayBeKept(t *testing.T) {
	t.Parallel()
	want := []labelled{labelledRecord("1"), labelledRecord("2")}
	data := chunk(t, want...)
	if diff := cmp.Diff(want, keep[labelled](t, data)); diff != "" {
		t.Errorf("records kept (-want +got)\n%s", diff)
	}
	borrowed := keep[labelled](t, data, plugin.Borrowed())
	if borrowed[0].Name == want[0].Name || len(borrowed[0].Labels) != 1 || borrowed[0].Labels["k1"] == "v1" || borrowed[0].Tags[0] == "t1" {
		t.Errorf("records kept of a borrowing plugin = %+v, want none of the chunk's memory", borrowed)
	}
	raw := keep[record.Raw](t, data)
	if raw[0][0] != 0xc1 {
		t.Errorf("Raw kept = %x, want the chunk's memory", raw[0])
	}
}

// TestBorrowed uses records as a borrowing plugin may: each before the next.
func TestBorrowed(t *testing.T) {
	t.Parallel()
	want := []labelled{labelledRecord("1"), labelledRecord("2")}
	out := flusher(t, host(), func(_ context.Context, batch *plugin.Batch[labelled]) error {
		for ev, err := range batch.Events() {
			if diff := cmp.Diff(want[ev.Index()], ev.Record); diff != "" || err != nil {
				t.Errorf("event %d: %v (-want +got)\n%s", ev.Index(), err, diff)
			}
		}
		return nil
	}, plugin.Borrowed())
	proxytest.Flush(out, "t", chunk(t, want...))
}

func TestBatchJSON(t *testing.T) {
	t.Parallel()
	var lines string
	var failed error
	out := flusher(t, host(), func(_ context.Context, batch *plugin.Batch[reading]) error {
		b, err := batch.AppendJSON([]byte("["), record.JSONFormat{TimeKey: "date", TimeFormat: record.TimeEpoch})
		lines, failed = string(b), err
		return nil
	})
	want := "[{\"date\":1,\"n\":7}\n{\"date\":2,\"n\":8}\n"
	data := chunk(t, reading{7}, reading{8})
	if proxytest.Flush(out, "t", data); lines != want || failed != nil {
		t.Errorf("AppendJSON = %q, %v, want %q, nil", lines, failed, want)
	}
	var e *record.Error
	if proxytest.Flush(out, "t", append(data, 0xc1)); lines != want || !errors.As(failed, &e) || e.Index != 2 {
		t.Errorf("AppendJSON of a broken chunk = %q, %v, want %q and an error of event 2", lines, failed, want)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	down := errors.New("server down")
	for _, test := range []struct {
		name  string
		flush func(*plugin.Batch[reading]) error
		want  proxy.Verdict
		log   string
	}{
		{"nil", func(*plugin.Batch[reading]) error { return nil }, proxy.OK, ""},
		{"error", func(*plugin.Batch[reading]) error { return down }, proxy.Retry, `WARN [test.0] chunk not delivered tag=t error="server down"`},
		{"panic", func(*plugin.Batch[reading]) error { panic("boom") }, proxy.Retry, "ERROR [test.0] Flush panicked panic=boom stack="},
		{"drop", func(*plugin.Batch[reading]) error { return plugin.Drop(down) }, proxy.Error, `ERROR [test.0] chunk dropped tag=t error="server down"`},
		{"wrapped drop", func(*plugin.Batch[reading]) error { return fmt.Errorf("send: %w", plugin.Drop(down)) }, proxy.Error, "send: server down"},
		{"drop of nil", func(*plugin.Batch[reading]) error { return plugin.Drop(nil) }, proxy.OK, ""},
		{"record error", func(b *plugin.Batch[reading]) error {
			for _, err := range b.Events() {
				if err != nil {
					return fmt.Errorf("decode: %w", err)
				}
			}
			return nil
		}, proxy.Error, `n: string \"x\" into int`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := host()
			out := flusher(t, h, func(_ context.Context, b *plugin.Batch[reading]) error { return test.flush(b) })
			if got := proxytest.Flush(out, "t", chunk(t, map[string]any{"n": "x"})); got != test.want {
				t.Errorf("Flush = %v, want %v", got, test.want)
			}
			if test.log != "" {
				wantLine(t, h, test.log)
			}
		})
	}
}

func TestSlowFlushIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := host()
		out := flusher(t, h, func(context.Context, *plugin.Batch[reading]) error {
			time.Sleep(100 * time.Second) // of virtual time
			return nil
		})
		if v := proxytest.Flush(out, "a.b", chunk(t, reading{1})); v != proxy.OK {
			t.Errorf("Flush = %v, want %v", v, proxy.OK)
		}
		time.Sleep(time.Hour)
		want := []string{
			"WARN [test.0] Flush is still running tag=a.b for=30s",
			"WARN [test.0] Flush is still running tag=a.b for=1m30s",
		}
		if diff := cmp.Diff(want, h.Lines()); diff != "" {
			t.Errorf("log (-want +got)\n%s", diff)
		}
	})
}

// stuck is an output whose Flush does not look at its context: it returns what it is sent.
type stuck[R any] struct {
	proxy.Output
	host   *proxytest.Host
	answer chan error
	calls  int
	batch  *plugin.Batch[R]
	kept   []R
	ended  error // of the context, when the last Flush returned
}

func newStuck[R any](t *testing.T, properties ...string) *stuck[R] {
	s := &stuck[R]{host: host(properties...), answer: make(chan error)}
	s.Output = flusher(t, s.host, func(ctx context.Context, batch *plugin.Batch[R]) error {
		s.calls++
		s.batch = batch
		for ev := range batch.Events() {
			s.kept = append(s.kept, ev.Record)
		}
		err := <-s.answer
		s.ended = ctx.Err()
		return err
	})
	return s
}

// flush expects a verdict after a time, and so many calls of the author's Flush in all.
func (s *stuck[R]) flush(t *testing.T, data []byte, want proxy.Verdict, after time.Duration, calls int) {
	t.Helper()
	start := time.Now()
	v := proxytest.Flush(s, "a.b", data)
	took := time.Since(start)
	synctest.Wait()
	if v != want || took != after || s.calls != calls {
		t.Errorf("Flush = %v after %v, %d calls so far, want %v, %v, %d", v, took, s.calls, want, after, calls)
	}
}

// A Flush that does not return is given up, and counts when its chunk comes back.
func TestStuckFlush(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer error
		want   proxy.Verdict
		calls  int // after the chunk came once more
		again  int // events that came then
	}{
		{"delivered after all", nil, proxy.OK, 2, 3},
		{"failed after all", errDown, proxy.Retry, 2, 3},
		{"given up after all", plugin.Drop(errDown), proxy.Error, 2, 3},
		{"partly delivered after all", plugin.Partial(errDown, 1), proxy.Retry, 2, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStuck[reading](t)
				data := chunk(t, reading{1}, reading{2}, reading{3})
				s.flush(t, data, proxy.Retry, 5*time.Minute+5*time.Second, 1)
				wantLine(t, s.host, "Flush has not returned in time", "tag=a.b", "after=5m5s")
				s.flush(t, data, proxy.Retry, 5*time.Second, 1)
				s.answer <- test.answer
				synctest.Wait()
				if s.ended != context.DeadlineExceeded {
					t.Errorf("context of Flush: %v, want %v", s.ended, context.DeadlineExceeded)
				}
				s.kept = nil
				s.flush(t, data, test.want, 0, 1)
				close(s.answer)
				s.flush(t, data, proxy.OK, 0, test.calls)
				if len(s.kept) != test.again {
					t.Errorf("%d events came again, want %d", len(s.kept), test.again)
				}
			})
		})
	}
}

func TestStuckFlushOfAnotherChunk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck[reading](t, "go.flush_timeout", "1m")
		s.flush(t, chunk(t, reading{1}), proxy.Retry, time.Minute+5*time.Second, 1)
		close(s.answer)
		synctest.Wait()
		s.flush(t, chunk(t, reading{2}), proxy.OK, 0, 2)
	})
}

// After it was given up a Flush has nothing of the engine's, whose chunk is overwritten then.
func TestStuckFlushKeepsItsMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck[record.Raw](t)
		s.flush(t, chunk(t, reading{7}), proxy.Retry, 5*time.Minute+5*time.Second, 1)
		if got := string(s.kept[0]); got != "\x81\xa1n\x07" {
			t.Errorf("Raw of a Flush that was given up = %q, want it unchanged", got)
		}
		if n := s.batch.Len(); n != 0 {
			t.Errorf("Len of the batch = %d, want 0", n)
		}
		close(s.answer)
	})
}

func TestFlushWithoutTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck[reading](t, "go.flush_timeout", "0")
		go func() {
			time.Sleep(100 * time.Hour)
			s.answer <- nil
		}()
		s.flush(t, chunk(t, reading{7}), proxy.OK, 100*time.Hour, 1)
		if s.ended != nil {
			t.Errorf("context of Flush: %v, want none", s.ended)
		}
	})
}

func TestEventsGoOnAfterAnError(t *testing.T) {
	t.Parallel()
	data := append(chunk(t, map[string]any{"n": 1}, map[string]any{"n": "x"}, map[string]any{"n": 3}), 0xc1)
	var got []string
	out := flusher(t, host(), func(_ context.Context, batch *plugin.Batch[reading]) error {
		for ev, err := range batch.Events() {
			var e *record.Error
			if errors.As(err, &e) {
				got = append(got, fmt.Sprintf("%d: error at event %d", ev.Index(), e.Index))
				continue
			}
			got = append(got, fmt.Sprintf("%d: %d", ev.Index(), ev.Record.N))
		}
		return nil
	})
	proxytest.Flush(out, "t", data)
	want := []string{"0: 1", "1: error at event 1", "2: 3", "0: error at event 3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

func TestBatchAfterFlush(t *testing.T) {
	t.Parallel()
	var kept *plugin.Batch[reading]
	out := flusher(t, host(), func(_ context.Context, batch *plugin.Batch[reading]) error {
		kept = batch
		return nil
	})
	proxytest.Flush(out, "t", chunk(t, reading{1}, reading{2}))
	if n := kept.Len(); n != 0 {
		t.Errorf("Len after Flush = %d, want 0", n)
	}
	n := 0
	for _, err := range kept.Events() {
		if n++; err == nil {
			t.Error("Events after Flush: no error")
		}
	}
	if n != 1 {
		t.Errorf("Events after Flush: %d, want one error", n)
	}
	if b, err := kept.AppendJSON(nil, record.JSONFormat{}); len(b) > 0 || err == nil {
		t.Errorf("AppendJSON after Flush = %q, %v, want an error", b, err)
	}
}

func TestOrdered(t *testing.T) {
	t.Parallel()
	p := registered(t, func() { plugin.RegisterOutput("test", "", &outputFunc[any]{}, plugin.Ordered()) })
	if p.Flags != 2048 {
		t.Errorf("Flags = %d, want 2048", p.Flags)
	}
}

// closing is an output with a Close.
type closing struct {
	outputFunc[any]
	close func(context.Context) error
}

func (c *closing) Close(ctx context.Context) error { return c.close(ctx) }

func TestClose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		close func(context.Context) error
		want  string
	}{
		{"error", func(context.Context) error { return errors.New("disk full") }, `ERROR [test.0] Close error="disk full"`},
		{"panic", func(context.Context) error { panic("boom") }, "ERROR [test.0] Close panicked panic=boom"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := host()
			out := registered(t, func() { plugin.RegisterOutput("test", "", &closing{close: test.close}) }).NewOutput()
			if err := out.Init(h); err != nil {
				t.Fatal(err)
			}
			out.Exit()
			wantLine(t, h, test.want)
		})
	}
}

// What refers to a chunk is not to be kept: where somebody looks, it is written over, the library's own copy too.
func TestKeptMemoryIsSpoiled(t *testing.T) {
	t.Parallel()
	for _, timeout := range []string{"5m", "0"} {
		t.Run(timeout, func(t *testing.T) {
			t.Parallel()
			var kept record.Raw
			out := flusher(t, host("go.flush_timeout", timeout), func(_ context.Context, batch *plugin.Batch[record.Raw]) error {
				for ev := range batch.Events() {
					kept = ev.Record
				}
				return nil
			})
			if v := proxytest.Flush(out, "app", chunk(t, reading{7})); v != proxy.OK {
				t.Errorf("Flush = %v, want %v", v, proxy.OK)
			}
			if want := bytes.Repeat([]byte{0xc1}, len(kept)); len(kept) == 0 || !bytes.Equal(kept, want) {
				t.Errorf("kept record = %x, want %x", kept, want)
			}
		})
	}
}

// What is behind the break of a chunk is lost, and nobody is told that all was delivered.
func TestBrokenChunkIsNoDelivery(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flush func(*plugin.Batch[reading]) error
	}{
		{"passed over", func(batch *plugin.Batch[reading]) error {
			for _, err := range batch.Events() {
				if err != nil {
					continue
				}
			}
			return nil
		}},
		{"passed over in JSON", func(batch *plugin.Batch[reading]) error {
			_, _ = batch.AppendJSON(nil, record.JSONFormat{})
			return nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := host()
			out := flusher(t, h, func(_ context.Context, batch *plugin.Batch[reading]) error { return test.flush(batch) })
			broken := append(chunk(t, reading{1}), 0xc1)
			if v := proxytest.Flush(out, "app", broken); v != proxy.Error {
				t.Errorf("Flush of a broken chunk = %v, want %v", v, proxy.Error)
			}
			wantLine(t, h, "ERROR", "chunk dropped", "event 1 at byte")
			if v := proxytest.Flush(out, "app", chunk(t, reading{1})); v != proxy.OK {
				t.Errorf("Flush = %v, want %v", v, proxy.OK)
			}
		})
	}
}
