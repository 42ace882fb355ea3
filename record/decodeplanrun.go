package record

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// This file reads values by their plans. What is read is bounds-checked; what
// it becomes is written through pointers to memory of the type that the plan is of.

// decodeFunc reads one value and sets the one at p to it.
type decodeFunc func(d *decodeState, p unsafe.Pointer) error

// Decode sets *r to the record body, which is one msgpack map.
//
// A body that is broken or does not fit R is an *[Error], without index and
// offset until [Event.Locate] adds them. *r is then partly set.
func (c *Decoder[R]) Decode(body []byte, r *R) error {
	d := c.plan.states.Get().(*decodeState)
	d.off, d.depth = 0, 0
	d.read(body)
	err := d.record(unsafe.Pointer(r))
	if err == nil && d.off < len(body) {
		err = &Error{Err: fmt.Errorf("%d bytes after the value", len(body)-d.off)}
	}
	d.b, d.text = nil, ""
	c.plan.states.Put(d)
	if err != nil {
		err.Index, err.Offset = -1, -1
		return err
	}
	return nil
}

// Next moves s to the next event and sets *r to its record, in one pass over
// the bytes. It reports false where [Scanner.Next] does. An error with true is that of
// a record that does not fit R, an *[Error]; *r is then partly set, and the
// next call moves on.
func (c *Decoder[R]) Next(s *Scanner, r *R) (bool, error) {
	if s.d.plan != c.plan {
		s.d.use(c.plan, s.chunk)
	}
	if !s.begin() {
		return false, nil
	}
	start := s.d.off
	err := s.d.record(unsafe.Pointer(r))
	if err != nil && s.d.off == start {
		return s.broken(err), nil
	}
	s.end(s.d.b[start:s.d.off:s.d.off])
	if err != nil {
		err.Index, err.Offset = s.event.Index, s.event.Offset
		return true, err
	}
	return true, nil
}

// use makes d the state of plan, for chunk.
func (d *decodeState) use(plan *recordDecoder, chunk []byte) {
	d.plan, d.learned = plan, slices.Clone(plan.learned)
	d.read(chunk)
}

// read makes b the input, or a copy of it that strings may be parts of.
func (d *decodeState) read(b []byte) {
	if d.plan.texts && !d.plan.borrow {
		b = bytes.Clone(b)
	}
	d.b, d.text = b, unsafe.String(unsafe.SliceData(b), len(b))
}

// record decodes the record that d is at. Of an error of the bytes d stays in
// front, of one that does not fit it is behind it.
func (d *decodeState) record(r unsafe.Pointer) *Error {
	start := d.off
	var err error
	switch {
	case start >= len(d.b) || !isMap(d.b[start]):
		_, err := d.rawMap("")
		d.off = start
		return err
	case d.plan.structure != nil:
		err = d.plan.structure.decode(d, r)
	default:
		err = d.plan.decode(d, r)
	}
	if err == nil {
		return nil
	}
	return d.recover(start, err)
}

// recover moves behind the record at start, which err was met in.
func (d *decodeState) recover(start int, err error) *Error {
	at := d.off
	if m, ok := err.(misfit); ok {
		at, err = m.off, m.err
	}
	d.off, d.depth = start, 0
	body, broken := d.rawMap("")
	if broken != nil {
		d.off = start
		return broken
	}
	return &Error{Path: pathTo(body, at-start), Err: err}
}

// boxes is memory for values in interfaces. Each any of a string would otherwise be an allocation.
type boxes struct {
	strings []string
	numbers []uint64
}

const boxesAtOnce = 64

// box is any(s).
func (d *decodeState) box(s string) any {
	if len(d.boxes.strings) == 0 {
		d.boxes.strings = make([]string, boxesAtOnce)
	}
	p := &d.boxes.strings[0]
	d.boxes.strings = d.boxes.strings[1:]
	*p = s
	return boxed(stringWord, unsafe.Pointer(p))
}

