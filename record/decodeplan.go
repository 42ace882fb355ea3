package record

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
)

// This file compiles types; decodeplanevent.go, decodeplanstruct.go, decodeplanvalue.go and decodeplanlist.go run what it
// makes. What is read is bounds-checked; what it becomes is written through pointers to memory of the type that the plan is of.

// recordDecoder is a Decoder without its type parameter.
type recordDecoder struct {
	decode  decodeFunc
	texts   bool     // some values are made of the copy of the chunk
	raw     bool     // some values are bytes as they are
	learned []uint16 // what decodeState.learned begins with
	borrow  bool
	reuse   bool
	states  sync.Pool // of *decodeState, for records outside of chunks
}

func newRecordDecoder(t reflect.Type) (d *recordDecoder, err error) {
	if isBatch(t) && checkRecord(t.Elem()) == nil {
		return d, fmt.Errorf("%s cannot be decoded: events come one at a time, use %s", t, t.Elem())
	}
	if err := checkRecord(t); err != nil {
		return d, err
	}
	c := decodeCompiler{plans: make(map[reflect.Type]*decodePlan)}
	p := c.compile(t)
	if p.err != nil {
		return d, typeError(t, p.err)
	}
	d = &recordDecoder{decode: p.decode, texts: c.texts, raw: c.plans[rawType] != nil, learned: c.learned}
	if p.structure != nil {
		d.decode = p.structure.decode // a record is never nil
	}
	d.states.New = func() any { return &decodeState{plan: d, learned: slices.Clone(d.learned)} }
	return d, nil
}

// decodePlan is how to read a type, or why that cannot be.
type decodePlan struct {
	decode    decodeFunc
	structure *decodeStruct // behind decode, if that is all it is
	err       error
}

// decodeCompiler makes the plans of the types of one record.
type decodeCompiler struct {
	plans   map[reflect.Type]*decodePlan // made, or being made: types may refer to themselves
	learned []uint16
	texts   bool
}

func (c *decodeCompiler) compile(t reflect.Type) *decodePlan {
	if p, ok := c.plans[t]; ok {
		return p
	}
	p := new(decodePlan)
	c.plans[t] = p
	decode := c.special(t)
	if decode == nil {
		decode, p.err = c.kind(p, t)
	}
	if p.err == nil {
		p.decode = nilable(t, decode)
	}
	return p
}

// value compiles the type of a part. The plan of a type that contains itself is not yet made here.
func (c *decodeCompiler) value(t reflect.Type) (decodeFunc, error) {
	p := c.compile(t)
	if p.decode == nil && p.err == nil {
		return p.later, nil
	}
	return p.decode, p.err
}

// special is for types that their kind does not tell how to read; nil if t is none.
func (c *decodeCompiler) special(t reflect.Type) (decode decodeFunc) {
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return nil
	case t == timeType:
		return decodeTime(t)
	case t == rawType:
		return decodeRaw
	case t == extType:
		decode = decodeExt(t)
	case implements(t, customDecoderType, unmarshalerType):
		decode = decodeCustom(t)
	case implements(t, textUnmarshalerType):
		decode = decodeText(t)
	case implements(t, binaryUnmarshalerType):
		decode = decodeBinary(t)
	}
	c.texts = c.texts || decode != nil
	return decode
}

// kind shows how each kind of type is read.
func (c *decodeCompiler) kind(p *decodePlan, t reflect.Type) (decodeFunc, error) {
	switch t.Kind() {
	case reflect.Bool:
		return decodeBool(t), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt(t), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return decodeUint(t), nil
	case reflect.Float32, reflect.Float64:
		return decodeFloat(t), nil
	case reflect.String:
		c.texts = true
		return decodeString(t), nil
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return nil, fmt.Errorf("type %s cannot be read: of interfaces only any can", t)
		}
		c.texts = true
		return decodeAny, nil
	case reflect.Pointer:
		return c.pointer(t)
	case reflect.Slice:
		return c.slice(t)
	case reflect.Array:
		return c.array(t)
	case reflect.Map:
		return c.mapping(t)
	case reflect.Struct:
		s, err := c.structure(t)
		p.structure = s
		return s.decode, err
	}
	return nil, fmt.Errorf("type %s cannot be read", t)
}

