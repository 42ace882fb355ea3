package record

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// decodeFunc reads one value, which was checked, and sets v to it.
type decodeFunc func(r *reader, v reflect.Value) error

// decodeCompiler holds the types whose plans are being made, so that they can refer to themselves.
type decodeCompiler map[reflect.Type]*decodeFunc

func (c decodeCompiler) compile(t reflect.Type) (decodeFunc, error) {
	if p, ok := c[t]; ok {
		return func(r *reader, v reflect.Value) error { return (*p)(r, v) }, nil
	}
	p := new(decodeFunc)
	c[t] = p
	decode := c.special(t)
	if decode == nil {
		var err error
		if decode, err = c.kind(t); err != nil {
			return nil, err
		}
	}
	*p = nilable(decode)
	return *p, nil
}

// nilable leaves v zero where the value is nil.
func nilable(decode decodeFunc) decodeFunc {
	return func(r *reader, v reflect.Value) error {
		if r.off < len(r.b) && r.b[r.off] == 0xc0 {
			r.off++
			v.SetZero()
			return nil
		}
		return decode(r, v)
	}
}

// special is for types that their kind does not tell how to read; nil if t is none.
func (c decodeCompiler) special(t reflect.Type) decodeFunc {
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return nil
	case t == timeType:
		return decodeTime
	case t == extType:
		return decodeExt
	case implements(t, customDecoderType, unmarshalerType):
		return decodeCustom
	case implements(t, textUnmarshalerType):
		return decodeText
	case implements(t, binaryUnmarshalerType):
		return decodeBinary
	}
	return nil
}

// kind shows how each kind of type is read.
func (c decodeCompiler) kind(t reflect.Type) (decodeFunc, error) {
	switch t.Kind() {
	case reflect.Bool:
		return decodeBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return decodeUint, nil
	case reflect.Float32, reflect.Float64:
		return decodeFloat, nil
	case reflect.String:
		return decodeString, nil
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return decodeAny, nil
		}
		return nil, fmt.Errorf("type %s cannot be read: of interfaces only any can", t)
	case reflect.Pointer:
		return c.pointer(t)
	case reflect.Slice:
		return c.slice(t)
	case reflect.Array:
		return c.array(t)
	case reflect.Map:
		return c.mapping(t)
	case reflect.Struct:
		return c.structure(t)
	}
	return nil, fmt.Errorf("type %s cannot be read", t)
}

func decodeBool(r *reader, v reflect.Value) error {
	at := r.off
	t, err := r.next()
	if err != nil {
		return err
	}
	if t.kind != kindBool {
		return newMisfit(at, t, v.Type())
	}
	v.SetBool(t.bits == 1)
	return nil
}

func decodeInt(r *reader, v reflect.Value) error {
	at := r.off
	t, err := r.next()
	if err != nil {
		return err
	}
	n, ok := t.int64()
	if !ok || v.OverflowInt(n) {
		return newMisfit(at, t, v.Type())
	}
	v.SetInt(n)
	return nil
}

func (t token) int64() (int64, bool) {
	switch t.kind {
	case kindUint:
		return int64(t.bits), t.bits <= math.MaxInt64
	case kindInt:
		return int64(t.bits), true
	case kindFloat:
		f := t.float()
		return int64(f), f == math.Trunc(f) && f >= -1<<63 && f < 1<<63
	}
	return 0, false
}

func decodeUint(r *reader, v reflect.Value) error {
	at := r.off
	t, err := r.next()
	if err != nil {
		return err
	}
	n, ok := t.uint64()
	if !ok || v.OverflowUint(n) {
		return newMisfit(at, t, v.Type())
	}
	v.SetUint(n)
	return nil
}

func (t token) uint64() (uint64, bool) {
	switch t.kind {
	case kindUint:
		return t.bits, true
	case kindFloat:
		f := t.float()
		return uint64(f), f == math.Trunc(f) && f >= 0 && f < 1<<64
	}
	return 0, false
}

func decodeFloat(r *reader, v reflect.Value) error {
	at := r.off
	t, err := r.next()
	if err != nil {
		return err
	}
	f, ok := t.float64()
	if !ok || v.OverflowFloat(f) {
		return newMisfit(at, t, v.Type())
	}
	v.SetFloat(f)
	return nil
}

