package conffile

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// entry is one meaningful line of a classic file.
type entry struct {
	kind       entryKind
	key, value string // header: key is the name between the brackets; command: key is the word after @
	line       int
}

type entryKind int

const (
	headerEntry entryKind = iota
	propertyEntry
	commandEntry
)

// blanks are the characters that flb_sds_trim takes off both ends.
const blanks = " \t\r\n\v\f"

// scan splits the text of a classic file into its entries, without a look at what they mean.
func scan(file, text string) ([]entry, error) {
	var entries []entry
	var indent string // of the first indented line: the rest of the file must keep it
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		e, ok, err := scanLine(line, &indent)
		if err != nil {
			return nil, at(file, i+1, "%w", err)
		}
		if ok {
			e.line = i + 1
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// scanLine reports false for a line that holds nothing.
func scanLine(line string, indent *string) (entry, bool, error) {
	if line == "" || line[0] == '#' {
		return entry{}, false, nil
	}
	switch line[0] {
	case '[':
		e, err := scanHeader(line)
		return e, true, err
	case '@':
		e, err := scanCommand(line)
		return e, true, err
	}
	body, err := dedent(line, indent)
	if err != nil || body == "" || body[0] == '#' {
		return entry{}, false, err
	}
	e, err := scanProperty(body)
	return e, true, err
}

func scanHeader(line string) (entry, error) {
	name, _, ok := strings.Cut(line[1:], "]")
	if !ok {
		return entry{}, errors.New("section header without a closing ]")
	}
	if name == "" {
		return entry{}, errors.New("section header without a name")
	}
	return entry{kind: headerEntry, key: name}, nil
}

func scanCommand(line string) (entry, error) {
	name, args, _ := strings.Cut(line[1:], " ")
	args = strings.Trim(args, blanks)
	if name == "" || args == "" {
		return entry{}, fmt.Errorf("incomplete command %q (want @INCLUDE FILE or @SET NAME=VALUE)", line)
	}
	return entry{kind: commandEntry, key: strings.ToLower(name), value: args}, nil
}

func scanProperty(body string) (entry, error) {
	if body[0] == '[' {
		return entry{}, errors.New("section header is indented (groups inside a section are not supported)")
	}
	key, value, _ := strings.Cut(body, " ")
	key, value = strings.Trim(key, blanks), strings.Trim(value, blanks)
	if key == "" {
		return entry{}, errors.New("property without a key")
	}
	if word, _, tab := strings.Cut(key, "\t"); tab {
		return entry{}, fmt.Errorf("a tab follows key %q (a space must separate key and value)", word)
	}
	if value == "" {
		return entry{}, fmt.Errorf("key %q has no value", key)
	}
	return entry{kind: propertyEntry, key: strings.ToLower(key), value: value}, nil
}

// dedent takes the file's indentation off a line. The engine compares every line with the first indented one, comments
// and lines of nothing but blanks included (check_indent in flb_cf_fluentbit.c).
func dedent(line string, indent *string) (string, error) {
	width := len(line) - len(strings.TrimLeft(line, " \t"))
	if width == 0 {
		return "", errors.New("property is not indented")
	}
	if *indent == "" {
		*indent = line[:width]
	}
	body, ok := strings.CutPrefix(line, *indent)
	deeper := width - len(*indent)
	switch {
	case !ok && width < len(*indent):
		return "", fmt.Errorf("indented by %s, less than the lines before (%s)", inWords(line[:width]), inWords(*indent))
	case !ok:
		return "", fmt.Errorf("indented by %s where the lines before have %s: tabs and spaces are mixed",
			inWords(line[:width]), inWords(*indent))
	case deeper == len(*indent): // where the properties of a group are, but Fluent Bit asks for no group
		return body[deeper:], nil
	case deeper > 0:
		return "", fmt.Errorf("indented by %s, more than the lines before (%s)", inWords(line[:width]), inWords(*indent))
	}
	return body, nil
}

// inWords describes an indentation.
func inWords(indent string) string {
	tabs, spaces := strings.Count(indent, "\t"), strings.Count(indent, " ")
	switch {
	case tabs == 0:
		return plural(spaces, "space")
	case spaces == 0:
		return plural(tabs, "tab")
	}
	return plural(tabs, "tab") + " and " + plural(spaces, "space")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// classicFile adds what a classic file says. A section ends with its file: an included file neither continues the
// section around the @INCLUDE nor ends it.
func (r *reader) classicFile(file, text string) error {
	entries, err := scan(file, text)
	if err != nil {
		return err
	}
	current := -1 // index into r.sections
	for _, e := range entries {
		switch e.kind {
		case headerEntry:
			current, err = r.header(file, e)
		case propertyEntry:
			err = r.property(current, file, e)
		case commandEntry:
			err = r.command(file, e)
		}
		if err != nil {
			return err
		}
	}
	return r.named(file)
}

func (r *reader) header(file string, e entry) (int, error) {
	kind, ok := kindOf(e.key)
	if !ok && r.role == mainFile {
		return 0, at(file, e.line, "unknown section [%s] (want SERVICE, INPUT, OUTPUT, FILTER or CUSTOM)", e.key)
	}
	if by := belongs[kind]; by != "" && r.role == mainFile {
		return 0, at(file, e.line, "[%s] must be in a file of its own, which %s in [SERVICE] names", e.key, by)
	}
	r.sections = append(r.sections, Section{Kind: kind, File: file, Line: e.line})
	return len(r.sections) - 1, nil
}

func (r *reader) property(section int, file string, e entry) error {
	if section < 0 {
		return at(file, e.line, "key %q stands before any [SECTION]", e.key)
	}
	s := &r.sections[section]
	if e.key == "name" && isPlugin(s.Kind) {
		if s.Name == "" {
			s.Name = e.value
		}
		return nil
	}
	s.Properties = append(s.Properties, Property{Key: e.key, Value: e.value, File: file, Line: e.line})
	return nil
}

func (r *reader) command(file string, e entry) error {
	switch e.key {
	case "include":
		return r.include(file, e.line, e.value)
	case "set":
		key, value, ok := strings.Cut(e.value, "=")
		if !ok {
			return at(file, e.line, "@SET %s has no = (want @SET NAME=VALUE)", e.value)
		}
		r.vars = append(r.vars, Property{Key: strings.Trim(key, blanks), Value: value, File: file, Line: e.line})
		return nil
	}
	r.warn(file, e.line, "@%s is not known and ignored (want @INCLUDE or @SET)", strings.ToUpper(e.key))
	return nil
}

// include reads the file that name names, or with a * the files. A relative name counts from the directory of the first
// file, in an include of an include as well.
func (r *reader) include(file string, line int, name string) error {
	paths, err := r.included(name)
	if err == nil {
		err = r.files(paths)
	}
	if err != nil {
		return at(file, line, "include %s: %w", name, err)
	}
	return nil
}

func (r *reader) included(name string) ([]string, error) {
	if strings.Contains(name, "*") {
		return glob(r.dir, name)
	}
	path, err := r.find(name)
	return []string{path}, err
}

func (r *reader) files(paths []string) error {
	for _, path := range paths {
		if err := r.file(path); err != nil {
			return err
		}
	}
	return nil
}

func glob(dir, pattern string) ([]string, error) {
	paths, err := filepath.Glob(within(dir, pattern))
	if err == nil && len(paths) == 0 {
		err = errors.New("no file matches")
	}
	return paths, err
}

// within is name, counted from dir unless it is absolute.
func within(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// named refuses a plugin's section of file that names no plugin.
func (r *reader) named(file string) error {
	for _, s := range r.sections {
		if s.File == file && s.Name == "" && isPlugin(s.Kind) {
			return at(file, s.Line, "[%s] has no name property (want the plugin's name)", strings.ToUpper(s.Kind))
		}
	}
	return nil
}
