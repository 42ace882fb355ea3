package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/capture"
)

// What a run captures is what a replay finds again.
func TestCapture(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	write := func(name, text string) {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("plugins.conf", "[PLUGINS]\n  path ./x.so\n")
	write("fluent-bit.conf", "[SERVICE]\n  plugins_file plugins.conf\n"+
		"[INPUT]\n  name dummy\n  tag ok\n  samples 1\n  dummy {\"password\":\"hunter2\",\"n\":1}\n"+
		"[INPUT]\n  name dummy\n  tag retry\n  samples 1\n[INPUT]\n  name dummy\n  tag error\n  samples 1\n"+
		"[OUTPUT]\n  name of_c\n  match *\n  retry_limit no_retries\n")
	c := call{dir: dir}
	got := c.flbgo(t, "run", "--tick", "10ms", "--for", "300ms", "--capture", "x.cbor", "--redact", "Password,token")
	got.check(t, 0, "flbgo: 3 chunks in "+dir+"/x.cbor\n")
	info, err := os.Stat(dir + "/x.cbor")
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("capture = %v, %v, want a file of mode 0600", info, err)
	}
	for tag, want := range map[string]capture.Verdict{"ok": capture.OK, "retry": capture.Retry, "error": capture.Error} {
		if it := captured(t, dir+"/x.cbor", tag); it.Verdict != want || it.Section != "of_c.0" || strings.Contains(string(it.Chunk), "hunter2") {
			t.Errorf("item of tag %s = %+v, want verdict %s, section of_c.0 and no password", tag, it, want)
		}
	}
	c.flbgo(t, "replay", "x.cbor", "x.so").check(t, 0, "3 chunks, every verdict as in the capture")
}

func captured(t *testing.T, file, tag string) capture.Item {
	t.Helper()
	items, err := capture.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(items, func(it capture.Item) bool { return it.Tag == tag })
	if i < 0 {
		t.Fatalf("no item of tag %s", tag)
	}
	return items[i]
}

func TestCaptureLimit(t *testing.T) {
	t.Parallel()
	dir := folder(t, "fluent-bit.conf", dummyInput+stdoutOutput)
	got := call{dir: dir, triggers: stopAfterRecord}.flbgo(t, "run", "--tick", "10ms", "--capture", "x.cbor", "--capture-limit", "10")
	got.check(t, 0, " left out of the capture: it would hold more than 10\n", "flbgo: 0 chunks in "+dir+"/x.cbor, ")
}