func (t token) float64() (float64, bool) {
	switch t.kind {
	case kindFloat:
		return t.float(), true
	case kindUint:
		return float64(t.bits), true
	case kindInt:
		return float64(int64(t.bits)), true
	}
	return 0, false
}

// text reads a string or binary, aliasing the input.
func (r *reader) text(typ reflect.Type) ([]byte, error) {
	at := r.off
	t, err := r.next()
	if err != nil {
		return nil, err
	}
	if t.kind != kindString && t.kind != kindBinary {
		return nil, newMisfit(at, t, typ)
	}
	return t.data, nil
}

func decodeString(r *reader, v reflect.Value) error {
	b, err := r.text(v.Type())
	if err == nil {
		v.SetString(string(b))
	}
	return err
}

func decodeBytes(r *reader, v reflect.Value) error {
	b, err := r.text(v.Type())
	if err == nil {
		v.SetBytes(copied(b))
	}
	return err
}

func decodeByteArray(r *reader, v reflect.Value) error {
	at := r.off
	b, err := r.text(v.Type())
	if err != nil {
		return err
	}
	if len(b) > v.Len() {
		return misfit{at, fmt.Errorf("%d bytes into %s", len(b), v.Type())}
	}
	v.SetZero()
	for i, c := range b {
		v.Index(i).SetUint(uint64(c))
	}
	return nil
}

func decodeTime(r *reader, v reflect.Value) error {
	at := r.off
	t, err := r.next()
	if err != nil {
		return err
	}
	tm, err := anyTime(t)
	if err != nil {
		return newMisfit(at, t, v.Type())
	}
	v.Set(reflect.ValueOf(tm))
	return nil
}

func decodeExt(r *reader, v reflect.Value) error {
	at := r.off
	t, err := r.next()
	if err != nil {
		return err
	}
	if t.kind != kindExt {
		return newMisfit(at, t, v.Type())
	}
	v.Set(reflect.ValueOf(Ext{Type: t.ext, Data: copied(t.data)}))
	return nil
}

func decodeAny(r *reader, v reflect.Value) error {
	x, err := r.value()
	if err == nil {
		v.Set(reflect.ValueOf(x)) // not nil, see nilable
	}
	return err
}

func decodeText(r *reader, v reflect.Value) error {
	at := r.off
	b, err := r.text(v.Type())
	if err != nil {
		return err
	}
	u := v.Addr().Interface().(encoding.TextUnmarshaler)
	return attempt(at, func() error { return u.UnmarshalText(b) })
}

func decodeBinary(r *reader, v reflect.Value) error {
	at := r.off
	b, err := r.text(v.Type())
	if err != nil {
		return err
	}
	u := v.Addr().Interface().(encoding.BinaryUnmarshaler)
	return attempt(at, func() error { return u.UnmarshalBinary(b) })
}

