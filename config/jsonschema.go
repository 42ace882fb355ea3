package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JSONSchema renders a JSON Schema (draft 2020-12) of one section of the plugin called name, as YAML files and
// editors have it; kind is input, output or custom. It is indented JSON and ends in a line break.
//
// Values may be text, as the engine has them, or what YAML makes of them: a number for an integer, true for a bool. A
// list or a map is text in one line, since the engine hands a plugin only the first element of a YAML array. Any value may
// be a ${VARIABLE}. Rules about several properties are not part of it.
//
// Additional properties are not allowed, so that a misspelt name shows. Names have one spelling, the documented one,
// though the engine ignores case. Of the engine's own properties those are allowed that matter to a Go plugin: not
// host, port, listen, tls, net.* and oauth2*, which a Go plugin never sees or which stop the engine. Names that begin with
// "go." are this library's.
func (s Schema) JSONSchema(kind, name string) []byte {
	root := node{
		Schema: "https://json-schema.org/draft/2020-12/schema",
		Title:  strings.TrimSpace(kind + " " + name),
		Type:   []string{"object"},
	}
	root.Properties = append(members{{"name", node{Const: name}}}, engineMembers(kind)...)
	root.Required = []string{"name"}
	for i := range s.Properties {
		p := &s.Properties[i]
		root.Properties = append(root.Properties, member{p.Name, s.node(p)})
		if s.always(p) {
			root.Required = append(root.Required, p.Name)
		}
	}
	closed := false
	root.PatternProperties = members{{`^go\.`, node{}}}
	root.AdditionalProperties = &closed
	root.Defs = members{{"variable", node{Type: []string{"string"}, Pattern: `\$\{[^}]+\}`}}}
	return root.render()
}

// useless are names that the engine keeps and that do nothing for a Go plugin, or stop the engine (flb_plugin_proxy.c: no proxy
// declares network or TLS support).
var useless = []string{"name", "host", "port", "ipv6", "listen", "tls"}

// engineMembers are the engine's own properties that matter to a Go plugin of that kind.
func engineMembers(kind string) (list members) {
	for _, r := range reservations {
		if r.kinds&keeperOf[kind] != 0 && !strings.HasSuffix(r.name, "*") && !slices.Contains(useless, r.name) {
			list = append(list, member{r.name, node{}})
		}
	}
	return list
}

// node is one schema. The order of the fields is that of the output.
type node struct {
	Schema               string   `json:"$schema,omitempty"`
	Ref                  string   `json:"$ref,omitempty"`
	Title                string   `json:"title,omitempty"`
	Description          string   `json:"description,omitempty"`
	Type                 words    `json:"type,omitempty"`
	Const                string   `json:"const,omitempty"`
	Enum                 []any    `json:"enum,omitempty"`
	Pattern              string   `json:"pattern,omitempty"`
	MinLength            int      `json:"minLength,omitempty"`
	MaxLength            *int     `json:"maxLength,omitempty"`
	Minimum              *float64 `json:"minimum,omitempty"`
	Maximum              *float64 `json:"maximum,omitempty"`
	ContentMediaType     string   `json:"contentMediaType,omitempty"`
	AnyOf                []node   `json:"anyOf,omitempty"`
	Default              any      `json:"default,omitempty"`
	WriteOnly            bool     `json:"writeOnly,omitempty"`
	Deprecated           bool     `json:"deprecated,omitempty"`
	Properties           members  `json:"properties,omitempty"`
	PatternProperties    members  `json:"patternProperties,omitempty"`
	AdditionalProperties *bool    `json:"additionalProperties,omitempty"`
	Required             []string `json:"required,omitempty"`
	Defs                 members  `json:"$defs,omitempty"`
}

// render cannot fail: a node holds text, numbers and booleans.
func (n node) render() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(n)
	return b.Bytes()
}

// words is one word, or a list of several.
type words []string

// MarshalJSON implements [json.Marshaler].
func (w words) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return json.Marshal(w[0])
	}
	return json.Marshal([]string(w))
}

// members is a JSON object that keeps its order.
type members []member

type member struct {
	name string
	node node
}

// MarshalJSON implements [json.Marshaler].
func (m members) MarshalJSON() ([]byte, error) {
	b := []byte("{")
	for i, x := range m {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, strconv.Quote(x.name)...) // a name has nothing that JSON and Go quote differently, nor has a pattern
		b = append(append(b, ':'), x.node.render()...)
	}
	return append(b, '}'), nil
}

