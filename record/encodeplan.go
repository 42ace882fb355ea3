package record

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
)

// encoders caches plans, or why there is none, by type: any may hold a value of any type.
var encoders sync.Map // reflect.Type to encodePlan

type encodePlan struct {
	encode encodeFunc
	err    error
}

func encoderOf(t reflect.Type) (encodeFunc, error) {
	if p, ok := encoders.Load(t); ok {
		return p.(encodePlan).encode, p.(encodePlan).err
	}
	var p encodePlan
	p.encode, p.err = make(encodeCompiler).compile(t)
	encoders.Store(t, p)
	return p.encode, p.err
}

// encodeCompiler holds the types whose plans are being made, so that they can refer to themselves.
type encodeCompiler map[reflect.Type]*encodeFunc

func (c encodeCompiler) compile(t reflect.Type) (encodeFunc, error) {
	if p, ok := c[t]; ok {
		return func(e *encodeState, v reflect.Value) error { return (*p)(e, v) }, nil
	}
	p := new(encodeFunc)
	c[t] = p
	encode, err := c.special(t)
	if encode == nil && err == nil {
		encode, err = c.kind(t)
	}
	*p = encode
	return encode, err
}

// special is for types that their kind does not tell how to write; nil if t is none.
func (c encodeCompiler) special(t reflect.Type) (encodeFunc, error) {
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return nil, nil
	case t == timeType:
		return encodeTime, nil
	case t == extType:
		return encodeExt, nil
	case implements(t, customEncoderType, marshalerType):
		return orNil(t, encodeCustom), nil
	case implements(t, textMarshalerType):
		return orNil(t, encodeText), nil
	case implements(t, binaryMarshalerType):
		return orNil(t, encodeBinary), nil
	case implements(t, errorType):
		return orNil(t, encodeError), nil
	}
	return nil, nil
}

// kind shows how each kind of type is written.
func (c encodeCompiler) kind(t reflect.Type) (encodeFunc, error) {
	switch t.Kind() {
	case reflect.Bool:
		return encodeBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return encodeInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return encodeUint, nil
	case reflect.Float32:
		return encodeFloat32, nil
	case reflect.Float64:
		return encodeFloat64, nil
	case reflect.String:
		return encodeString, nil
	case reflect.Interface:
		return encodeInterface, nil
	case reflect.Pointer:
		return c.pointer(t)
	case reflect.Slice, reflect.Array:
		return c.list(t)
	case reflect.Map:
		return c.mapping(t)
	case reflect.Struct:
		return c.structure(t)
	}
	return nil, fmt.Errorf("type %s cannot be written", t)
}

func encodeBool(e *encodeState, v reflect.Value) error {
	e.dst = appendBool(e.dst, v.Bool())
	return nil
}

func encodeInt(e *encodeState, v reflect.Value) error {
	e.dst = appendInt(e.dst, v.Int())
	return nil
}

func encodeUint(e *encodeState, v reflect.Value) error {
	e.dst = appendUint(e.dst, v.Uint())
	return nil
}

func encodeFloat32(e *encodeState, v reflect.Value) error {
	e.dst = appendFloat32(e.dst, float32(v.Float()))
	return nil
}

func encodeFloat64(e *encodeState, v reflect.Value) error {
	e.dst = appendFloat64(e.dst, v.Float())
	return nil
}

func encodeString(e *encodeState, v reflect.Value) error {
	e.dst = appendString(e.dst, v.String())
	return nil
}

func encodeBytes(e *encodeState, v reflect.Value) error {
	e.dst = appendBinary(e.dst, v.Bytes())
	return nil
}

// encodeByteArray is apart from encodeBytes, since reflect takes the bytes of addressable arrays only.
func encodeByteArray(e *encodeState, v reflect.Value) error {
	if !v.CanAddr() {
		v = addressable(v)
	}
	return encodeBytes(e, v)
}

func encodeTime(e *encodeState, v reflect.Value) error {
	e.dst = appendTime(e.dst, v.Interface().(time.Time))
	return nil
}

