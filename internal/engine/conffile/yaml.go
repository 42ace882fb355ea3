package conffile

import (
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// yamlFile adds what a YAML file says. Scalars are text as written: 0x10, yes and 1.50 stay what they are.
func (r *reader) yamlFile(file string, text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return syntaxError(file, err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return yamlReader{r, file}.top(doc.Content[0])
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// syntaxError is yaml's own message, with the line where other errors have it.
func syntaxError(file string, err error) error {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return at(file, 1, "%w", err)
	}
	line, _ := strconv.Atoi(m[1])
	return at(file, line, "yaml: %s", strings.TrimPrefix(err.Error(), m[0]))
}

// yamlReader is a reader at work on one YAML file.
type yamlReader struct {
	*reader
	file string
}

func (y yamlReader) at(n *yaml.Node, format string, args ...any) error {
	return at(y.file, n.Line, format, args...)
}

// pairs calls f with each key of a mapping.
func (y yamlReader) pairs(n *yaml.Node, f func(key, value *yaml.Node) error) error {
	if n.Kind == yaml.ScalarNode && n.Value == "" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return y.at(n, "%s where a mapping (key: value) is wanted", describe(n))
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind != yaml.ScalarNode {
			return y.at(n.Content[i], "%s as a key (want text)", describe(n.Content[i]))
		}
		if err := f(n.Content[i], n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// items calls f with each element of a list.
func (y yamlReader) items(n *yaml.Node, f func(*yaml.Node) error) error {
	if n.Kind == yaml.ScalarNode && n.Value == "" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return y.at(n, "%s where a list (- item) is wanted", describe(n))
	}
	for _, item := range n.Content {
		if err := f(item); err != nil {
			return err
		}
	}
	return nil
}

func (y yamlReader) scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", y.at(n, "%s where text is wanted", describe(n))
	}
	return strings.Trim(n.Value, blanks), nil
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (*" + n.Value + "), which Fluent Bit does not know,"
	}
	return strconv.Quote(n.Value)
}

// top reads the file's top level.
func (y yamlReader) top(n *yaml.Node) error {
	return y.pairs(n, func(key, value *yaml.Node) error {
		switch strings.ToLower(key.Value) {
		case "env":
			return y.env(value)
		case "includes":
			return y.items(value, y.includes)
		case "service":
			return y.section("service", key, value)
		case "plugins":
			return y.items(value, y.library)
		case "pipeline":
			return y.pairs(value, y.pipeline)
		case "customs":
			return y.sections("custom", value)
		case "parsers", "multiline_parsers", "stream_processor", "upstream_servers", "extensions":
			y.unsupported(strings.ToLower(key.Value), key)
			return nil
		}
		return y.at(key, "unknown section %q (want env, includes, service, plugins, pipeline or customs)", key.Value)
	})
}

func (y yamlReader) unsupported(kind string, n *yaml.Node) {
	y.reader.sections = append(y.reader.sections, Section{Kind: kind, File: y.file, Line: n.Line})
}

// env reads variables: a mapping, or since Fluent Bit 4.2 a list of mappings with name and value.
func (y yamlReader) env(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return y.items(n, y.envItem)
	}
	return y.pairs(n, func(key, value *yaml.Node) error { return y.variable(key.Value, value) })
}

func (y yamlReader) envItem(n *yaml.Node) error {
	parts := make(map[string]*yaml.Node)
	err := y.pairs(n, func(key, value *yaml.Node) error {
		parts[key.Value] = value
		return nil
	})
	switch {
	case err != nil:
		return err
	case parts["name"] == nil || parts["value"] == nil:
		return y.at(n, "a variable needs name and value (uri is not supported)")
	}
	name, err := y.scalar(parts["name"])
	if err != nil {
		return err
	}
	return y.variable(name, parts["value"])
}