// boxNumber is any of the int64 or float64 with these bits.
func (d *decodeState) boxNumber(typ unsafe.Pointer, bits uint64) any {
	if len(d.boxes.numbers) == 0 {
		d.boxes.numbers = make([]uint64, boxesAtOnce)
	}
	p := &d.boxes.numbers[0]
	d.boxes.numbers = d.boxes.numbers[1:]
	*p = bits
	return boxed(typ, unsafe.Pointer(p))
}

// The type words of interfaces.
var (
	stringWord  = typeWord("")
	int64Word   = typeWord(int64(0))
	float64Word = typeWord(float64(0))
)

func typeWord(v any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[0] }

// boxed is an interface of two words: its type, and where its value is.
func boxed(typ, value unsafe.Pointer) (v any) {
	*(*[2]unsafe.Pointer)(unsafe.Pointer(&v)) = [2]unsafe.Pointer{typ, value}
	return v
}

// bytes is data that was just read, not nil, in memory that strings are parts of.
func (d *decodeState) bytes(data []byte) []byte {
	if len(data) == 0 || d.plan == nil || !d.plan.texts {
		return append([]byte{}, data...)
	}
	s := d.string(data)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// decode reads a struct. What is usual its loop reads itself; everything else has a function.
func (s *decodeStruct) decode(d *decodeState, base unsafe.Pointer) error {
	n, err := d.mapHead(s.typ)
	if err != nil {
		return err
	}
	if s.unusual {
		s.prepare(base)
	}
	var (
		text, off = d.text, d.off
		fields    = s.fields
		learned   = d.learned[s.first : s.first+len(fields)]
		prev      int
		seen      uint64
	)
	for ; n > 0; n-- {
		f := &fields[learned[prev]]
		if f.matches(text, off) {
			off += int(f.size)
		} else {
			d.off = off
			f, err = s.find(d)
			off = d.off
			if err != nil {
				return err
			}
			if f == nil {
				continue
			}
			learned[prev] = f.place
		}
		prev = f.next
		seen |= f.mark
		p := unsafe.Add(base, f.offset)
		switch f.scalar {
		case scalarString:
			if at, end := shortText(text, off); end > 0 {
				*(*string)(p) = text[at:end]
				off = end
				continue
			}
		case scalarInt64, scalarUint64:
			if v, end := shortUint(text, off); end > 0 {
				*(*uint64)(p) = v
				off = end
				continue
			}
		case scalarFloat64:
			if v, end := longFloat(text, off); end > 0 {
				*(*uint64)(p) = v
				off = end
				continue
			}
		case scalarBool:
			if off < len(text) && text[off]|1 == 0xc3 {
				*(*bool)(p) = text[off] == 0xc3
				off++
				continue
			}
		}
		d.off = off
		if err := f.decode(d, p); err != nil {
			return err
		}
		off = d.off
	}
	d.off = off
	d.depth--
	if missing := s.all &^ seen; missing != 0 {
		s.clear(base, missing)
	}
	return nil
}

// shortText finds a string of at most 255 bytes; end is 0 if there is none.
func shortText(text string, off int) (at, end int) {
	if len(text)-off < 2 {
		return 0, 0
	}
	switch c := text[off]; {
	case c&0xe0 == 0xa0:
		at = off + 1
		end = at + int(c&0x1f)
	case c == 0xd9:
		at = off + 2
		end = at + int(text[off+1])
	}
	if end > len(text) {
		return 0, 0
	}
	return at, end
}

// shortUint reads an integer from 0 of up to 63 bits; end is 0 if there is none.
func shortUint(text string, off int) (v uint64, end int) {
	if len(text)-off < 9 {
		return 0, 0
	}
	in := (*[9]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), off))
	if in[0] <= 0x7f {
		return uint64(in[0]), off + 1
	}
	width := in[0] - 0xcc // 0 to 3 for 1, 2, 4 or 8 bytes
	v = binary.BigEndian.Uint64(in[1:]) >> (64 - 8<<(width&3))
	if width > 3 || v > math.MaxInt64 {
		return 0, 0
	}
	return v, off + 1 + 1<<width
}

