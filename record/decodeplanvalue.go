package record

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"time"
	"unsafe"
)

// later is decode for where it is not yet known.
func (p *decodePlan) later(d *decodeState, v unsafe.Pointer) error { return p.decode(d, v) }

// nilable leaves a value of type t zero where nil is read.
func nilable(t reflect.Type, decode decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		if d.off < len(d.b) && d.b[d.off] == 0xc0 {
			d.off++
			reflect.NewAt(t, p).Elem().SetZero()
			return nil
		}
		return decode(d, p)
	}
}

// decodeToken reads a value without children. set reports false if it cannot take it.
func decodeToken(t reflect.Type, set func(d *decodeState, v token, p unsafe.Pointer) bool) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		at := d.off
		v, err := d.next()
		if err == nil && !set(d, v, p) {
			err = newMisfit(at, v, t)
		}
		return err
	}
}

func decodeBool(t reflect.Type) decodeFunc {
	return decodeToken(t, func(_ *decodeState, v token, p unsafe.Pointer) bool {
		*(*bool)(p) = v.bits == 1
		return v.kind == kindBool
	})
}

func decodeInt(t reflect.Type) decodeFunc {
	size, zero := t.Size(), reflect.Zero(t)
	return decodeToken(t, func(_ *decodeState, v token, p unsafe.Pointer) bool {
		n, ok := v.int64()
		if !ok || zero.OverflowInt(n) {
			return false
		}
		setBits(p, size, uint64(n))
		return true
	})
}

func decodeUint(t reflect.Type) decodeFunc {
	size, zero := t.Size(), reflect.Zero(t)
	return decodeToken(t, func(_ *decodeState, v token, p unsafe.Pointer) bool {
		n, ok := v.uint64()
		if !ok || zero.OverflowUint(n) {
			return false
		}
		setBits(p, size, n)
		return true
	})
}

func setBits(p unsafe.Pointer, size uintptr, n uint64) {
	switch size {
	case 1:
		*(*uint8)(p) = uint8(n)
	case 2:
		*(*uint16)(p) = uint16(n)
	case 4:
		*(*uint32)(p) = uint32(n)
	case 8:
		*(*uint64)(p) = n
	}
}

func decodeFloat(t reflect.Type) decodeFunc {
	zero := reflect.Zero(t)
	return decodeToken(t, func(_ *decodeState, v token, p unsafe.Pointer) bool {
		f, ok := v.float64()
		if !ok || zero.OverflowFloat(f) {
			return false
		}
		if t.Kind() == reflect.Float32 {
			*(*float32)(p) = float32(f)
		} else {
			*(*float64)(p) = f
		}
		return true
	})
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

// decodeStringValue is decodeString where the type is string, nil included.
var decodeStringValue = nilable(reflect.TypeFor[string](), decodeString(reflect.TypeFor[string]()))

// isText tells strings and binary, which both become strings and bytes.
func (t token) isText() bool { return t.kind == kindString || t.kind == kindBinary }

func decodeString(t reflect.Type) decodeFunc {
	return decodeToken(t, func(d *decodeState, v token, p unsafe.Pointer) bool {
		if !v.isText() {
			return false
		}
		*(*string)(p) = d.string(v.data)
		return true
	})
}

func decodeBytes(t reflect.Type) decodeFunc {
	return decodeToken(t, func(d *decodeState, v token, p unsafe.Pointer) bool {
		if !v.isText() {
			return false
		}
		*(*[]byte)(p) = d.bytes(v.data)
		return true
	})
}

func decodeByteArray(t reflect.Type) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		at := d.off
		v, err := d.next()
		switch {
		case err != nil:
			return err
		case !v.isText():
			return newMisfit(at, v, t)
		case len(v.data) > t.Len():
			return misfit{at, fmt.Errorf("%d bytes into %s", len(v.data), t)}
		}
		array := unsafe.Slice((*byte)(p), t.Len())
		clear(array[copy(array, v.data):])
		return nil
	}
}

func decodeTime(t reflect.Type) decodeFunc {
	return decodeToken(t, func(_ *decodeState, v token, p unsafe.Pointer) bool {
		tm, err := anyTime(v)
		*(*time.Time)(p) = tm
		return err == nil
	})
}

func decodeExt(t reflect.Type) decodeFunc {
	return decodeToken(t, func(d *decodeState, v token, p unsafe.Pointer) bool {
		if v.kind != kindExt {
			return false
		}
		*(*Ext)(p) = Ext{Type: v.ext, Data: d.bytes(v.data)}
		return true
	})
}

func decodeRaw(d *decodeState, p unsafe.Pointer) error {
	start := d.off
	err := d.skipValue()
	if err == nil {
		*(*Raw)(p) = Raw(d.b[start:d.off:d.off])
	}
	return err
}

func decodeAny(d *decodeState, p unsafe.Pointer) (err error) {
	*(*any)(p), err = d.value()
	return err
}

// decodeCustom fills a value by its DecodeMsgpack or UnmarshalMsgpack. The method
// sees a copy of this one value's bytes, whatever it does with them.
func decodeCustom(t reflect.Type) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		start := d.off
		if err := d.skipValue(); err != nil {
			return err
		}
		data := d.scratch(d.b[start:d.off])
		return attempt(start, func() error { return unmarshal(data, zeroed(t, p)) })
	}
}

// zeroed returns the pointer to a value of type t, which it clears, as an interface.
func zeroed(t reflect.Type, p unsafe.Pointer) any {
	v := reflect.NewAt(t, p)
	v.Elem().SetZero()
	return v.Interface()
}

func decodeText(t reflect.Type) decodeFunc {
	return decodeMethod(t, func(v any, b []byte) error { return v.(encoding.TextUnmarshaler).UnmarshalText(b) })
}

func decodeBinary(t reflect.Type) decodeFunc {
	return decodeMethod(t, func(v any, b []byte) error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(b) })
}

// decodeMethod fills a value from a string or binary by a method, which need not copy what it keeps.
func decodeMethod(t reflect.Type, method func(v any, b []byte) error) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		at := d.off
		v, err := d.next()
		if err != nil {
			return err
		}
		if !v.isText() {
			return newMisfit(at, v, t)
		}
		return attempt(at, func() error { return method(zeroed(t, p), d.scratch(v.data)) })
	}
}

func decodePointer(t reflect.Type, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		to := (*unsafe.Pointer)(p)
		if !d.plan.reuse || *to == nil {
			*to = reflect.New(t).UnsafePointer()
		}
		return elem(d, *to)
	}
}
