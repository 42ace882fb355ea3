package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Markdown renders a reference table: a row a property. The texts of the struct tags are taken for plain text, so that
// Markdown in them is escaped. It ends in a line break.
func (s Schema) Markdown() string {
	if len(s.Properties) == 0 {
		return "No properties.\n"
	}
	var b strings.Builder
	b.WriteString("| Property | Type | Default | Required | Allowed | Description |\n")
	b.WriteString("|---|---|---|---|---|---|\n")
	for i := range s.Properties {
		p := &s.Properties[i]
		must, allowed := s.requirement(p)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", codeSpan(p.Name), plainText(p.typeText()), defaultCell(p),
			plainText(must), plainText(allowed), plainText(description(p)))
	}
	return b.String()
}

func description(p *Property) string {
	if p.Deprecated {
		return "Deprecated. " + p.Description
	}
	return p.Description
}

// requirement says when the property must be set, and what is allowed.
func (s *Schema) requirement(p *Property) (must, allowed string) {
	var when, rest []string
	if s.always(p) {
		when = []string{"yes"}
	}
	for _, text := range s.allowed(p) {
		if condition, ok := strings.CutPrefix(text, "required "); ok {
			when = append(when, condition)
			continue
		}
		rest = append(rest, text)
	}
	return strings.Join(when, "; "), strings.Join(rest, "; ")
}

func defaultCell(p *Property) string {
	text, ok := p.shownDefault()
	switch {
	case ok:
		return codeSpan(text)
	case p.HasDefault:
		return "not shown"
	}
	return ""
}

// codeSpan is text as code in a cell of a table: within a fence longer than any row of backticks in the text. A bar ends
// a cell even there, unless it is escaped.
func codeSpan(text string) string {
	if text != oneLine(text) {
		text = strconv.Quote(text)
	}
	text = strings.ReplaceAll(text, "|", `\|`)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "|", `\|`, "*", `\*`, "<", `\<`, "[", `\[`, "&", `\&`)

// outerUnderscores are those that Markdown may take for emphasis; inside of a word it does not.
var outerUnderscores = regexp.MustCompile(`\b_+|_+\b`)

// plainText is text in a cell of a table.
func plainText(text string) string {
	text = markdownEscapes.Replace(oneLine(text))
	return outerUnderscores.ReplaceAllStringFunc(text, func(row string) string { return strings.ReplaceAll(row, "_", `\_`) })
}

// oneLine is text with a blank for any row of white space, as Markdown shows it.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