func encodeExt(e *encodeState, v reflect.Value) error {
	e.dst = appendExt(e.dst, v.Interface().(Ext))
	return nil
}

func encodeInterface(e *encodeState, v reflect.Value) error {
	return e.any(v.Interface())
}

func encodeText(e *encodeState, v reflect.Value) error {
	text, err := method[encoding.TextMarshaler](v).MarshalText()
	e.dst = appendString(e.dst, text)
	return err
}

func encodeBinary(e *encodeState, v reflect.Value) error {
	data, err := method[encoding.BinaryMarshaler](v).MarshalBinary()
	e.dst = appendBinary(e.dst, data)
	return err
}

func encodeError(e *encodeState, v reflect.Value) error {
	e.dst = appendString(e.dst, method[error](v).Error())
	return nil
}

// method returns v, or a pointer to it, as an interface that one of them implements.
func method[I any](v reflect.Value) I {
	if m, ok := v.Interface().(I); ok {
		return m
	}
	if !v.CanAddr() {
		v = addressable(v)
	}
	return v.Addr().Interface().(I)
}

func addressable(v reflect.Value) reflect.Value {
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	return p
}

// orNil writes nil for nil values.
func orNil(t reflect.Type, encode encodeFunc) encodeFunc {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan:
	default:
		return encode
	}
	return func(e *encodeState, v reflect.Value) error {
		if v.IsNil() {
			e.dst = append(e.dst, 0xc0)
			return nil
		}
		return encode(e, v)
	}
}

func (c encodeCompiler) pointer(t reflect.Type) (encodeFunc, error) {
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, err
	}
	through := func(e *encodeState, v reflect.Value) error { return elem(e, v.Elem()) }
	if k := t.Elem().Kind(); k == reflect.Pointer || k == reflect.Interface {
		through = counted(through) // may point to itself
	}
	return orNil(t, through), nil
}

// counted adds a level of depth.
func counted(encode encodeFunc) encodeFunc {
	return func(e *encodeState, v reflect.Value) error {
		if err := e.open(); err != nil {
			return err
		}
		err := encode(e, v)
		e.depth--
		return err
	}
}

func (c encodeCompiler) list(t reflect.Type) (encodeFunc, error) {
	if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
		return orNil(t, encodeBytes), nil
	}
	if t.Elem().Kind() == reflect.Uint8 {
		return encodeByteArray, nil
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return orNil(t, func(e *encodeState, v reflect.Value) error {
		e.dst = appendArrayHead(e.dst, v.Len())
		if err := e.open(); err != nil {
			return err
		}
		for i := range v.Len() {
			if err := elem(e, v.Index(i)); err != nil {
				return pathError{"[" + strconv.Itoa(i) + "]", err}
			}
		}
		e.depth--
		return nil
	}), nil
}

