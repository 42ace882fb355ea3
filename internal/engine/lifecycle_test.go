package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const twoByTwo = `
[INPUT]
    name in
[INPUT]
    name IN
    alias second
[OUTPUT]
    name out
    match *
[OUTPUT]
    name out
    match *
`

func TestOrderOfCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{}
		if err := f.run(t, time.Second, twoByTwo); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"in.0 Init", "second Init", "out.0 Init", "out.1 Init", "out.0 Start", "out.1 Start", "in.0 Start", "second Start",
			"in.0 Pause", "second Pause", "in.0 Pause", "second Pause",
			"out.0 Exit", "out.1 Exit", "second Exit", "in.0 Exit",
		}
		if diff := cmp.Diff(want, f.journal); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestFailedInit(t *testing.T) {
	t.Parallel()
	refuse := errors.New("FLBPluginInit returned 0")
	tests := []struct {
		name  string
		fakes *fakes
		want  []string
		err   string
		log   string
	}{
		{
			name:  "input",
			fakes: &fakes{inputs: map[string]*fakeInput{"second": {initErr: refuse}}},
			want:  []string{"in.0 Init", "second Init", "out.0 Exit", "out.1 Exit"},
			err:   `input "IN" at CONF:4: FLBPluginInit returned 0`,
			log:   "ERROR [input] failed initialize input second",
		},
		{
			name:  "output",
			fakes: &fakes{outputs: map[string]*fakeOutput{"out.0": {initErr: refuse}}},
			want:  []string{"in.0 Init", "second Init", "out.0 Init", "out.1 Exit"},
			err:   `output "out" at CONF:7: FLBPluginInit returned 0`,
			log:   "ERROR [output] failed to initialize 'out.0' plugin",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.fakes.run(t, time.Second, twoByTwo)
			if got := strings.ReplaceAll(fmt.Sprint(err), tt.fakes.file, "CONF"); got != tt.err {
				t.Errorf("run = %s, want %s", got, tt.err)
			}
			if diff := cmp.Diff(tt.want, tt.fakes.journal); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if !strings.Contains(tt.fakes.log.String(), tt.log) {
				t.Errorf("log has no line %q:\n%s", tt.log, &tt.fakes.log)
			}
		})
	}
}

// What is appended before the stop and during the first Pause arrives; what comes in the second Pause does not.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{inputs: map[string]*fakeInput{"in.0": {
			start: func(in *fakeInput) { in.send("", 1, 2) },
			pause: func(in *fakeInput) { in.send("", 10*in.pauses, 10*in.pauses+1) },
		}}}
		// The stop comes before the first flush.
		if err := f.run(t, time.Second/2, "[INPUT]\n  name in\n[OUTPUT]\n  name out\n"); err != nil {
			t.Fatal(err)
		}
		want := []string{"out.0 Flush in.0 1 2 ", "out.0 Flush in.0 10 11 "}
		if diff := cmp.Diff(want, f.noted("out.0 Flush")); diff != "" {
			t.Errorf("flushes (-want +got):\n%s", diff)
		}
		if line := "2 events: input in.0 appended after its first pause"; !strings.Contains(f.log.String(), line) {
			t.Errorf("log has no line with %q:\n%s", line, &f.log)
		}
	})
}

// A stop retries what waits, at once and then every second, and gives up after the grace period.
func TestGracePeriod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, service string
		flushes       int
		lost          bool
		takes         time.Duration
	}{
		{"default", "", 6, true, 5 * time.Second}, // at 0, 1, 2, 3, 4 and, as the grace period ends, 5 seconds
		{"short", "grace 2", 3, true, 2 * time.Second},
		{"none", "grace 0", 1, true, 0},
		{"without limit", "grace -1", 30, false, 29 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				f := &fakes{
					inputs: map[string]*fakeInput{"in.0": {pause: func(in *fakeInput) {
						if in.pauses == 1 {
							in.send("", 1)
						}
					}}},
					outputs: map[string]*fakeOutput{"out.0": {flush: func(string, []byte) (int, error) {
						if n++; n == 30 {
							return verdictDelivered, nil
						}
						return verdictRetry, nil
					}}},
				}
				begin := time.Now()
				text := "[SERVICE]\n  log_level debug\n  " + tt.service + "\n[INPUT]\n  name in\n[OUTPUT]\n  name out\n  retry_limit no_limits\n"
				if err := f.run(t, time.Second/2, text); err != nil {
					t.Fatal(err)
				}
				// Its last third of a second is that of the engine's clock.
				if took := time.Since(begin) - time.Second/2 - time.Second/3; took != tt.takes {
					t.Errorf("the stop took %v, want %v", took, tt.takes)
				}
				if n < tt.flushes-1 || n > tt.flushes {
					t.Errorf("%d flushes, want %d", n, tt.flushes)
				}
				if lost := strings.Contains(f.log.String(), "the grace period is over"); lost != tt.lost {
					t.Errorf("lost = %v, want %v:\n%s", lost, tt.lost, &f.log)
				}
			})
		})
	}
}

// A flush under way is waited for, however long it takes.
func TestStopWaitsForFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{
			inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) { in.send("a", 1); in.send("b", 2) }}},
			outputs: map[string]*fakeOutput{"out.0": {flush: func(string, []byte) (int, error) {
				time.Sleep(time.Minute)
				return verdictDelivered, nil
			}}},
		}
		if err := f.run(t, time.Second, "[SERVICE]\n  grace 1\n[INPUT]\n  name in\n[OUTPUT]\n  name out\n"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"out.0 Flush a 1 "}, f.noted("out.0 Flush")); diff != "" {
			t.Errorf("flushes (-want +got):\n%s", diff)
		}
		if !strings.Contains(f.log.String(), "is dropped, 1 events, the grace period is over: input=in.0 > output=out.0") {
			t.Errorf("the second chunk is not reported:\n%s", &f.log)
		}
	})
}

func TestBrokenHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{
			inputs: map[string]*fakeInput{"in.0": {start: func(in *fakeInput) { in.send("", 1) }}},
			outputs: map[string]*fakeOutput{"out.0": {flush: func(string, []byte) (int, error) {
				return 0, errHost
			}}},
		}
		begin := time.Now()
		err := f.run(t, time.Hour, "[INPUT]\n  name in\n[OUTPUT]\n  name out\n")
		if !errors.Is(err, errHost) || time.Since(begin) > time.Minute {
			t.Errorf("run = %v after %v, want %v at once", err, time.Since(begin), errHost)
		}
	})
}
