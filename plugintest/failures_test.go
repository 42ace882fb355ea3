package plugintest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/capture"
)

// silent is an input that sends nothing.
func silent() *ticker {
	return &ticker{collect: func(_ *ticker, ctx context.Context, _ rows) error { <-ctx.Done(); return nil }}
}

func failingSink() *sink {
	return &sink{init: func(*sink) error { return errors.New("no route to host") }}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	two := "[INPUT]\n    Name  a\n[INPUT]\n    Name  b\n"
	for _, tt := range []struct {
		name string
		run  func(t testing.TB)
		want string
	}{
		{"input refused", func(t testing.TB) { Input(t, silent(), Properties{"nope": "1"}) },
			`plugin: input "ticker.0": unknown configuration property "nope"`},
		{"input not refused", func(t testing.TB) { _ = InputError(t, silent(), nil) }, `plugintest: input "ticker.0" is not refused`},
		{"input with an option of outputs", func(t testing.TB) { Input(t, silent(), nil, plugin.Ordered()) }, `option Ordered: is for outputs`},
		{"output refused", func(t testing.TB) { Output(t, failingSink(), nil) }, `plugin: output "sink.0": no route to host`},
		{"output not refused", func(t testing.TB) { _ = OutputError(t, &sink{}, nil) }, `plugintest: output "sink.0" is not refused`},
		{"two sections", func(t testing.TB) { Input(t, silent(), Classic(two)) }, `plugintest: 0 sections of input "", want 1`},
		{"no section", func(t testing.TB) { Output(t, &sink{}, Classic(two)) }, `plugintest: 0 sections of output "", want 1`},
		{"no configuration", func(t testing.TB) { Input(t, silent(), YAML("pipeline: 1")) },
			`plugintest: conffile: fluent-bit.yaml:1: "1" where a mapping (key: value) is wanted`},
		{"no events", func(t testing.TB) { Input(t, silent(), nil).WaitFor(1) }, `plugintest: 0 events, want 1`},
		{"records of another type", func(t testing.TB) {
			in := Input(t, &ticker{}, nil)
			in.WaitFor(1)
			Records[struct {
				N string `json:"n"`
			}](in)
		}, `record: event 0 at byte 0: n: integer 0 into string`},
		{"nothing to retry", func(t testing.TB) { Output(t, &sink{}, nil).Retry() }, `plugintest: no chunk is to be delivered again`},
		{"no record", func(t testing.TB) { Chunk(t, 1, "x") }, `plugintest: event 0: record: `},
		{"nothing registered", func(t testing.TB) { Registered(t) }, `no plugin registered`},
		{"no file to replay", func(t testing.TB) { Replay(t, nil, "none.cbor") }, `open none.cbor: no such file`},
		{"another verdict", func(t testing.TB) { Replay(t, Output(t, &sink{}, nil), captured(t)) },
			`item 0, of 2026-01-02T00:00:00Z with tag "app": verdict = error, want ok`},
		{"another section", func(t testing.TB) { Replay(t, nil, captured(t), "other") }, `no chunks of sections ["other"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if r := recorded(t, tt.run); !r.failed || !strings.Contains(r.text(), tt.want) {
					t.Errorf("failed %t: %s\nwant %s", r.failed, r.text(), tt.want)
				}
			})
		})
	}
}

// captured is a file with a broken chunk that is said to have been delivered.
func captured(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "capture")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	item := capture.Item{Time: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Tag: "app", Chunk: []byte{0xc1}, Verdict: capture.OK}
	if err := errors.Join(capture.NewWriter(f, capture.Options{}).Write(item), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRunNeedsABubble(t *testing.T) {
	t.Parallel()
	r := recorded(t, func(t testing.TB) { Input(t, silent(), nil).Run(time.Second) })
	if !r.failed || !strings.Contains(r.text(), "Run needs a section that was made in synctest.Test") {
		t.Errorf("failed %t: %s, want that it needs a bubble", r.failed, r.text())
	}
}

func TestVerdictString(t *testing.T) {
	t.Parallel()
	for v, want := range map[Verdict]string{OK: "ok", Retry: "retry", Error: "error", 7: "Verdict(7)"} {
		if got := v.String(); got != want {
			t.Errorf("Verdict(%d).String() = %s, want %s", int(v), got, want)
		}
	}
}
