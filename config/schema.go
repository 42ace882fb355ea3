package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Schema describes the properties of one plugin, for people and for tools. Its methods render it; each gives the same bytes
// for the same struct, and none shows a value or a default of a secret. It is a value like any other: safe to read
// concurrently.
type Schema struct {
	Properties []Property
	hints      map[string]hint // by property name; what a renderer does not find here it derives from the property
}

// hint is what the rules of a property tell beyond the property itself.
type hint struct {
	example string   // a value that decodes and that the property's own rules allow, if one could be found
	live    bool     // a section that leaves it out is refused, so a sample sets it
	rules   []string // what is allowed and when, in words
}

// Describe gives the schema of C, a struct or a pointer to one. It may be called concurrently. The error is that of
// [Compile], with the prefix "config: ".
func Describe[C any]() (Schema, error) {
	plan, err := Compile(reflect.TypeFor[C]())
	if err != nil {
		return Schema{}, fmt.Errorf("config: %w", err)
	}
	return plan.Schema(), nil
}

// Schema describes the plan's properties, in the order of [Plan.Properties]. To find examples that a sample can use it
// decodes and checks values, but calls no Validate method.
func (p *Plan) Schema() Schema {
	s := Schema{Properties: p.Properties(), hints: map[string]hint{}}
	for i := range s.Properties {
		prop := &s.Properties[i]
		h := hint{example: p.example(prop, i), rules: p.ruleWords(i)}
		if prefix, optional := p.optionalGroup(i); optional && prop.Required {
			prop.Required = false
			h.rules = slices.Insert(h.rules, 0, "required when a property "+prefix+"* is set")
		}
		s.hints[prop.Name] = h
	}
	for _, name := range p.needed(s.hints) {
		h := s.hints[name]
		h.live = true
		s.hints[name] = h
	}
	return s
}

// optionalGroup gives the prefix of the innermost struct around field i that stays nil unless one of its properties is set.
func (p *Plan) optionalGroup(i int) (prefix string, ok bool) {
	for g := p.fields[i].group; g >= 0; g = p.groups[g].parent {
		if p.groups[g].pointer {
			return p.groups[g].prefix, true
		}
	}
	return "", false
}

// Join gives a schema with the properties of all of them, as for a plugin that has the library's own properties as well.
func Join(schemas ...Schema) Schema {
	all := Schema{hints: map[string]hint{}}
	for _, s := range schemas {
		all.Properties = append(all.Properties, s.Properties...)
		maps.Copy(all.hints, s.hints)
	}
	return all
}

// needed names the properties that a section cannot do without. Where one of several is wanted, it is the first.
func (p *Plan) needed(hints map[string]hint) (names []string) {
	set := Properties{}
	for range p.fields {
		b := p.trial(set)
		b.checkPresence()
		b.checkRules()
		i := slices.IndexFunc(b.problems, func(x located) bool { return x.Value == "" && set[x.Property] == "" })
		if i < 0 {
			return names
		}
		name := b.problems[i].Property
		set[name] = hints[name].example
		names = append(names, name)
	}
	return names
}

// trial decodes set into a new value.
func (p *Plan) trial(set Properties) *binding {
	b := &binding{plan: p, root: reflect.New(p.root).Elem(), states: make([]state, len(p.fields)), absent: make([]bool, len(p.groups))}
	b.read(set)
	b.allocate()
	b.decode()
	return b
}

// example is the first candidate that the property's own type and rules accept, or else the first one.
func (p *Plan) example(prop *Property, i int) string {
	candidates := slices.Concat(p.fields[i].ruleExamples(), prop.candidates())
	for _, text := range candidates {
		text = prop.compose(text)
		b := p.trial(Properties{prop.Name: text})
		b.checkRules()
		if !slices.ContainsFunc(b.problems, func(x located) bool { return x.Property == prop.Name }) {
			return text
		}
	}
	return prop.compose(candidates[0])
}

// ruleExamples are values that suit single rules.
func (f *field) ruleExamples() (list []string) {
	rules := f.rules
	if f.list {
		rules = f.items
	}
	placeholder := placeholderOf(f.name)
	for _, r := range rules {
		switch r.name {
		case "startswith":
			list = append(list, r.param+placeholder)
		case "endswith":
			list = append(list, placeholder+r.param)
		case "contains":
			list = append(list, placeholder+r.param+placeholder)
		case "len", "min", "gte", "max", "lte":
			if n, err := strconv.Atoi(r.param); err == nil && f.scalar.kind == kindText {
				list = append(list, fit(placeholder, n))
			}
		}
		first, _, _ := strings.Cut(nouns[r.name][1], " or ")
		if first, _, _ = strings.Cut(first, " to "); first != "" {
			list = append(list, first)
		}
	}
	return list
}

