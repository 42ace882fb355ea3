package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"
)

// fieldRules compare a property with another one, which their parameter names as the Go field.
var fieldRules = map[string]string{
	"eqfield": "the same as", "nefield": "something else than",
	"gtfield": "more than", "gtefield": "at least", "ltfield": "less than", "ltefield": "at most",
	"eqcsfield": "the same as", "necsfield": "something else than",
	"gtcsfield": "more than", "gtecsfield": "at least", "ltcsfield": "less than", "ltecsfield": "at most",
	"fieldcontains": "text that contains", "fieldexcludes": "text without",
}

// splitRules takes the presence rules out of the tag's rules and keeps the others, for validator.
func (f *field) splitRules(t tag) (waits []rule, err error) {
	if t.dive && !f.many() {
		return nil, fmt.Errorf("option %q on a property that is no list", "dive")
	}
	for _, r := range t.rules {
		if isPresence(r.name) && !strings.Contains(r.text, "|") {
			waits = append(waits, r)
			continue
		}
		f.rules = append(f.rules, r)
	}
	for _, r := range t.items {
		if r.text != "required" { // which an item always satisfies
			f.items = append(f.items, r)
		}
	}
	for _, r := range slices.Concat(f.rules, f.items) {
		if slices.ContainsFunc(alternatives(r.text), func(a rule) bool { return isPresence(a.name) }) {
			return nil, fmt.Errorf("option %q is about a whole property; it cannot be an alternative or a rule for items", r.text)
		}
	}
	return waits, nil
}

// checked is the validate tag that is left for validator.
func (f *field) checked() string {
	var parts []string
	for _, r := range f.rules {
		parts = append(parts, r.text)
	}
	if len(f.items) > 0 {
		parts = append(parts, "dive")
	}
	for _, r := range f.items {
		parts = append(parts, r.text)
	}
	if len(parts) == 0 { // nor is anything inside: that of JSON has a validator of its own
		return "-"
	}
	return strings.Join(parts, ",")
}

// alternatives splits what | joins.
func alternatives(text string) []rule {
	var list []rule
	for a := range strings.SplitSeq(text, "|") {
		name, param, _ := strings.Cut(a, "=")
		list = append(list, rule{text: a, name: name, param: unescape(param)})
	}
	return list
}

// compileRules checks all rules, now that all fields are known, and readies the plan's validator. A validator of its own per
// plan takes the rules by struct type, so that the presence rules can be left out.
func (c *compiler) compileRules() error {
	c.plan.checks = validator.New()
	judged := false
	for i := range c.plan.fields {
		f := &c.plan.fields[i]
		if err := c.compilePresence(f, c.waits[i]); err != nil {
			return c.tagError(f.path, err)
		}
		judgeText(c.plan.checks, f)
		if f.json {
			if err := f.compileInside(); err != nil {
				return c.tagError(f.path, err)
			}
		}
		if err := c.probeRules(f); err != nil {
			return c.tagError(f.path, err)
		}
		judged = judged || len(f.rules)+len(f.items) > 0
	}
	if !judged {
		c.plan.checks = nil
		return nil
	}
	c.register(c.plan.checks)
	c.leaveQuick()
	return nil
}

func (c *compiler) register(v *validator.Validate) {
	for t, rules := range c.rules {
		v.RegisterStructValidationMapRules(rules, reflect.Zero(t).Interface())
	}
}

// leaveQuick readies a second validator, for what is left to judge if all quickFuncs say that their rules hold.
func (c *compiler) leaveQuick() {
	left := false
	c.plan.rest = validator.New()
	for i := range c.plan.fields {
		f := &c.plan.fields[i]
		if len(f.rules)+len(f.items) == 0 {
			continue
		}
		if f.quick = c.plan.quickRules(f); f.quick != nil {
			c.rules[c.parents[i]][f.path[strings.LastIndex(f.path, ".")+1:]] = "-"
			continue
		}
		judgeText(c.plan.rest, f)
		left = true
	}
	if !left {
		c.plan.rest = nil
		return
	}
	c.register(c.plan.rest)
}