// longFloat reads the bits of a float64; end is 0 if there is none.
func longFloat(text string, off int) (v uint64, end int) {
	if len(text)-off < 9 || text[off] != 0xcb {
		return 0, 0
	}
	in := (*[9]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), off))
	return binary.BigEndian.Uint64(in[1:]), off + 9
}

// matches tells whether f's key is at off, as it is usually encoded.
func (f *decodeField) matches(text string, off int) bool {
	if len(text)-off < 16 {
		return false
	}
	in := (*[16]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), off))
	return (binary.LittleEndian.Uint64(in[:8])^f.key[0].bits)&f.key[0].mask|
		(binary.LittleEndian.Uint64(in[8:])^f.key[1].bits)&f.key[1].mask == 0
}

// find reads a key and returns its field. If there is none it skips the value and returns nil.
func (s *decodeStruct) find(d *decodeState) (*decodeField, error) {
	at := d.off
	key, err := d.next()
	if err != nil {
		return nil, err
	}
	if key.isText() {
		if i, ok := s.byName[string(key.data)]; ok {
			return &s.fields[i], nil
		}
	}
	d.off = at
	return nil, d.skip(2, maxDepth-d.depth)
}

// prepare clears what the loop over the fields would take for its own.
func (s *decodeStruct) prepare(base unsafe.Pointer) {
	if s.all == 0 {
		reflect.NewAt(s.typ, base).Elem().SetZero()
	}
	for _, offset := range s.embedded {
		*(*unsafe.Pointer)(unsafe.Add(base, offset)) = nil
	}
}

// clear sets fields that did not appear to zero.
func (s *decodeStruct) clear(base unsafe.Pointer, missing uint64) {
	for ; missing != 0; missing &= missing - 1 {
		f := &s.fields[bits.TrailingZeros64(missing)]
		p := unsafe.Add(base, f.offset)
		switch f.scalar {
		case scalarString:
			*(*string)(p) = ""
		case scalarInt64, scalarUint64, scalarFloat64:
			*(*uint64)(p) = 0
		default:
			reflect.NewAt(f.typ, p).Elem().SetZero()
		}
	}
}

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
		data := d.bytes(d.b[start:d.off])
		if d.plan.borrow {
			data = bytes.Clone(data)
		}
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
		return attempt(at, func() error { return method(zeroed(t, p), d.bytes(v.data)) })
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

// decodeBehind reads a field that is reached through embedded pointers from a struct of type t, and makes what they point to.
func decodeBehind(t reflect.Type, f field, decode decodeFunc) decodeFunc {
	steps, types := f.steps(t), f.pointees(t)
	return func(d *decodeState, p unsafe.Pointer) error {
		p = unsafe.Add(p, steps[0])
		for i, typ := range types {
			to := (*unsafe.Pointer)(p)
			if *to == nil {
				*to = reflect.New(typ).UnsafePointer()
			}
			p = unsafe.Add(*to, steps[i+1])
		}
		return decode(d, p)
	}
}

// mapHead is container for maps.
func (d *decodeState) mapHead(typ reflect.Type) (int, error) {
	if b := d.b[d.off:]; len(b) > 32 && b[0]&0xf0 == 0x80 && d.depth < maxDepth {
		d.off++
		d.depth++
		return int(b[0] & 0x0f), nil
	}
	return d.container(kindMap, typ)
}

// container begins a map or array and returns its count. It is a misfit if it is something else.
func (d *decodeState) container(k kind, typ reflect.Type) (int, error) {
	at := d.off
	t, err := d.next()
	if err != nil {
		return 0, err
	}
	if t.kind != k {
		return 0, newMisfit(at, t, typ)
	}
	return t.n, d.open(t.children())
}

func decodeStrings(d *decodeState, p unsafe.Pointer) error {
	list := (*[]string)(p)
	n, err := d.container(kindArray, reflect.TypeFor[[]string]())
	if err != nil {
		return err
	}
	if d.plan.reuse && *list != nil && cap(*list) >= n {
		*list = (*list)[:n]
	} else {
		*list = make([]string, n)
	}
	for i := range *list {
		if err := d.element(&(*list)[i]); err != nil {
			return err
		}
	}
	d.depth--
	return nil
}

