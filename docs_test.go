package plugin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// A link to a file of this repository, or to a heading.
var link = regexp.MustCompile(`\]\(([^):\s]*?)(#[^)\s]*)?\)`)

// A block of code, which has no links.
var block = regexp.MustCompile("(?ms)^```.*?^```$")

// TestLinks looks for what pages link to.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(block.ReplaceAllString(read(t, page), ""), -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link %s: %v", page, m[0], err)
			} else if m[2] != "" && !headings(read(t, target))[m[2]] {
				t.Errorf("%s: link %s: %s has no such heading", page, m[0], target)
			}
		}
	}
}

// TestLengths counts the lines of files that a page says the length of.
func TestLengths(t *testing.T) {
	t.Parallel()
	length := regexp.MustCompile(`\[(\d+) lines\]\((\S+?)\)`)
	for _, page := range pages(t) {
		for _, m := range length.FindAllStringSubmatch(read(t, page), -1) {
			if n := strings.Count(read(t, filepath.Join(filepath.Dir(page), m[2])), "\n"); strconv.Itoa(n) != m[1] {
				t.Errorf("%s: %s lines of %s, want %d", page, m[1], m[2], n)
			}
		}
	}
}

// headings are the anchors of a page, as GitHub makes them.
func headings(text string) map[string]bool {
	anchors := map[string]bool{}
	for line := range strings.Lines(text) {
		title, is := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !is || line[0] != '#' {
			continue
		}
		anchors["#"+strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title))] = true
	}
	return anchors
}
