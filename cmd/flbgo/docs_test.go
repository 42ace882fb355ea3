package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const examples = "../../examples"

// files are those of a folder, with their texts.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

// What a folder's plugin says is what go generate writes, in whatever form it is asked for.
func TestDocs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plugin(t, dir, examples+"/in_tail")
	want := files(t, examples+"/in_tail/reference")
	for format, page := range pageOf {
		got := call{dir: dir}.flbgo(t, "docs", "--format", format, "in_tail.so")
		got.check(t, 0)
		if diff := cmp.Diff(want[page], got.stdout); diff != "" || got.stderr != "" {
			t.Errorf("--format %s (-%s +standard output):\n%s\nstandard error %q, want nothing", format, page, diff, got.stderr)
		}
	}
	checkJSON(t, call{dir: dir}.flbgo(t, "docs", "--json", "in_tail.so"), want)
}

func checkJSON(t *testing.T, got outcome, want map[string]string) {
	t.Helper()
	got.check(t, 0)
	var all map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal([]byte(want["schema.json"]), &schema); err != nil {
		t.Fatal(err)
	}
	object := map[string]any{
		"kind": "input", "name": "go_tail", "description": "Lines that are appended to files", "schema": schema,
		"markdown": want["properties.md"], "classic": want["sample.conf"], "yaml": want["sample.yaml"],
	}
	if diff := cmp.Diff(object, all); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// A folder is built, and the pages are written, over older ones, and over nothing else.
func TestDocsOutput(t *testing.T) {
	t.Parallel()
	needCgo(t)
	dir := folder(t, "old/notes.md", "mine", "old/schema.json", "{}")
	want := files(t, examples+"/in_heartbeat/reference")
	source, err := filepath.Abs(examples + "/in_heartbeat")
	if err != nil {
		t.Fatal(err)
	}
	got := call{dir: source}.flbgo(t, "docs", "--output", dir+"/new/reference")
	got.check(t, 0, "building in_heartbeat ... ", "flbgo: "+dir+"/new/reference: properties.md, sample.conf, sample.yaml, schema.json\n")
	if diff := cmp.Diff(want, files(t, dir+"/new/reference")); diff != "" || got.stdout != "" {
		t.Errorf("new folder (-reference +got):\n%s\nstandard output %q, want nothing", diff, got.stdout)
	}
	call{dir: dir}.flbgo(t, "docs", source, "-o", "old").check(t, 0)
	want["notes.md"] = "mine"
	if diff := cmp.Diff(want, files(t, dir+"/old")); diff != "" {
		t.Errorf("folder with files (-want +got):\n%s", diff)
	}
}

func TestDocsUntyped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plugin(t, dir, examples+"/in_dummy")
	got := call{dir: dir}.flbgo(t, "docs", "in_dummy.so", "--output", "new")
	got.check(t, 1, `flbgo: docs: input "go-test-input-plugin" (Golang input plugin for testing) is untyped: `, "--json prints what is known")
	if _, err := os.Stat(dir + "/new"); err == nil || got.stdout != "" {
		t.Errorf("standard output = %q, Stat(new) = %v, want neither", got.stdout, err)
	}
	got = call{dir: dir}.flbgo(t, "docs", "in_dummy.so", "--json")
	got.check(t, 0)
	want := "{\n  \"kind\": \"input\",\n  \"name\": \"go-test-input-plugin\",\n  \"description\": \"Golang input plugin for testing\"\n}\n"
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("standard output (-want +got):\n%s", diff)
	}
}

func TestDocsRefuses(t *testing.T) {
	t.Parallel()
	dir := pluginOfC(t)
	if err := os.WriteFile(dir+"/text", []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"library in C", []string{"x.so"}, 1, `x.so exports no flbgo_describe: output "of_c" is made with an older release of github.com/calyptia/plugin, or without it (build it`},
		{"no library", []string{"none.so"}, 2, "none.so: no such file or directory (want a library, or the folder of a plugin)"},
		{"no library's bytes", []string{"text"}, 1, "(flbgo check says more)"},
		{"folder without plugin", nil, 1, "holds no Go files of a package main"},
		{"unknown format", []string{"--format", "html"}, 2, `--format must be one of "markdown","classic","yaml","schema" but got "html"`},
		{"format and JSON", []string{"--format", "yaml", "--json"}, 2, "either --format or --json, not both"},
		{"folder and JSON", []string{"-o", "new", "--json"}, 2, "either --output or a format to print, not both"},
		{"folder and format", []string{"-o", "new", "--format", "yaml"}, 2, "either --output or a format to print, not both"},
		{"file as folder", []string{"-o", "text"}, 2, "--output: text is no folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call{dir: dir}.flbgo(t, append([]string{"docs"}, tt.args...)...)
			got.check(t, tt.code, tt.want)
			if got.stdout != "" {
				t.Errorf("standard output = %q, want nothing", got.stdout)
			}
		})
	}
}

// What a library prints is not mixed with what it answers, and its crash is no crash of flbgo.
func TestDocsAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		code       int
		stdout     string
		stderr     string
	}{
		{"answer", `puts("hello"); return snprintf(text, size, "{\"name\": \"<c>\", \"schema\": {}, \"yaml\": \"%2000s\"}", "y")`,
			0, strings.Repeat(" ", 1999) + "y", "hello\n"},
		{"mistakes", `return snprintf(text, size, "{\"error\": \"plugin: no\"}")`, 1, "", "flbgo: docs: plugin: no\n"},
		{"no reference", `return snprintf(text, size, "[]")`, 1, "", "flbgo: docs: flbgo_describe answers what is no reference: json: "},
		{"refusal", `return -1`, 1, "", "flbgo: docs: chost: x.so: flbgo_describe: returned -1\n"},
		{"crash", `abort()`, 1, "", "flbgo: docs: chost: host died of SIGABRT in a question (x.so, "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := pluginOfC(t)
			source := "#include <stdio.h>\n#include <stdlib.h>\nint flbgo_describe(char *text, size_t size) { " + tt.body + "; }\n"
			cmd := exec.Command("cc", "-shared", "-fPIC", "-w", "-o", dir+"/x.so", "internal/doctor/testdata/plugin.c", "-x", "c", "-")
			cmd.Stdin = strings.NewReader(source)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", cmd, err, out)
			}
			got := call{dir: dir}.flbgo(t, "docs", "--format", "yaml", "x.so")
			got.check(t, tt.code, tt.stderr)
			if got.stdout != tt.stdout {
				t.Errorf("standard output = %q, want %q", got.stdout, tt.stdout)
			}
		})
	}
}

func TestDocsHelp(t *testing.T) {
	t.Parallel()
	got := call{dir: t.TempDir()}.flbgo(t, "docs", "--help")
	got.check(t, 0)
	for _, text := range append(slices.Collect(maps.Values(pageOf)), "    flbgo docs ") {
		if !strings.Contains(got.stdout, text) {
			t.Errorf("help has no %q:\n%s", text, got.stdout)
		}
	}
}
