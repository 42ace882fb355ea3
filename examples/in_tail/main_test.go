package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/checkpoint"
	"github.com/calyptia/plugin/plugintest"
)

// folder is where the files of a test are.
type folder struct {
	t testing.TB
	settings
	dir string
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	t.Parallel()
	return newFolderIn(t, t.TempDir())
}

func newFolderIn(t testing.TB, dir string) *folder {
	return &folder{t, settings{
		Path: filepath.Join(dir, "app.log"), State: filepath.Join(dir, "state"), Exclude: []string{"*.gz"},
		ReadFromHead: true, MaxLine: 64, Lines: 3, PollInterval: time.Hour, RotateWait: time.Hour,
	}, dir}
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) append(name, text string) {
	f.t.Helper()
	w, err := os.OpenFile(f.path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	f.must(err)
	_, err = w.WriteString(text)
	f.must(errors.Join(err, w.Close()))
}

func (f *folder) rename(from, to string) {
	f.t.Helper()
	f.must(os.Rename(f.path(from), f.path(to)))
}

// copyTruncate is how logrotate rotates files of programs that do not open them anew.
func (f *folder) copyTruncate(from, to string) {
	f.t.Helper()
	text, err := os.ReadFile(f.path(from))
	f.must(err)
	f.append(to, string(text))
	f.must(os.Truncate(f.path(from), 0))
}

// age makes a file older than those that were written before.
func (f *folder) age(name string, by time.Duration) {
	f.t.Helper()
	then := time.Now().Add(-by)
	f.must(os.Chtimes(f.path(name), then, then))
}

// life is a section from its Init on.
type life struct {
	*tail
	f      *folder
	log    bytes.Buffer
	refuse bool // what comes is not accepted
}

func (f *folder) start() *life {
	f.t.Helper()
	l := &life{tail: new(tail), f: f}
	f.must(l.Init(f.t.Context(), &plugin.Instance[settings]{Conf: f.settings, Logger: slog.New(slog.NewTextHandler(&l.log, nil))}))
	f.t.Cleanup(l.stop)
	return l
}

func (l *life) stop() {
	l.f.t.Helper()
	l.f.must(l.Close(context.Background()))
	l.files = nil
}

// records returns what one scan sends.
func (l *life) records() (all []line) {
	l.f.t.Helper()
	ch := make(chan plugin.Event[[]line])
	done := make(chan error)
	go func() { defer close(ch); done <- l.scan(l.f.t.Context(), ch) }()
	for {
		select {
		case ev := <-ch:
			if len(ev.Record) > l.Lines {
				l.f.t.Errorf("event of %d lines, want at most %d", len(ev.Record), l.Lines)
			}
			all = append(all, ev.Record...)
			if !l.refuse {
				ev.Accepted()
			}
		case err := <-done:
			l.f.must(err)
			return all
		}
	}
}

// want compares what one scan sends with lines.
func (l *life) want(lines ...string) {
	l.f.t.Helper()
	var got []string
	for _, r := range l.records() {
		got = append(got, r.Log)
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		l.f.t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func (l *life) wantLogged(text string, times int) {
	l.f.t.Helper()
	if got := strings.Count(l.log.String(), text); got != times {
		l.f.t.Errorf("log has %q %d times, want %d:\n%s", text, got, times, &l.log)
	}
}

func (l *life) wantFiles(names ...string) {
	l.f.t.Helper()
	var got []string
	for _, f := range l.files {
		got = append(got, filepath.Base(f.Path))
	}
	if diff := cmp.Diff(names, got); diff != "" {
		l.f.t.Errorf("files that are followed (-want +got):\n%s", diff)
	}
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want []string
	}{
		{"several", "a\nb\nc\nd\n", []string{"a", "b", "c", "d"}},
		{"empty", "\n\na\n", []string{"", "", "a"}},
		{"end of line as on Windows", "a\r\n\r\nb\rc\r\n", []string{"a", "", "b\rc"}},
		{"any bytes", "\x00\xff\n", []string{"\x00\xff"}},
		{"no end", "a\nb", []string{"a"}},
		{"more than is read at once", strings.Repeat("0123456789\n", 30), strings.Fields(strings.Repeat("0123456789\n", 30))},
		{"as long as may be", strings.Repeat("x", 64) + "\n", []string{strings.Repeat("x", 64)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			f.append("app.log", tt.text)
			f.start().want(tt.want...)
		})
	}
}

func TestPartialLine(t *testing.T) {
	f := newFolder(t)
	l := f.start()
	for _, part := range []string{"one ", "line", " in parts"} {
		f.append("app.log", part)
		l.want()
	}
	f.append("app.log", "\nand ")
	l.want("one line in parts")
	l.stop()
	l = f.start()
	l.want()
	f.append("app.log", "another\n")
	l.want("and another")
}

func TestLongLine(t *testing.T) {
	f := newFolder(t)
	l := f.start()
	f.append("app.log", "a\n"+strings.Repeat("x", 65))
	l.want("a")
	f.append("app.log", strings.Repeat("y", 500))
	l.want()
	l.stop()
	l = f.start() // the position is still in front of it
	f.append("app.log", strings.Repeat("z", 100)+"\nb\n")
	path := f.path("app.log")
	want := []line{{strings.Repeat("x", 64), path, true}, {"b", path, false}}
	if diff := cmp.Diff(want, l.records()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	l.wantLogged(`msg="line cut off"`, 1)
}

// Another life goes on behind the last line that was accepted.
func TestResume(t *testing.T) {
	f := newFolder(t)
	f.append("app.log", "1\n2\n3\n4\n")
	l := f.start()
	l.want("1", "2", "3", "4")
	l.refuse = true
	f.append("app.log", "5\n6\n7\n8\n")
	l.want("5", "6", "7", "8")
	l.stop()
	l = f.start()
	f.append("app.log", "9\n")
	l.want("5", "6", "7", "8", "9")
	l.stop()
	f.start().want()
}

func TestReadFromHead(t *testing.T) {
	for _, tt := range []struct {
		name         string
		before, then string
		fromHead     bool
		want         []string
	}{
		{"on", "a\nb\n", "c\n", true, []string{"a", "b", "c"}},
		{"off", "a\nb\n", "c\n", false, []string{"c"}},
		{"off in a line", "a\nb", "b\nc\n", false, []string{"bb", "c"}},
		{"off in the first line", "a", "b\n", false, []string{"ab"}},
		{"off behind a lot", strings.Repeat("0123456789\n", 30), "c\n", false, []string{"c"}},
		{"off and empty", "", "c\n", false, []string{"c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			f.ReadFromHead = tt.fromHead
			f.append("app.log", tt.before)
			f.start().stop() // killed before a line was sent
			f.append("app.log", tt.then)
			f.start().want(tt.want...)
		})
	}
}

func TestNoFileYet(t *testing.T) {
	f := newFolder(t)
	f.ReadFromHead = false // only for what is there at first
	l := f.start()
	l.want()
	f.append("app.log", "a\n")
	l.want("a")
}

func TestRename(t *testing.T) {
	f := newFolder(t)
	f.append("app.log", "1\n")
	l := f.start()
	l.want("1")
	f.append("app.log", "2\n")
	f.rename("app.log", "app.log.1")
	f.append("app.log.1", "3\n") // the program has not noticed yet
	f.append("app.log", "4\n")
	l.want("2", "3", "4")
	f.append("app.log.1", "5\n")
	l.want("5")
	l.wantFiles("app.log", "app.log")
	l.RotateWait = 0
	l.want()
	l.wantFiles("app.log")
}

func TestRenameWhileDown(t *testing.T) {
	f := newFolder(t)
	f.append("app.log", "1\n")
	l := f.start()
	l.want("1")
	l.stop()
	f.append("app.log", "2\n")
	f.rename("app.log", "app.log.1")
	f.append("app.log", "3\n")
	l = f.start()
	path := f.path("app.log")
	want := []line{{Log: "2", File: path}, {Log: "3", File: path}}
	if diff := cmp.Diff(want, l.records()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// A pattern finds files that were never seen under their first names.
func TestRenamedTwice(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprint("down ", down), func(t *testing.T) {
			f := newFolder(t)
			f.Path += "*"
			f.append("app.log", "1\n")
			l := f.start()
			l.want("1")
			if down {
				l.stop()
			}
			f.append("app.log", "2\n")
			f.rename("app.log", "app.log.2")
			f.append("app.log", "3\n")
			f.rename("app.log", "app.log.1")
			f.age("app.log.1", time.Minute)
			f.append("app.log.0.gz", "not this\n")
			f.append("app.log", "4\n")
			if down {
				l = f.start()
			}
			l.want("2", "3", "4")
			l.stop()
			f.start().want()
		})
	}
}

func TestCopyTruncate(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprint("down ", down), func(t *testing.T) {
			f := newFolder(t)
			f.append("app.log", "1\n")
			l := f.start()
			l.want("1")
			if down {
				l.stop()
			}
			f.append("app.log", "2\n")
			f.copyTruncate("app.log", "app.log.1")
			f.append("app.log", "3 is longer than what was there\n")
			if down {
				l = f.start()
			}
			l.want("2", "3 is longer than what was there")
			l.RotateWait = 0
			l.want()
			l.wantFiles("app.log")
			l.stop()
			f.start().want()
		})
	}
}

func TestTruncate(t *testing.T) {
	f := newFolder(t)
	f.append("app.log", "1\n2\n")
	l := f.start()
	l.want("1", "2")
	f.must(os.Truncate(f.path("app.log"), 0))
	l.want()
	f.append("app.log", "3\n")
	l.want("3")
	l.wantLogged(`msg="file was truncated, it is read from its beginning"`, 1)
	l.stop()
	f.start().want()
}

// A new file that has got the inode of an old one is not taken for it, though it is longer.
func TestSameInodeOtherFile(t *testing.T) {
	f := newFolder(t)
	f.append("app.log", "1\n")
	l := f.start()
	l.want("1")
	l.stop()
	f.must(os.WriteFile(f.path("app.log"), []byte("other\nlines\n"), 0o644)) // keeps the inode
	f.start().want("other", "lines")
}

// Files that begin alike are told apart by what is before the position.
func TestSameBeginning(t *testing.T) {
	f := newFolder(t)
	header := strings.Repeat("time,level,message\n", 20)
	f.append("app.log", header+"1\n")
	l := f.start()
	l.records()
	l.stop()
	f.must(os.Remove(f.path("app.log")))
	f.append("app.log", header+"2\n3\n")
	l = f.start()
	if got := l.records(); len(got) != 22 {
		t.Errorf("%d records, want the 22 of the new file", len(got))
	}
	l.wantLogged("lines may be missing", 1)
}

func TestDelete(t *testing.T) {
	f := newFolder(t)
	f.append("app.log", "1\n")
	l := f.start()
	f.append("app.log", "2\nno end")
	f.must(os.Remove(f.path("app.log")))
	l.want("1", "2")
	l.wantFiles("app.log")
	f.append("app.log", "3\n")
	l.want("3")
	l.RotateWait = 0
	l.want()
	l.wantLogged("last line left out", 1)
	f.must(os.Remove(f.path("app.log")))
	l.want()
	l.wantFiles()
	l.stop()
	l = f.start() // the state knows that the files were dropped
	l.want()
	l.wantLogged("msg=", 0)
}

func TestPattern(t *testing.T) {
	f := newFolder(t)
	f.Path = f.path("*.log")
	f.append("a.log", "a1\n")
	f.append("b.log", "b1\n")
	f.append("c.txt", "c1\n")
	f.must(os.Mkdir(f.path("d.log"), 0o755))
	f.age("b.log", time.Minute)
	l := f.start()
	l.want("b1", "a1")
	f.append("a.log", "a2\n")
	l.want("a2")
}

func TestDamagedState(t *testing.T) {
	f := newFolder(t)
	f.ReadFromHead = false
	f.append("app.log", "1\n")
	f.append("state", "something else")
	l := f.start()
	l.wantLogged(`level=ERROR msg="nothing is remembered, files are read from their beginning"`, 1)
	l.want("1")
}

func TestErrorIsLoggedOnce(t *testing.T) {
	f := newFolder(t)
	l := f.start()
	for range 3 {
		l.complain("app.log", os.ErrPermission)
	}
	l.wantLogged("file cannot be read for now", 1)
	l.complain("app.log", nil)
	l.complain("app.log", os.ErrPermission)
	l.wantLogged("file cannot be read for now", 2)
}

// Collect is woken by the system or by its own clock.
func TestCollect(t *testing.T) {
	for _, tt := range []struct {
		name string
		poll time.Duration
	}{{"watched", time.Hour}, {"polled", 10 * time.Millisecond}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			f.PollInterval = tt.poll
			l := f.start()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			ch, done := make(chan plugin.Event[[]line]), make(chan error)
			go func() { done <- l.Collect(ctx, ch) }()
			for n := range 10 {
				if n == 5 {
					f.rename("app.log", "app.log.1")
				}
				want := fmt.Sprint("line ", n)
				f.append("app.log", want+"\n")
				select {
				case ev := <-ch:
					if len(ev.Record) != 1 || ev.Record[0].Log != want {
						t.Errorf("event has %v, want %s", ev.Record, want)
					}
				case <-ctx.Done():
					t.Fatalf("still waiting for %s", want)
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Collect() = %v, want nil", err)
			}
		})
	}
}

