package fluentbit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"path/fluent-bit": 0o755, "packaged": 0o755, "given": 0o755, "plain": 0o644} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, given, path, last string
		want                    string
		wantErr                 string
	}{
		{"given", dir + "/given", dir + "/path", dir + "/packaged", dir + "/given", ""},
		{"given, by name", "fluent-bit", dir + "/path", dir + "/none", dir + "/path/fluent-bit", ""},
		{"given, missing", dir + "/none", dir + "/path", dir + "/packaged", "", "FLUENT_BIT: "},
		{"given, not executable", dir + "/plain", dir + "/path", dir + "/packaged", "", "FLUENT_BIT: "},
		{"in PATH", "", dir + "/path", dir + "/packaged", dir + "/path/fluent-bit", ""},
		{"packaged", "", dir, dir + "/packaged", dir + "/packaged", ""},
		{"nowhere", "", dir, dir + "/none", "", "or set FLUENT_BIT to the program's path"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			got, err := Find(tt.given, tt.last)
			if got != tt.want || (err != nil) != (tt.wantErr != "") {
				t.Fatalf("Find(%q, %q) = %q, %v, want %q", tt.given, tt.last, got, err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("Find(%q, %q): %v, want %q in it", tt.given, tt.last, err, tt.wantErr)
			}
		})
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b Release
		want bool
	}{
		{Release{5, 1, 1}, Release{5, 1, 1}, false},
		{Release{5, 1, 0}, Release{5, 1, 1}, true},
		{Release{4, 9, 9}, Release{5, 0, 0}, true},
		{Release{5, 2, 0}, Release{5, 1, 9}, false},
	} {
		if got := test.a.Before(test.b); got != test.want {
			t.Errorf("%v.Before(%v) = %t, want %t", test.a, test.b, got, test.want)
		}
	}
}

// skips writes down why a test would be skipped.
type skips struct{ reason string }

func (s *skips) Helper()                          {}
func (s *skips) Skipf(format string, args ...any) { s.reason = format }

func TestForTest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fluent-bit")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho Fluent Bit v4.2.3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLUENT_BIT", path)
	for _, test := range []struct {
		major, minor, patch int
		skipped             bool
	}{
		{4, 2, 3, false},
		{5, 0, 0, true},
	} {
		var s skips
		got := ForTest(&s, test.major, test.minor, test.patch)
		if skipped := strings.HasPrefix(s.reason, "needs"); got != path || skipped != test.skipped {
			t.Errorf("ForTest(%d, %d, %d) = %q, skipped %t, want %q, %t", test.major, test.minor, test.patch, got, skipped, path, test.skipped)
		}
	}
}
