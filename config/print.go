package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shownRunes is how much of a value a message shows.
const shownRunes = 100

// show quotes a value for a message. Every value of a property in a message passes here or in [field.show].
func show(text string) string {
	text = hidePasswords(text)
	if utf8.RuneCountInString(text) > shownRunes {
		text = string([]rune(text)[:shownRunes]) + "…"
	}
	return strconv.Quote(text)
}

// password finds what is between the user and the last @ of something like a URL, which is more than the password if the
// text is not well-formed.
var password = regexp.MustCompile(`(?s)(://[^:@/?#\s]*):.*@`)

func hidePasswords(text string) string { return password.ReplaceAllString(text, "$1:"+mask+"@") }

// redact gives a value without what is secret.
func (f *field) redact(text string) string {
	switch {
	case text == "":
		return ""
	case f.secret:
		return mask
	case f.scalar.word == "url" && !strings.Contains(text, "://") && strings.Contains(text, "@"):
		return mask + text[strings.LastIndex(text, "@"):]
	}
	return hidePasswords(text)
}

// show quotes a value of the property for a message.
func (f *field) show(text string) string {
	if f.secret {
		return mask
	}
	return show(f.redact(text))
}

// showItem prints a value of the property, or an item if it has several.
func (f *field) showItem(text string) string {
	if f.many() {
		return "item " + f.show(text)
	}
	return f.show(text)
}

// explain says what a decoder found wrong, without the cause if that may tell a secret.
func (f *field) explain(err error) string {
	var bad *invalid
	if f.secret && errors.As(err, &bad) {
		return string(bad.reason)
	}
	return hidePasswords(err.Error())
}

// Effective gives every property of v, which this plan has bound, and the value in effect, for one log line: in the form
// that Bind reads, but for *** in the place of secrets and of passwords in URLs, and for the size in the place of a file's
// content. What is not set and has no default is the zero value, or empty for a pointer.
func (p *Plan) Effective(v reflect.Value) []slog.Attr {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	attrs := make([]slog.Attr, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		attrs[i] = slog.String(f.name, f.print(v))
	}
	return attrs
}

// print gives the property's value in the struct root, for people to see.
func (f *field) print(root reflect.Value) string {
	v, err := root.FieldByIndexErr(f.index)
	if err != nil || f.pointer && v.IsNil() {
		return "" // it, or what it is in, is a nil pointer
	}
	if f.pointer {
		v = v.Elem()
	}
	switch {
	case f.secret && v.IsZero():
		return ""
	case f.secret:
		return mask
	case f.file && !f.json:
		return strconv.Itoa(v.Len()) + " bytes"
	}
	return f.redact(f.text(v))
}

// text gives a value in the form that decode reads.
func (f *field) text(v reflect.Value) string {
	var items []string
	switch {
	case f.json:
		data, _ := json.Marshal(v.Interface()) // no text for what cannot be written back, such as a map with odd keys
		return string(data)
	case f.list:
		for i := range v.Len() {
			items = append(items, scalarText(v.Index(i)))
		}
	case f.mapped:
		for key, value := range v.Seq2() {
			items = append(items, key.String()+f.kv+scalarText(value))
		}
		slices.Sort(items)
	default:
		return scalarText(v)
	}
	return strings.Join(items, f.sep)
}

// scalarText prints a scalar. Methods with a pointer receiver count, as they do for reading.
func scalarText(v reflect.Value) string {
	p := v
	if v.Kind() != reflect.Pointer {
		p = reflect.New(v.Type())
		p.Elem().Set(v)
	} else if v.IsNil() {
		return ""
	}
	switch x := p.Interface().(type) {
	case encoding.TextMarshaler:
		text, _ := x.MarshalText() // the zero value of some types has no text
		return string(text)
	case fmt.Stringer:
		return x.String()
	}
	if v.Kind() == reflect.Bool {
		return onOff(v.Bool())
	}
	return fmt.Sprint(v)
}