func TestFolderGoes(t *testing.T) {
	f := newFolder(t)
	f.Path = f.path("logs/app.log")
	f.must(os.Mkdir(f.path("logs"), 0o755))
	l := f.start()
	f.must(os.Remove(f.path("logs")))
	if err := l.Collect(t.Context(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Collect() = %v, want that there is no folder", err)
	}
	l.wantLogged("folder is not watched", 1)
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	busy := filepath.Join(dir, "busy")
	held, err := checkpoint.Open[*state](busy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() })
	for _, tt := range []struct {
		name        string
		path, state string
		want        string
	}{
		{"nothing set", "", "", "config: 2 problems\n\tpath: required, not set\n\tstate: required, not set"},
		{"pattern in the folder", "/var/*/app.log", "state",
			`config: path: "/var/*/app.log" has a pattern in its folder (want one in the name of the file)`},
		{"bad pattern", "/var/app[.log", "state", `config: path or exclude: "app[.log" is not a pattern: syntax error in pattern`},
		{"state among the files", dir + "/app*", dir + "/app.state", `config: state: "` + dir + `/app.state" is among the files to follow`},
		{"no folder of logs", "none/app.log", filepath.Join(dir, "state"), "open none: no such file or directory"},
		{"no folder of the state", "app.log", filepath.Join(dir, "none/state"),
			`checkpoint: file "` + dir + `/none/state": folder "` + dir + `/none" does not exist`},
		{"two sections", "app.log", busy, `checkpoint: file "` + busy + `": in use by another writer`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := plugintest.InputError(t, &tail{}, plugintest.Properties{"path": tt.path, "state": tt.state})
			if want := `plugin: input "go_tail.0": ` + tt.want; err.Error() != want {
				t.Errorf("Init() = %v, want %s", err, want)
			}
		})
	}
}

