package record

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// This file writes values by their plans. A value is read through a pointer to
// it, at the offsets that reflect gives; what is written goes through append.

// encodeFunc appends the value at p to dst, inside as many maps and arrays as are open. After an error dst is of no use.
type encodeFunc func(dst []byte, p unsafe.Pointer, open int) ([]byte, error)

// emptyFunc tells whether omitempty leaves out the value at p.
type emptyFunc func(p unsafe.Pointer) bool

// Len returns the number of events in r: 1, or the length of a slice.
func (c *Encoder[R]) Len(r *R) int {
	if !c.plan.batch {
		return 1
	}
	return len(*(*[]struct{})(unsafe.Pointer(r)))
}

// Append appends event i of r, 0 <= i < Len, to dst and returns the longer slice. On
// error, an *[Error], it returns dst as it was. The event is one that every engine
// since Fluent Bit 2.1 reads. The caller sets h.Time: a zero time is an error.
// Nothing of h and r is kept. Memory behind dst, up to its capacity, is written over.
func (c *Encoder[R]) Append(dst []byte, h *Header, r *R, i int) ([]byte, error) {
	p := unsafe.Pointer(r)
	if c.plan.batch {
		s := *(*[]struct{})(p)
		_ = s[i]
		p = unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), uintptr(i)*c.plan.size)
	}
	var out []byte
	var err error
	if sec := h.Time.Unix(); c.plan.flat != nil && len(h.Metadata) == 0 && 0 <= sec && sec < secondGroupEnd {
		out, err = appendFields(appendHeader(dst, sec, h.Time.Nanosecond()), c.plan.flat, p, 1)
	} else {
		out, err = c.plan.append(dst, h, p)
	}
	if err == nil && len(out)-len(dst) <= math.MaxUint32 {
		return out, nil
	}
	return dst, c.plan.failed(err, i)
}

// failed is the error of record i, which is too large if it is nil: a string's length might not fit.
func (c *recordEncoder) failed(err error, i int) *Error {
	if err == nil {
		err = errors.New("larger than 4 GiB")
	}
	if !c.batch {
		i = -1
	}
	path, err := splitPath(err)
	return &Error{Index: i, Offset: -1, Path: path, Err: err}
}

// append writes an event. Its recover is for methods of the author's types.
func (c *recordEncoder) append(dst []byte, h *Header, p unsafe.Pointer) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	sec := h.Time.Unix()
	if sec < 0 || sec >= secondGroupEnd {
		return dst, pathError{"time", fmt.Errorf("%s is not between 1970 and 2106", h.Time.Format(time.RFC3339))}
	}
	dst = appendHeader(dst, sec, h.Time.Nanosecond())
	if len(h.Metadata) > 0 {
		if dst, err = appendAnyMap(dst[:len(dst)-1], h.Metadata, 2); err != nil {
			return dst, pathError{"metadata", err}
		}
	}
	return c.appendRecord(dst, p)
}

// appendRecord writes what must turn out to be a map.
func (c *recordEncoder) appendRecord(dst []byte, p unsafe.Pointer) ([]byte, error) {
	start := len(dst)
	dst, err := c.encode(dst, p, 1)
	if err != nil || isMap(dst[start]) {
		return dst, err
	}
	return emptyRecord(dst[:start], reflect.NewAt(c.typ, p).Elem())
}

// emptyRecord writes a nil map as a record, and refuses what is no map.
func emptyRecord(dst []byte, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return dst, fmt.Errorf("nil %w", errRecordType)
	case v.Kind() == reflect.Map && v.IsNil(), v.Type() == rawType && v.IsNil():
		return append(dst, 0x80), nil
	case v.Kind() == reflect.Pointer && v.IsNil():
		return dst, fmt.Errorf("nil %s %w", v.Type(), errRecordType)
	}
	return dst, fmt.Errorf("%s %w", v.Type(), errRecordType)
}

