package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Source gives the raw properties of one section. In an engine, Lookup compares keys without case. A value may be
// empty, which counts as not set. Bind calls it on its own goroutine, once per property, and again with the name that the
// engine makes of it in YAML (api_key of apiKey) if there is nothing under the first, and keeps nothing of it.
type Source interface {
	Lookup(key string) (value string, ok bool)
}

// Properties is a Source over a map, for tests and for use without an engine. Keys compare without case; of several keys
// that differ in case only, the one spelt as asked for wins, then the first in byte order.
type Properties map[string]string

// Lookup gives the value of key.
func (p Properties) Lookup(key string) (value string, ok bool) {
	if value, ok = p[key]; ok {
		return value, true
	}
	found := ""
	for k := range p {
		if strings.EqualFold(k, key) && (!ok || k < found) {
			found, ok = k, true
		}
	}
	return p[found], ok
}

// Bind compiles C, a struct or a pointer to one, and binds the properties of src to a new value of it. It may be called
// concurrently. Errors: what [Compile] says, with the prefix "config: ", or an [*Error] with all problems of src.
func Bind[C any](src Source) (C, error) {
	var c C
	plan, err := Compile(reflect.TypeFor[C]())
	if err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	v, err := plan.Bind(src)
	if err != nil {
		return c, err
	}
	return v.Interface().(C), nil
}

// Bind makes a new value of the plan's type (a pointer to a new struct if that is a pointer), fills it from src, validates
// it and calls its Validate methods. The error is an [*Error] with all problems, and then there is no value.
func (p *Plan) Bind(src Source) (reflect.Value, error) {
	ptr := reflect.New(p.root)
	b := binding{plan: p, root: ptr.Elem(), states: make([]state, len(p.fields)), absent: make([]bool, len(p.groups))}
	b.read(src)
	b.allocate()
	b.decode()
	b.checkPresence()
	b.checkRules()
	b.checkInsides()
	b.callValidate()
	if err := b.err(); err != nil {
		return reflect.Value{}, err
	}
	if p.typ == p.root {
		return ptr.Elem(), nil
	}
	return ptr.Convert(p.typ), nil
}

// Warnings names the properties that src sets although they are deprecated, each with its description, for the log. It may
// be called concurrently.
func (p *Plan) Warnings(src Source) []string {
	var list []string
	for i := range p.fields {
		f := &p.fields[i]
		if !f.deprecated || f.lookup(src) == "" {
			continue
		}
		text := f.name + ": deprecated"
		if f.desc != "" {
			text += ": " + f.desc
		}
		list = append(list, text)
	}
	return list
}

// binding is one run of a plan.
type binding struct {
	plan     *Plan
	root     reflect.Value
	states   []state // by field
	absent   []bool  // by group: it stays nil, or what it is in does
	problems []located
}

// state is what a run knows of one property.
type state struct {
	text   string
	origin origin
	bad    bool // has a problem
}

// origin says where a value comes from.
type origin uint8

const (
	unset origin = iota
	byDefault
	bySection
)

// located is a problem and the index of the field that it belongs to, for the order of the report.
type located struct {
	Problem
	at int
}

func (b *binding) read(src Source) {
	for i := range b.plan.fields {
		f, s := &b.plan.fields[i], &b.states[i]
		if text := f.lookup(src); text != "" {
			s.text, s.origin = text, bySection
		} else if f.def != "" {
			s.text, s.origin = f.def, byDefault
		}
	}
}

// allocate makes the nested structs that are pointers and have a property that the section sets.
func (b *binding) allocate() {
	for i := range b.plan.groups {
		g := &b.plan.groups[i]
		if i > 0 {
			b.absent[i] = b.absent[g.parent]
		}
		if !g.pointer || b.absent[i] {
			continue
		}
		states := b.states[g.first:g.end]
		if !slices.ContainsFunc(states, state.set) {
			b.absent[i] = true
			clear(states)
			continue
		}
		v := b.root.FieldByIndex(g.index)
		v.Set(reflect.New(v.Type().Elem()))
	}
}

func (s state) set() bool { return s.origin == bySection }

func (b *binding) decode() {
	for i := range b.states {
		f, s := &b.plan.fields[i], &b.states[i]
		if s.origin == unset {
			continue
		}
		v := b.root.FieldByIndex(f.index)
		if f.pointer {
			v.Set(reflect.New(f.typ))
			v = v.Elem()
		}
		for _, bad := range f.decode(v, s.text) {
			b.report(i, f.showItem(bad.text)+" "+f.explain(bad.err), bad.err)
		}
	}
}

// callValidate calls the structs' Validate methods, inner ones first, where there is no problem so far.
func (b *binding) callValidate() {
	for i := len(b.plan.groups) - 1; i >= 0; i-- {
		g := &b.plan.groups[i]
		if !g.validates || b.absent[i] || b.troubled(g) {
			continue
		}
		v := b.root
		if i > 0 {
			v = v.FieldByIndex(g.index)
		}
		if !g.pointer {
			v = v.Addr()
		}
		if err := v.Interface().(selfChecker).Validate(); err != nil {
			b.refuse(g, err)
		}
	}
}

// troubled says whether there is a problem in g.
func (b *binding) troubled(g *group) bool {
	return slices.ContainsFunc(b.problems, func(p located) bool { return p.at >= g.first && p.at < g.end })
}

// refuse records what g's Validate returned: several problems if it joined several errors.
func (b *binding) refuse(g *group, err error) {
	for _, e := range unjoin(err) {
		p := Problem{Text: e.Error(), Err: e}
		if g.prefix != "" {
			p.Property = g.prefix + "*"
		}
		b.problems = append(b.problems, located{p, g.end - 1})
	}
}

// unjoin undoes errors.Join, and nothing that has a text of its own.
func unjoin(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) == 0 || errors.Join(joined.Unwrap()...).Error() != err.Error() {
		return []error{err}
	}
	return joined.Unwrap()
}

// report records a problem with field i. What a decoder's error wraps is the cause.
func (b *binding) report(i int, text string, cause error) {
	s := &b.states[i]
	s.bad = true
	f := &b.plan.fields[i]
	p := Problem{Property: f.name, Value: f.redact(s.text), Set: s.set(), Text: text}
	if !f.secret {
		p.Err = errors.Unwrap(cause)
	}
	b.problems = append(b.problems, located{p, i})
}

func (b *binding) err() error {
	if len(b.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(b.problems, func(x, y located) int { return x.at - y.at })
	e := &Error{Problems: make([]Problem, len(b.problems))}
	for i, p := range b.problems {
		e.Problems[i] = p.Problem
	}
	return e
}
