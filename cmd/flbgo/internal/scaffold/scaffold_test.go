package scaffold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, kind, plugin, want string }{
		{"good", "input", "weather_2", ""},
		{"name of the other kind", "output", "tail", ""},
		{"kind", "filter", "x", "neither input nor output"},
		{"empty", "input", "", "want lower case letters"},
		{"upper case", "input", "Weather", "want lower case letters"},
		{"dash", "input", "my-input", "want lower case letters"},
		{"path", "input", "../x", "want lower case letters"},
		{"digit first", "input", "2x", "want lower case letters"},
		{"underscores", "input", "a__b", "want lower case letters"},
		{"prefix", "input", "in_weather", "leave out in_"},
		{"Fluent Bit's own input", "input", "tail", "(want another, such as go_tail)"},
		{"Fluent Bit's own output", "output", "http", "Fluent Bit has an output of that name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := Plugin{Kind: tt.kind, Name: tt.plugin}.Check()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Check() = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	got, err := Write(dir, Plugin{Kind: "output", Name: "tickets", Module: "example.com/x", Library: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".github/workflows/ci.yml", ".gitignore", "Dockerfile", "README.md", "fluent-bit.conf", "fluent-bit.yaml",
		"go.mod", "main.go", "main_test.go", "plugins.conf"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, name := range got {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(b), "<%") || strings.Contains(string(b), "no value") {
			t.Errorf("%s = %q, %v, want it filled in", name, b, err)
		}
		if strings.HasSuffix(name, "ml") {
			if err := yaml.Unmarshal(b, new(any)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := Write(dir, Plugin{Kind: "output", Name: "tickets"}); err == nil || !strings.Contains(err.Error(), "is not empty: it holds Dockerfile") {
		t.Errorf("second Write() = %v, want that the folder is not empty", err)
	}
}
