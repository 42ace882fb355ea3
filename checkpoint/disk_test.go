package checkpoint

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// situations are what a save may find.
func situations(t testing.TB) map[string]files {
	one, two, three := container(t, 1, at(1)), container(t, 2, at(2)), container(t, 3, at(3))
	const foreign, bad = "something else", magic + "\x00\x01 cut"
	return map[string]files{
		"nothing":                 {},
		"one":                     {"s": one},
		"two":                     {"s": two, "s.old": one},
		"after the first rename":  {"s.old": two, "s.new": three},
		"before the first rename": {"s": two, "s.old": one, "s.new": three},
		"torn new":                {"s": two, "s.old": one, "s.new": three[:10]},
		"empty new":               {"s": one, "s.new": ""},
		"foreign new":             {"s": one, "s.new": foreign},
		"damaged":                 {"s": bad},
		"damaged and old":         {"s": bad, "s.old": one},
		"foreign and old":         {"s": foreign, "s.old": one},
		"damaged old":             {"s": two, "s.old": bad},
		"only damaged old":        {"s.old": bad},
		"both damaged":            {"s": bad, "s.old": foreign},
		"aside is taken":          {"s": bad, "s.old": foreign, "s.damaged": "1", "s.damaged.1": "2"},
		"old is newer":            {"s": one, "s.old": two},
		"another type":            {"s": container(t, 9, "text"), "s.old": one},
	}
}

// outcome is what Load gives.
type outcome struct {
	Value   position
	Damaged bool
}

func load(t testing.TB, f *File[position]) outcome {
	t.Helper()
	value, err := f.Load()
	if err != nil {
		wantError(t, "Load()", err, ErrDamaged)
	}
	return outcome{value, err != nil}
}

// A save that is cut off at any step leaves what was there or what it was to write, and the next save works.
func TestSaveCutOff(t *testing.T) {
	t.Parallel()
	for name, before := range situations(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := 1; cutOff(t, before, cut); cut++ {
			}
		})
	}
}

var errCut = errors.New("cut off")

// cutOff ends a save before its step number cut, and tells whether it has so many.
func cutOff(t *testing.T, before files, cut int) bool {
	t.Helper()
	dir := t.TempDir()
	before.write(t, dir)
	path := filepath.Join(dir, "s")
	f := mustOpen[position](t, path)
	was := load(t, f)
	step := ""
	f.store.step = func(name string) error {
		if cut--; cut > 0 {
			return nil
		}
		step = name
		return errCut
	}
	err := f.Save(at(100))
	mustClose(t, f)
	if step != "" {
		wantError(t, "Save() cut off before "+step, err, errCut)
	}
	f = mustOpen[position](t, path)
	defer f.Close()
	saved := outcome{Value: at(100)}
	if got := load(t, f); got != saved && (err == nil || got != was) {
		t.Errorf("cut off before %q: Load() = %+v, want %+v or what was saved", step, got, was)
	}
	for offset := range int64(3) {
		mustSave(t, f, at(200+offset))
		wantLoad(t, f, at(200+offset))
	}
	nothingLost(t, before, readFiles(t, dir))
	return step != ""
}

// nothingLost looks for all that was not a checkpoint.
func nothingLost(t *testing.T, before, after files) {
	t.Helper()
	kept := slices.Collect(maps.Values(after))
	for name, content := range before {
		_, payload, err := unseal([]byte(content))
		usable := err == nil && decode(payload, new(position)) == nil
		torn := name == "s.new" && ours([]byte(content))
		if !usable && !torn && !slices.Contains(kept, content) {
			t.Errorf("%s is lost: there are %q", name, after.names())
		}
	}
}

// A disk that fails at a step is no reason to fail for ever.
func TestSaveFails(t *testing.T) {
	t.Parallel()
	for _, failing := range []string{"create", "write", "sync", "rename s to s.old", "rename s.new to s", "sync folder"} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			f := mustOpen[position](t, filepath.Join(t.TempDir(), "s"))
			mustSave(t, f, at(1))
			f.store.step = func(name string) error {
				if name == failing {
					return errCut
				}
				return nil
			}
			wantError(t, "Save()", f.Save(at(2)), errCut)
			if got := load(t, f).Value; got != at(1) && got != at(2) {
				t.Errorf("Load() = %v, want the value before or the new one", got)
			}
			f.store.step = func(string) error { return nil }
			mustSave(t, f, at(3))
			wantLoad(t, f, at(3))
		})
	}
}

