package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
)

var date = time.Date(2026, 1, 2, 15, 4, 5, 123456789, time.UTC)

func at(path string) plugintest.Properties { return plugintest.Properties{"path": path} }

// events are the records one second after the other.
func events(records ...any) (all []any) {
	for i, r := range records {
		all = append(all, plugin.Message{Time: date.Add(time.Duration(i) * time.Second), Record: r})
	}
	return all
}

func flush(t *testing.T, out *plugintest.OutputSection, want plugintest.Verdict, tag string, records ...any) {
	t.Helper()
	if got := out.Flush(tag, events(records...)...); got != want {
		t.Errorf("Flush(%q) = %v, want %v", tag, got, want)
	}
}

func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", filepath.Base(path), diff)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out := plugintest.Output(t, &output{}, at(path))
	flush(t, out, plugintest.OK, "app",
		struct {
			Status int     `json:"status"`
			Path   string  `json:"path"`
			Load   float64 `json:"load"`
		}{200, "/?a=1&b=<2>", math.NaN()},
		struct {
			User struct{ ID uint64 }
			Tags []string
		}{struct{ ID uint64 }{math.MaxUint64}, []string{"a", "b"}},
	)
	flush(t, out, plugintest.OK, "app", map[string]any{})
	out.Exit()
	checkFile(t, path, `{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{"status":200,"path":"/?a=1&b=<2>","load":null}}
{"date":"2026-01-02T15:04:06.123456789Z","tag":"app","record":{"User":{"ID":18446744073709551615},"Tags":["a","b"]}}
{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{}}
`)
}

func TestTwoSections(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		flush(t, plugintest.Output(t, &output{}, at(filepath.Join(dir, name))), plugintest.OK, name, map[string]string{"from": name})
	}
	for _, name := range []string{"a", "b"} {
		checkFile(t, filepath.Join(dir, name),
			fmt.Sprintf(`{"date":"2026-01-02T15:04:05.123456789Z","tag":%q,"record":{"from":%q}}`+"\n", name, name))
	}
}

func TestFileIsAppendedTo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out := plugintest.Output(t, &output{}, at(path))
	flush(t, out, plugintest.OK, "app", map[string]int{"run": 0})
	out.Reload()
	flush(t, out, plugintest.OK, "app", map[string]int{"run": 1})
	checkFile(t, path, `{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{"run":0}}
{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{"run":1}}
`)
}

func TestConcurrentChunksStayWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out := plugintest.Output(t, &output{}, at(path))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { flush(t, out, plugintest.OK, "app", map[string]int{"n": 1}, map[string]int{"n": 2}) })
	}
	wg.Wait()
	checkFile(t, path, strings.Repeat(`{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{"n":1}}
{"date":"2026-01-02T15:04:06.123456789Z","tag":"app","record":{"n":2}}
`, 8))
}

func TestBrokenChunkIsGivenUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out := plugintest.Output(t, &output{}, at(path))
	broken := append(plugintest.Chunk(t, map[string]int{"n": 1}), 0xc1)
	if got := out.FlushChunk("app", broken); got != plugintest.Error || !out.Logged("event 1 at byte") {
		t.Errorf("FlushChunk(a broken chunk) = %v, log %q, want %v, a line that names event 1", got, out.Log(), plugintest.Error)
	}
	checkFile(t, path, "")
}

func TestFailedWriteIsRetried(t *testing.T) {
	t.Parallel()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("%v: this test needs the device that is always full, as Linux has it", err)
	}
	out := plugintest.Output(t, &output{}, at(full))
	flush(t, out, plugintest.Retry, "app", map[string]int{"n": 1})
	want := []string{`WARN [go_file.0] chunk not delivered tag=app error="write /dev/full: no space left on device"`}
	if diff := cmp.Diff(want, out.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		conf plugintest.Properties
		want string
	}{
		{"no path", nil, `plugin: output "go_file.0": config: path: required, not set`},
		{"no folder", at("none/out.jsonl"), `plugin: output "go_file.0": open none/out.jsonl: no such file or directory`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := plugintest.OutputError(t, &output{}, tt.conf); err.Error() != tt.want {
				t.Errorf("Init(%v) = %v, want %s", tt.conf, err, tt.want)
			}
		})
	}
}

func setup(t *testing.T) plugintest.Setup {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	return plugintest.Setup{Conf: at(path), Delivered: func() []byte {
		text, _ := os.ReadFile(path)
		return text
	}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.OutputConformance(t, &output{}, setup(t))
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup(t))
}
