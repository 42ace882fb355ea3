package record

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// field is a struct's field, or one of a struct that is inlined into it.
type field struct {
	name      string
	aliases   []string
	path      string // in Go, for errors
	index     []int
	typ       reflect.Type
	omitEmpty bool
}

// fieldsOf lists the fields of a struct type in the order of their declaration.
func fieldsOf(t reflect.Type) ([]field, error) {
	all, err := collect(t, field{}, nil)
	if err != nil {
		return nil, err
	}
	return dominant(all)
}

// collect lists fields and those of inlined structs. outer leads to t from the record.
func collect(t reflect.Type, outer field, within []reflect.Type) (fields []field, err error) {
	for _, w := range within {
		if w == t {
			return nil, pathError{outer.path, fmt.Errorf("%s is inlined into itself", t)}
		}
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		st := parseTag(sf.Tag)
		if sf.Name == "_msgpack" {
			if st.has("as_array") || st.has("asArray") {
				return nil, pathError{outer.path, errors.New("as_array is not supported")}
			}
			outer.omitEmpty = outer.omitEmpty || st.has("omitempty")
			continue
		}
		if st.name == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		f := outer.inner(sf, st)
		if !inlined(sf, st) {
			if sf.IsExported() {
				fields = append(fields, f)
			}
			continue
		}
		inner, err := collect(structOf(sf.Type), f, append(within, t))
		if err != nil {
			return nil, err
		}
		fields = append(fields, inner...)
	}
	return fields, nil
}

func (f field) inner(sf reflect.StructField, st tag) field {
	name := st.name
	if name == "" {
		name = sf.Name
	}
	return field{
		name:      name,
		aliases:   st.aliases(),
		path:      join(f.path, sf.Name),
		index:     append(f.index[:len(f.index):len(f.index)], sf.Index...),
		typ:       sf.Type,
		omitEmpty: f.omitEmpty || st.has("omitempty"),
	}
}

func inlined(sf reflect.StructField, st tag) bool {
	if structOf(sf.Type) == nil || st.has("noinline") {
		return false
	}
	return st.has("inline") || sf.Anonymous && st.name == "" && !isText(sf.Type) && !isCustom(sf.Type)
}

// structOf is the struct that t is or points to, else nil.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// dominant drops fields that an outer field of the same name hides.
func dominant(all []field) (fields []field, err error) {
	best := map[string]field{}
	for _, f := range all {
		b, ok := best[f.name]
		if ok && len(b.index) == len(f.index) {
			return nil, fmt.Errorf("%s and %s: both are named %q", b.path, f.path, f.name)
		}
		if !ok || len(f.index) < len(b.index) {
			best[f.name] = f
		}
	}
	for _, f := range all {
		if best[f.name].path == f.path {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// steps are the offsets that lead to f from a struct of type t: after each but the last, a pointer is followed.
func (f field) steps(t reflect.Type) []uintptr {
	steps := []uintptr{0}
	for i, n := range f.index {
		if i > 0 && t.Kind() == reflect.Pointer {
			t = t.Elem()
			steps = append(steps, 0)
		}
		sf := t.Field(n)
		steps[len(steps)-1] += sf.Offset
		t = sf.Type
	}
	return steps
}

// pointees are the types of what the pointers on the way to f point to.
func (f field) pointees(t reflect.Type) (types []reflect.Type) {
	for i, n := range f.index {
		if i > 0 && t.Kind() == reflect.Pointer {
			t = t.Elem()
			types = append(types, t)
		}
		t = t.Field(n).Type
	}
	return types
}

// behindPointer tells fields of an embedded pointer.
func (f field) behindPointer(t reflect.Type) bool { return len(f.steps(t)) > 1 }

// offset is where f is in a struct of type t, if it is not behind a pointer.
func (f field) offset(t reflect.Type) uintptr { return f.steps(t)[0] }

var (
	timeType = reflect.TypeFor[time.Time]()
	extType  = reflect.TypeFor[Ext]()

	customEncoderType = reflect.TypeFor[msgpack.CustomEncoder]()
	customDecoderType = reflect.TypeFor[msgpack.CustomDecoder]()
	marshalerType     = reflect.TypeFor[msgpack.Marshaler]()
	unmarshalerType   = reflect.TypeFor[msgpack.Unmarshaler]()

	textMarshalerType     = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	binaryMarshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()

	errorType = reflect.TypeFor[error]()
)

// implements tells whether t or *t has one of the methods.
func implements(t reflect.Type, ifaces ...reflect.Type) bool {
	for _, iface := range ifaces {
		if t.Implements(iface) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface) {
			return true
		}
	}
	return false
}

// isCustom tells types that msgpack/v5 encodes or decodes by a method.
func isCustom(t reflect.Type) bool {
	return implements(t, customEncoderType, marshalerType, customDecoderType, unmarshalerType)
}

// isText tells types that are one value on the wire, though they may be structs or maps.
func isText(t reflect.Type) bool {
	return t == timeType || t == extType || t == rawType || implements(t, textMarshalerType, textUnmarshalerType,
		binaryMarshalerType, binaryUnmarshalerType, errorType)
}

var errRecordType = errors.New("is no record: a record is a struct, a pointer to a struct, map[string]T or any")

// checkRecord tells whether a value of type t can be a map on the wire.
func checkRecord(t reflect.Type) error {
	if isCustom(t) || t == rawType {
		return nil // what it writes is checked each time
	}
	ok := false
	switch t.Kind() {
	case reflect.Interface:
		return nil
	case reflect.Struct:
		ok = !isText(t)
	case reflect.Pointer:
		ok = t.Elem().Kind() == reflect.Struct && !isText(t.Elem())
	case reflect.Map:
		ok = t.Key().Kind() == reflect.String && !isText(t)
	}
	if !ok {
		return fmt.Errorf("%s %w", t, errRecordType)
	}
	return nil
}

// typeError names the field of t that has no plan.
func typeError(t reflect.Type, err error) error {
	path, cause := splitPath(err)
	return fmt.Errorf("%s: %w", join(t.String(), path), cause)
}

// isBatch tells slices of records.
func isBatch(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && !isCustom(t)
}

// panicError is what a method of the author's panicked with.
func panicError(p any) error {
	if err, ok := p.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", p)
}
