package checkpoint

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// position is the state of most tests.
type position struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
}

func at(offset int64) position { return position{"app.log", offset} }

// journal is a log that a test reads, without its times.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// lines returns the log, with dir left out of paths.
func (j *journal) lines(dir string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := strings.ReplaceAll(j.text.String(), dir+string(filepath.Separator), "")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func mustOpen[S any](t testing.TB, path string, opts ...Option) *File[S] {
	t.Helper()
	f, err := Open[S](path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, f) })
	return f
}

func mustClose[S any](t testing.TB, f *File[S]) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Errorf("Close() = %v, want nil", err)
	}
}

func mustSave[S any](t testing.TB, f *File[S], value S) {
	t.Helper()
	if err := f.Save(value); err != nil {
		t.Fatalf("Save(%v) = %v, want nil", value, err)
	}
}

func wantLoad[S any](t testing.TB, f *File[S], want S) {
	t.Helper()
	got, err := f.Load()
	if err != nil {
		t.Fatalf("Load() = %v, want %v", err, want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load() (-want +got):\n%s", diff)
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if own := new(Error); !errors.Is(err, want) || !errors.As(err, &own) {
		t.Errorf("%s = %v, want an *Error that is %q", what, err, want)
	}
}

// container is what a file of this value holds.
func container(t testing.TB, sequence uint64, value any) string {
	t.Helper()
	payload, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	content, err := seal(sequence, payload)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// files are contents by name.
type files map[string]string

func (f files) write(t testing.TB, dir string) {
	t.Helper()
	for name, content := range f {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// readFiles reads all but the lock.
func readFiles(t testing.TB, dir string) files {
	t.Helper()
	found := files{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		found[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (f files) names() []string { return slices.Sorted(maps.Keys(f)) }
