// Package docs_test compiles and runs the code of the pages in this folder.
package docs_test

import (
	"context"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
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
