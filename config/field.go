package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// setType fills in how the value is read, and reports whether the type is that of a property. With the pointer, the type
// is whole.
func (f *field) setType(whole reflect.Type) bool {
	if f.json {
		f.secret = f.secret || hasSecret(f.typ, map[reflect.Type]bool{})
		return f.setScalar(scalar{kindText, "json", decodeJSON}, f.typ)
	}
	if s, ok := scalarOf(whole); ok {
		f.typ, f.pointer = whole, false
		return f.setScalar(s, whole)
	}
	if s, ok := scalarOf(f.typ); ok {
		return f.setScalar(s, f.typ)
	}
	switch f.typ.Kind() {
	case reflect.Slice:
		if f.typ.Elem().Kind() == reflect.Uint8 {
			return f.file && f.setScalar(scalar{kindText, "string", decodeBytes}, f.typ)
		}
		f.list = f.setItems()
		return f.list
	case reflect.Map:
		key := f.typ.Key()
		f.mapped = key.Kind() == reflect.String && !reflect.PointerTo(key).Implements(textType) && f.setItems()
		return f.mapped
	}
	return false
}

func (f *field) setScalar(s scalar, t reflect.Type) bool {
	f.scalar = s
	f.secret = f.secret || t == secretType
	if f.file {
		f.scalar.decode = f.fromFile(s.decode)
	}
	return true
}

func (f *field) setItems() bool {
	s, ok := scalarOf(f.typ.Elem())
	if !ok {
		return false
	}
	if f.sep == "" {
		f.sep = ","
	}
	if f.kv == "" && f.typ.Kind() == reflect.Map {
		f.kv = "="
	}
	return f.setScalar(s, f.typ.Elem())
}

// many says whether the value consists of items.
func (f *field) many() bool { return f.list || f.mapped }

// kind is that of the property as a whole.
func (f *field) kind() kind {
	if k := f.typ.Kind(); f.many() || f.json && (k == reflect.Slice || k == reflect.Map) {
		return kindList
	}
	return f.scalar.kind
}

func (f *field) checkOptions() error {
	used := func(option string) bool { return slices.Contains(f.used, option) }
	switch {
	case used("sep") && !f.many():
		return fmt.Errorf("option %q on a property that is no list", "sep")
	case used("kv") && !f.mapped:
		return fmt.Errorf("option %q on a property that is no map", "kv")
	case f.mapped && f.sep == f.kv:
		return fmt.Errorf("options sep and kv are both %q", f.sep)
	case f.file && (f.many() || !slices.Contains([]string{"string", "secret", "json"}, f.scalar.word)):
		return fmt.Errorf("option %q does not suit type %v (want string, []byte or config.Secret, or the option json too)", "file", f.typ)
	}
	return nil
}

func (f *field) checkDefault() error {
	if f.def == "" || f.file && !f.isInline(f.def) { // a file need not be on the machine that registers
		return nil
	}
	for _, bad := range f.decode(reflect.New(f.typ).Elem(), f.def) {
		return fmt.Errorf("default %s %s", f.show(bad.text), f.explain(bad.err))
	}
	return nil
}

// lookup gives the property's text, or "" if it is not set.
func (f *field) lookup(src Source) string {
	if text, ok := src.Lookup(f.name); ok && !f.empty(text) {
		return text
	}
	if f.yaml != "" {
		if text, ok := src.Lookup(f.yaml); ok && !f.empty(text) {
			return text
		}
	}
	return ""
}

// empty says whether text counts as not set.
func (f *field) empty(text string) bool {
	if !f.many() {
		return text == ""
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(f.sep, r) })
}

// yamlName is what the engine makes of a key in YAML (flb_config_format.c: flb_cf_key_translate), or "" if it keeps it
// but for case: a key that starts in lower case and has no underscore gets one in front of each capital.
func yamlName(name string) string {
	if !unicode.IsLower(rune(name[0])) || strings.Contains(name, "_") || strings.ToLower(name) == name {
		return ""
	}
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// refusal is a text that a decoder refused: the value or an item of it.
type refusal struct {
	text string
	err  error
}

// decode stores text in dst, which has the field's type without the pointer.
func (f *field) decode(dst reflect.Value, text string) []refusal {
	switch {
	case f.list:
		return f.decodeList(dst, text)
	case f.mapped:
		return f.decodeMap(dst, text)
	}
	if err := f.scalar.decode(dst, text); err != nil {
		return []refusal{{text, err}}
	}
	return nil
}

func (f *field) decodeList(dst reflect.Value, text string) (bad []refusal) {
	items := f.split(text)
	dst.Set(reflect.MakeSlice(f.typ, len(items), len(items)))
	for i, item := range items {
		if err := f.scalar.decode(dst.Index(i), item); err != nil {
			bad = append(bad, refusal{item, err})
		}
	}
	return bad
}

func (f *field) decodeMap(dst reflect.Value, text string) (bad []refusal) {
	pairs := f.split(text)
	dst.Set(reflect.MakeMapWithSize(f.typ, len(pairs)))
	for _, pair := range pairs {
		if err := f.decodePair(dst, pair); err != nil {
			bad = append(bad, refusal{pair, err})
		}
	}
	return bad
}

func (f *field) decodePair(dst reflect.Value, pair string) error {
	k, v, ok := f.cutPair(pair)
	if !ok {
		return reason("is not a pair (want key" + f.kv + "value)")
	}
	key, value := reflect.New(f.typ.Key()).Elem(), reflect.New(f.typ.Elem()).Elem()
	key.SetString(k)
	if dst.MapIndex(key).IsValid() {
		return reason("has the key of another pair")
	}
	if err := f.scalar.decode(value, v); err != nil {
		return err
	}
	dst.SetMapIndex(key, value)
	return nil
}

func (f *field) cutPair(pair string) (key, value string, ok bool) {
	if f.kv == " " {
		i := strings.IndexFunc(pair, unicode.IsSpace)
		return pair[:max(i, 0)], strings.TrimSpace(pair[i+1:]), i > 0
	}
	key, value, ok = strings.Cut(pair, f.kv)
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	return key, value, ok && key != ""
}

// split cuts a list or a map into its items and drops empty ones.
func (f *field) split(text string) []string {
	if f.sep == " " {
		return strings.Fields(text)
	}
	items := make([]string, 0, strings.Count(text, f.sep)+1)
	for item := range strings.SplitSeq(text, f.sep) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
