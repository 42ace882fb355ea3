package plugin_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/google/go-cmp/cmp"
)

// tagged delivers, or not, as the tag says.
func tagged(_ context.Context, batch *plugin.Batch[reading]) error {
	switch batch.Tag() {
	case "later":
		return errors.New("not now")
	case "never":
		return plugin.Drop(errors.New("too old"))
	}
	return nil
}

func TestCapture(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.cbor")
	h := host("go.capture", file, "go.capture_redact", "N, token")
	out := flusher(t, h, tagged)
	type flushed struct {
		Section, Tag string
		Verdict      capture.Verdict
		Chunk        []byte
	}
	var want []flushed
	for i, tag := range []string{"now", "later", "never"} {
		verdict := []proxy.Verdict{proxy.OK, proxy.Retry, proxy.Error}[i]
		if v := proxytest.Flush(out, tag, chunk(t, reading{7})); v != verdict {
			t.Errorf("Flush(%s) = %v, want %v", tag, v, verdict)
		}
		want = append(want, flushed{"test.0", tag, capture.Verdict(verdict.String()), chunk(t, reading{0})})
	}
	out.Exit()
	items, err := capture.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []flushed
	for _, it := range items {
		got = append(got, flushed{it.Section, it.Tag, it.Verdict, it.Chunk})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("capture (-want +got)\n%s", diff)
	}
	wantLine(t, h, "INFO [test.0] capture begins file="+file+" limit=64M")
	wantLine(t, h, "INFO [test.0] capture ends chunks=3 left_out=0")
}

// A section delivers without a capture, too.
func TestCaptureFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		file string
		want string
	}{
		{"no such folder", filepath.Join(t.TempDir(), "none", "x"), "ERROR [test.0] nothing is captured error=\"capture: open "},
		{"no capture", "go.mod", "ERROR [test.0] nothing is captured error=\"go.mod: capture: item 0 at byte 0: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := host("go.capture", tt.file)
			out := flusher(t, h, tagged)
			if v := proxytest.Flush(out, "now", chunk(t, reading{7})); v != proxy.OK {
				t.Errorf("Flush = %v, want %v", v, proxy.OK)
			}
			wantLine(t, h, tt.want)
		})
	}
}

func TestCaptureIsBounded(t *testing.T) {
	t.Parallel()
	h := host("go.capture", filepath.Join(t.TempDir(), "x.cbor"), "go.capture_limit", "10")
	out := flusher(t, h, tagged)
	for range 3 {
		proxytest.Flush(out, "now", chunk(t, reading{7}))
	}
	out.Exit()
	wantLine(t, h, "WARN [test.0] capture is not complete error=\"capture: item of ")
	wantLine(t, h, "INFO [test.0] capture ends chunks=0 left_out=3")
}
