package conffile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// files writes a tree of files, of which the first named is returned.
func files(t *testing.T, name, text string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	more = append(more, name, text)
	for i := 0; i < len(more); i += 2 {
		path := filepath.Join(dir, more[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(more[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, name)
}

// places are not compared where a test is about values.
var noPlaces = cmp.Options{
	cmpopts.IgnoreFields(Property{}, "File", "Line"),
	cmpopts.IgnoreFields(Section{}, "File", "Line"),
	cmpopts.IgnoreFields(Plugin{}, "File", "Line"),
	cmpopts.EquateEmpty(),
}

func props(keysAndValues ...string) []Property {
	var all []Property
	for i := 0; i < len(keysAndValues); i += 2 {
		all = append(all, Property{Key: keysAndValues[i], Value: keysAndValues[i+1]})
	}
	return all
}

func TestLoadClassic(t *testing.T) {
	t.Parallel()
	got, err := Load("testdata/fluent-bit.conf")
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		File: "testdata/fluent-bit.conf",
		Service: Section{Kind: "service", Properties: props("flush", "0.5", "log_level", "info",
			"plugins_file", "plugins.conf", "parsers_file", "parsers.conf")},
		Plugins: []Plugin{{Path: "./kinesis.so"}, {Path: "/usr/lib/in_proc.so"}},
		Inputs: []Section{
			{Kind: "input", Name: "in_proc", Properties: props("tag", "app.proc", "interval", "5s")},
			{Kind: "input", Name: "dummy", Properties: props(
				"dummy", `{"message": "two  blanks # no comment"}`, "tag", "app.dummy", "tag", "second")},
		},
		Outputs: []Section{
			{Kind: "output", Name: "kinesis", Properties: props("match", "app.*", "region", "eu-west-1",
				"stream", "logs-eu-west-1", "data_keys", "a, b , c",
				"template", `{"text": "say \"hi\"\t"}`, "quoted", `"kept as written"`)},
			{Kind: "output", Name: "stdout", Properties: props("match_regex", `^app\..+$`)},
		},
		Unsupported: []Section{
			{Kind: "filter", Name: "grep", Properties: props("match", "*", "regex", `log ^\S+\s.*#tag$`)},
		},
		Warnings: []string{"testdata/fluent-bit.conf:26: variable ${UNSET_${REGION} is used but not set"},
	}
	if diff := cmp.Diff(want, got, noPlaces); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

func TestLoadYAML(t *testing.T) {
	t.Parallel()
	got, err := Load("testdata/fluent-bit.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		File:    "testdata/fluent-bit.yaml",
		Service: Section{Kind: "service", Properties: props("flush", "1", "log_level", "debug")},
		Plugins: []Plugin{{Path: "./kinesis.so"}},
		Inputs: []Section{{Kind: "input", Name: "dummy",
			Properties: props("dummy", `{"message": "hi"}`, "tag", "app.dummy")}},
		Outputs: []Section{{Kind: "output", Name: "kinesis", Properties: props("match", "app.*",
			"data_keys", "a", "data_keys", "b", "data_keys", "c", "http_request_timeout", "0x10", "log_key", "yes",
			"Region", "eu-west-1", "stream", "logs-eu-west-1", "empty", "", "nothing", "null", "sample", "1.50")}},
		Unsupported: []Section{
			{Kind: "custom", Name: "calyptia", Properties: props("api_key", "none")},
			{Kind: "processors"},
			{Kind: "filter", Name: "grep", Properties: props("match", "*")},
		},
	}
	if diff := cmp.Diff(want, got, noPlaces); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

func TestLoadPlaces(t *testing.T) {
	t.Parallel()
	got, err := Load("testdata/fluent-bit.conf")
	if err != nil {
		t.Fatal(err)
	}
	section := got.Inputs[1]
	if want := filepath.Join("testdata", "inputs", "20-dummy.conf"); section.File != want || section.Line != 1 {
		t.Errorf("second input at %s:%d, want %s:1", section.File, section.Line, want)
	}
	if got := section.Properties[1].Line; got != 4 {
		t.Errorf("tag on line %d, want 4", got)
	}
	if got.Plugins[1].Line != 3 {
		t.Errorf("second plugin on line %d, want 3", got.Plugins[1].Line)
	}
}

func TestSectionGet(t *testing.T) {
	t.Parallel()
	s := Section{Properties: props("Tag", "one", "tag", "two", "empty", "")}
	tests := []struct {
		key, want string
		ok        bool
	}{
		{"tag", "one", true}, {"TAG", "one", true}, {"empty", "", true}, {"ta", "", false}, {"tags", "", false},
	}
	for _, tt := range tests {
		if got, ok := s.Get(tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("Get(%q) = %q, %v, want %q, %v", tt.key, got, ok, tt.want, tt.ok)
		}
	}
}

// Cases of proxy-abi.md section 9, each seen on Fluent Bit 5.1.1.
func TestClassicValues(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, line, key, value string }{
		{"quotes are kept", `K "a b"`, "k", `"a b"`},
		{"no escapes", `k a\tb\n`, "k", `a\tb\n`},
		{"blanks are trimmed", "k    a  b \t ", "k", "a  b"},
		{"no inline comment", "k a # b", "k", "a # b"},
		{"lower case key", "Log_Key_A x", "log_key_a", "x"},
		{"no snake case", "myKey x", "mykey", "x"},
		{"dotted key", "net.keepalive on", "net.keepalive", "on"},
		{"value like a header", "k [a]", "k", "[a]"},
		{"value with equals", "k a=b", "k", "a=b"},
		{"carriage return", "k v\r", "k", "v"},
		{"default of a variable", "k ${CONFFILE_NOT_SET:-a b}!", "k", "a b!"},
		{"empty default", "k x${CONFFILE_NOT_SET:-}", "k", "x"},
		{"not set", "k ${CONFFILE_NOT_SET}", "k", ""},
		{"open brace stays", "k a${b", "k", "a${b"},
		{"no name stays", "k a${}b", "k", "a${}b"},
		{"dollar stays", "k $a $(tag) $", "k", "$a $(tag) $"},
		{"once", "k ${TWICE}", "k", "${ONE}"},
		{"twice the indentation", "    k v", "k", "v"},
		{"several", "k ${ONE}-${ONE}", "k", "1-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// ${ONE is closed by the brace of a second expansion only, which must not happen.
			path := files(t, "a.conf", "@SET ONE=1\n@SET OPEN=${\n@SET TWICE=${OPEN}ONE}\n[INPUT]\n    name x\n    "+tt.line+"\n")
			c, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(props(tt.key, tt.value), c.Inputs[0].Properties, noPlaces); diff != "" {
				t.Errorf("Load(%q) (-want +got):\n%s", tt.line, diff)
			}
		})
	}
}

func TestYAMLValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, line string
		want       []Property
	}{
		{"camel case", "myLongKey: v", props("my_long_key", "v")},
		{"underscore", "my_Key: v", props("my_key", "v")},
		{"capital first", "MyKey: v", props("MyKey", "v")},
		{"acronym", "apiURL: v", props("api_u_r_l", "v")},
		{"text as written", "k: 0x10", props("k", "0x10")},
		{"yes", "k: yes", props("k", "yes")},
		{"tilde", "k: ~", props("k", "~")},
		{"empty", "k:", props("k", "")},
		{"empty quotes", `k: ""`, props("k", "")},
		{"trimmed inside quotes", `k: "  a b "`, props("k", "a b")},
		{"escapes of double quotes", `k: "a\tb"`, props("k", "a\tb")},
		{"no escapes in single quotes", `k: 'a\tb'`, props("k", `a\tb`)},
		{"comment", "k: a # b", props("k", "a")},
		{"first wins", "{k: 1, k: 2}", props("k", "1", "k", "2")},
		{"list", "k: [1, two]", props("k", "1", "k", "two")},
		{"number as key", "1: x", props("1", "x")},
		{"variable", "k: ${CONFFILE_NOT_SET:-x}", props("k", "x")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			line := "{name: x}\n"
			if strings.HasPrefix(tt.line, "{") {
				line = "{name: x, " + strings.TrimPrefix(tt.line, "{") + "\n"
			} else {
				line = "name: x\n      " + tt.line + "\n"
			}
			c, err := Load(files(t, "a.yaml", "pipeline:\n  inputs:\n    - "+line))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Inputs[0].Properties, noPlaces); diff != "" {
				t.Errorf("Load(%q) (-want +got):\n%s", tt.line, diff)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	t.Setenv("CONFFILE_A", "of the process")
	t.Setenv("CONFFILE_EMPTY", "")
	path := files(t, "a.conf", "[INPUT]\n  name ${CONFFILE_NAME}\n  a ${CONFFILE_A}\n  b ${CONFFILE_EMPTY}\n"+
		"@SET CONFFILE_NAME=dummy\n")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Section{{Kind: "input", Name: "dummy", Properties: props("a", "of the process", "b", "")}}
	if diff := cmp.Diff(want, c.Inputs, noPlaces); diff != "" {
		t.Errorf("Inputs (-want +got):\n%s", diff)
	}
	warning := path + ":4: variable ${CONFFILE_EMPTY} is used but not set"
	if diff := cmp.Diff([]string{warning}, c.Warnings); diff != "" {
		t.Errorf("Warnings (-want +got):\n%s", diff)
	}
}

func TestSetWinsOverProcess(t *testing.T) {
	t.Setenv("CONFFILE_B", "of the process")
	c, err := Load(files(t, "a.conf", "@SET CONFFILE_B=of the file\n[INPUT]\n  name ${CONFFILE_B}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Inputs[0].Name; got != "of the file" {
		t.Errorf("Name = %q, want %q", got, "of the file")
	}
}

func TestIncludes(t *testing.T) {
	t.Parallel()
	path := files(t, "main.conf", "[OUTPUT]\n  name a\n@INCLUDE sub/b.conf\n  match x\n",
		"sub/b.conf", "@include sub/c.conf\n[OUTPUT]\n\tname b\n",
		"sub/c.conf", "[OUTPUT]\n  name c\n")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Section{
		{Kind: "output", Name: "a", Properties: props("match", "x")}, {Kind: "output", Name: "c"}, {Kind: "output", Name: "b"},
	}
	if diff := cmp.Diff(want, c.Outputs, noPlaces); diff != "" {
		t.Errorf("Outputs (-want +got):\n%s", diff)
	}
}

func TestIncludesYAML(t *testing.T) {
	t.Parallel()
	path := files(t, "main.yaml", "includes: [sub/b.yaml]\n",
		"sub/b.yaml", "includes: ['c*.yaml']\n", "sub/c1.yaml", "env: {X: dummy}\n",
		"sub/c2.yaml", "pipeline:\n  inputs:\n  - {name: '${X}'}\n")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Section{{Kind: "input", Name: "dummy"}}, c.Inputs, noPlaces); diff != "" {
		t.Errorf("Inputs (-want +got):\n%s", diff)
	}
}

func TestServiceSectionsAreOne(t *testing.T) {
	t.Parallel()
	c, err := Load(files(t, "a.conf", "[SERVICE]\n  flush 1\n[service]\n  grace 2\n  flush 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(props("flush", "1", "grace", "2", "flush", "3"), c.Service.Properties, noPlaces); diff != "" {
		t.Errorf("Service (-want +got):\n%s", diff)
	}
}

func TestPluginsFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, text string
		want             []Plugin
		warnings         int
	}{
		{"classic", "p.conf", "[PLUGINS]\n  Path a.so\n  Path b.so\n[plugins]\n  path c.so\n",
			[]Plugin{{Path: "a.so"}, {Path: "b.so"}, {Path: "c.so"}}, 0},
		{"yaml", "p.yaml", "plugins:\n - a.so\n - b.so\n", []Plugin{{Path: "a.so"}, {Path: "b.so"}}, 0},
		{"misspelt key", "p.conf", "[PLUGINS]\n  Paht a.so\n", nil, 1},
		{"other section", "p.conf", "[ELSE]\n  path a.so\n", nil, 1},
		{"variables stay", "p.conf", "[PLUGINS]\n  path ${X}.so\n", []Plugin{{Path: "${X}.so"}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(files(t, "a.conf", "@SET D=etc\n[SERVICE]\n  plugins_file ${D}/"+tt.file+"\n", "etc/"+tt.file, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Plugins, noPlaces); diff != "" {
				t.Errorf("Plugins (-want +got):\n%s", diff)
			}
			if len(c.Warnings) != tt.warnings {
				t.Errorf("Warnings = %q, want %d", c.Warnings, tt.warnings)
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	f.Add("[INPUT]\n  Name dummy\n  # c\n\n@SET A=B\n@INCLUDE *\n")
	f.Add("[SERVICE\n\tA\tb\n")
	f.Add("[A]\r\n \t \r\n  [g]\n@\n@ x\n\v y\n")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := scan("f.conf", text)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.key == "" {
				t.Errorf("scan(%q): entry on line %d has no key", text, e.line)
			}
		}
	})
}
