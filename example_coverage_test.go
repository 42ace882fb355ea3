package plugin_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"testing"
)

// TestExamples looks for exported functions, constructors included, that have no example, nor has their type.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, folder := range append([]string{"plugintest"}, author...) {
		p := documented(t, folder)
		for _, f := range p.Funcs {
			if len(f.Examples) == 0 {
				t.Errorf("%s.%s has no example", p.Name, f.Name)
			}
		}
		for _, typ := range p.Types {
			for _, f := range typ.Funcs {
				if len(f.Examples) == 0 && len(typ.Examples) == 0 {
					t.Errorf("%s.%s has no example, nor has %s", p.Name, f.Name, typ.Name)
				}
			}
		}
	}
}

// documented returns the documentation of the package in a folder, as pkg.go.dev shows it.
func documented(t *testing.T, folder string) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, file := range goFiles(t) {
		if path.Dir(file) != folder {
			continue
		}
		parsed, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, parsed)
	}
	p, err := doc.NewFromFiles(fset, files, path.Join(module, folder))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