func (c decodeCompiler) pointer(t reflect.Type) (decodeFunc, error) {
	if endless(t) {
		return nil, fmt.Errorf("type %s cannot be read", t)
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(r *reader, v reflect.Value) error {
		v.Set(reflect.New(t.Elem()))
		return elem(r, v.Elem())
	}, nil
}

// endless tells pointer types that point to pointers and so on, such as type P *P.
func endless(t reflect.Type) bool {
	for range maxDepth {
		if t.Kind() != reflect.Pointer {
			return false
		}
		t = t.Elem()
	}
	return true
}

func (c decodeCompiler) slice(t reflect.Type) (decodeFunc, error) {
	if t.Elem().Kind() == reflect.Uint8 {
		return decodeBytes, nil
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return func(r *reader, v reflect.Value) error {
		n, err := r.container(kindArray, t)
		if err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(t, n, n))
		return fillList(r, v, n, elem)
	}, nil
}

func (c decodeCompiler) array(t reflect.Type) (decodeFunc, error) {
	if t.Elem().Kind() == reflect.Uint8 {
		return decodeByteArray, nil
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return func(r *reader, v reflect.Value) error {
		at := r.off
		n, err := r.container(kindArray, t)
		if err != nil {
			return err
		}
		if n > t.Len() {
			return misfit{at, fmt.Errorf("array of %d into %s", n, t)}
		}
		v.SetZero()
		return fillList(r, v, n, elem)
	}, nil
}

func fillList(r *reader, v reflect.Value, n int, elem decodeFunc) error {
	for i := range n {
		if err := elem(r, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// container reads the head of a map or array and returns its count.
func (r *reader) container(k kind, typ reflect.Type) (int, error) {
	at := r.off
	t, err := r.next()
	if err != nil {
		return 0, err
	}
	if t.kind != k {
		return 0, newMisfit(at, t, typ)
	}
	return t.n, nil
}

func (c decodeCompiler) mapping(t reflect.Type) (decodeFunc, error) {
	setKey := keySetter(t.Key())
	if setKey == nil {
		return nil, fmt.Errorf("type %s cannot be read: its keys are neither strings nor integers", t)
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return func(r *reader, v reflect.Value) error {
		n, err := r.container(kindMap, t)
		if err != nil {
			return err
		}
		v.Set(reflect.MakeMapWithSize(t, n))
		for range n {
			at := r.off
			key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			if text := r.key(); !setKey(key, text) {
				return misfit{at, fmt.Errorf("key %q into %s", cut(text), t.Key())}
			}
			if err := elem(r, value); err != nil {
				return err
			}
			v.SetMapIndex(key, value)
		}
		return nil
	}, nil
}

// keySetter returns how keys of type t are read, nil if they cannot be.
func keySetter(t reflect.Type) func(v reflect.Value, text string) bool {
	switch {
	case t.Kind() == reflect.String:
		return func(v reflect.Value, text string) bool { v.SetString(text); return true }
	case t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return func(v reflect.Value, text string) bool { v.Set(reflect.ValueOf(text)); return true }
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Int64:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseInt(text, 10, t.Bits())
			v.SetInt(n)
			return err == nil
		}
	case reflect.Uint <= t.Kind() && t.Kind() <= reflect.Uintptr:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseUint(text, 10, t.Bits())
			v.SetUint(n)
			return err == nil
		}
	}
	return nil
}

// decodeField is a field and how to read it.
type decodeField struct {
	index  []int
	decode decodeFunc
}

func (c decodeCompiler) structure(t reflect.Type) (decodeFunc, error) {
	list, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]*decodeField, len(list))
	for _, f := range list {
		if err := settable(t, f.index); err != nil {
			return nil, pathError{f.path, err}
		}
		decode, err := c.compile(f.typ)
		if err != nil {
			return nil, pathError{f.path, err}
		}
		fields[f.name] = &decodeField{index: f.index, decode: decode}
	}
	for _, f := range list {
		for _, alias := range f.aliases {
			if fields[alias] == nil {
				fields[alias] = fields[f.name]
			}
		}
	}
	return func(r *reader, v reflect.Value) error { return decodeStruct(r, v, fields) }, nil
}

// settable refuses fields behind an embedded pointer that reflect may not set.
func settable(t reflect.Type, index []int) error {
	for _, n := range index[:len(index)-1] {
		sf := structOf(t).Field(n)
		if sf.Type.Kind() == reflect.Pointer && !sf.IsExported() {
			return fmt.Errorf("embedded pointer to %s, which is not exported, cannot be set", sf.Type.Elem())
		}
		t = sf.Type
	}
	return nil
}

func decodeStruct(r *reader, v reflect.Value, fields map[string]*decodeField) error {
	n, err := r.container(kindMap, v.Type())
	if err != nil {
		return err
	}
	v.SetZero()
	for range n {
		var f *decodeField
		key, err := r.next()
		if err != nil {
			return err
		}
		switch key.kind {
		case kindString, kindBinary:
			f = fields[string(key.data)]
		default:
			err = r.skip(key.children(), maxDepth)
		}
		if err == nil && f == nil {
			err = r.skip(1, maxDepth)
		}
		if err == nil && f != nil {
			err = f.decode(r, byIndexAlloc(v, f.index))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
