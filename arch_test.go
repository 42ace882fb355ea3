package plugin_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/calyptia/plugin"

// mayImport lists, by folder, the folders of this module that its code may import; tests may import more. A folder that is
// not listed, such as an example, may import what an author can, and cmd what it likes.
var mayImport = map[string][]string{
	".":                        {"config", "record", "metric", "internal/capture", "internal/proxy", "bridge"},
	"config":                   {},
	"record":                   {},
	"metric":                   {},
	"checkpoint":               {},
	"internal/proxy":           {"config", "metric"},
	"internal/proxy/proxytest": {"metric", "internal/proxy"},
	"bridge":                   {"config", "metric", "internal/proxy"},
	"internal/capture":         {},
	"internal/cshared":         {},
	"internal/engine":          {"record", "internal/engine/chost", "internal/engine/conffile"},
	"internal/engine/chost":    {},
	"internal/engine/conffile": {},
	"internal/e2e":             {},
	"internal/fluentbit":       {},
	"internal/reference":       {"config", "internal/proxy"},
	"plugintest":               {".", "config", "record", "metric", "internal/capture", "internal/proxy", "internal/proxy/proxytest", "internal/cshared", "internal/engine/chost", "internal/engine/conffile"},
}

var author = []string{".", "config", "record", "metric", "checkpoint"}

// TestArchitecture holds the rules of the house: one direction of dependencies, import "C" in bridge alone, unsafe
// there and in record's run files alone.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range goFiles(t) {
		dir := path.Dir(file)
		seen[dir] = true
		allowed, listed := mayImport[dir]
		if !listed {
			allowed = author
		}
		test := strings.HasSuffix(file, "_test.go") || strings.HasPrefix(dir, "cmd/")
		for _, imported := range imports(t, file) {
			switch inside, own := strings.CutPrefix(imported+"/", module+"/"); {
			case imported == "C" && dir != "bridge":
				t.Errorf(`%s: import "C" belongs in bridge`, file)
			case imported == "unsafe" && !test && dir != "bridge" && !runsPlans(file):
				t.Errorf("%s: unsafe belongs in bridge and in record's plan files", file)
			case own && !test && !slices.Contains(allowed, path.Clean(inside)):
				t.Errorf("%s imports %s, want only %v", file, imported, allowed)
			}
		}
	}
	for dir := range mayImport {
		if !seen[dir] {
			t.Errorf("%s: listed, but has no Go file", dir)
		}
	}
}

func runsPlans(file string) bool {
	return path.Dir(file) == "record" && strings.Contains(path.Base(file), "plan")
}

// goFiles returns the Go files of the module, by path from its root; testdata is none of it.
func goFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(p, ".go"):
			files = append(files, filepath.ToSlash(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(t *testing.T, file string) (paths []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}
