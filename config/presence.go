package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// presence is a rule about whether a property is set. Validator's own look at zero values, which would refuse a 0 or an
// off that somebody wrote, so these are taken from validator and judged by what was bound.
type presence struct {
	required bool   // or else excluded
	when     string // the condition: if, with_all, ...; empty for always
	operands []operand
	text     string
}

// operand is a property, or the properties of one nested struct, in the condition of a presence rule.
type operand struct {
	name   string // in fluent-bit.conf
	fields []int
	want   reflect.Value // for if and unless, which have one field
	text   string        // of want
}

// conditions say when a presence rule applies, given how many of its operands, hits of n, are present or as wanted.
var conditions = map[string]func(hits, n int) bool{
	"":            func(int, int) bool { return true },
	"if":          func(hits, n int) bool { return hits == n },
	"unless":      func(hits, _ int) bool { return hits == 0 },
	"with":        func(hits, _ int) bool { return hits > 0 },
	"with_all":    func(hits, n int) bool { return hits == n },
	"without":     func(hits, n int) bool { return hits < n },
	"without_all": func(hits, _ int) bool { return hits == 0 },
}

// presenceRule splits required_with_all into required and with_all.
func presenceRule(name string) (p presence, ok bool) {
	verb, when, conditional := strings.Cut(name, "_")
	if _, ok = conditions[when]; !ok || conditional == (when == "") {
		return p, false
	}
	p = presence{required: verb == "required", when: when}
	return p, p.required || verb == "excluded" && conditional
}

func isPresence(name string) bool {
	_, ok := presenceRule(name)
	return ok
}

func (p *presence) comparesValues() bool { return p.when == "if" || p.when == "unless" }

func (c *compiler) compilePresence(f *field, rules []rule) error {
	for _, r := range rules {
		p, _ := presenceRule(r.name)
		if err := c.operands(f, r, &p); err != nil {
			return err
		}
		p.text = p.words(c.plan)
		f.presence = append(f.presence, p)
	}
	return nil
}

func (c *compiler) operands(f *field, r rule, p *presence) error {
	words := splitWords(r.param)
	step := 1
	if p.comparesValues() {
		step = 2
	}
	if (p.when == "") != (len(words) == 0) || len(words)%step != 0 {
		return fmt.Errorf("option %q: wrong number of words after =", r.text)
	}
	for pair := range slices.Chunk(words, step) {
		o, err := c.plan.resolve(f, rule{text: r.text, param: pair[0]})
		if err != nil {
			return err
		}
		if p.comparesValues() {
			if err := o.setWant(c.plan, r, pair[1]); err != nil {
				return err
			}
		}
		p.operands = append(p.operands, o)
	}
	return nil
}

func (o *operand) setWant(p *Plan, r rule, text string) error {
	f := &p.fields[o.fields[0]]
	if len(o.fields) > 1 || f.json || f.file || f.typ.Kind() == reflect.Pointer || !f.typ.Comparable() {
		return fmt.Errorf("option %q: %s is not a single value to compare with", r.text, o.name)
	}
	o.text, o.want = text, reflect.New(f.typ).Elem()
	for _, bad := range f.decode(o.want, text) {
		return fmt.Errorf("option %q: %s %w", r.text, f.show(bad.text), bad.err)
	}
	return nil
}

var wordPattern = regexp.MustCompile(`'[^']*'|\S+`)

// splitWords splits a parameter as validator does: at blanks, unless within single quotes.
func splitWords(param string) []string {
	words := wordPattern.FindAllString(param, -1)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "'", "")
	}
	return words
}

// words says what the rule wants: required when user is set.
func (p *presence) words(plan *Plan) string {
	verb := "required"
	if !p.required {
		verb = "not allowed"
	}
	clauses := make([]string, len(p.operands))
	for i, o := range p.operands {
		clauses[i] = o.clause(plan, p.when)
	}
	link, join := " when ", " and "
	switch p.when {
	case "":
		return verb + ", not set"
	case "unless":
		link, join = " unless ", " or "
	case "with", "without":
		join = " or "
	}
	return verb + link + strings.Join(clauses, join)
}

func (o *operand) clause(plan *Plan, when string) string {
	isBool := len(o.fields) == 1 && plan.fields[o.fields[0]].kind() == kindBool
	switch {
	case o.want.IsValid() && isBool:
		return o.name + " is " + onOff(o.want.Bool())
	case o.want.IsValid():
		return o.name + " is " + plan.fields[o.fields[0]].show(o.text)
	case isBool:
		return o.name + " is " + onOff(!strings.HasPrefix(when, "without"))
	case strings.HasPrefix(when, "without"):
		return o.name + " is not set"
	}
	return o.name + " is set"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (b *binding) checkPresence() {
	for i := range b.plan.fields {
		f := &b.plan.fields[i]
		if b.states[i].bad || b.absent[f.group] {
			continue
		}
		for _, p := range f.presence {
			if text := b.judge(i, p); text != "" {
				b.report(i, text, nil)
				break
			}
		}
	}
}

// judge gives what is wrong with field i by p, or "".
func (b *binding) judge(i int, p presence) string {
	if p.required && b.states[i].origin != unset || !p.required && !b.counts(i, bySection) {
		return ""
	}
	hits := 0
	for _, o := range p.operands {
		if b.hit(o, p) {
			hits++
		}
	}
	switch {
	case !conditions[p.when](hits, len(p.operands)):
		return ""
	case p.required:
		return p.text
	}
	return b.plan.fields[i].show(b.states[i].text) + " is " + p.text
}

func (b *binding) hit(o operand, p presence) bool {
	if p.comparesValues() {
		return b.equal(o)
	}
	least := byDefault
	if !p.required && (p.when == "with" || p.when == "with_all") {
		least = bySection
	}
	return slices.ContainsFunc(o.fields, func(i int) bool { return b.counts(i, least) })
}

// counts says whether field i has a value, of that origin or better; a bool has to be true as well.
func (b *binding) counts(i int, least origin) bool {
	f, s := &b.plan.fields[i], &b.states[i]
	if s.origin < least || s.origin == unset {
		return false
	}
	if f.kind() != kindBool || s.bad {
		return true
	}
	return b.value(f).Bool()
}

func (b *binding) equal(o operand) bool {
	i := o.fields[0]
	f, s := &b.plan.fields[i], &b.states[i]
	if s.bad || b.absent[f.group] || f.pointer && s.origin == unset {
		return false
	}
	return b.value(f).Equal(o.want)
}

// value is the field, without the pointer, which must not be nil.
func (b *binding) value(f *field) reflect.Value {
	v := b.root.FieldByIndex(f.index)
	if f.pointer {
		v = v.Elem()
	}
	return v
}
