// Package reference keeps the reference pages of an example equal to its config struct.
package reference

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the pages instead of comparing them")

// Check compares the pages in the folder reference with what the registered plugin's config struct says, or writes them
// if the test runs with -update, as go generate does.
func Check(t *testing.T) {
	t.Helper()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range p.Reference().Pages() {
		file := filepath.Join("reference", name)
		if *update {
			write(t, file, want)
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v (go generate writes it)", err)
			continue
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not what go generate writes (-want +got)\n%s", file, diff)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
