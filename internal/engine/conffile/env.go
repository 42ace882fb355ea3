package conffile

import (
	"os"
	"strings"
)

// env looks variables up: those of the file first, then the process's own.
type env map[string]string

// get returns a variable's value. An empty one of the process counts as not set (flb_env.c).
func (e env) get(name string) (string, bool) {
	if v, ok := e[name]; ok {
		return v, true
	}
	v := os.Getenv(name)
	return v, v != ""
}

// expand replaces ${NAME} and ${NAME:-default} in text, once: what a variable holds is not looked at again. Each variable
// that has neither value nor default becomes empty text and is told to unset. Text without a closing brace stays.
func (e env) expand(text string, unset func(name string)) string {
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !open || !closed || name == "" {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(e.value(name, unset))
		text = after
	}
}

func (e env) value(ref string, unset func(name string)) string {
	name, fallback, hasFallback := strings.Cut(ref, ":-")
	v, ok := e.get(name)
	switch {
	case hasFallback && v == "":
		return fallback
	case !ok:
		unset(name)
	}
	return v
}

// expand sets the variables of the files and expands every name and value.
func (r *reader) expand() {
	e := make(env)
	for _, v := range r.vars {
		e[v.Key] = r.expanded(e, v.Value, v.File, v.Line)
	}
	for i := range r.sections {
		s := &r.sections[i]
		s.Name = r.expanded(e, s.Name, s.File, s.Line)
		for j := range s.Properties {
			p := &s.Properties[j]
			p.Value = r.expanded(e, p.Value, p.File, p.Line)
		}
	}
}

func (r *reader) expanded(e env, text, file string, line int) string {
	return e.expand(text, func(name string) {
		r.warn(file, line, "variable ${%s} is used but not set", name)
	})
}
