package record

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

func encodeScalar(s scalar) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) { return appendScalar(dst, s, p), nil }
}

// later is encode for where it is not yet known.
func (p *encodePlan) later(dst []byte, v unsafe.Pointer, open int) ([]byte, error) {
	return p.encode(dst, v, open)
}

// orNil writes nil for nil values of types that have them.
func orNil(t reflect.Type, encode encodeFunc) encodeFunc {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan:
	default:
		return encode
	}
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		if *(*unsafe.Pointer)(p) == nil { // the first or only word of all of these
			return append(dst, 0xc0), nil
		}
		return encode(dst, p, open)
	}
}

func encodeBytes(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	return appendBinary(dst, *(*[]byte)(p)), nil
}

func encodeByteArray(n int) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		return appendBinary(dst, unsafe.Slice((*byte)(p), n)), nil
	}
}

func encodeTime(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	return appendTime(dst, *(*time.Time)(p)), nil
}

func encodeExt(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	return appendExt(dst, *(*Ext)(p)), nil
}

func encodeRaw(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
	raw := *(*Raw)(p)
	if raw == nil {
		return append(dst, 0xc0), nil
	}
	return append(dst, raw...), raw.check(open)
}

// method returns the pointer to a value as an interface that it, or what it points to, implements.
func method[I any](t reflect.Type, p unsafe.Pointer) I {
	return reflect.NewAt(t, p).Interface().(I)
}

func encodeText(t reflect.Type) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		text, err := method[encoding.TextMarshaler](t, p).MarshalText()
		return appendString(dst, text), err
	}
}

func encodeBinary(t reflect.Type) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		data, err := method[encoding.BinaryMarshaler](t, p).MarshalBinary()
		return appendBinary(dst, data), err
	}
}

func encodeError(t reflect.Type) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		return appendString(dst, method[error](t, p).Error()), nil
	}
}

func encodeCustom(t reflect.Type) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		return appendCustom(dst, reflect.NewAt(t, p).Interface(), open)
	}
}

func encodeInterface(t reflect.Type) encodeFunc {
	if t.NumMethod() > 0 {
		return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
			return appendAny(dst, reflect.NewAt(t, p).Elem().Interface(), open)
		}
	}
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		return appendAny(dst, *(*any)(p), open)
	}
}

// appendOther writes a value of a type that appendAny has no case for.
func appendOther(dst []byte, v any, open int) ([]byte, error) {
	t := reflect.TypeOf(v)
	plan := encodePlanOf(t)
	if plan.err != nil {
		return dst, plan.err
	}
	data := (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
	switch {
	case plan.elem != nil: // of a pointer
		if data == nil {
			return append(dst, 0xc0), nil
		}
		return plan.elem(dst, data, open)
	case plan.isMap:
		word := words.Get().(*unsafe.Pointer)
		*word = data
		dst, err := plan.encode(dst, unsafe.Pointer(word), open)
		*word = nil
		words.Put(word)
		return dst, err
	case mayBeWord(t), plan.mutable:
		return plan.encode(dst, addressable(v), open) // data may be the value itself, or must not be changed
	}
	return plan.encode(dst, data, open)
}

// mayBeWord tells types whose values an interface may hold itself: what is, or may be, a single pointer. Numbers never are.
func mayBeWord(t reflect.Type) bool {
	return t.Size() == unsafe.Sizeof(uintptr(0)) && scalarOf(t) == scalarNone
}

// words have room for maps, which interfaces hold themselves, so that there is a pointer to them.
var words = sync.Pool{New: func() any { return new(unsafe.Pointer) }}

// addressable copies a value to memory.
func addressable(v any) unsafe.Pointer {
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	return p.UnsafePointer()
}

func encodePointer(elem encodeFunc) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		if p = *(*unsafe.Pointer)(p); p == nil {
			return append(dst, 0xc0), nil
		}
		return elem(dst, p, open)
	}
}

// counted adds a level of depth, for what may point to itself.
func counted(encode encodeFunc) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		if err := checkDepth(open); err != nil {
			return dst, err
		}
		return encode(dst, p, open+1)
	}
}

func encodeStrings(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
	list := *(*[]string)(p)
	dst = appendArrayHead(dst, len(list))
	for _, s := range list {
		dst = appendString(dst, s)
	}
	return dst, checkDepth(open)
}

