package conffile

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/fluentbit"
)

// errorCases have the error without "conffile: " and with DIR for the directory; it follows a leading DIR/.
var errorCases = []struct{ name, file, text, want string }{
	{"unknown section", c, "[INPTU]\n  name x\n",
		"a.conf:1: unknown section [INPTU] (want SERVICE, INPUT, OUTPUT, FILTER or CUSTOM)"},
	{"plugins in the main file", c, "[PLUGINS]\n  path x\n",
		"a.conf:1: [PLUGINS] must be in a file of its own, which plugins_file in [SERVICE] names"},
	{"parser in the main file", c, "[PARSER]\n  name x\n",
		"a.conf:1: [PARSER] must be in a file of its own, which parsers_file in [SERVICE] names"},
	{"header without end", c, "[INPUT\n", "a.conf:1: section header without a closing ]"},
	{"header without name", c, "[]\n", "a.conf:1: section header without a name"},
	{"no section", c, "  flush 1\n", `a.conf:1: key "flush" stands before any [SECTION]`},
	{"no value", c, "[SERVICE]\n  flush\n", `a.conf:2: key "flush" has no value`},
	{"blank value", c, "[SERVICE]\n  flush   \n", `a.conf:2: key "flush" has no value`},
	{"tab as separator", c, "[SERVICE]\n  flush\t1\n",
		`a.conf:2: a tab follows key "flush" (a space must separate key and value)`},
	{"no indentation", c, "[SERVICE]\nflush 1\n", "a.conf:2: property is not indented"},
	{"deeper", c, "[SERVICE]\n  flush 1\n   grace 1\n",
		"a.conf:3: indented by 3 spaces, more than the lines before (2 spaces)"},
	{"deeper comment", c, "[SERVICE]\n  flush 1\n      # x\n",
		"a.conf:3: indented by 6 spaces, more than the lines before (2 spaces)"},
	{"less", c, "[SERVICE]\n    flush 1\n \n", "a.conf:3: indented by 1 space, less than the lines before (4 spaces)"},
	{"mixed", c, "[SERVICE]\n  flush 1\n\t\tgrace 1\n",
		"a.conf:3: indented by 2 tabs where the lines before have 2 spaces: tabs and spaces are mixed"},
	{"group", c, "[INPUT]\n  name x\n  [PROCESSORS]\n",
		"a.conf:3: section header is indented (groups inside a section are not supported)"},
	{"no name", c, "[SERVICE]\n  flush 1\n[OUTPUT]\n  match *\n",
		"a.conf:3: [OUTPUT] has no name property (want the plugin's name)"},
	{"set without value", c, "@SET\n", `a.conf:1: incomplete command "@SET" (want @INCLUDE FILE or @SET NAME=VALUE)`},
	{"set without equals", c, "@SET A B\n", "a.conf:1: @SET A B has no = (want @SET NAME=VALUE)"},
	{"missing include", c, "@INCLUDE b.conf\n",
		"a.conf:1: include b.conf: no such file, neither as given nor as DIR/b.conf"},
	{"no match", c, "@INCLUDE b*.conf\n", "a.conf:1: include b*.conf: no file matches"},
	{"recursion", c, "@INCLUDE a.conf\n", "a.conf:1: include a.conf: DIR/a.conf is included twice"},
	{"missing plugins file", c, "[SERVICE]\n  plugins_file p.conf\n",
		"a.conf:2: plugins_file p.conf: no such file, neither as given nor as DIR/p.conf"},

	{"tab", y, "service:\n\tflush: 1\n", "a.yaml:2: yaml: found character that cannot start any token"},
	{"not a mapping", y, "- a\n", "a.yaml:1: a list where a mapping (key: value) is wanted"},
	{"unknown top section", y, "pipelines:\n  x: y\n",
		`a.yaml:1: unknown section "pipelines" (want env, includes, service, plugins, pipeline or customs)`},
	{"unknown pipeline section", y, "pipeline:\n  input: []\n",
		`a.yaml:2: unknown section "input" of pipeline (want inputs, filters or outputs)`},
	{"inputs as mapping", y, "pipeline:\n  inputs:\n    name: x\n", "a.yaml:3: a mapping where a list (- item) is wanted"},
	{"map as value", y, "pipeline:\n  inputs:\n    - name: x\n      headers: {a: b}\n",
		`a.yaml:4: property "headers": a mapping where text or a list is wanted`},
	{"map in a list", y, "pipeline:\n  inputs:\n    - name: x\n      headers: [{a: b}]\n",
		`a.yaml:4: property "headers": a list may only hold text`},
	{"alias", y, "pipeline:\n  inputs:\n    - name: &n x\n      tag: *n\n",
		`a.yaml:4: property "tag": an alias (*n), which Fluent Bit does not know, cannot be used`},
	{"section without name in yaml", y, "pipeline:\n  outputs:\n    - match: '*'\n",
		"a.yaml:3: output without a name (want the plugin's name)"},
	{"env as list of text", y, "env: [a]\n", `a.yaml:1: "a" where a mapping (key: value) is wanted`},
	{"env by uri", y, "env:\n  - name: a\n    uri: file:///x\n",
		"a.yaml:2: a variable needs name and value (uri is not supported)"},
	{"missing include in yaml", y, "includes: [b.yaml]\n",
		"a.yaml:1: include b.yaml: open DIR/b.yaml: no such file or directory"},
}

const c, y = "a.conf", "a.yaml"

// overlooked are the cases that Fluent Bit 5.1.1 does not mind.
var overlooked = map[string]bool{
	"unknown section":     true, // ignored with all it says
	"unknown top section": true, // likewise
	"header without name": true, // likewise
	"set without equals":  true, // printed, and ignored
	"no indentation":      true, // the key's first letter is taken for the indentation
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range errorCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := files(t, tt.file, tt.text)
			_, err := Load(path)
			if err == nil {
				t.Fatalf("Load(%q) = nil error, want %s", tt.text, tt.want)
			}
			got := strings.ReplaceAll(err.Error(), filepath.Dir(path), "DIR")
			if want := "conffile: DIR/" + tt.want; got != want {
				t.Errorf("Load(%q) error\n got %s\nwant %s", tt.text, got, want)
			}
		})
	}
}

// Fluent Bit must refuse what Load refuses, but for mistakes that it is known to overlook.
func TestErrorsAgainstFluentBit(t *testing.T) {
	t.Parallel()
	engine := fluentbit.ForTest(t, 5, 1, 1)
	for _, tt := range errorCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), engine, "-D", "-c", files(t, tt.file, tt.text))
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			if accepted := err == nil; accepted != overlooked[tt.name] {
				t.Errorf("fluent-bit accepts %q: %v, want %v\n%s", tt.text, accepted, !accepted, out)
			}
		})
	}
}

func TestLoadMissing(t *testing.T) {
	t.Parallel()
	_, err := Load("testdata/none.conf")
	if want := "conffile: open testdata/none.conf: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("Load(missing) = %v, want %s", err, want)
	}
}