func (c *decodeCompiler) pointer(t reflect.Type) (decodeFunc, error) {
	if endless(t) {
		return nil, fmt.Errorf("type %s cannot be read", t)
	}
	elem, err := c.value(t.Elem())
	if err != nil {
		return nil, err
	}
	return decodePointer(t.Elem(), elem), nil
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

func (c *decodeCompiler) slice(t reflect.Type) (decodeFunc, error) {
	if t.Elem().Kind() == reflect.Uint8 {
		c.texts = true
		return decodeBytes(t), nil
	}
	elem, err := c.value(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	if t == stringsType {
		return decodeStrings, nil
	}
	return decodeSlice(t, elem), nil
}

func (c *decodeCompiler) array(t reflect.Type) (decodeFunc, error) {
	if t.Elem().Kind() == reflect.Uint8 {
		return decodeByteArray(t), nil
	}
	elem, err := c.value(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return decodeArray(t, elem), nil
}

func (c *decodeCompiler) mapping(t reflect.Type) (decodeFunc, error) {
	setKey := keySetter(t.Key())
	if setKey == nil {
		return nil, fmt.Errorf("type %s cannot be read: its keys are neither strings nor integers", t)
	}
	c.texts = true
	switch t {
	case stringMapType:
		return decodeStringMap, nil
	case anyMapType:
		return decodeAnyMap, nil
	}
	elem, err := c.value(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return decodeMap(t, setKey, elem), nil
}

// decodeStruct is a struct: its fields by place and by name.
type decodeStruct struct {
	typ      reflect.Type
	fields   []decodeField // the last one is none: no key matches it
	byName   map[string]int
	first    int       // of its part of decodeState.learned: as many as fields
	all      uint64    // the marks of the fields that are not behind a pointer; 0 if there are too many
	embedded []uintptr // offsets of embedded pointers
	unusual  bool      // needs prepare
}

// decodeField is a field and how to read it.
type decodeField struct {
	key    [2]keyWord // the encoded key
	size   uint8      // of key
	scalar scalar     // what the loop reads itself, if it is as usual
	behind bool       // an embedded pointer: offset is 0
	place  uint16     // in fields
	next   int        // where decodeState.learned has the field that followed this one
	mark   uint64     // a bit, if there are not too many fields
	offset uintptr    // in the struct
	decode decodeFunc // for whatever the loop does not read
	typ    reflect.Type
}

// keyWord is up to 8 bytes of a key as the input is compared with them.
type keyWord struct{ bits, mask uint64 }

// never is a key that no bytes are equal to.
var never = [2]keyWord{{bits: 0xc1, mask: 0xff}} // no byte of msgpack

// maxMarked is how many fields of a struct may have marks.
const maxMarked = 64

func (c *decodeCompiler) structure(t reflect.Type) (*decodeStruct, error) {
	list, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	if len(list) >= math.MaxUint16 {
		return nil, fmt.Errorf("%s has %d fields, which are too many", t, len(list))
	}
	s := &decodeStruct{typ: t, byName: make(map[string]int, len(list)), embedded: embeddedPointers(t, list)}
	for i, f := range list {
		if err := settable(t, f.index); err != nil {
			return nil, pathError{f.path, err}
		}
		df, err := c.field(t, f)
		if err != nil {
			return nil, pathError{f.path, err}
		}
		df.place, df.next = uint16(i), i+1
		if len(list) <= maxMarked {
			df.mark = 1 << i
		}
		if !f.behindPointer(t) {
			s.all |= df.mark
		}
		s.fields = append(s.fields, df)
		s.byName[f.name] = i
	}
	s.fields = append(s.fields, decodeField{key: never})
	for i, f := range list {
		for _, alias := range f.aliases {
			if _, taken := s.byName[alias]; !taken {
				s.byName[alias] = i
			}
		}
	}
	s.unusual = len(list) > maxMarked || len(s.embedded) > 0
	s.first = len(c.learned)
	for i := range s.fields { // at first, the order of the struct
		c.learned = append(c.learned, uint16(i))
	}
	return s, nil
}

func (c *decodeCompiler) field(t reflect.Type, f field) (df decodeField, err error) {
	decode, err := c.value(f.typ)
	if err != nil {
		return df, err
	}
	df = decodeField{decode: decode, typ: f.typ}
	df.setKey(f.name)
	if f.behindPointer(t) {
		df.behind, df.decode = true, decodeBehind(t, f, decode)
		return df, nil
	}
	df.offset = f.offset(t)
	if c.special(f.typ) == nil {
		df.scalar = scalarOf(f.typ)
	}
	return df, nil
}

func (f *decodeField) setKey(name string) {
	key := appendString(nil, name)
	if len(key) > 16 {
		f.key = never
		return
	}
	f.size = uint8(len(key))
	var bits, mask [16]byte
	copy(bits[:], key)
	for i := range key {
		mask[i] = 0xff
	}
	for i := range f.key {
		f.key[i] = keyWord{binary.LittleEndian.Uint64(bits[8*i:]), binary.LittleEndian.Uint64(mask[8*i:])}
	}
}

// embeddedPointers are the offsets of the pointers that fields are behind; of pointers behind pointers, the first.
func embeddedPointers(t reflect.Type, list []field) (offsets []uintptr) {
	for _, f := range list {
		if offset := f.offset(t); f.behindPointer(t) && !slices.Contains(offsets, offset) {
			offsets = append(offsets, offset)
		}
	}
	return offsets
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
