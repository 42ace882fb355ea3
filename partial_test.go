package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

var errDown = errors.New("server down")

// partly is an output that answers as it is told, with what its last batch held.
type partly struct {
	proxy.Output
	host  *proxytest.Host
	fails func(*plugin.Batch[reading]) error
	got   []int // indexes of the last batch
	len   int
	lines int
}

func newPartly(t *testing.T) *partly {
	t.Helper()
	p := &partly{host: host()}
	p.Output = flusher(t, p.host, func(_ context.Context, batch *plugin.Batch[reading]) error {
		p.got, p.len = nil, batch.Len()
		for ev, err := range batch.Events() {
			if err == nil && ev.Record.N != ev.Index() {
				t.Errorf("event %d has record %d", ev.Index(), ev.Record.N)
			}
			p.got = append(p.got, ev.Index())
		}
		lines, _ := batch.AppendJSON(nil, record.JSONFormat{})
		p.lines = strings.Count(string(lines), "\n")
		return p.fails(batch)
	})
	return p
}

// flush expects a batch of these events, and that verdict on fails.
func (p *partly) flush(t *testing.T, chunk []byte, fails error, want proxy.Verdict, events ...int) {
	t.Helper()
	p.fails = func(*plugin.Batch[reading]) error { return fails }
	if v := proxytest.Flush(p, "t", chunk); v != want {
		t.Errorf("Flush = %v, want %v", v, want)
	}
	if diff := cmp.Diff(events, p.got); diff != "" || p.len != len(events) || p.lines != len(events) {
		t.Errorf("batch of Len %d, %d lines of JSON, events (-want +got):\n%s", p.len, p.lines, diff)
	}
}

// readings is a chunk whose records are the indexes of its events.
func readings(t *testing.T, n int) []byte {
	t.Helper()
	all := make([]reading, n)
	for i := range all {
		all[i] = reading{i}
	}
	return chunk(t, all...)
}

func TestPartial(t *testing.T) {
	t.Parallel()
	five := readings(t, 5)
	t.Run("only the failed events come back", func(t *testing.T) {
		t.Parallel()
		p := newPartly(t)
		p.flush(t, five, plugin.Partial(errDown, 3, 1, 4), proxy.Retry, 0, 1, 2, 3, 4)
		p.flush(t, five, fmt.Errorf("wrapped: %w", plugin.Partial(errDown, 3, 4)), proxy.Retry, 1, 3, 4)
		p.flush(t, five, errDown, proxy.Retry, 3, 4)
		p.flush(t, five, nil, proxy.OK, 3, 4)
		p.flush(t, five, nil, proxy.OK, 0, 1, 2, 3, 4)
		wantLine(t, p.host, "WARN [test.0] chunk partly delivered tag=t failed=3", `error="server down"`)
	})
	t.Run("given up", func(t *testing.T) {
		t.Parallel()
		p := newPartly(t)
		p.flush(t, five, plugin.Partial(errDown, 2), proxy.Retry, 0, 1, 2, 3, 4)
		p.flush(t, five, plugin.Drop(plugin.Partial(errDown, 2)), proxy.Error, 2)
		p.flush(t, five, nil, proxy.OK, 0, 1, 2, 3, 4)
	})
	t.Run("of a record that does not fit", func(t *testing.T) {
		t.Parallel()
		p := newPartly(t)
		p.flush(t, five, plugin.Partial(&record.Error{Err: errDown}, 0), proxy.Retry, 0, 1, 2, 3, 4)
		p.flush(t, five, &record.Error{Err: errDown}, proxy.Error, 0)
	})
	t.Run("panic", func(t *testing.T) {
		t.Parallel()
		p := newPartly(t)
		p.flush(t, five, plugin.Partial(errDown, 2), proxy.Retry, 0, 1, 2, 3, 4)
		p.fails = func(*plugin.Batch[reading]) error { panic("boom") }
		if v := proxytest.Flush(p, "t", five); v != proxy.Retry {
			t.Errorf("Flush that panics = %v, want %v", v, proxy.Retry)
		}
		p.flush(t, five, nil, proxy.OK, 2)
	})
	t.Run("other chunks", func(t *testing.T) {
		t.Parallel()
		p := newPartly(t)
		p.flush(t, five, plugin.Partial(errDown, 2), proxy.Retry, 0, 1, 2, 3, 4)
		p.flush(t, readings(t, 4), nil, proxy.OK, 0, 1, 2, 3)
		p.fails = func(*plugin.Batch[reading]) error { return nil }
		if proxytest.Flush(p, "other", five); len(p.got) != 5 {
			t.Errorf("batch of another tag has events %v, want all", p.got)
		}
		p.flush(t, five, nil, proxy.OK, 2)
	})
	t.Run("broken chunk", func(t *testing.T) {
		t.Parallel()
		p := newPartly(t)
		broken := append(readings(t, 3), 0xc1)
		p.fails = func(*plugin.Batch[reading]) error { return plugin.Partial(errDown, 2) }
		for range 2 {
			proxytest.Flush(p, "t", broken)
		}
		if diff := cmp.Diff([]int{2, 0}, p.got); diff != "" || p.len != 1 { // the last one is the error's
			t.Errorf("events of Len %d (-want +got):\n%s", p.len, diff)
		}
	})
}

