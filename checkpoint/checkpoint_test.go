package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[position](t, path)
	wantLoad(t, f, position{})
	for offset := range int64(5) {
		mustSave(t, f, at(offset))
		wantLoad(t, f, at(offset))
	}
	mustClose(t, f)
	wantLoad(t, mustOpen[position](t, path), at(4))
	want := files{"state": container(t, 5, at(4)), "state.old": container(t, 4, at(3))}
	if diff := cmp.Diff(want, readFiles(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestOpenWritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := mustOpen[position](t, filepath.Join(dir, "state"))
	wantLoad(t, f, position{})
	mustClose(t, f)
	if got := readFiles(t, dir); len(got) != 0 {
		t.Errorf("files = %q, want none", got.names())
	}
}

func TestRelativePath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	f := mustOpen[int](t, "state")
	t.Chdir(t.TempDir())
	mustSave(t, f, 1)
	if got := readFiles(t, dir).names(); !cmp.Equal(got, []string{"state"}) {
		t.Errorf("files = %q, want state", got)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a system with file modes: run it on Linux or macOS")
	}
	dir := t.TempDir()
	f := mustOpen[int](t, filepath.Join(dir, "state"))
	mustSave(t, f, 1)
	mustSave(t, f, 2)
	for _, name := range []string{"state", "state.old", "state.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode())
		}
	}
}

// roundTrip saves a value and loads it in another life.
func roundTrip[S any](value S) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "state")
		f := mustOpen[S](t, path)
		mustSave(t, f, value)
		mustClose(t, f)
		equal := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		got, err := mustOpen[S](t, path).Load()
		if diff := cmp.Diff(value, got, equal); err != nil || diff != "" {
			t.Errorf("Load() = error %v (-want +got):\n%s", err, diff)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	type nested struct {
		At    time.Time
		Addr  netip.Addr
		Inner *nested
	}
	deep := &nested{}
	for range 100 {
		deep = &nested{Inner: deep}
	}
	many := make(map[int]bool)
	for n := range 200_000 {
		many[n] = true
	}
	t.Run("int", roundTrip(int64(math.MinInt64)))
	t.Run("float", roundTrip(math.Pi))
	t.Run("string that is no text", roundTrip("caf\xe9.log"))
	t.Run("bytes", roundTrip([]byte{0, 0xff}))
	t.Run("map", roundTrip(map[string]uint64{"a": math.MaxUint64, "": 0}))
	t.Run("nil map", roundTrip(map[string]int(nil)))
	t.Run("empty slice", roundTrip([]string{}))
	t.Run("any", roundTrip(any(map[any]any{"a": uint64(1), "b": []any{"c", -1.5, nil, true}})))
	t.Run("pointer", roundTrip(&position{"a", 1}))
	t.Run("nanoseconds", roundTrip(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
	t.Run("text marshaler", roundTrip(nested{Addr: netip.MustParseAddr("::1"), Inner: &nested{}}))
	t.Run("deep", roundTrip(deep))
	t.Run("many", roundTrip(many))
	t.Run("empty struct", roundTrip(struct{}{}))
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	value := make(map[string]int)
	for n := range 100 {
		value[fmt.Sprint("key", n)] = n
	}
	want := container(t, 1, value)
	for range 10 {
		if container(t, 1, value) != want {
			t.Fatal("equal values have different bytes")
		}
	}
}

// openAs opens a file for a type, and gives only the error.
func openAs[S any](path string) error {
	f, err := Open[S](path)
	if err != nil {
		return err
	}
	return errors.Join(errors.New("opened"), f.Close())
}

func TestOpenRefusesTypes(t *testing.T) {
	t.Parallel()
	type hidden struct{ _ int }
	for _, tt := range []struct {
		name string
		open func(path string) error
		want string
	}{
		{"channel", openAs[chan int], "type chan int: cbor: unsupported type: chan int"},
		{"function", openAs[func()], "type func(): cbor: unsupported type: func()"},
		{"in a struct", openAs[struct{ C chan int }], "unsupported type: struct { C chan int }"},
		{"in a slice", openAs[[]func()], "unsupported type: []func()"},
		{"in a map", openAs[map[string]chan int], "unsupported type: map[string]chan int"},
		{"behind a pointer", openAs[*struct{ F func() }], "unsupported type: struct { F func() }"},
		{"deep", openAs[struct {
			A []map[string]*struct{ C chan int }
		}], "unsupported type"},
		{"complex", openAs[complex128], "unsupported type: complex128"},
		{"nothing to save", openAs[hidden], "type checkpoint.hidden: struct without exported fields"},
		{"nothing behind a pointer", openAs[*hidden], "type *checkpoint.hidden: struct without exported fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			err := tt.open(filepath.Join(dir, "state"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open() = %v, want %s", err, tt.want)
			}
			if got, _ := os.ReadDir(dir); len(got) != 0 {
				t.Errorf("folder has %v, want nothing", got)
			}
		})
	}
}

func TestOpenRefusesPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files{"file": "x"}.write(t, dir)
	if err := os.Symlink("file", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"no folder", "none/state", `folder "DIR/none" does not exist`},
		{"file as folder", "file/state", `"DIR/file" is not a folder`},
		{"folder", ".", "not a regular file"},
		{"link", "link", "not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, tt.path)
			_, err := Open[int](path)
			want := fmt.Sprintf("checkpoint: file %q: %s", path, strings.ReplaceAll(tt.want, "DIR", dir))
			if err == nil || err.Error() != want {
				t.Errorf("Open(%s) = %v, want %s", tt.path, err, want)
			}
		})
	}
}

func TestSaveRefusesValues(t *testing.T) {
	t.Parallel()
	type state struct{ V any }
	dir := t.TempDir()
	f := mustOpen[state](t, filepath.Join(dir, "state"))
	mustSave(t, f, state{"good"})
	for _, tt := range []struct {
		name string
		v    any
	}{
		{"not encodable", make(chan int)},
		{"not decodable", map[[2]int]int{{1, 2}: 3}},
		{"too large", strings.Repeat("x", maxSize)},
	} {
		if err := f.Save(state{tt.v}); err == nil {
			t.Errorf("%s: Save() = nil, want an error", tt.name)
		}
	}
	wantLoad(t, f, state{"good"})
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[int](t, path)
	_, err := Open[int](path)
	wantError(t, "Open() of an open file", err, ErrLocked)
	if want := fmt.Sprintf("checkpoint: file %q: in use by another writer", path); err == nil || err.Error() != want {
		t.Errorf("Open() = %v, want %s", err, want)
	}
	mustClose(t, f)
	mustClose(t, mustOpen[int](t, path)) // as the section that a hot reload starts
}

// helperEnv makes this test binary a process that holds a file open.
const helperEnv = "CHECKPOINT_TEST_HOLD"

func TestLockOfAnotherProcess(t *testing.T) {
	if path := os.Getenv(helperEnv); path != "" {
		mustSave(t, mustOpen[int](t, path), 7)
		fmt.Println("open")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until it is killed
		return
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockOfAnotherProcess$")
	cmd.Env = append(os.Environ(), helperEnv+"="+path)
	stdin, _ := cmd.StdinPipe()
	defer stdin.Close()
	stdout, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_, err := Open[int](path)
	wantError(t, "Open() of a file that another process has open", err, ErrLocked)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	wantLoad(t, mustOpen[int](t, path), 7)
}

func TestClosed(t *testing.T) {
	t.Parallel()
	var log journal
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[int](t, path, Logger(log.logger()))
	late := f.After(2)
	mustSave(t, f, 1)
	mustClose(t, f)
	mustClose(t, f)
	wantError(t, "Save() after Close", f.Save(3), ErrClosed)
	_, err := f.Load()
	wantError(t, "Load() after Close", err, ErrClosed)
	late()
	want := []string{`level=WARN msg="checkpoint not saved: the file is closed" path=state`}
	if diff := cmp.Diff(want, log.lines(filepath.Dir(path))); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	wantLoad(t, mustOpen[int](t, path), 1)
}

func TestErrorUnwraps(t *testing.T) {
	t.Parallel()
	f := mustOpen[int](t, filepath.Join(t.TempDir(), "state"))
	f.store.step = func(string) error { return fs.ErrPermission }
	wantError(t, "Save()", f.Save(1), fs.ErrPermission)
}