// Every beginning of a file is found to be one, at each place that a file can be.
func TestTorn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	one, two := container(t, 1, at(1)), container(t, 2, at(2))
	f := mustOpen[position](t, path)
	for size := range two {
		for _, tt := range []struct {
			name   string
			before files
			want   outcome
		}{
			{"newest", files{"s": two[:size], "s.old": one}, outcome{Value: at(1)}},
			{"old", files{"s": two, "s.old": one[:min(size, len(one)-1)]}, outcome{Value: at(2)}},
			{"new", files{"s": one, "s.new": two[:size]}, outcome{Value: at(1)}},
			{"only", files{"s": two[:size]}, outcome{Damaged: true}},
		} {
			tt.before.write(t, dir)
			if got := load(t, f); got != tt.want {
				t.Errorf("%s of %d bytes: Load() = %+v, want %+v", tt.name, size, got, tt.want)
			}
			for name := range tt.before {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestFlippedBits(t *testing.T) {
	t.Parallel()
	content := []byte(container(t, 2, at(2)))
	for i := range len(content) * 8 {
		content[i/8] ^= 1 << (i % 8)
		if sequence, payload, err := unseal(content); err == nil {
			t.Errorf("unseal() with bit %d flipped = %d, %x, want an error", i, sequence, payload)
		}
		content[i/8] ^= 1 << (i % 8)
	}
}

func TestDamageIsReported(t *testing.T) {
	t.Parallel()
	good := container(t, 1, at(1))
	for _, tt := range []struct{ name, content, reason string }{
		{"empty", "", "empty"},
		{"foreign", "#!/bin/sh\n", `"not a checkpoint"`},
		{"zeros", strings.Repeat("\x00", 100), `"not a checkpoint"`},
		{"cut in the header", good[:9], `"cut short: 9 bytes"`},
		{"cut in the value", good[:30], `"30 bytes, want 48"`},
		{"too long", good + "x", `"49 bytes, want 48"`},
		{"wrong version", strings.Replace(good, "\x00\x01", "\x00\x02", 1), `"version 2, want 1"`},
		{"wrong byte", strings.Replace(good, "app", "apq", 1), `"wrong checksum"`},
		{"another type", container(t, 1, 5), `"cbor: cannot unmarshal positive integer into Go value of type checkpoint.position"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log journal
			dir := t.TempDir()
			files{"s": tt.content, "s.old": good}.write(t, dir)
			f := mustOpen[position](t, filepath.Join(dir, "s"), Logger(log.logger()))
			wantLoad(t, f, at(1))
			mustSave(t, f, at(2))
			want := []string{
				`level=WARN msg="checkpoint is damaged" path=s reason=` + tt.reason,
				`level=WARN msg="checkpoint moved aside" path=s to=s.damaged reason=` + tt.reason,
			}
			if diff := cmp.Diff(want, log.lines(dir)); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
			if got := readFiles(t, dir)["s.damaged"]; got != tt.content {
				t.Errorf("s.damaged = %q, want %q", got, tt.content)
			}
		})
	}
}

func TestAllDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := files{"s": "a", "s.old": ""}
	before.write(t, dir)
	path := filepath.Join(dir, "s")
	f := mustOpen[position](t, path)
	for range 2 { // a look changes nothing
		_, err := f.Load()
		wantError(t, "Load()", err, ErrDamaged)
		want := `checkpoint: file "` + path + "\": no usable value: s: not a checkpoint\ns.old: empty"
		if err == nil || err.Error() != want {
			t.Errorf("Load() = %v, want %s", err, want)
		}
	}
	mustClose(t, f)
	if diff := cmp.Diff(before, readFiles(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestHuge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Truncate(1<<40), file.Close()); err != nil {
		t.Skipf("needs a file system with sparse files, as Linux has: %v", err)
	}
	_, err = mustOpen[position](t, filepath.Join(dir, "s")).Load()
	wantError(t, "Load()", err, ErrDamaged)
}

// A folder in the place of the old generation is moved aside with all that is in it.
func TestFolderInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"s.old", "s.new"} {
		if err := os.MkdirAll(filepath.Join(dir, name, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	files{"s": container(t, 1, at(1)), "s.old/sub/a": "mine", "s.new/b": "mine too"}.write(t, dir)
	f := mustOpen[position](t, filepath.Join(dir, "s"))
	mustSave(t, f, at(2))
	wantLoad(t, f, at(2))
	want := []string{"s", "s.damaged.1/sub/a", "s.damaged/b", "s.old"}
	if diff := cmp.Diff(want, readFiles(t, dir).names()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// FuzzLoad looks for bytes that are taken for a checkpoint and are none, or that panic.
func FuzzLoad(f *testing.F) {
	for _, before := range situations(f) {
		for _, content := range before {
			f.Add([]byte(content))
		}
	}
	f.Add([]byte(container(f, 1, map[string]any{"file": []any{1, nil, true}, "offset": -1.5})))
	f.Fuzz(func(t *testing.T, content []byte) {
		reencode(t, content) // the fuzzer cannot guess checksums
		sequence, payload, err := unseal(content)
		if err != nil {
			return
		}
		again, err := seal(sequence, payload)
		if err != nil || string(again) != string(content) {
			t.Errorf("seal(unseal(%x)) = %x, %v", content, again, err)
		}
	})
}

// reencode takes bytes for a payload: what can be loaded can be saved.
func reencode(t *testing.T, payload []byte) {
	var first, second position
	if decode(payload, &first) != nil {
		return
	}
	again, err := encode(first)
	if err == nil {
		err = decode(again, &second)
	}
	if err != nil || first != second {
		t.Errorf("%x is %v, and encoded again %v, %v", payload, first, second, err)
	}
}
