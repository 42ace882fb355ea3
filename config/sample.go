package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Classic renders a section of a fluent-bit.conf for the plugin called name; kind is input, output or custom. The
// properties that a section cannot do without are set, to a placeholder that is valid as far as the struct tags tell. All
// others are commented out with their default, or with an example where there is none; taking the # away sets them.
// Deprecated ones are left out. It ends in a line break.
func (s Schema) Classic(kind, name string) string {
	width := s.widest() + 2
	w := sample{indent: "    ", value: classicValue}
	w.pair = func(key, value string) string { return fmt.Sprintf("%-*s %s", width, key, value) }
	w.b.WriteString("[" + strings.ToUpper(kind) + "]\n")
	w.head(kind, name)
	w.properties(&s)
	return w.b.String()
}

// YAML renders a section of a fluent-bit.yaml, with everything around it that makes it a whole file, in the manner of
// [Schema.Classic]. All values are written as text, since the engine takes them so.
func (s Schema) YAML(kind, name string) string {
	w := sample{indent: "      ", dash: "    - ", value: yamlValue}
	w.pair = func(key, value string) string { return key + ": " + value }
	if kind == "custom" {
		w.indent, w.dash = "    ", "  - "
		w.b.WriteString("customs:\n")
	} else {
		w.b.WriteString("pipeline:\n  " + kind + "s:\n")
	}
	w.head(kind, name)
	w.properties(&s)
	return w.b.String()
}

func (s *Schema) widest() int {
	width := len("match")
	for i := range s.Properties {
		width = max(width, len(s.Properties[i].Name))
	}
	return width
}

// sample writes one section.
type sample struct {
	b      strings.Builder
	indent string
	dash   string // instead of indent on the section's first line; empty for the same
	pair   func(key, value string) string
	value  func(text string) (string, bool) // false: it cannot be written in this form
}

// head writes the engine's own properties that nobody leaves out.
func (w *sample) head(kind, name string) {
	indent := w.indent
	if w.dash != "" {
		indent = w.dash
	}
	w.b.WriteString(indent + w.line("", "name", name) + "\n")
	switch kind {
	case "input":
		w.b.WriteString(w.indent + w.line("", "tag", name) + "\n")
	case "output":
		w.b.WriteString(w.indent + w.line("", "match", "*") + "\n")
	}
}

func (w *sample) properties(s *Schema) {
	for i := range s.Properties {
		if p := &s.Properties[i]; !p.Deprecated {
			w.property(s, p)
		}
	}
}

func (w *sample) property(s *Schema, p *Property) {
	w.b.WriteString("\n")
	for line := range strings.Lines(p.Description) {
		w.comment(strings.TrimSpace(line))
	}
	h := s.hint(p)
	w.comment("(" + s.note(p) + ")")
	text, shown := p.shownDefault()
	switch {
	case h.live:
		w.b.WriteString(w.indent + w.line("", p.Name, h.example) + "\n")
	case shown:
		w.b.WriteString(w.indent + w.line("#", p.Name, text) + "\n")
	default:
		w.b.WriteString(w.indent + w.line("#", p.Name, h.example) + "\n")
	}
}

func (w *sample) comment(text string) { w.b.WriteString(w.indent + "# " + text + "\n") }

// line is a property, or a remark that it cannot be written.
func (w *sample) line(mark, key, text string) string {
	value, ok := w.value(text)
	if !ok {
		return "# " + key + " has a default that this form of the file cannot express"
	}
	return w.pair(mark+key, value)
}

// trimmed says whether the engine, which takes white space off both ends even between quotes, leaves text alone.
func trimmed(text string) bool { return text != "" && strings.TrimSpace(text) == text }

// classicValue writes a value as it is: the classic form has neither quotes nor escapes.
func classicValue(text string) (string, bool) {
	return text, trimmed(text) && !strings.ContainsAny(text, "\r\n")
}

// yamlValue quotes a value unless any reader of YAML takes it for the text that it is, or for a number or a boolean, which
// the engine takes as text.
func yamlValue(text string) (string, bool) {
	switch {
	case !trimmed(text):
		return "", false
	case strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }):
		return strconv.Quote(text), true
	case plainYAML(text):
		return text, true
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'", true
}

func plainYAML(text string) bool {
	bare := strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-:")
	return bare == "" && !strings.ContainsAny(text[:1], "-+:.") && !strings.HasSuffix(text, ":")
}
