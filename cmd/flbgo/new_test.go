package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// offline keeps the go command to the modules that this repository's tests have brought.
var offline = []string{"GOPROXY=off", "GOSUMDB=off", "GOWORK=off"}

// A new plugin is formatted, builds, passes its test and vet, and runs with both configurations.
func TestNew(t *testing.T) {
	t.Parallel()
	needCgo(t)
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ kind, name, want string }{
		{"input", "weather", `"message":"hello from in_weather","count":1}`},
		{"output", "tickets", `out_tickets app: message="hello"`},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			c := call{dir: parent, env: offline}
			c.flbgo(t, "new", tt.kind, tt.name, "--replace", repository).check(t, 0, "getting modules", "next: cd ")
			dirs, err := filepath.Glob(parent + "/*_" + tt.name)
			if err != nil || len(dirs) != 1 {
				t.Fatalf("folders = %q, %v, want one", dirs, err)
			}
			c.dir = dirs[0]
			if got := c.tool(t, "gofmt", "-l", "."); got != "" {
				t.Errorf("gofmt would change %s", got)
			}
			c.tool(t, "go", "vet", "./...")
			c.tool(t, "go", "test", "./...")
			for _, file := range []string{"fluent-bit.conf", "fluent-bit.yaml"} {
				got := c.flbgo(t, "run", "--tick", "10ms", "--for", "500ms", "-c", file)
				got.check(t, 0)
				if !strings.Contains(got.stdout, tt.want) {
					t.Errorf("run of %s prints %q, want %q in it", file, got.stdout, tt.want)
				}
			}
			c.flbgo(t, "build").check(t, 0)
		})
	}
}

// tool runs a command of Go's in the folder.
func (c call) tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), append(c.env, "PWD="+c.dir)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
