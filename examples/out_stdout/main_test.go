package main

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
)

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestFlush(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		w      io.Writer
		record map[string]any
		want   plugintest.Verdict
		text   string
	}{
		{"delivered", nil, map[string]any{"message": "hello", "status": 200}, plugintest.OK,
			`{"date":"2026-01-02T15:04:05Z","record":{"message":"hello","status":200},"tag":"app"}` + "\n"},
		{"no JSON", nil, map[string]any{"load": math.NaN()}, plugintest.Error, ""},
		{"no reader", brokenPipe{}, map[string]any{"n": 1}, plugintest.Retry, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			if tt.w == nil {
				tt.w = &text
			}
			out := plugintest.Output(t, &stdout{w: tt.w}, nil)
			event := plugin.Message{Time: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC), Record: tt.record}
			if got := out.Flush("app", event); got != tt.want || text.String() != tt.text {
				t.Errorf("Flush(%v) = %v and %q, want %v and %q", tt.record, got, text.String(), tt.want, tt.text)
			}
		})
	}
}

func TestRegistered(t *testing.T) {
	t.Parallel()
	if kind, name := plugintest.Registered(t); kind != "output" || name != "go_stdout" {
		t.Errorf("Registered() = %s %q, want output %q", kind, name, "go_stdout")
	}
}

// A file stands for standard output, whose writes may be concurrent.
func TestConformance(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plugintest.OutputConformance(t, &stdout{w: file}, plugintest.Setup{Delivered: func() []byte {
		text, _ := os.ReadFile(file.Name())
		return text
	}})
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), plugintest.Setup{})
}
