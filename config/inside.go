package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// insides judges what is inside of JSON by the validate tags there. It names fields as JSON does.
var insides = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(sf reflect.StructField) string {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		return name // the field's own if empty
	})
	v.RegisterCustomTypeFunc(func(v reflect.Value) any { return v.Interface().(Secret).Reveal() }, Secret{})
	return v
})

// compileInside checks the tags inside of the JSON of f. On it as a whole, rules need a type of which validator knows how
// to count or to compare it.
func (f *field) compileInside() error {
	if k := f.typ.Kind(); len(f.rules) > 0 && (k == reflect.Struct || k == reflect.Interface) {
		return fmt.Errorf("option %q does not suit type %v, which is read as JSON", f.rules[0].text, f.typ)
	}
	return probeInside(f.typ, map[reflect.Type]bool{})
}

// hasSecret says whether a value of type t may contain a Secret.
func hasSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == secretType || seen[t] {
		return t == secretType
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasSecret(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if hasSecret(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// probeInside finds all structs in t. What panics on a zero value would do so on others.
func probeInside(t reflect.Type, seen map[reflect.Type]bool) (err error) {
	if seen[t] {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return probeInside(t.Elem(), seen)
	case reflect.Struct:
		if t.ConvertibleTo(timeType) {
			return nil
		}
		for i := 0; i < t.NumField() && err == nil; i++ {
			err = probeInside(t.Field(i).Type, seen)
		}
		return errors.Join(err, tryInside(t))
	}
	return nil
}

func tryInside(t reflect.Type) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("validate in type %v, which is read as JSON: %v", t, p)
		}
	}()
	_ = insides().Struct(reflect.New(t).Interface())
	return nil
}

// checkInsides runs validator and the Validate methods on what was read from JSON.
func (b *binding) checkInsides() {
	for i := range b.plan.fields {
		f, s := &b.plan.fields[i], &b.states[i]
		if !f.json || s.bad || s.origin == unset {
			continue
		}
		if err := f.checkInside(b.value(f)); err != nil {
			b.report(i, f.show(s.text)+" "+f.explain(err), err)
		}
	}
}

func (f *field) checkInside(v reflect.Value) (err error) {
	defer func() {
		if p := recover(); p != nil { // a rule that does not suit a type that only the data has, in an any
			err = reason(fmt.Sprint("cannot be judged: ", p))
		}
	}()
	var found validator.ValidationErrors
	switch v.Kind() {
	case reflect.Struct:
		err = insides().Struct(v.Addr().Interface())
	case reflect.Slice, reflect.Array, reflect.Map:
		err = insides().Var(v.Interface(), "dive")
	}
	if errors.As(err, &found) {
		return &invalid{errJSON, errors.New(insideText(found[0]))}
	}
	if checker, ok := v.Addr().Interface().(selfChecker); ok {
		if err := checker.Validate(); err != nil {
			return &invalid{errJSON, err}
		}
	}
	return nil
}

// insideText says what is wrong with a field inside of JSON.
func insideText(e validator.FieldError) string {
	_, path, ok := strings.Cut(e.Namespace(), ".")
	if !ok || path == "" {
		path = e.Field()
	}
	if e.Tag() == "required" {
		return path + " is required"
	}
	ph := (&speaker{plan: &Plan{}, field: &field{}, kind: kindOf(e.Type())}).phrase(e.Tag(), e.Param())
	text := path + ": " + show(fmt.Sprint(e.Value())) + " " + ph.complaint
	if ph.want != "" {
		text += " (want " + ph.want + ")"
	}
	return text
}

// kindOf says which words suit a value inside of JSON.
func kindOf(t reflect.Type) kind {
	if t == nil {
		return kindText
	}
	if s, ok := scalarOf(t); ok {
		return s.kind
	}
	return kindList
}
