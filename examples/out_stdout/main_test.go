package main

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestFlush(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		w      io.Writer
		record map[string]any
		want   proxy.Verdict
		text   string
	}{
		{"delivered", nil, map[string]any{"message": "hello", "status": 200}, proxy.OK,
			`{"date":"2026-01-02T15:04:05Z","record":{"message":"hello","status":200},"tag":"app"}` + "\n"},
		{"no JSON", nil, map[string]any{"load": math.NaN()}, proxy.Error, ""},
		{"no reader", brokenPipe{}, map[string]any{"n": 1}, proxy.Retry, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			if tt.w == nil {
				tt.w = &text
			}
			out := open(t, tt.w)
			defer out.Exit()
			if got := proxytest.Flush(out, "app", chunk(t, tt.record)); got != tt.want || text.String() != tt.text {
				t.Errorf("Flush(%v) = %v and %q, want %v and %q", tt.record, got, text.String(), tt.want, tt.text)
			}
		})
	}
}

func TestBrokenChunkIsGivenUp(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	out := open(t, &text)
	defer out.Exit()
	broken := append(chunk(t, map[string]any{"n": 1}), 0xc1)
	if got := proxytest.Flush(out, "app", broken); got != proxy.Error || text.Len() > 0 {
		t.Errorf("Flush(a broken chunk) = %v and %q, want %v and nothing", got, text.String(), proxy.Error)
	}
}

// Not parallel: the other tests take the registration away for a moment (proxy.Capture).
func TestRegistered(t *testing.T) {
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind() != "output" || p.Name != "go_stdout" {
		t.Errorf("Registered() = %s %q, want output %q", p.Kind(), p.Name, "go_stdout")
	}
}

// open makes a section that prints to w.
func open(t *testing.T, w io.Writer) proxy.Output {
	t.Helper()
	p, err := proxy.Capture(func() { plugin.RegisterOutput("go_stdout", "under test", &stdout{w: w}) })
	if err != nil {
		t.Fatal(err)
	}
	out := p.NewOutput()
	if err := out.Init(&proxytest.Host{Section: "go_stdout.0"}); err != nil {
		t.Fatal(err)
	}
	return out
}

func chunk(t *testing.T, r map[string]any) []byte {
	t.Helper()
	encoder, err := record.NewEncoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	header := record.Header{Time: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)}
	event, err := encoder.Append(nil, &header, &r, 0)
	if err != nil {
		t.Fatal(err)
	}
	return event
}