// encode writes a struct.
func (s *encodeStruct) encode(dst []byte, base unsafe.Pointer, open int) ([]byte, error) {
	if open+s.levels > engineDepth {
		return dst, checkDepth(engineDepth)
	}
	if s.groups == nil {
		return appendFields(dst, s.ops, base, open)
	}
	start, n := len(dst), s.fields
	dst = appendMapHead(dst, n)
	for i := range s.groups {
		g := &s.groups[i]
		if g.empty != nil && g.empty(unsafe.Add(base, g.offset)) {
			n--
			continue
		}
		var err error
		if dst, err = appendFields(dst, g.ops, base, open); err != nil {
			return dst, err
		}
	}
	if n < s.fields {
		dst = patchMapHead(dst, start, s.fields, n)
	}
	return dst, nil
}

// appendFields writes what ops say. What is usual this loop writes itself, without calls; everything else has a function.
func appendFields(dst []byte, ops []encodeOp, base unsafe.Pointer, open int) ([]byte, error) {
	for i := range ops {
		op := &ops[i]
		p := unsafe.Add(base, op.offset)
		dst = append(dst, op.prefix[:]...) // all 16 bytes: no call
		dst = dst[:len(dst)-len(op.prefix)+int(op.size)]
		switch op.scalar {
		case scalarString:
			text := *(*string)(p)
			switch n := len(text); {
			case 8 <= n && n <= 16:
				dst = appendEnds8(append(dst, 0xa0|byte(n)), text)
			case 4 <= n && n < 8:
				dst = appendEnds4(append(dst, 0xa0|byte(n)), text)
			default:
				dst = appendString(dst, text)
			}
		case scalarInt64:
			if v := *(*int64)(p); 0 <= v && v <= 0x7f {
				dst = append(dst, byte(v))
			} else {
				dst = appendInt(dst, v)
			}
		case scalarNone:
			var err error
			if dst, err = op.value.encode(dst, p, open+op.value.levels); err != nil {
				return dst, pathError{op.value.path, err}
			}
		default:
			dst = appendScalar(dst, op.scalar, p)
		}
	}
	return dst, nil
}

// appendEnds8 appends 8 to 16 bytes without a call: the first 8, then the last 8.
func appendEnds8(dst []byte, s string) []byte {
	first, last := unsafe.Pointer(unsafe.StringData(s)), len(s)-8
	start := len(dst)
	dst = append(dst, (*[8]byte)(first)[:]...)
	return append(dst[:start+last], (*[8]byte)(unsafe.Add(first, last))[:]...)
}

// appendEnds4 appends 4 to 8 bytes.
func appendEnds4(dst []byte, s string) []byte {
	first, last := unsafe.Pointer(unsafe.StringData(s)), len(s)-4
	start := len(dst)
	dst = append(dst, (*[4]byte)(first)[:]...)
	return append(dst[:start+last], (*[4]byte)(unsafe.Add(first, last))[:]...)
}

// patchMapHead puts n for most into the map head at start.
func patchMapHead(dst []byte, start, most, n int) []byte {
	if most < 16 {
		dst[start] = 0x80 | byte(n)
		return dst
	}
	head := appendMapHead(make([]byte, 0, 8), n)
	old := len(appendMapHead(make([]byte, 0, 8), most))
	copy(dst[start:], head)
	return append(dst[:start+len(head)], dst[start+old:]...)
}

func appendScalar(dst []byte, s scalar, p unsafe.Pointer) []byte {
	switch s {
	case scalarString:
		return appendString(dst, *(*string)(p))
	case scalarBool:
		return appendBool(dst, *(*bool)(p))
	case scalarFloat64:
		return appendFloat64(dst, *(*float64)(p))
	case scalarFloat32:
		return appendFloat32(dst, *(*float32)(p))
	case scalarInt64:
		return appendInt(dst, *(*int64)(p))
	case scalarInt32:
		return appendInt(dst, int64(*(*int32)(p)))
	case scalarInt16:
		return appendInt(dst, int64(*(*int16)(p)))
	case scalarInt8:
		return appendInt(dst, int64(*(*int8)(p)))
	case scalarUint64:
		return appendUint(dst, *(*uint64)(p))
	case scalarUint32:
		return appendUint(dst, uint64(*(*uint32)(p)))
	case scalarUint16:
		return appendUint(dst, uint64(*(*uint16)(p)))
	case scalarUint8:
		return appendUint(dst, uint64(*(*uint8)(p)))
	}
	return dst // scalarConstant
}