// element reads a string as an element of something.
func (d *decodeState) element(s *string) error {
	if at, end := shortText(d.text, d.off); end > 0 {
		*s = d.text[at:end]
		d.off = end
		return nil
	}
	return decodeStringValue(d, unsafe.Pointer(s))
}

func decodeSlice(t reflect.Type, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		n, err := d.container(kindArray, t)
		if err != nil {
			return err
		}
		v := reflect.NewAt(t, p).Elem()
		if d.plan.reuse && !v.IsNil() && v.Cap() >= n {
			v.SetLen(n)
		} else {
			v.Set(reflect.MakeSlice(t, n, n))
		}
		return d.list(v.UnsafePointer(), n, t.Elem().Size(), elem)
	}
}

func decodeArray(t reflect.Type, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		at := d.off
		n, err := d.container(kindArray, t)
		if err != nil {
			return err
		}
		if n > t.Len() {
			return misfit{at, fmt.Errorf("array of %d into %s", n, t)}
		}
		reflect.NewAt(t, p).Elem().SetZero()
		return d.list(p, n, t.Elem().Size(), elem)
	}
}

// list reads n elements to where the first one is at p.
func (d *decodeState) list(p unsafe.Pointer, n int, size uintptr, elem decodeFunc) error {
	for i := range n {
		if err := elem(d, unsafe.Add(p, uintptr(i)*size)); err != nil {
			return err
		}
	}
	d.depth--
	return nil
}

func decodeStringMap(d *decodeState, p unsafe.Pointer) error {
	n, err := d.mapHead(reflect.TypeFor[map[string]string]())
	if err != nil {
		return err
	}
	m := *(*map[string]string)(p)
	if d.plan.reuse && m != nil {
		clear(m)
	} else {
		m = make(map[string]string, n)
		*(*map[string]string)(p) = m
	}
	for range n {
		key, err := d.key()
		if err != nil {
			return err
		}
		at, end := shortText(d.text, d.off)
		if end == 0 {
			value := new(string)
			if err := decodeStringValue(d, unsafe.Pointer(value)); err != nil {
				return err
			}
			m[key] = *value
			continue
		}
		m[key] = d.text[at:end]
		d.off = end
	}
	d.depth--
	return nil
}

func decodeAnyMap(d *decodeState, p unsafe.Pointer) error {
	at := d.off
	t, err := d.next()
	if err != nil {
		return err
	}
	if t.kind != kindMap {
		return newMisfit(at, t, reflect.TypeFor[map[string]any]())
	}
	m := *(*map[string]any)(p)
	if !d.plan.reuse {
		m = nil
	}
	clear(m)
	*(*map[string]any)(p), err = d.anyMap(m, t.n)
	return err
}

func decodeMap(t reflect.Type, setKey keySetFunc, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		n, err := d.container(kindMap, t)
		if err != nil {
			return err
		}
		m := reflect.NewAt(t, p).Elem()
		if d.plan.reuse && !m.IsNil() {
			m.Clear()
		} else {
			m.Set(reflect.MakeMapWithSize(t, n))
		}
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for range n {
			at := d.off
			text, err := d.key()
			if err != nil {
				return err
			}
			if !setKey(key, text) {
				return misfit{at, fmt.Errorf("key %q into %s", cut(text), t.Key())}
			}
			value.SetZero() // maps and slices are not shared by entries
			if err := elem(d, value.Addr().UnsafePointer()); err != nil {
				return err
			}
			m.SetMapIndex(key, value)
		}
		d.depth--
		return nil
	}
}

// keySetFunc reports false if a key of the map cannot be text.
type keySetFunc func(key reflect.Value, text string) bool

// keySetter returns how keys of type t are read, nil if they cannot be.
func keySetter(t reflect.Type) keySetFunc {
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
