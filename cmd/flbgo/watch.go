package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watch runs the configuration again whenever it or a plugin changes. What does not build leaves the run as it is.
func (r *runCmd) watch(s *session, w *workspace) error {
	changes, err := newWatcher(w)
	if err != nil {
		return fmt.Errorf("--watch: %w", err)
	}
	defer changes.Close()
	next := w // what is built next; nil if that did not work
	for run := r.idle(); ; {
		if next != nil {
			run.stop()
			run = r.begin(s, next, next != w)
		}
		select {
		case err := <-run.ended:
			if err == nil || s.stop.Err() != nil {
				return err
			}
			s.term.failed(err)
			run = r.idle()
			next = nil
			continue
		case name := <-changes.names:
			s.term.note("%s has changed", name)
		case <-s.stop.Done():
			return run.wait()
		}
		if next, err = r.rebuild(s, w); err != nil {
			s.term.failed(err)
		}
	}
}

// rebuild reads the configuration anew and builds its plugins, beside the run.
func (r *runCmd) rebuild(s *session, w *workspace) (*workspace, error) {
	next, err := enter(".", w.conf.File)
	if err != nil {
		return nil, err
	}
	b := r.builder()
	b.beside = true
	if err := next.prepare(s, b); err != nil {
		return nil, err
	}
	return next, nil
}

// watchedRun is one run of the embedded engine.
type watchedRun struct {
	cancel context.CancelFunc
	ended  chan error // gets one, unless the run is idle
	idle   bool
}

// idle is a run of nothing.
func (r *runCmd) idle() *watchedRun { return &watchedRun{cancel: func() {}, idle: true} }

// begin builds the plugins unless that was done, and runs.
func (r *runCmd) begin(s *session, w *workspace, built bool) *watchedRun {
	one := *r
	one.NoBuild = built
	ctx, cancel := context.WithCancel(s.stop)
	run := &watchedRun{cancel: cancel, ended: make(chan error, 1)}
	go func() { run.ended <- one.embedded(&session{term: s.term, stop: ctx, abort: s.abort}, w) }()
	return run
}

func (run *watchedRun) stop() {
	run.cancel()
	_ = run.wait() // it makes room for the next one, whatever became of it
}

func (run *watchedRun) wait() error {
	if run.idle {
		return nil
	}
	defer run.cancel()
	return <-run.ended
}

// watcher tells of changed files.
type watcher struct {
	*fsnotify.Watcher
	names chan string
}

// quiet is how long nothing must change before it counts: editors write a file in several steps.
const quiet = 150 * time.Millisecond

func newWatcher(w *workspace) (*watcher, error) {
	inner, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	for _, folder := range watchedFolders(w) {
		if err := inner.Add(folder); err != nil {
			inner.Close()
			return nil, err
		}
	}
	out := &watcher{inner, make(chan string)}
	go out.pass()
	return out, nil
}

// pass hands over the name of the last file of a burst of changes.
func (w *watcher) pass() {
	var name string
	var out chan string // nil while nothing is to be told, or it is too early
	timer := time.NewTimer(0)
	for {
		select {
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if relevant(e) {
				name, out = e.Name, nil
				timer.Reset(quiet)
			}
		case <-timer.C:
			if name != "" {
				out = w.names
			}
		case out <- name:
			name, out = "", nil
		case <-w.Errors: // such as events that were lost; others follow
		}
	}
}

func relevant(e fsnotify.Event) bool {
	base := filepath.Base(e.Name)
	if e.Op == fsnotify.Chmod || strings.HasPrefix(base, ".") || strings.HasSuffix(base, "_test.go") {
		return false
	}
	return base == "go.sum" || slices.Contains([]string{".go", ".mod", ".conf", ".yaml", ".yml"}, filepath.Ext(base))
}

// watchedFolders are those of the configuration, and of the plugins' programs with all below them.
func watchedFolders(w *workspace) []string {
	folders := []string{w.dir, filepath.Dir(absolute(w.dir, w.conf.File))}
	for _, p := range w.conf.Plugins {
		lib := findLibrary(w.dir, p)
		if !lib.source {
			continue
		}
		_ = filepath.WalkDir(filepath.Dir(lib.file), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || !d.IsDir():
				return nil
			case path != filepath.Dir(lib.file) && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
				return fs.SkipDir
			}
			folders = append(folders, path)
			return nil
		})
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}
