package proxy

import (
	"bytes"
	"encoding/json"

	"github.com/calyptia/plugin/config"
)

// Reference tells people and tools what a plugin is and how it is configured. Its form as JSON is what libraries answer to
// flbgo docs, of whatever release either is: fields may be added, but none changes.
type Reference struct {
	Kind        string `json:"kind"` // "input" or "output"
	Name        string `json:"name"`
	Description string `json:"description"`

	// All are empty if any property may be set.
	Markdown string          `json:"markdown,omitempty"` // a page for people
	Classic  string          `json:"classic,omitempty"`  // a section, as a sample in both forms of a configuration
	YAML     string          `json:"yaml,omitempty"`
	Schema   json.RawMessage `json:"schema,omitempty"` // JSON Schema of a section
}

// Reference describes the plugin.
func (p *Plugin) Reference() *Reference {
	r := &Reference{Kind: p.Kind(), Name: p.Name, Description: p.Description}
	if p.Plans == nil {
		return r
	}
	var schemas []config.Schema
	for _, plan := range p.Plans {
		schemas = append(schemas, plan.Schema())
	}
	s := config.Join(schemas...)
	r.Markdown = "# " + p.Name + "\n\n" + p.Description + "\n\n" + s.Markdown()
	r.Classic = s.Classic(r.Kind, p.Name)
	r.YAML = s.YAML(r.Kind, p.Name)
	r.Schema = s.JSONSchema(r.Kind, p.Name)
	return r
}

// Typed tells whether the properties are known.
func (r *Reference) Typed() bool { return r.Schema != nil }

// Pages are the files of a typed plugin's reference, by name.
func (r *Reference) Pages() map[string]string {
	return map[string]string{
		"properties.md": r.Markdown,
		"sample.conf":   r.Classic,
		"sample.yaml":   r.YAML,
		"schema.json":   indented(r.Schema),
	}
}

// indented undoes what sending JSON as a part of JSON does to its white space.
func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	_ = json.Indent(&b, bytes.TrimSpace(raw), "", "  ") // it is valid: either written by encoding/json or read by it
	return b.String() + "\n"
}

// Encode returns the reference as JSON on one line, in which text is not escaped for HTML.
func (r *Reference) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return bytes.TrimSpace(b.Bytes()), err
}