func emptyScalar(s scalar, p unsafe.Pointer) bool {
	switch s {
	case scalarString:
		return *(*string)(p) == ""
	case scalarFloat64:
		return *(*float64)(p) == 0 // -0 too
	case scalarFloat32:
		return *(*float32)(p) == 0
	case scalarInt64, scalarUint64:
		return *(*uint64)(p) == 0
	case scalarInt32, scalarUint32:
		return *(*uint32)(p) == 0
	case scalarInt16, scalarUint16:
		return *(*uint16)(p) == 0
	}
	return *(*uint8)(p) == 0
}

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
	return append(dst, raw...), raw.check(engineDepth - open)
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
	case t.Size() == unsafe.Sizeof(data):
		return plan.encode(dst, addressable(v), open) // may itself be the word
	}
	return plan.encode(dst, data, open) // too large, or too small, for the word
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

// behind writes a field that is reached through embedded pointers from a struct of type t. It is empty behind a nil one.
func behind(t reflect.Type, f field, encode encodeFunc) (encodeFunc, emptyFunc) {
	empty := func(unsafe.Pointer) bool { return false }
	if f.omitEmpty {
		empty = emptyOf(f.typ)
	}
	steps := f.steps(t)
	write := func(dst []byte, p unsafe.Pointer, open int) ([]byte, error) {
		return encode(dst, walk(p, steps), open)
	}
	return write, func(p unsafe.Pointer) bool {
		p = walk(p, steps)
		return p == nil || empty(p)
	}
}

// walk adds the first offset, follows the pointer there, adds the next, and so on; nil behind a nil pointer.
func walk(p unsafe.Pointer, steps []uintptr) unsafe.Pointer {
	for i, offset := range steps {
		if i > 0 {
			if p = *(*unsafe.Pointer)(p); p == nil {
				return nil
			}
		}
		p = unsafe.Add(p, offset)
	}
	return p
}

// emptyOf returns what omitempty leaves out of a field of type t, as msgpack/v5 has it.
func emptyOf(t reflect.Type) emptyFunc {
	switch {
	case t.Kind() == reflect.Interface:
		return func(p unsafe.Pointer) bool {
			v := reflect.NewAt(t, p).Elem().Elem()
			return !v.IsValid() || emptyOf(v.Type())(addressable(v.Interface()))
		}
	case t.Implements(zeroerType):
		return emptyZeroer(t)
	}
	switch t.Kind() {
	case reflect.Map:
		return func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().Len() == 0 }
	case reflect.Slice:
		return func(p unsafe.Pointer) bool { return len(*(*[]struct{})(p)) == 0 }
	case reflect.Array:
		return func(unsafe.Pointer) bool { return t.Len() == 0 }
	case reflect.Struct:
		return emptyStruct(t)
	case reflect.Pointer:
		return func(p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil }
	}
	s := scalarOf(t)
	return func(p unsafe.Pointer) bool { return emptyScalar(s, p) }
}

var zeroerType = reflect.TypeFor[interface{ IsZero() bool }]()

func emptyZeroer(t reflect.Type) emptyFunc {
	return func(p unsafe.Pointer) bool {
		v := reflect.NewAt(t, p).Elem()
		return t.Kind() == reflect.Pointer && v.IsNil() || v.Interface().(interface{ IsZero() bool }).IsZero()
	}
}

// emptyStruct tells structs of which nothing would be written.
func emptyStruct(t reflect.Type) emptyFunc {
	fields, err := fieldsOf(t)
	if err != nil || isText(t) || isCustom(t) {
		return func(unsafe.Pointer) bool { return false }
	}
	empty := make([]emptyFunc, len(fields))
	for i, f := range fields {
		_, empty[i] = behind(t, f, nil)
	}
	return func(p unsafe.Pointer) bool {
		for _, empty := range empty {
			if !empty(p) {
				return false
			}
		}
		return true
	}
}
