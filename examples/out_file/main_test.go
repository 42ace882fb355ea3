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

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

var date = time.Date(2026, 1, 2, 15, 4, 5, 123456789, time.UTC)

// open makes a section with these properties, as an engine does.
func open(t *testing.T, properties map[string]string) (proxy.Output, *proxytest.Host, error) {
	t.Helper()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	host := &proxytest.Host{Section: "go_file.0", Properties: properties}
	out := p.NewOutput()
	return out, host, out.Init(host)
}

func mustOpen(t *testing.T, path string) (proxy.Output, *proxytest.Host) {
	t.Helper()
	out, host, err := open(t, map[string]string{"path": path})
	if err != nil {
		t.Fatal(err)
	}
	return out, host
}

// chunk is the records as events of one second after the other.
func chunk(t *testing.T, records ...any) []byte {
	t.Helper()
	encoder, err := record.NewEncoder[any]()
	if err != nil {
		t.Fatal(err)
	}
	var events []byte
	for i, r := range records {
		header := record.Header{Time: date.Add(time.Duration(i) * time.Second)}
		if events, err = encoder.Append(events, &header, &r, 0); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

func flush(t *testing.T, out proxy.Output, tag string, chunk []byte, want proxy.Verdict) {
	t.Helper()
	if got := proxytest.Flush(out, tag, chunk); got != want {
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
	out, _ := mustOpen(t, path)
	flush(t, out, "app", chunk(t,
		struct {
			Status int     `json:"status"`
			Path   string  `json:"path"`
			Load   float64 `json:"load"`
		}{200, "/?a=1&b=<2>", math.NaN()},
		struct {
			User struct{ ID uint64 }
			Tags []string
		}{struct{ ID uint64 }{math.MaxUint64}, []string{"a", "b"}},
	), proxy.OK)
	flush(t, out, "app", chunk(t, map[string]any{}), proxy.OK)
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
		out, _ := mustOpen(t, filepath.Join(dir, name))
		defer out.Exit()
		flush(t, out, name, chunk(t, map[string]string{"from": name}), proxy.OK)
	}
	for _, name := range []string{"a", "b"} {
		checkFile(t, filepath.Join(dir, name),
			fmt.Sprintf(`{"date":"2026-01-02T15:04:05.123456789Z","tag":%q,"record":{"from":%q}}`+"\n", name, name))
	}
}

func TestFileIsAppendedTo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	var want strings.Builder
	for run := range 2 {
		out, _ := mustOpen(t, path)
		flush(t, out, "app", chunk(t, map[string]int{"run": run}), proxy.OK)
		out.Exit()
		fmt.Fprintf(&want, `{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{"run":%d}}`+"\n", run)
	}
	checkFile(t, path, want.String())
}

func TestConcurrentChunksStayWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out, _ := mustOpen(t, path)
	two := chunk(t, map[string]int{"n": 1}, map[string]int{"n": 2})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { flush(t, out, "app", two, proxy.OK) })
	}
	wg.Wait()
	out.Exit()
	checkFile(t, path, strings.Repeat(`{"date":"2026-01-02T15:04:05.123456789Z","tag":"app","record":{"n":1}}
{"date":"2026-01-02T15:04:06.123456789Z","tag":"app","record":{"n":2}}
`, 8))
}

func TestBrokenChunkIsGivenUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out, host := mustOpen(t, path)
	defer out.Exit()
	good := chunk(t, map[string]int{"n": 1})
	flush(t, out, "app", append(good, 0xc1), proxy.Error)
	checkFile(t, path, "")
	if lines := host.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "event 1 at byte") {
		t.Errorf("log = %q, want one line that names event 1", lines)
	}
}

func TestFailedWriteIsRetried(t *testing.T) {
	t.Parallel()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("%v: this test needs the device that is always full, as Linux has it", err)
	}
	out, host := mustOpen(t, full)
	flush(t, out, "app", chunk(t, map[string]int{"n": 1}), proxy.Retry)
	want := []string{`WARN [go_file.0] chunk not delivered tag=app error="write /dev/full: no space left on device"`}
	if diff := cmp.Diff(want, host.Lines()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		properties map[string]string
		want       string
	}{
		{"no path", nil, `plugin: output "go_file.0": config: path: required, not set`},
		{"no folder", map[string]string{"path": "none/out.jsonl"},
			`plugin: output "go_file.0": open none/out.jsonl: no such file or directory`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := open(t, tt.properties); err == nil || err.Error() != tt.want {
				t.Errorf("Init(%v) = %v, want %s", tt.properties, err, tt.want)
			}
		})
	}
}