// node is the schema of one property.
func (s *Schema) node(p *Property) node {
	n := node{Description: strings.TrimSpace(p.Description + " (" + s.note(p) + ")"), WriteOnly: p.Secret, Deprecated: p.Deprecated}
	if text, ok := p.shownDefault(); ok {
		n.Default = p.natural(text)
	}
	value := p.valueNode()
	if !value.constrained() {
		n.Type, n.ContentMediaType = value.Type, value.ContentMediaType
		return n
	}
	n.AnyOf = []node{value, {Ref: "#/$defs/variable"}}
	return n
}

// constrained says whether the text ${VARIABLE} may be refused.
func (n *node) constrained() bool {
	return n.Enum != nil || n.Pattern != "" || n.MinLength > 0 || n.MaxLength != nil
}

// Patterns of values as text. Booleans are in any case, which has no flag in the dialect of JSON Schema.
const (
	boolPattern     = `^([Oo][Nn]|[Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|1|[Oo][Ff][Ff]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|0)$`
	integerPattern  = `^[-+]?[0-9]+$`
	numberPattern   = `^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`
	durationPattern = `^[-+]?([0-9.]+|([0-9.]+(ns|us|µs|μs|ms|s|m|h))+)$`
	sizePattern     = `^([0-9]+(\.[0-9]+)?([KkMmGg][Bb]?)?|[Ff][Aa][Ll][Ss][Ee])$`
)

// valueNode is the schema of the property's value.
func (p *Property) valueNode() node {
	switch {
	case p.File:
		return node{Type: words{"string"}}
	case p.Map:
		return node{Type: words{"string"}}
	case p.List:
		return node{Type: p.naturalTypes()}
	case len(p.Values) > 0:
		return node{Enum: p.enum()}
	}
	n := node{Type: p.naturalTypes()}
	switch p.Kind {
	case "bool":
		low, high := 0., 1.
		n.Pattern, n.Minimum, n.Maximum = boolPattern, &low, &high
		return n
	case "integer":
		n.Pattern = integerPattern
	case "number":
		n.Pattern = numberPattern
	case "duration":
		n.Pattern = durationPattern
	case "size":
		n.Pattern = sizePattern
	case "json":
		n.ContentMediaType = "application/json"
	case "text":
		n.lengths(p)
		return n
	}
	n.Minimum, n.Maximum = p.number(p.Min), p.number(p.Max)
	return n
}

// naturalTypes are the JSON types of what a YAML user may write.
func (p *Property) naturalTypes() words {
	switch p.Kind {
	case "bool":
		return words{"boolean", "integer", "string"}
	case "integer":
		return words{"integer", "string"}
	case "number", "duration", "size":
		return words{"number", "string"}
	case "json":
		return words{"string"}
	}
	return words{"string", "number", "boolean"}
}

func (n *node) lengths(p *Property) {
	if low, err := strconv.Atoi(p.Min); err == nil {
		n.MinLength = low
	}
	if high, err := strconv.Atoi(p.Max); err == nil {
		n.MaxLength = &high
	}
}

// number is a limit as the number that a YAML user may write: seconds, bytes, or the number itself.
func (p *Property) number(limit string) *float64 {
	var n float64
	switch p.Kind {
	case "duration":
		d, err := time.ParseDuration(limit)
		if err != nil {
			return nil
		}
		n = d.Seconds()
	case "size":
		size, err := parseSize(limit)
		if err != nil {
			return nil
		}
		n = float64(size)
	default:
		if whole, err := strconv.ParseInt(limit, 0, 64); err == nil {
			limit = strconv.FormatInt(whole, 10)
		}
		if _, err := fmt.Sscan(limit, &n); err != nil {
			return nil
		}
	}
	return &n
}

// enum is the allowed values, each also as the number that it may be.
func (p *Property) enum() (list []any) {
	for _, text := range p.Values {
		list = append(list, text)
		if natural := p.natural(text); natural != any(text) {
			list = append(list, natural)
		}
	}
	return list
}

// natural is a value as a YAML user would write it.
func (p *Property) natural(text string) any {
	if p.List || p.Map || p.File {
		return text
	}
	switch p.Kind {
	case "bool":
		if v, err := parseBool(text); err == nil {
			return v
		}
	case "integer", "number":
		if json.Valid([]byte(text)) {
			return json.Number(text)
		}
	}
	return text
}
