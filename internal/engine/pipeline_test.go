package engine

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/record"
	"github.com/google/go-cmp/cmp"
)

func TestMatchWildcard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pattern, tag string
		want               bool
	}{
		{"equal", "app.log", "app.log", true},
		{"longer tag", "app", "app.log", false},
		{"shorter tag", "app.log", "app", false},
		{"star", "*", "any", true},
		{"star takes nothing", "app*", "app", true},
		{"star and empty tag", "*", "", true},
		{"end", "app.*", "app.log", true},
		{"end, other", "app.*", "apps.log", false},
		{"begin", "*.log", "app.x.log", true},
		{"begin, other", "*.log", "app.logs", false},
		{"middle", "a*c", "abbc", true},
		{"middle overlaps", "aba*aba", "aba", false},
		{"two stars", "a*b*c", "a-b-b-c", true},
		{"two stars, wrong order", "a*b*c", "a-c-b", false},
		{"backtracking", "*ab*ab", "abab", true},
		{"backtracking to the end", "*aab", "aaab", true},
		{"double star", "a**b", "ab", true},
		{"question mark is a letter", "a?b", "axb", false},
		{"case matters", "App", "app", false},
		{"multibyte", "*é", "café", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := matchWildcard(tt.pattern, tt.tag); got != tt.want {
				t.Errorf("matchWildcard(%q, %q) = %v, want %v", tt.pattern, tt.tag, got, tt.want)
			}
		})
	}
}

func TestMatchRegex(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, regex, tag string
		want             bool
	}{
		{"begin", `app`, "app.log", true},
		{"not further in", `log`, "app.log", false},
		{"whole", `^app\.(log|err)$`, "app.err", true},
		{"alternatives are anchored too", `x|log`, "app.log", false},
		{"empty match", `z*`, "app", false},
		{"slashes", `/app/`, "app", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			re, err := compileRegex(tt.regex)
			if err != nil {
				t.Fatal(err)
			}
			if got := (match{regex: re}).tag(tt.tag); got != tt.want {
				t.Errorf("match_regex %q of %q = %v, want %v", tt.regex, tt.tag, got, tt.want)
			}
		})
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{inputs: map[string]*fakeInput{
			"in.0": {start: func(in *fakeInput) { in.send("", 1); in.send("app.x", 2); in.send("", 3); in.send("none", 4) }},
			"late": {start: func(in *fakeInput) { in.send("", 5) }},
		}}
		err := f.run(t, 1500*time.Millisecond, `
[INPUT]
    name in
    tag  app.own
[INPUT]
    name  in
    alias late
[OUTPUT]
    name  out
    match app.*
[OUTPUT]
    name        out
    match       in.1
    match_regex ^app\.o
[OUTPUT]
    name out
`)
		if err != nil {
			t.Fatal(err)
		}
		for output, want := range map[string][]string{
			"out.0": {"out.0 Flush app.own 1 3 ", "out.0 Flush app.x 2 "},
			"out.1": {"out.1 Flush app.own 1 3 ", "out.1 Flush in.1 5 "}, // the default tag is the name, not the alias
			"out.2": nil,
		} {
			if diff := cmp.Diff(want, f.noted(output+" Flush")); diff != "" {
				t.Errorf("flushes of %s (-want +got):\n%s", output, diff)
			}
		}
		if !strings.Contains(f.log.String(), "WARN [router] NO match for out.2 output instance") {
			t.Errorf("no warning about out.2:\n%s", &f.log)
		}
	})
}

// Every try is told of, with its own verdict.
func TestFlushed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := verdicts(verdictRetry, verdictDelivered)
		f := &fakes{
			inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) { in.send("app", 1) }}},
			outputs: map[string]*fakeOutput{"out.0": {flush: func(tag string, chunk []byte) (int, error) {
				time.Sleep(100 * time.Millisecond) // of virtual time
				return answer(tag, chunk)
			}}},
		}
		var got []string
		f.onFlush = func(fl Flush) {
			n, _ := record.Count(fl.Chunk)
			got = append(got, fmt.Sprintf("%s %s %d events: %d", fl.Output, fl.Tag, n, fl.Verdict))
			if took := time.Since(fl.Began); took != 100*time.Millisecond {
				t.Errorf("a flush began %v ago, want 100ms", took)
			}
		}
		if err := f.run(t, time.Minute, "[INPUT]\n  name in\n[OUTPUT]\n  name out\n  match *\n"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"out.0 app 1 events: 2", "out.0 app 1 events: 1"}, got); diff != "" {
			t.Errorf("flushes (-want +got):\n%s", diff)
		}
	})
}

func TestRetryLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, limit string
		verdicts    []int
		flushes     int
		log         string
	}{
		{"delivered", "", []int{1}, 1, ""},
		{"one retry by default", "", []int{2}, 2, "cannot be retried (retry_limit)"},
		{"three", "retry_limit 3", []int{2}, 4, "cannot be retried (retry_limit)"},
		{"succeeds at last", "retry_limit 3", []int{2, 2, 1}, 3, "succeeded at retry 2: input=in.0 > output=out.0"},
		{"none", "retry_limit no_retries", []int{2}, 1, "not retried"},
		{"no limits", "retry_limit no_limits", []int{2, 2, 2, 2, 2, 2, 2, 2, 1}, 9, "succeeded at retry 8"},
		{"off is no limits", "retry_limit off", []int{2, 2, 2, 1}, 4, "succeeded at retry 3"},
		{"error", "", []int{0}, 1, "the output gave it up"},
		{"error after a retry", "", []int{2, 0}, 2, "the output gave it up"},
		{"unknown verdict", "", []int{-1}, 1, "the output gave it up"},
		{"large unknown verdict", "", []int{256}, 1, "the output gave it up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fakes{
					inputs:  map[string]*fakeInput{"in.0": {start: func(in *fakeInput) { in.send("", 1, 2) }}},
					outputs: map[string]*fakeOutput{"out.0": {flush: verdicts(tt.verdicts...)}},
				}
				if err := f.run(t, 5*time.Hour, "[INPUT]\n  name in\n[OUTPUT]\n  name out\n  alias out.0\n  "+tt.limit+"\n"); err != nil {
					t.Fatal(err)
				}
				flushes := f.noted("out.0 Flush")
				if len(flushes) != tt.flushes {
					t.Errorf("%d flushes, want %d:\n%s", len(flushes), tt.flushes, &f.log)
				}
				for _, got := range flushes {
					if want := "out.0 Flush in.0 1 2 "; got != want {
						t.Errorf("%s, want %s", got, want)
					}
				}
				if !strings.Contains(f.log.String(), tt.log) {
					t.Errorf("log has no line with %q:\n%s", tt.log, &f.log)
				}
			})
		})
	}
}

func TestRetryTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		f := &fakes{
			inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) { in.send("", 1) }}},
			outputs: map[string]*fakeOutput{"out.0": {flush: func(string, []byte) (int, error) {
				times = append(times, time.Now())
				return verdictRetry, nil
			}}},
		}
		text := "[SERVICE]\n  scheduler.base 3\n  scheduler.cap 20\n[INPUT]\n  name in\n[OUTPUT]\n  name out\n  retry_limit 5\n"
		if err := f.run(t, time.Hour, text); err != nil {
			t.Fatal(err)
		}
		if len(times) != 6 {
			t.Fatalf("%d flushes, want 6", len(times))
		}
		most := []time.Duration{7, 13, 21, 21, 21} // seconds
		for i, limit := range most {
			wait := times[i+1].Sub(times[i])
			if wait < 4*time.Second || wait > limit*time.Second {
				t.Errorf("retry %d came after %v, want 4s to %v", i+1, wait, limit*time.Second)
			}
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		base, cap   int
		n           int
		stopping    bool
		least, most int
	}{
		{"first", 5, 2000, 1, false, 6, 11},
		{"second", 5, 2000, 2, false, 6, 21},
		{"at the cap", 5, 2000, 9, false, 6, 2001},
		{"far beyond", 5, 2000, 1000, false, 6, 2001},
		{"cap is base", 5, 5, 3, false, 6, 6},
		{"while stopping", 5, 2000, 3, true, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &pipeline{service: &service{base: tt.base, cap: tt.cap}, stopping: tt.stopping}
			for range 1000 {
				if got := p.backoff(tt.n); got < tt.least || got > tt.most {
					t.Fatalf("backoff(%d) = %d, want %d to %d", tt.n, got, tt.least, tt.most)
				}
			}
		})
	}
}

