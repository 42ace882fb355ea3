package engine

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// until appends each event until it is taken.
func (in *fakeInput) until(values ...int) {
	for _, v := range values {
		for !in.append("", event(v)) {
			in.note("refused")
		}
	}
}

// flushed lists what an output was given, a chunk an element.
func (f *fakes) flushed(output string) (chunks []string) {
	for _, line := range f.noted(output + " Flush t ") {
		chunks = append(chunks, strings.TrimSpace(strings.TrimPrefix(line, output+" Flush t ")))
	}
	return chunks
}

// A flush on the pipeline's thread keeps the rings from being drained. A full one refuses after ten tries, and nothing is
// lost of an input that tries again.
func TestRingFull(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, input, output string
		refused             int
	}{
		{"full", "thread.ring_buffer.capacity 2", "", 2},
		{"large enough", "thread.ring_buffer.capacity 4", "", 0},
		{"default", "", "", 0},
		{"workers", "thread.ring_buffer.capacity 2", "workers 1", 0},
		{"not threaded", "thread.ring_buffer.capacity 1\n    threaded off", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sending sync.WaitGroup
				begin := func(in *fakeInput) {
					in.until(1)
					sending.Go(func() {
						time.Sleep(1500 * time.Millisecond)
						in.until(2, 3, 4, 5)
					})
				}
				flush := func(string, []byte) (int, error) {
					time.Sleep(3200 * time.Millisecond) // the first time from second 1 on
					return verdictDelivered, nil
				}
				f := &fakes{
					inputs:  map[string]*fakeInput{"threaded.0": {start: begin}},
					outputs: map[string]*fakeOutput{"out.0": {flush: flush}},
				}
				conf := "[INPUT]\n    name threaded\n    tag t\n    " + tt.input + "\n[OUTPUT]\n    name out\n    match *\n    " + tt.output + "\n"
				if err := f.run(t, 20*time.Second, conf); err != nil {
					t.Fatal(err)
				}
				sending.Wait()
				if got := len(f.noted("threaded.0 refused")); got != tt.refused {
					t.Errorf("%d appends refused, want %d", got, tt.refused)
				}
				const line = "ERROR [input] threaded.0 could not enqueue records into the ring buffer"
				if got := strings.Count(f.log.String(), line); got != tt.refused {
					t.Errorf("%d log lines of refused appends, want %d", got, tt.refused)
				}
				if diff := cmp.Diff([]string{"1", "2 3 4 5"}, f.flushed("out.0")); diff != "" {
					t.Errorf("flushes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The ring is drained while a pause fills it, but not that of an input over its memory limit, which keeps what is in it
// until it is resumed: at a stop for good.
func TestRingInPause(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, input string
		verdicts    []int
		want        []string
		lost        bool
	}{
		{"stop", "", []int{1}, []string{"1", "2 3 4"}, false},
		{"memory limit", "mem_buf_limit 1", []int{1}, []string{"1", "2", "3", "4"}, false},
		{"memory limit at the stop", "mem_buf_limit 1", []int{2, 2, 1}, []string{"1", "1", "1"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := &fakeInput{start: func(in *fakeInput) { in.send("", 1) }}
				in.pause = func(in *fakeInput) {
					switch {
					case tt.name == "stop" && in.pauses == 1:
						in.send("", 2, 3, 4)
					case in.pauses <= 3:
						in.send("", in.pauses+1)
					}
				}
				f := &fakes{
					inputs:  map[string]*fakeInput{"threaded.0": in},
					outputs: map[string]*fakeOutput{"out.0": {flush: verdicts(tt.verdicts...)}},
				}
				conf := "[SERVICE]\n    grace 30\n    scheduler.base 3\n    scheduler.cap 3\n[INPUT]\n    name threaded\n    tag t\n    thread.ring_buffer.capacity 2\n    " +
					tt.input + "\n[OUTPUT]\n    name out\n    match *\n    retry_limit no_limits\n"
				if err := f.run(t, 3500*time.Millisecond, conf); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, f.flushed("out.0")); diff != "" {
					t.Errorf("flushes (-want +got):\n%s\n%s", diff, &f.log)
				}
				const line = "are dropped: in the ring buffer of input threaded.0"
				if got := strings.Contains(f.log.String(), line); got != tt.lost {
					t.Errorf("log tells of events lost in the ring: %v, want %v\n%s", got, tt.lost, &f.log)
				}
			})
		})
	}
}
