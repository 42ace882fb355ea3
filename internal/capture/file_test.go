package capture

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mustOpen also returns where the file's problems go.
func mustOpen(t *testing.T, name string, o Options) (f *File, problems *[]string) {
	t.Helper()
	problems = new([]string)
	f, err := Open(name, o, func(err error) { *problems = append(*problems, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	return f, problems
}

func wantClosed(t *testing.T, f *File, want Counts) {
	t.Helper()
	if n, err := f.Close(); n != want || err != nil {
		t.Errorf("Close() = %+v, %v, want %+v, nil", n, err, want)
	}
}

func TestFileGoesOn(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x.cbor")
	items := []Item{{noon, "a.0", "t", []byte{1}, OK}, {noon, "a.0", "t", []byte{2}, Retry}}
	for _, it := range items {
		f, problems := mustOpen(t, name, Options{})
		f.Add(it)
		wantClosed(t, f, Counts{Written: 1})
		if len(*problems) > 0 {
			t.Errorf("problems = %q, want none", *problems)
		}
	}
	got, err := ReadFile(name)
	if diff := cmp.Diff(items, got); diff != "" || err != nil {
		t.Errorf("items (-want +got), %v:\n%s", err, diff)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
}

func TestFileIsBounded(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x.cbor")
	o := Options{MaxFile: 250}
	f, _ := mustOpen(t, name, o)
	f.Add(Item{Time: noon, Verdict: OK, Chunk: make([]byte, 100)})
	wantClosed(t, f, Counts{Written: 1})
	f, problems := mustOpen(t, name, o)
	for range 2 {
		f.Add(Item{Time: noon, Verdict: OK, Chunk: make([]byte, 100)})
	}
	wantClosed(t, f, Counts{LeftOut: 2})
	if len(*problems) != 1 || !strings.Contains((*problems)[0], ErrLeftOut.Error()) {
		t.Errorf("problems = %q, want one that an item is %v", *problems, ErrLeftOut)
	}
}

func TestFileTellsOnceThatItIsBroken(t *testing.T) {
	t.Parallel()
	f, problems := mustOpen(t, filepath.Join(t.TempDir(), "x.cbor"), Options{})
	wantClosed(t, f, Counts{})
	for range 2 {
		f.Add(Item{Time: noon, Verdict: OK})
	}
	if len(*problems) != 1 || !strings.HasSuffix((*problems)[0], "file already closed: nothing more is captured") {
		t.Errorf("problems = %q, want one that nothing more is captured", *problems)
	}
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "x.cbor")
	for _, want := range [][]Item{
		{{noon, "a.0", "t", make([]byte, DefaultMaxChunk+1), OK}, {noon, "a.0", "t", []byte{2}, Retry}},
		{{noon, "b.0", "t", []byte{}, Error}},
	} {
		if err := WriteFile(name, want); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFile(name); !reflect.DeepEqual(got, want) || err != nil {
			t.Errorf("ReadFile() = %d items, %v, want the %d written", len(got), err, len(want))
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "folder"), nil); err == nil {
		t.Error("WriteFile() of a folder = nil, want an error")
	}
	if left, err := os.ReadDir(dir); len(left) != 2 || err != nil {
		t.Errorf("files = %v, %v, want the capture and the folder alone", left, err)
	}
}

// Items behind a half one would be lost.
func TestOpenRefusesHalfAnItem(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x.cbor")
	whole := mustWrite(t, Options{}, Item{Time: noon, Verdict: OK})
	if err := os.WriteFile(name, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(name, Options{}, nil); err == nil || !strings.HasPrefix(err.Error(), name+": capture: item 0 at byte 0: unexpected EOF") {
		t.Errorf("Open() = %v, %v, want an error that names the item", f, err)
	}
	if _, err := Open(filepath.Join(name, "y"), Options{}, nil); err == nil {
		t.Errorf("Open() below a file = %v, want an error", err)
	}
}