// A chunk that comes back overtakes no other, and holds none up.
func TestRetryDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{
			inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) {
				for i, tag := range []string{"a", "b", "c"} {
					in.send(tag, i)
				}
			}}},
			outputs: map[string]*fakeOutput{"out.0": {flush: verdicts(verdictRetry, verdictDelivered)}},
		}
		if err := f.run(t, time.Hour, "[INPUT]\n  name in\n[OUTPUT]\n  name out\n"); err != nil {
			t.Fatal(err)
		}
		want := []string{"out.0 Flush a 0 ", "out.0 Flush b 1 ", "out.0 Flush c 2 ", "out.0 Flush a 0 "}
		if diff := cmp.Diff(want, f.noted("out.0 Flush")); diff != "" {
			t.Errorf("flushes (-want +got):\n%s", diff)
		}
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, outputs string
		most          int64
	}{
		{"one without workers", "[OUTPUT]\n  name out\n  match *\n", 1},
		{"two without workers share a thread", "[OUTPUT]\n  name out\n  match *\n[OUTPUT]\n  name out\n  match *\n", 1},
		{"workers", "[OUTPUT]\n  name out\n  match *\n  workers 3\n", 3},
		{"own workers", "[OUTPUT]\n  name out\n  match *\n  workers 3\n[OUTPUT]\n  name out\n  match *\n  workers 2\n", 5},
		{"synchronous", "[OUTPUT]\n  name sync\n  match *\n  workers 3\n  alias out.0\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var now, most atomic.Int64
				flush := func(string, []byte) (int, error) {
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(time.Millisecond)
					now.Add(-1)
					return verdictDelivered, nil
				}
				f := &fakes{
					inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) {
						for i := range 20 {
							in.send(fmt.Sprintf("t%02d", i), i)
						}
					}}},
					outputs: map[string]*fakeOutput{"out.0": {flush: flush}, "out.1": {flush: flush}},
				}
				if err := f.run(t, 10*time.Second, "[INPUT]\n  name in\n"+tt.outputs); err != nil {
					t.Fatal(err)
				}
				if most.Load() != tt.most {
					t.Errorf("%d flushes at once, want %d", most.Load(), tt.most)
				}
				flushes := f.noted("out.0 Flush")
				for i := 0; tt.most == 1 && i < 20; i++ {
					if want := fmt.Sprintf("out.0 Flush t%02d %d ", i, i); flushes[i] != want {
						t.Errorf("flush %d is %q, want %q", i, flushes[i], want)
					}
				}
				if len(flushes) != 20 {
					t.Errorf("%d flushes, want 20", len(flushes))
				}
			})
		})
	}
}

func TestMemBufLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		size := len(event(0))
		f := &fakes{
			inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) { in.send("", 1, 2); in.send("", 3) }}},
		}
		text := fmt.Sprintf("[INPUT]\n  name in\n  mem_buf_limit %d\n[OUTPUT]\n  name out\n", 2*size)
		if err := f.run(t, 1500*time.Millisecond, text); err != nil {
			t.Fatal(err)
		}
		want := []string{"in.0 Init", "in.0 Start", "in.0 Pause", "in.0 Resume", "in.0 Pause", "in.0 Pause", "in.0 Exit"}
		if diff := cmp.Diff(want, f.noted("in.0")); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"out.0 Flush in.0 1 2 3 "}, f.noted("out.0 Flush")); diff != "" {
			t.Errorf("flushes (-want +got):\n%s", diff)
		}
	})
}

func TestChunksAreCut(t *testing.T) {
	t.Parallel()
	body := append([]byte{0x81, 0xa1, 'v', 0xc6, 0, 0, 0, 0}, make([]byte, 1_500_000)...)
	body[5], body[6], body[7] = byte(1_500_000>>16), byte(1_500_000>>8&0xff), byte(1_500_000&0xff)
	large := appendEvent(nil, time.Unix(1, 0), body)
	var s store
	for range 4 {
		s.append("a", large)
	}
	s.append("b", event(1))
	if held, broken := s.append("a", event(2)); broken != nil || held != 4*len(large)+2*len(event(1)) {
		t.Errorf("append = %d, %v, want %d bytes", held, broken, 4*len(large)+2*len(event(1)))
	}
	type cut struct {
		Tag    string
		Size   int
		Events int
	}
	var got []cut
	chunks := s.take()
	for _, c := range chunks {
		got = append(got, cut{c.tag, len(c.data), c.events})
	}
	want := []cut{{"a", 2 * len(large), 2}, {"a", 2 * len(large), 2}, {"b", len(event(1)), 1}, {"a", len(event(2)), 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
	for _, c := range chunks {
		s.release(c)
	}
	if s.held() != 0 || s.take() != nil {
		t.Errorf("%d bytes held after all is released", s.held())
	}
}

// The engine stores bytes that are no events, and no output sees what follows them; this one says so.
func TestBrokenEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) {
			in.append("only", []byte{0xc1})
			in.append("some", append(event(1), 0xc1))
			in.send("some", 2)
		}}}}
		if err := f.run(t, 1500*time.Millisecond, "[INPUT]\n  name in\n[OUTPUT]\n  name out\n"); err != nil {
			t.Fatal(err)
		}
		if got := f.noted("out.0 Flush"); len(got) != 1 || !strings.HasPrefix(got[0], "out.0 Flush some record: event 1") {
			t.Errorf("flushes = %q, want one of tag some", got)
		}
		if n := strings.Count(f.log.String(), "appended bytes that are no events"); n != 2 {
			t.Errorf("%d complaints, want 2:\n%s", n, &f.log)
		}
	})
}
