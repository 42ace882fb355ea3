package main

import (
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// library is a shared library that a configuration names.
type library struct {
	conffile.Plugin
	file   string // absolute; empty if the path has no slash: dlopen searches the system's folders for it
	source bool   // its folder holds a Go program to build it from
	exists bool
}

// findLibrary looks at what there is of a library for a process that works in dir.
func findLibrary(dir string, p conffile.Plugin) library {
	lib := library{Plugin: p}
	if !strings.ContainsRune(filepath.ToSlash(p.Path), '/') {
		return lib
	}
	lib.file = absolute(dir, p.Path)
	_, err := os.Stat(lib.file)
	lib.exists = err == nil
	lib.source = isProgram(filepath.Dir(lib.file))
	return lib
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// isProgram reports whether the folder's Go files, tests aside, are of a package main. Files that cannot be read as Go
// count: the compiler says what is wrong with them.
func isProgram(folder string) bool {
	context := build.Default
	context.CgoEnabled = true
	pkg, err := context.ImportDir(folder, 0)
	if err == nil {
		return pkg.IsCommand() && len(pkg.GoFiles)+len(pkg.CgoFiles) > 0
	}
	return len(pkg.InvalidGoFiles) > 0
}

// complete reports whether a process that works in dir has the libraries, or can build them.
func complete(dir string, plugins []conffile.Plugin) bool {
	return !slices.ContainsFunc(plugins, func(p conffile.Plugin) bool {
		lib := findLibrary(dir, p)
		return lib.file != "" && !lib.exists && !lib.source
	})
}

// prepare builds the libraries that have a source, each once, and makes sure of the others.
func (w *workspace) prepare(s *session, b builder) error {
	done := make(map[string]bool)
	for _, p := range w.conf.Plugins {
		lib := findLibrary(w.dir, p)
		if err := lib.check(w.dir, b.off); err != nil {
			return fmt.Errorf("plugin library %s at %s:%d: %w", p.Path, p.File, p.Line, err)
		}
		if !lib.source || b.off || done[lib.file] {
			continue
		}
		done[lib.file] = true
		if err := b.build(s, filepath.Dir(lib.file), lib.file); err != nil {
			return err
		}
	}
	return nil
}

// check returns why a library cannot be had, and what to do about it.
func (l library) check(dir string, noBuild bool) error {
	switch {
	case l.file == "" && complete(dir, []conffile.Plugin{{Path: "./" + l.Path}}):
		return fmt.Errorf("a name without a slash is looked up in the system's library folders only (want ./%s)", l.Path)
	case l.file == "" || l.exists || l.source && !noBuild:
		return nil
	case l.source:
		return fmt.Errorf("%s does not exist (leave out --no-build to have it built)", l.file)
	}
	return fmt.Errorf("%s does not exist, nor Go files of a package main beside it to build it from", l.file)
}

// library returns the shared library of a plugin. If path is a folder, it is built from that into a file that remove removes.
func (b builder) library(s *session, path string) (file string, remove func(), err error) {
	if path, err = filepath.Abs(path); err != nil {
		return "", nil, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", nil, misused("%w (want a library, or the folder of a plugin)", err)
	case !info.IsDir():
		return path, func() {}, nil
	}
	if err := wantProgram(path); err != nil {
		return "", nil, err
	}
	temp, err := os.MkdirTemp("", "flbgo-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(temp) }
	file = filepath.Join(temp, filepath.Base(path)+".so")
	if err := b.build(s, path, file); err != nil {
		remove()
		return "", nil, err
	}
	return file, remove, nil
}