func (y yamlReader) variable(name string, value *yaml.Node) error {
	text, err := y.scalar(value)
	if err != nil {
		return err
	}
	y.vars = append(y.vars, Property{Key: name, Value: text, File: y.file, Line: value.Line})
	return nil
}

// includes reads an included file; a relative name counts from the including file's directory.
func (y yamlReader) includes(n *yaml.Node) error {
	name, err := y.scalar(n)
	if err != nil {
		return err
	}
	paths, dir := []string(nil), filepath.Dir(y.file)
	if strings.Contains(name, "*") {
		paths, err = glob(dir, name)
	} else {
		paths = []string{within(dir, name)}
	}
	if err == nil {
		err = y.files(paths)
	}
	if err != nil {
		return y.at(n, "include %s: %w", name, err)
	}
	return nil
}

func (y yamlReader) library(n *yaml.Node) error {
	path, err := y.scalar(n)
	if err != nil {
		return err
	}
	y.plugin(Property{Key: "path", Value: path, File: y.file, Line: n.Line})
	return nil
}

func (y yamlReader) pipeline(key, value *yaml.Node) error {
	switch strings.ToLower(key.Value) {
	case "inputs":
		return y.sections("input", value)
	case "outputs":
		return y.sections("output", value)
	case "filters":
		return y.sections("filter", value)
	}
	return y.at(key, "unknown section %q of pipeline (want inputs, filters or outputs)", key.Value)
}

func (y yamlReader) sections(kind string, list *yaml.Node) error {
	return y.items(list, func(item *yaml.Node) error { return y.section(kind, item, item) })
}

// section reads a mapping of properties. place is where the section begins.
func (y yamlReader) section(kind string, place, n *yaml.Node) error {
	s := Section{Kind: kind, File: y.file, Line: place.Line}
	err := y.pairs(n, func(key, value *yaml.Node) error { return y.keyValue(&s, key, value) })
	if err != nil {
		return err
	}
	if s.Name == "" && isPlugin(kind) {
		return y.at(place, "%s without a name (want the plugin's name)", kind)
	}
	y.reader.sections = append(y.reader.sections, s)
	return nil
}

func (y yamlReader) keyValue(s *Section, key, value *yaml.Node) error {
	k := yamlKey(key.Value)
	switch {
	case value.Kind == yaml.AliasNode:
		return y.at(value, "property %q: %s cannot be used", key.Value, describe(value))
	case k == "processors" || k == "routes" || k == "telemetry": // mappings that Fluent Bit itself reads
		y.unsupported(k, key)
		return nil
	case value.Kind == yaml.MappingNode:
		return y.at(value, "property %q: a mapping where text or a list is wanted", key.Value)
	case value.Kind == yaml.SequenceNode:
		return y.listValue(s, key, value)
	}
	text := strings.Trim(value.Value, blanks)
	if isPlugin(s.Kind) && strings.EqualFold(k, "name") {
		if s.Name == "" {
			s.Name = text
		}
		return nil
	}
	s.Properties = append(s.Properties, Property{Key: k, Value: text, File: y.file, Line: key.Line})
	return nil
}

// listValue adds a property for each element, of which a plugin can read the first.
func (y yamlReader) listValue(s *Section, key, list *yaml.Node) error {
	for _, item := range list.Content {
		text, err := y.scalar(item)
		if err != nil {
			return y.at(item, "property %q: %w", key.Value, errors.New("a list may only hold text"))
		}
		s.Properties = append(s.Properties, Property{Key: yamlKey(key.Value), Value: text, File: y.file, Line: item.Line})
	}
	return nil
}

// yamlKey spells a key as the engine stores it (flb_config_format.c): one with a capital first stays, one with an
// underscore becomes lower case, another is taken for camelCase and becomes snake_case.
func yamlKey(key string) string {
	if key == "" || key[0] < 'a' || key[0] > 'z' {
		return key
	}
	if strings.Contains(key, "_") {
		return strings.ToLower(key)
	}
	var b strings.Builder
	for _, c := range key {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