// judgeText has validator judge a scalar that is a struct by its text, where it would look for rules inside. A time it
// knows.
func judgeText(v *validator.Validate, f *field) {
	t := f.typ
	if f.many() {
		t = t.Elem()
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f.json || t.Kind() != reflect.Struct || t.ConvertibleTo(timeType) || len(f.rules)+len(f.items) == 0 {
		return
	}
	text := func(v reflect.Value) any { return scalarText(v) }
	if t == secretType {
		text = func(v reflect.Value) any { return v.Interface().(Secret).Reveal() }
	}
	v.RegisterCustomTypeFunc(text, reflect.Zero(t).Interface())
}

func (c *compiler) probeRules(f *field) error {
	for _, r := range f.rules {
		if err := c.probeRule(f, f.typ, r); err != nil {
			return err
		}
	}
	for _, r := range f.items {
		if err := c.probeRule(f, f.typ.Elem(), r); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) probeRule(f *field, t reflect.Type, r rule) error {
	for _, a := range alternatives(r.text) {
		if _, ok := fieldRules[a.name]; ok {
			if _, err := c.plan.resolve(f, a); err != nil {
				return err
			}
		}
		if err := c.probe(t, a); err != nil {
			return err
		}
	}
	return nil
}

// probe runs one rule on a zero value: validator panics on a rule that it does not know, that does not suit the type, or
// whose parameter does not parse.
func (c *compiler) probe(t reflect.Type, r rule) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case strings.Contains(fmt.Sprint(p), "Undefined validation function"):
			err = unknownOption(r.name, ruleNames())
		default:
			err = fmt.Errorf("option %q does not suit type %v: %v", r.text, t, p)
		}
	}()
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Pointer:
		v = reflect.New(t.Elem())
	case reflect.Slice: // some rules look at the type of items only if there is one
		v = reflect.MakeSlice(t, 1, 1)
	}
	_ = c.plan.checks.VarWithValue(v.Interface(), reflect.Zero(c.plan.root).Interface(), r.text)
	return nil
}

// resolve finds the properties that a rule's parameter names: one, or all those of a nested struct. The name is a Go
// field of the same struct, or of one inside it, also for the rules with cs in their name (validator v10.30.4:
// isEqCrossStructField starts at the parent).
func (p *Plan) resolve(f *field, r rule) (operand, error) {
	base := p.groups[f.group].path
	path := base + r.param
	var known []string
	o := operand{}
	for i := range p.fields {
		other := &p.fields[i]
		if other.path == path {
			return operand{name: other.name, fields: []int{i}}, nil
		}
		if strings.HasPrefix(other.path, path+".") {
			o.name, o.fields = p.groups[other.group].prefix+"*", append(o.fields, i)
		}
		known = append(known, strings.TrimPrefix(other.path, base))
	}
	if len(o.fields) > 0 {
		return o, nil
	}
	if near := nearest(r.param, known); near != "" {
		return o, fmt.Errorf("option %q: no property in field %q; did you mean %q?", r.text, r.param, near)
	}
	return o, fmt.Errorf("option %q: no property in field %q", r.text, r.param)
}

// checkRules runs validator over the bound struct. A property that did not parse is not judged, nor is one by
// comparison with it.
func (b *binding) checkRules() {
	checks := b.plan.rest
	if !b.quick() {
		checks = b.plan.checks
	}
	if checks == nil {
		return
	}
	var found validator.ValidationErrors
	if err := b.runRules(checks); !errors.As(err, &found) {
		if err != nil {
			b.problems = append(b.problems, located{Problem{Text: err.Error()}, len(b.states)})
		}
		return
	}
	before := slices.Clone(b.states)
	for _, e := range found {
		i := b.plan.find(e.Namespace())
		if i < 0 || before[i].bad {
			continue
		}
		f := &b.plan.fields[i]
		if before[i].origin == unset && len(f.presence) > 0 || b.refersToBad(f, e, before) {
			continue
		}
		b.report(i, f.ruleText(b.plan, before[i], e), nil)
	}
}

// runRules runs validator, which panics on values that a rule does not suit, although all rules were tried.
func (b *binding) runRules(checks *validator.Validate) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the rules cannot be judged: %v", p)
		}
	}()
	return checks.Struct(b.root.Addr().Interface())
}

// find gives the index of the field that a validator namespace such as Config.TLS.Ciphers[2] means, or -1.
func (p *Plan) find(namespace string) int {
	path := namespace
	if name := p.root.Name(); name != "" {
		path = strings.TrimPrefix(path, name+".")
	}
	path, _, _ = strings.Cut(path, "[")
	return slices.IndexFunc(p.fields, func(f field) bool { return f.path == path || strings.HasPrefix(path, f.path+".") })
}

func (b *binding) refersToBad(f *field, e validator.FieldError, states []state) bool {
	if _, ok := fieldRules[e.Tag()]; !ok {
		return false
	}
	o, _ := b.plan.resolve(f, rule{name: e.Tag(), param: e.Param()})
	return slices.ContainsFunc(o.fields, func(i int) bool { return states[i].bad })
}