func encodeSlice(size uintptr, elem encodeFunc) encodeFunc {
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		s := *(*[]struct{})(p)
		return appendList(dst, unsafe.Pointer(unsafe.SliceData(s)), len(s), size, elem, open)
	}
}

func encodeArray(t reflect.Type, elem encodeFunc) encodeFunc {
	n, size := t.Len(), t.Elem().Size()
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		return appendList(dst, p, n, size, elem, open)
	}
}

// appendList writes n elements, the first of which is at p.
func appendList(dst []byte, p unsafe.Pointer, n int, size uintptr, elem encodeFunc, open int) ([]byte, error) {
	dst = appendArrayHead(dst, n)
	err := checkDepth(open)
	for i := 0; i < n && err == nil; i++ {
		if dst, err = elem(dst, unsafe.Add(p, uintptr(i)*size), open+1); err != nil {
			err = pathError{indexName(i), err}
		}
	}
	return dst, err
}

func encodeStringMap(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
	m := *(*map[string]string)(p)
	dst = appendMapHead(dst, len(m))
	for k, v := range m {
		dst = appendString(appendString(dst, k), v)
	}
	return dst, checkDepth(open)
}

func encodeAnyMap(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
	return appendAnyMap(dst, *(*map[string]any)(p), open)
}

// mapEntry is room for a map's entries, one after the other.
type mapEntry struct {
	iter       reflect.MapIter
	key, value reflect.Value
}

func encodeMap(t reflect.Type, key keyFunc, elem encodeFunc) encodeFunc {
	entries := sync.Pool{New: func() any {
		return &mapEntry{key: reflect.New(t.Key()).Elem(), value: reflect.New(t.Elem()).Elem()}
	}}
	return func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		m := reflect.ValueOf(reflect.NewAt(t, p).Elem().Interface())
		dst = appendMapHead(dst, m.Len())
		err := checkDepth(open)
		if err != nil {
			return dst, err
		}
		entry := entries.Get().(*mapEntry)
		defer entries.Put(entry)
		defer entry.reset()
		entry.iter.Reset(m)
		for entry.iter.Next() {
			entry.key.SetIterKey(&entry.iter)
			entry.value.SetIterValue(&entry.iter)
			start := len(dst)
			if dst, err = key(dst, entry.key); err != nil {
				return dst, err
			}
			if dst, err = elem(dst, entry.value.Addr().UnsafePointer(), open+1); err != nil {
				return dst, pathError{pathName(keyAt(dst, start)), err}
			}
		}
		return dst, nil
	}
}

// reset lets go of the map.
func (m *mapEntry) reset() {
	m.iter.Reset(reflect.Value{})
	m.key.SetZero()
	m.value.SetZero()
}

// keyAt reads back a key that was written.
func keyAt(b []byte, at int) string {
	t, _ := (&reader{b: b, off: at}).next()
	return string(t.data)
}

// keyFunc appends a map's key.
type keyFunc func(dst []byte, key reflect.Value) ([]byte, error)

// keyAppender returns how keys of type t are written, nil if they cannot be.
func keyAppender(t reflect.Type) keyFunc {
	switch {
	case t.Kind() == reflect.String:
		return func(dst []byte, key reflect.Value) ([]byte, error) { return appendString(dst, key.String()), nil }
	case t.Kind() == reflect.Interface:
		return appendInterfaceKey
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Int64:
		return func(dst []byte, key reflect.Value) ([]byte, error) {
			var digits [20]byte
			return appendString(dst, strconv.AppendInt(digits[:0], key.Int(), 10)), nil
		}
	case reflect.Uint <= t.Kind() && t.Kind() <= reflect.Uintptr:
		return func(dst []byte, key reflect.Value) ([]byte, error) {
			var digits [20]byte
			return appendString(dst, strconv.AppendUint(digits[:0], key.Uint(), 10)), nil
		}
	}
	return nil
}

func appendInterfaceKey(dst []byte, v reflect.Value) ([]byte, error) {
	v = v.Elem()
	if !v.IsValid() {
		return dst, errors.New("key nil is neither a string nor an integer")
	}
	key := keyAppender(v.Type())
	if key == nil {
		return dst, fmt.Errorf("key of type %s is neither a string nor an integer", v.Type())
	}
	return key(dst, v)
}
