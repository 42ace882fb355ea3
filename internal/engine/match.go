package engine

import (
	"fmt"
	"regexp"
	"strings"
)

// match decides which tags an output gets: those of its wildcard, and those of its regular expression.
type match struct {
	wildcard string // "" matches nothing
	regex    *regexp.Regexp
}

func (m match) isZero() bool { return m.wildcard == "" && m.regex == nil }

func (m match) tag(tag string) bool {
	return m.regex != nil && matchRegex(m.regex, tag) || m.wildcard != "" && matchWildcard(m.wildcard, tag)
}

// matchRegex looks at the tag's beginning only and wants at least one character, as onig_match in flb_router.c does.
func matchRegex(re *regexp.Regexp, tag string) bool {
	loc := re.FindStringIndex(tag)
	return loc != nil && loc[1] > 0
}

// matchWildcard reports whether tag is pattern, in which any number of * stand for any text, also none.
func matchWildcard(pattern, tag string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == tag
	}
	tag, ok := strings.CutPrefix(tag, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		i := strings.Index(tag, part)
		if i < 0 {
			return false
		}
		tag = tag[i+len(part):]
	}
	return strings.HasSuffix(tag, parts[last])
}

// compileRegex reads a match_regex. Fluent Bit's are Onigmo's: what Go does not know of them, such as lookaround, is
// an error. Slashes around the expression are taken off (flb_regex.c).
func compileRegex(text string) (*regexp.Regexp, error) {
	if len(text) > 1 && text[0] == '/' && text[len(text)-1] == '/' {
		text = text[1 : len(text)-1]
	}
	re, err := regexp.Compile(`\A(?:` + text + `)`)
	if err != nil {
		return nil, fmt.Errorf("%w (the embedded engine knows Go's syntax only)", err)
	}
	return re, nil
}
