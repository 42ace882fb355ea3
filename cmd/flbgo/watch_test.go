package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fsnotify/fsnotify"
)

// A change that does not compile leaves the run as it is; the next one starts it anew.
func TestWatch(t *testing.T) {
	t.Parallel()
	needCgo(t)
	dir := folder(t, "fluent-bit.conf", withPlugins, "plugins.conf", inX, "go.mod", "module x\n\ngo 1.25\n", "x.go", empty)
	write := func(name, text string) func() {
		return func() {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
	second := strings.Replace(withPlugins, dummyInput, dummyInput+"  dummy {\"second\":true}\n", 1)
	c := call{dir: dir, triggers: []trigger{
		{text: `"message":"dummy"`, do: write("x.go", "package main\n\nfunc main() { undefined() }\n")},
		{text: "undefined: undefined", do: write("x.go", empty)},
		{text: "service has stopped", do: write("fluent-bit.conf", second)},
		{text: `"second":true`, signal: syscall.SIGINT},
	}}
	got := c.flbgo(t, "run", "--tick", "10ms", "--watch")
	got.check(t, 0, "x.go has changed\n", "flbgo: building in_x\n", "x.go:3:15: undefined", "fluent-bit.conf has changed\n", "flbgo: stopping")
}

// A run that cannot start waits for a change.
func TestWatchBrokenStart(t *testing.T) {
	t.Parallel()
	dir := folder(t, "fluent-bit.conf", "[INPUT]\n  name none\n"+stdoutOutput)
	c := call{dir: dir, triggers: []trigger{
		{text: `"none" at fluent-bit.conf`, do: func() {
			if err := os.WriteFile(dir+"/fluent-bit.conf", []byte(dummyInput+stdoutOutput), 0o644); err != nil {
				t.Error(err)
			}
		}},
		{text: `"message":"dummy"`, signal: syscall.SIGINT},
	}}
	c.flbgo(t, "run", "--tick", "10ms", "-w").check(t, 0, "names a plugin that doesn't exist", "fluent-bit.conf has changed\n")
}

func TestRelevant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		op   fsnotify.Op
		want bool
	}{
		{"/a/main.go", fsnotify.Write, true},
		{"/a/main.go", fsnotify.Create | fsnotify.Chmod, true},
		{"/a/main.go", fsnotify.Remove, true},
		{"/a/main.go", fsnotify.Chmod, false},
		{"/a/main_test.go", fsnotify.Write, false},
		{"/a/.main.go", fsnotify.Write, false},
		{"/a/in_x.so", fsnotify.Create, false},
		{"/a/go.mod", fsnotify.Write, true},
		{"/a/go.sum", fsnotify.Write, true},
		{"/a/fluent-bit.yaml", fsnotify.Rename, true},
	}
	for _, tt := range tests {
		if got := relevant(fsnotify.Event{Name: tt.name, Op: tt.op}); got != tt.want {
			t.Errorf("relevant(%s, %v) = %v, want %v", tt.name, tt.op, got, tt.want)
		}
	}
}
