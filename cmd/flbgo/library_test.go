package main

import (
	"path/filepath"
	"testing"

	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/google/go-cmp/cmp"
)

func TestFindLibrary(t *testing.T) {
	t.Parallel()
	dir := folder(t,
		"main.go", "package main\n",
		"built.so", "",
		"lib/lib.go", "package lib\n",
		"lib/x.so", "",
		"tests/x_test.go", "package main\n",
		"tags/x.go", "//go:build never\n\npackage main\n",
		"cgo/x.go", "package main\n\nimport \"C\"\n",
		"mixed/x.go", "package main\n", "mixed/y.go", "package y\n",
		"broken/x.go", "pakage main\n",
	)
	tests := []struct {
		name, path string
		want       library
	}{
		{"new", "./x.so", library{file: "x.so", source: true}},
		{"built before", "./built.so", library{file: "built.so", source: true, exists: true}},
		{"absolute", dir + "/x.so", library{file: "x.so", source: true}},
		{"in another folder", "cgo/x.so", library{file: "cgo/x.so", source: true}},
		{"up and down", "./lib/../x.so", library{file: "x.so", source: true}},
		{"without source", "./lib/x.so", library{file: "lib/x.so", exists: true}},
		{"of no program", "./lib/y.so", library{file: "lib/y.so"}},
		{"with tests only", "./tests/x.so", library{file: "tests/x.so"}},
		{"for other systems", "./tags/x.so", library{file: "tags/x.so"}},
		{"of two packages", "./mixed/x.so", library{file: "mixed/x.so", source: true}},
		{"that is no Go", "./broken/x.so", library{file: "broken/x.so", source: true}},
		{"in no folder", "./none/x.so", library{file: "none/x.so"}},
		{"without slash", "built.so", library{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want.file != "" {
				tt.want.file = filepath.Join(dir, tt.want.file)
			}
			tt.want.Path = tt.path
			got := findLibrary(dir, conffile.Plugin{Path: tt.path})
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(library{})); diff != "" {
				t.Errorf("findLibrary(dir, %q) (-want +got):\n%s", tt.path, diff)
			}
		})
	}
}

// A run of a file works in the current folder, unless only the file's own has the libraries.
func TestWorkingDirectory(t *testing.T) {
	t.Parallel()
	const conf, plugins = "sub/fluent-bit.conf", "sub/plugins.conf"
	tests := []struct {
		name      string
		files     []string
		file, sub string
	}{
		{"no libraries", []string{conf, dummyInput}, "sub/fluent-bit.conf", ""},
		{"library in the current folder", []string{conf, withPlugins, plugins, inX, "in_x.so", ""}, "sub/fluent-bit.conf", ""},
		{"in both", []string{conf, withPlugins, plugins, inX, "in_x.so", "", "sub/in_x.so", ""}, "sub/fluent-bit.conf", ""},
		{"beside the file", []string{conf, withPlugins, plugins, inX, "sub/in_x.so", ""}, "fluent-bit.conf", "/sub"},
		{"source beside the file", []string{conf, withPlugins, plugins, inX, "sub/x.go", "package main\n"}, "fluent-bit.conf", "/sub"},
		{"nowhere", []string{conf, withPlugins, plugins, inX}, "sub/fluent-bit.conf", ""},
		{"other plugins file in the current folder", []string{conf, withPlugins, plugins, inX, "plugins.conf",
			"[PLUGINS]\n  path ./y.so\n", "sub/in_x.so", ""}, "sub/fluent-bit.conf", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, append(tt.files, "false", "#!/bin/sh\nexit 1\n")...)
			c := call{dir: dir, env: []string{"FLUENT_BIT=./false"}}
			got := c.flbgo(t, "run", "--no-build", "--engine", "fluent-bit", "-c", conf)
			got.check(t, 1, "flbgo: "+tt.file+" in "+dir+tt.sub+"\n")
		})
	}
}
