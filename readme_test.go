package plugin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A block of code in the README, or another page, under a comment that names the file it is from.
var fromFile = regexp.MustCompile("(?ms)^<!-- (\\S+) -->\n```\\w+\n(.*?)^```$")

// A block that is to be from a file. Commands, and excerpts that are marked as text, are not.
var ofFiles = regexp.MustCompile("(?m)^```(go|ini|yaml|dockerfile)$")

// pages are the README and the guides.
func pages(t *testing.T) []string {
	t.Helper()
	guides, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(guides, "README.md")
}

// TestPages holds code in pages equal to files that compile, or are run.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text := read(t, page)
		blocks := fromFile.FindAllStringSubmatch(text, -1)
		if n := len(ofFiles.FindAllString(text, -1)); len(blocks) < n {
			t.Errorf("%s: %d blocks of code, %d of them under a comment that names their file, want all", page, n, len(blocks))
		}
		for _, block := range blocks {
			if file := block[1]; !strings.Contains(read(t, file), block[2]) {
				t.Errorf("%s: the block of %s is not in that file:\n%s", page, file, block[2])
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