// setup gives sections files of their own, to which lines are added when a check wants them.
func setup(t *testing.T) plugintest.Setup {
	dir, n := t.TempDir(), 0
	return plugintest.Setup{
		Conf: plugintest.Each(func() plugintest.Config {
			n++
			path := filepath.Join(dir, fmt.Sprint(n, ".log"))
			return plugintest.Properties{"path": path, "state": path + ".state", "lines": "1", "poll_interval": "10ms"}
		}),
		Prompt: func() {
			f := &folder{t: t, dir: dir}
			for i := range n {
				f.append(fmt.Sprint(i+1, ".log"), "one\ntwo\nthree\n")
			}
		},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.InputConformance(t, &tail{}, setup(t))
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup(t))
}

// BenchmarkScan reads lines of 100 bytes, with the properties' defaults.
func BenchmarkScan(b *testing.B) {
	f := newFolderIn(b, b.TempDir())
	f.MaxLine, f.Lines = 64<<10, 1000
	text := strings.Repeat(strings.Repeat("x", 99)+"\n", 100_000)
	f.append("app.log", text)
	l := f.start()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		f.must(l.files[0].moveTo(0))
		ch := make(chan plugin.Event[[]line])
		go func() { defer close(ch); f.must(l.scan(b.Context(), ch)) }()
		lines := 0
		for ev := range ch {
			lines += len(ev.Record)
			ev.Accepted()
		}
		if lines != 100_000 {
			b.Fatalf("%d lines, want 100000", lines)
		}
	}
}