// Whatever Flush says failed, nothing is lost.
func TestPartialMistakes(t *testing.T) {
	t.Parallel()
	if err := plugin.Partial(nil); err != nil {
		t.Errorf("Partial(nil) = %v, want nil", err)
	}
	if err := plugin.Partial(errDown); err != errDown {
		t.Errorf("Partial(err) = %v, want err", err)
	}
	if err := plugin.Partial(nil, 1); err == nil {
		t.Error("Partial(nil, 1) = nil, want an error")
	}
	p, three := newPartly(t), readings(t, 3)
	p.flush(t, three, plugin.Partial(errDown, -1, 3, 99), proxy.Retry, 0, 1, 2)
	wantLine(t, p.host, "ERROR [test.0] Partial: no such event in the batch tag=t index=-1")
	p.flush(t, three, plugin.Partial(errDown, 1, 1), proxy.Retry, 0, 1, 2)
	p.flush(t, three, plugin.Partial(errDown, 0), proxy.Retry, 1) // was delivered
	p.flush(t, three, nil, proxy.OK, 1)
}

// Chunks that are forgotten come back whole.
func TestPartialIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPartly(t)
		chunks := make([][]byte, 1001)
		for i := range chunks {
			chunks[i] = append(readings(t, 2), chunk(t, map[string]int{"n": 2, "pad": i})...)
			p.fails = func(*plugin.Batch[reading]) error { return plugin.Partial(errDown, 1) }
			proxytest.Flush(p, "t", chunks[i])
			time.Sleep(time.Second) // of virtual time
		}
		left := func(chunk []byte) int {
			p.fails = func(*plugin.Batch[reading]) error { return errDown }
			proxytest.Flush(p, "t", chunk)
			return len(p.got)
		}
		for i, want := range map[int]int{0: 3, 1: 1, 1000: 1} {
			if got := left(chunks[i]); got != want {
				t.Errorf("chunk %d of 1001 comes back with %d events, want %d", i, got, want)
			}
		}
		time.Sleep(3 * time.Hour)
		p.fails = func(*plugin.Batch[reading]) error { return plugin.Partial(errDown, 1) }
		proxytest.Flush(p, "t", chunks[0])
		if got := left(chunks[500]); got != 3 {
			t.Errorf("chunk comes back after 3 hours with %d events, want all 3", got)
		}
		if got := left(chunks[0]); got != 1 {
			t.Errorf("chunk comes back at once with %d events, want 1", got)
		}
	})
}

// Every event of chunks that fail at random, in part and whole, is delivered once.
func TestPartialDeliversOnce(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	p := newPartly(t)
	for range 200 {
		n := 1 + rng.IntN(150)
		data := readings(t, n)
		delivered := make([]int, n)
		p.fails = func(batch *plugin.Batch[reading]) error {
			if rng.IntN(4) == 0 {
				return errDown
			}
			var failed []int
			for ev := range batch.Events() {
				if rng.IntN(3) == 0 {
					failed = append(failed, ev.Index())
				} else {
					delivered[ev.Index()]++
				}
			}
			return plugin.Partial(nil, failed...)
		}
		for proxytest.Flush(p, "t", data) != proxy.OK {
		}
		for i, times := range delivered {
			if times != 1 {
				t.Fatalf("event %d of %d was delivered %d times, want once", i, n, times)
			}
		}
	}
}
