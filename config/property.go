package config

import (
	"slices"
	"strings"
)

// Property describes one property of a plan.
type Property struct {
	Name        string
	YAMLName    string // what the engine makes of Name in YAML (api_key of apiKey); empty if that is the same but for case
	Type        string // string, bool, integer, number, duration, size, secret, json, "list of ...", "map of ..." or a word for another type
	Kind        string // of the value, or of each item or map value: text, bool, integer, number, duration, size or json
	List        bool
	Map         bool
	Sep         string // between items or pairs: one character, or a blank for any white space; empty if neither list nor map
	KV          string // between a key and its value; empty if no map
	Default     string // as text; empty for none
	HasDefault  bool
	Required    bool     // always: it has no condition and no default stands in
	Secret      bool     // no value of it may be shown, nor its default
	File        bool     // the value is a path whose content counts, or inline: and the content
	Deprecated  bool     // to set it gives a warning
	Values      []string // all that are allowed, or nil if that is not a list; of each item if List or Map
	Min, Max    string   // inclusive, as the file would have it; a length in characters for text, a number of items for List and Map; empty for none
	Description string
}

// Properties lists the properties in declaration order, those of nested structs in their struct's place, under the full
// names. The slice is the caller's.
func (p *Plan) Properties() []Property {
	list := make([]Property, len(p.fields))
	for i := range p.fields {
		list[i] = p.property(&p.fields[i])
	}
	return list
}

func (p *Plan) property(f *field) Property {
	s := speaker{p, f, f.kind(), f.rules}
	return Property{
		Name: f.name, YAMLName: f.yaml, Type: f.typeWord(), Kind: f.kindWord(), List: f.list, Map: f.mapped, Sep: f.sep, KV: f.kv,
		Secret: f.secret, File: f.file, Deprecated: f.deprecated,
		Default: f.def, HasDefault: f.def != "", Required: f.required(), Values: f.values(),
		Min: s.limit("min", "gte"), Max: s.limit("max", "lte"), Description: f.desc,
	}
}

func (f *field) typeWord() string {
	switch {
	case f.list:
		return "list of " + f.scalar.word
	case f.mapped:
		return "map of " + f.scalar.word
	}
	return f.scalar.word
}

func (f *field) kindWord() string {
	if f.json {
		return "json"
	}
	switch f.scalar.kind {
	case kindBool, kindDuration, kindSize, kindNumber:
		return f.scalar.word
	}
	return "text"
}

func (f *field) required() bool {
	return f.def == "" && slices.ContainsFunc(f.presence, func(p presence) bool { return p.required && p.when == "" })
}

// values are those of the rule oneof, on the property or on its items.
func (f *field) values() []string {
	rules := f.rules
	if f.many() {
		rules = f.items
	}
	for _, r := range rules {
		if (r.name == "oneof" || r.name == "oneofci") && !strings.Contains(r.text, "|") {
			return splitWords(r.param)
		}
	}
	return nil
}

// limit is a bound that the property's rules set, or "".
func (s *speaker) limit(names ...string) string {
	if param := s.param(names...); param != "" {
		return s.plain(param)
	}
	return ""
}
