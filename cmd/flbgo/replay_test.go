package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/capture"
	"github.com/google/go-cmp/cmp"
)

var recorded = time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)

// item is of a chunk whose tag is the verdict that pluginOfC has for it.
func item(section, tag string, v capture.Verdict) capture.Item {
	return capture.Item{Time: recorded, Section: section, Tag: tag, Chunk: []byte("\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x00\x80"), Verdict: v}
}

func writeCapture(t *testing.T, file string, items ...capture.Item) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := capture.NewWriter(f, capture.Options{})
	for _, it := range items {
		if err := w.Write(it); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	same := []capture.Item{item("a.0", "ok", capture.OK), item("a.0", "retry", capture.Retry), item("a.0", "error", capture.Error)}
	other := []capture.Item{item("a.0", "ok", capture.OK), item("a.0", "retry", capture.OK), item("b.0", "ok", capture.Error)}
	crash := []capture.Item{item("a.0", "crash", capture.OK)}
	tests := []struct {
		name  string
		items []capture.Item
		args  []string
		code  int
		want  []string
	}{
		{"same", same, nil, 0, []string{"3 chunks, every verdict as in the capture\n"}},
		{"difference", other, []string{"--section", "a.0"}, 1, []string{
			"flbgo: chunk 2 (tag retry, 12 bytes, of 2026-01-02T03:04:05.006Z): ok in the capture, now retry\n",
			"flbgo: replay: 1 of 2 verdicts differ from the capture (--update writes those of now into it)\n"}},
		{"other section", other, []string{"--section", "b.0"}, 1, []string{"(tag ok, ", "1 of 1 verdicts"}},
		{"several sections", other, nil, 2, []string{"has several sections (want --section with one of a.0, b.0)"}},
		{"unknown section", other, []string{"--section", "c.0"}, 2, []string{`--section: "c.0" is none of a.0, b.0`}},
		{"empty", nil, nil, 1, []string{"holds no chunk"}},
		{"crash", crash, nil, 1, []string{"replay: chost: host died of SIGABRT in FLBPluginFlush"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := t.TempDir() + "/x.cbor"
			writeCapture(t, file, tt.items...)
			call{dir: dir}.flbgo(t, append([]string{"replay", file, "x.so"}, tt.args...)...).check(t, tt.code, tt.want...)
		})
	}
}

// Items of other sections, and verdicts that are the same, stay.
func TestReplayUpdate(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	file := dir + "/x.cbor"
	writeCapture(t, file, item("a.0", "ok", capture.OK), item("a.0", "retry", capture.OK), item("b.0", "ok", capture.Error))
	c := call{dir: dir}
	c.flbgo(t, "replay", "x.cbor", "x.so", "--section", "a.0", "--update").check(t, 0, "flbgo: x.cbor: 1 verdict changed\n")
	got, err := capture.ReadFile(file)
	want := []capture.Item{item("a.0", "ok", capture.OK), item("a.0", "retry", capture.Retry), item("b.0", "ok", capture.Error)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("items (-want +got), %v:\n%s", err, diff)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("capture = %v, %v, want a file of mode 0600", info, err)
	}
	c.flbgo(t, "replay", "x.cbor", "x.so", "--section", "a.0").check(t, 0, "2 chunks, every verdict as in the capture")
}

func TestReplayJSON(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	writeCapture(t, dir+"/x.cbor", item("a.0", "error", capture.OK))
	out := call{dir: dir}.flbgo(t, "replay", "--json", "x.cbor", "x.so")
	out.check(t, 1)
	var got replayed
	if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
		t.Fatal(err)
	}
	want := replayed{1, []difference{{1, recorded, "error", 12, capture.OK, capture.Error}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	writeCapture(t, dir+"/x.cbor", item("a.0", "ok", capture.OK))
	if err := os.WriteFile(dir+"/broken.cbor", []byte("\xa1"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no library", []string{"x.cbor", "none.so"}, 2, "none.so: no such file or directory (want a library, or the folder of a plugin)"},
		{"folder without plugin", []string{"x.cbor", "."}, 1, "holds no Go files of a package main"},
		{"no library's bytes", []string{"x.cbor", "x.cbor"}, 1, "(flbgo check says more)"},
		{"broken capture", []string{"broken.cbor", "x.so"}, 1, "broken.cbor: capture: item 0 at byte 0: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			call{dir: dir}.flbgo(t, append([]string{"replay"}, tt.args...)...).check(t, tt.code, tt.want)
		})
	}
}

// A folder is built; an input takes no chunks.
func TestReplayFolder(t *testing.T) {
	t.Parallel()
	needCgo(t)
	file := t.TempDir() + "/x.cbor"
	writeCapture(t, file, item("a.0", "ok", capture.OK))
	got := call{dir: "."}.flbgo(t, "replay", file, "internal/doctor/testdata/goplugin", "-p", "role=web")
	got.check(t, 1, "building goplugin ... ", "goplugin.so is an input: chunks go to outputs")
}
