// Package docs_test compiles and runs the code of the pages in this folder.
package docs_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
)

// The code that is written against fluent-bit-go compiles too. It is a module of its own.
func TestBefore(t *testing.T) {
	t.Parallel()
	const folder = "testdata/fluentbitgo"
	for _, args := range [][]string{{"mod", "download"}, {"vet", "."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		switch {
		case err != nil && args[0] == "mod":
			t.Skipf("needs the module github.com/fluent/fluent-bit-go (run go mod download in docs/%s): %v\n%s", folder, err, out)
		case err != nil && !cgo:
			t.Skipf("needs cgo: %v", err)
		case err != nil:
			t.Errorf("go %v: %v\n%s", args, err, out)
		}
	}
}

// send is what the plugin of the page about metrics does not show.
func (s *sender) send(context.Context, *plugin.Batch[map[string]any]) error { return nil }

func TestObservability(t *testing.T) {
	t.Parallel()
	p, err := proxy.Capture(func() { plugin.RegisterOutput("sender", "", &sender{}) })
	if err != nil {
		t.Fatal(err)
	}
	host := &proxytest.Host{Section: "sender.0"}
	out := p.NewOutput()
	if err := out.Init(host); err != nil {
		t.Fatal(err)
	}
	defer out.Exit()
	if v := proxytest.Flush(out, "app", nil); v != proxy.OK {
		t.Errorf("Flush = %v, want %v", v, proxy.OK)
	}
	var got []string
	for _, s := range host.Plugin.Snapshot() {
		got = append(got, s.Name)
	}
	if diff := cmp.Diff([]string{"connections", "request_seconds", "sent_total"}, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// The page lists all that the library logs, at its level.
func TestListedLines(t *testing.T) {
	t.Parallel()
	listed := regexp.MustCompile("(?m)^\\| (`.*`) \\| (\\w+) \\|").FindAllStringSubmatch(read(t, "observability.md"), -1)
	texts := regexp.MustCompile("`(?:… )?([^`]+)`")
	calls := regexp.MustCompile(`logger\.(Info|Warn|Error)\((?:method\+)?" ?([^"]+)"`)
	logged := 0
	for _, file := range []string{"../input.go", "../output.go", "../section.go", "../recorder.go"} {
		for _, call := range calls.FindAllStringSubmatch(read(t, file), -1) {
			logged++
			level, text := strings.ToLower(call[1]), call[2]
			if !slices.ContainsFunc(listed, func(row []string) bool {
				return slices.ContainsFunc(texts.FindAllStringSubmatch(row[1], -1), func(m []string) bool {
					return strings.HasPrefix(text, m[1]) && row[2] == level
				})
			}) && text != "events taken again" { // which stands beside what it ends
				t.Errorf("observability.md: no line %q of level %s", text, level)
			}
		}
	}
	if logged < 10 || len(listed) < 10 {
		t.Errorf("found %d lines in the code and %d in observability.md, want 10 or more", logged, len(listed))
	}
}

// The metrics that the page lists are those that the library makes.
func TestListedMetrics(t *testing.T) {
	t.Parallel()
	page := read(t, "observability.md")
	made := regexp.MustCompile(`r\.New\w+\("(\w+)"`).FindAllStringSubmatch(read(t, "../metrics.go"), -1)
	if len(made) < 10 {
		t.Fatalf("metrics.go makes %d metrics, want 10 or more", len(made))
	}
	for _, m := range made {
		if !strings.Contains(page, "`"+m[1]+"`") {
			t.Errorf("observability.md: no metric %s", m[1])
		}
	}
}

// The sections that the pages show can be read, and have only properties that their plugins know.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kafka.conf", "kafka.yaml", "durable.conf", "capture.conf"} {
		conf, err := conffile.Load(filepath.Join("testdata", "conf", name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, section := range slices.Concat(conf.Inputs, conf.Outputs) {
			checkSection(t, section)
		}
	}
}

func checkSection(t *testing.T, section conffile.Section) {
	t.Helper()
	known := map[string]bool{}
	switch folder := map[string]string{"go_tail": "in_tail", "go_http": "out_http"}[section.Name]; {
	case folder != "":
		var schema struct{ Properties map[string]any }
		if err := json.Unmarshal([]byte(read(t, filepath.Join("../examples", folder, "reference/schema.json"))), &schema); err != nil {
			t.Fatal(err)
		}
		for name := range schema.Properties {
			known[name] = true
		}
	case section.Name == "kafka":
		schema, err := config.Describe[settings]()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range schema.Properties {
			known[p.Name] = true
		}
		known["match"] = true
	}
	for _, p := range section.Properties {
		if !known[p.Key] {
			t.Errorf("%s:%d: %s has no property %s", p.File, p.Line, section.Name, p.Key)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
