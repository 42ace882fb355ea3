package record

import (
	"reflect"
	"unsafe"
)

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

// emptyFunc tells whether omitempty leaves out the value at p.
type emptyFunc func(p unsafe.Pointer) bool

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
	return func(p unsafe.Pointer) bool { return s != scalarNone && emptyScalar(s, p) }
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
