package plugin_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A block of code in the README, or another page, under a comment that names the file it is from.
var fromFile = regexp.MustCompile("(?ms)^<!-- (\\S+) -->\n```\\w+\n(.*?)^```$")

// TestPages holds code in pages equal to files that compile, or are run.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md"} {
		text := read(t, page)
		blocks := fromFile.FindAllStringSubmatch(text, -1)
		if goBlocks := strings.Count(text, "```go\n"); len(blocks) < goBlocks {
			t.Errorf("%s: %d blocks of Go, want each under a comment that names its file", page, goBlocks)
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