func (c encodeCompiler) mapping(t reflect.Type) (encodeFunc, error) {
	key := keyText(t.Key())
	if key == nil {
		return nil, fmt.Errorf("type %s cannot be written: its keys are neither strings nor integers", t)
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return orNil(t, func(e *encodeState, v reflect.Value) error {
		entries, err := sortedEntries(v, key)
		if err != nil {
			return err
		}
		e.dst = appendMapHead(e.dst, len(entries))
		if err := e.open(); err != nil {
			return err
		}
		for _, entry := range entries {
			e.dst = appendString(e.dst, entry.key)
			if err := elem(e, entry.value); err != nil {
				return pathError{pathName(entry.key), err}
			}
		}
		e.depth--
		return nil
	}), nil
}

type entry struct {
	key   string
	value reflect.Value
}

func sortedEntries(v reflect.Value, key func(reflect.Value) (string, error)) ([]entry, error) {
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		k, err := key(it.Key())
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{k, it.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	return entries, nil
}

// keyText returns how keys of type t are written, nil if they cannot be.
func keyText(t reflect.Type) func(reflect.Value) (string, error) {
	switch {
	case t.Kind() == reflect.String:
		return func(v reflect.Value) (string, error) { return v.String(), nil }
	case t.Kind() == reflect.Interface:
		return interfaceKey
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Int64:
		return func(v reflect.Value) (string, error) { return strconv.FormatInt(v.Int(), 10), nil }
	case reflect.Uint <= t.Kind() && t.Kind() <= reflect.Uintptr:
		return func(v reflect.Value) (string, error) { return strconv.FormatUint(v.Uint(), 10), nil }
	}
	return nil
}

func interfaceKey(v reflect.Value) (string, error) {
	v = v.Elem()
	if !v.IsValid() {
		return "", errors.New("key nil is neither a string nor an integer")
	}
	key := keyText(v.Type())
	if key == nil {
		return "", fmt.Errorf("key of type %s is neither a string nor an integer", v.Type())
	}
	return key(v)
}

// encodeField is a field and how to write it.
type encodeField struct {
	field
	encode encodeFunc
	empty  func(reflect.Value) bool // nil without omitempty
}

func (c encodeCompiler) structure(t reflect.Type) (encodeFunc, error) {
	list, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	fields := make([]encodeField, 0, len(list))
	for _, f := range list {
		encode, err := c.compile(f.typ)
		if err != nil {
			return nil, pathError{f.path, err}
		}
		ef := encodeField{field: f, encode: encode}
		if f.omitEmpty {
			ef.empty = emptyOf(f.typ)
		}
		fields = append(fields, ef)
	}
	return func(e *encodeState, v reflect.Value) error { return e.structure(v, fields) }, nil
}

func (e *encodeState) structure(v reflect.Value, fields []encodeField) error {
	start := len(e.dst)
	e.dst = appendMapHead(e.dst, len(fields))
	if err := e.open(); err != nil {
		return err
	}
	body, n := len(e.dst), 0
	for i := range fields {
		f := &fields[i]
		fv, ok := byIndex(v, f.index)
		if !ok || f.empty != nil && f.empty(fv) {
			continue
		}
		n++
		e.dst = appendString(e.dst, f.name)
		if err := f.encode(e, fv); err != nil {
			return pathError{pathName(f.name), err}
		}
	}
	e.depth--
	if n < len(fields) {
		e.dst = slices.Replace(e.dst, start, body, appendMapHead(nil, n)...)
	}
	return nil
}

// emptyOf returns what omitempty leaves out of a field of type t, as msgpack/v5 has it.
func emptyOf(t reflect.Type) func(reflect.Value) bool {
	switch {
	case t.Kind() == reflect.Interface:
		return func(v reflect.Value) bool { return v.IsNil() || emptyOf(v.Elem().Type())(v.Elem()) }
	case t.Implements(zeroerType):
		return isZeroed
	}
	switch t.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	case reflect.Float32, reflect.Float64:
		return func(v reflect.Value) bool { return v.Float() == 0 } // -0 too
	case reflect.Struct:
		return emptyStruct(t)
	}
	return reflect.Value.IsZero
}

var zeroerType = reflect.TypeFor[interface{ IsZero() bool }]()

func isZeroed(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return true
	}
	return v.Interface().(interface{ IsZero() bool }).IsZero()
}

// emptyStruct tells structs of which nothing would be written.
func emptyStruct(t reflect.Type) func(reflect.Value) bool {
	fields, err := fieldsOf(t)
	if err != nil || isText(t) || isCustom(t) {
		return func(reflect.Value) bool { return false }
	}
	empty := make([]func(reflect.Value) bool, len(fields))
	for i, f := range fields {
		if !f.omitEmpty {
			continue
		}
		empty[i] = emptyOf(f.typ)
	}
	return func(v reflect.Value) bool {
		for i, f := range fields {
			fv, ok := byIndex(v, f.index)
			if ok && (empty[i] == nil || !empty[i](fv)) {
				return false
			}
		}
		return true
	}
}