// fit gives n characters: the first ones of text, which is ASCII, and if there are too few, the same again.
func fit(text string, n int) string {
	n = min(max(n, 1), 1000)
	return strings.Repeat(text, n/len(text)+1)[:n]
}

// candidates are values of the property's type, of an item if it is a list or a map.
func (p *Property) candidates() []string {
	if len(p.Values) > 0 {
		return p.Values
	}
	low, high := p.Min, p.Max
	if p.List || p.Map {
		low, high = "", ""
	}
	switch p.Kind {
	case "bool":
		return []string{"on", "off"}
	case "integer", "number":
		return []string{cmp.Or(low, "1"), cmp.Or(high, "0")}
	case "duration":
		return []string{"10s", cmp.Or(low, "1s"), cmp.Or(high, "1h")}
	case "size":
		return []string{"1M", cmp.Or(high, "1G"), cmp.Or(low, "0")}
	case "json":
		return []string{"{}", "[]", `""`, "0"}
	}
	return []string{placeholderOf(p.Name), "http://host/path", "192.0.2.1", "192.0.2.1:9092", "192.0.2.0/24", "UTC", "info", "1", "{}"}
}

// compose makes a value of the whole property from one of an item.
func (p *Property) compose(item string) string {
	if p.Map {
		item = "KEY" + p.KV + item
	}
	items := 1
	if p.List || p.Map {
		_, _ = fmt.Sscan(p.Min, &items)
	}
	text := strings.TrimSuffix(strings.Repeat(item+p.Sep, max(items, 1)), p.Sep)
	if p.File {
		return "inline:" + text
	}
	return text
}

// placeholderOf is what stands for a text that only the reader knows: S3_BUCKET.
func placeholderOf(name string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(snakeCase(name)))
}

// ruleWords says what the rules of field i allow, and when it must or must not be set.
func (p *Plan) ruleWords(i int) (words []string) {
	f := &p.fields[i]
	for _, rule := range f.presence {
		if rule.when != "" {
			words = append(words, rule.text)
		}
	}
	own := &speaker{p, f, f.kind(), f.rules}
	words = append(words, own.wants("")...)
	items := &speaker{p, f, f.scalar.kind, f.items}
	return append(words, items.wants("each item ")...)
}

// wants says what each rule wants.
func (s *speaker) wants(prefix string) (words []string) {
	for _, r := range s.rules {
		if slices.Contains([]string{"omitempty", "omitzero", "omitnil", "isdefault", "structonly", "nostructlevel"}, r.name) {
			continue
		}
		name, param := r.name, r.param
		if strings.Contains(r.text, "|") {
			name, param = r.text, ""
		}
		ph := s.phrase(name, param)
		text := prefix + cmp.Or(ph.noun, ph.want)
		if ph.noun != "" && ph.want != "" && ph.noun != ph.want {
			text += " (" + ph.want + ")"
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return words
}

// hint gives what is known of a property beyond itself.
func (s *Schema) hint(p *Property) hint {
	h, ok := s.hints[p.Name]
	if !ok {
		h = hint{example: p.compose(p.candidates()[0]), live: p.Required}
	}
	return h
}

// always says whether every section must set the property: also one whose other rules refuse the zero value.
func (s *Schema) always(p *Property) bool {
	h := s.hint(p)
	return p.Required || h.live && !slices.ContainsFunc(h.rules, func(text string) bool { return strings.HasPrefix(text, "required ") })
}

// shownDefault is the default as a renderer may show it.
func (p *Property) shownDefault() (text string, ok bool) {
	return p.Default, p.HasDefault && !p.Secret
}

// note is the property in a few words: type, whether it must be set, what is allowed.
func (s *Schema) note(p *Property) string {
	words := []string{p.typeText()}
	if s.always(p) {
		words = append(words, "required")
	}
	if p.HasDefault && p.Secret {
		words = append(words, "has a default that is not shown")
	}
	return strings.Join(append(words, s.allowed(p)...), "; ")
}

// allowed says what is allowed and when, in words.
func (s *Schema) allowed(p *Property) (words []string) {
	if p.File {
		words = append(words, "a file's path, or inline: and the content")
	}
	return append(words, s.hint(p).rules...)
}

// typeText is the type, and how the value is written where that is not the usual way.
func (p *Property) typeText() string {
	sep := "separated by " + strconv.Quote(p.Sep)
	if p.Sep == " " {
		sep = "separated by blanks"
	}
	switch {
	case p.Map && (p.Sep != "," || p.KV != "="):
		return p.Type + ", as key" + p.KV + "value " + sep
	case p.List && p.Sep != ",":
		return p.Type + ", " + sep
	}
	return p.Type
}
