package record

import (
	"reflect"
	"slices"
	"strings"
)

// tag is a parsed struct tag.
type tag struct {
	name    string // "" for the field's own
	options []string
}

// parseTag reads the msgpack tag, or else the json tag.
func parseTag(st reflect.StructTag) tag {
	text := st.Get("msgpack")
	if text == "" {
		text = st.Get("json")
	}
	name, options, _ := strings.Cut(text, ",")
	return tag{name: name, options: strings.Split(options, ",")}
}

func (t tag) has(option string) bool { return slices.Contains(t.options, option) }

// aliases are the names that are accepted beside the field's own.
func (t tag) aliases() (names []string) {
	for _, o := range t.options {
		if name, ok := strings.CutPrefix(o, "alias:"); ok {
			names = append(names, name)
		}
	}
	return names
}
