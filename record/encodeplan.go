package record

import (
	"fmt"
	"reflect"
	"sync"
)

// This file compiles types into what encodeplanrun.go runs.

// recordEncoder is an Encoder without its type parameter.
type recordEncoder struct {
	typ    reflect.Type // of a record
	size   uintptr      // of a record in a slice
	encode encodeFunc
	plain  *encodeStruct // instead of encode: a struct that needs no encodeState
	batch  bool          // a value is a slice of records
}

func newRecordEncoder(t reflect.Type) (recordEncoder, error) {
	c := recordEncoder{typ: t, batch: isBatch(t)}
	if c.batch {
		c.typ = t.Elem()
	}
	c.size = c.typ.Size()
	if err := checkRecord(c.typ); err != nil {
		return c, fmt.Errorf("%w, or a slice of those", err)
	}
	p := encodePlanOf(c.typ)
	if p.err != nil {
		return c, typeError(c.typ, p.err)
	}
	c.encode = p.encode
	if p.structure != nil && p.structure.plain() {
		c.plain = p.structure
	}
	return c, nil
}

// encodePlan is how to write a type, or why that cannot be.
type encodePlan struct {
	encode    encodeFunc
	elem      encodeFunc    // of a pointer type
	structure *encodeStruct // behind encode, if that is all it is
	isMap     bool          // by its kind
	err       error
}

// encodePlans caches plans by type: any may hold a value of any type.
var encodePlans sync.Map // reflect.Type to *encodePlan

func encodePlanOf(t reflect.Type) *encodePlan {
	if p, ok := encodePlans.Load(t); ok {
		return p.(*encodePlan)
	}
	p := make(encodeCompiler).compile(t)
	encodePlans.Store(t, p)
	return p
}

// encodeCompiler holds the types whose plans are being made, so that they can refer to themselves.
type encodeCompiler map[reflect.Type]*encodePlan

func (c encodeCompiler) compile(t reflect.Type) *encodePlan {
	if p, ok := c[t]; ok {
		return p
	}
	p := new(encodePlan)
	c[t] = p
	if p.encode = special(t); p.encode == nil {
		p.err = c.kind(p, t)
	}
	return p
}

// value compiles the type of a part. The plan of a type that contains itself is not yet made here.
func (c encodeCompiler) value(t reflect.Type) (encodeFunc, error) {
	p := c.compile(t)
	if p.encode == nil && p.err == nil {
		return p.later, nil
	}
	return p.encode, p.err
}

// special is for types that their kind does not tell how to write; nil if t is none.
func special(t reflect.Type) encodeFunc {
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return nil
	case t == timeType:
		return encodeTime
	case t == extType:
		return encodeExt
	case t == rawType:
		return encodeRaw
	case implements(t, customEncoderType, marshalerType):
		return orNil(t, encodeCustom(t))
	case implements(t, textMarshalerType):
		return orNil(t, encodeText(t))
	case implements(t, binaryMarshalerType):
		return orNil(t, encodeBinary(t))
	case implements(t, errorType):
		return orNil(t, encodeError(t))
	}
	return nil
}

// kind shows how each kind of type is written.
func (c encodeCompiler) kind(p *encodePlan, t reflect.Type) (err error) {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.encode = encodeScalar(scalarOf(t))
	case reflect.Interface:
		p.encode = encodeInterface(t)
	case reflect.Pointer:
		p.elem, err = c.value(t.Elem())
		if k := t.Elem().Kind(); k == reflect.Pointer || k == reflect.Interface {
			p.elem = counted(p.elem)
		}
		p.encode = encodePointer(p.elem)
	case reflect.Slice, reflect.Array:
		p.encode, err = c.list(t)
	case reflect.Map:
		p.isMap = true
		p.encode, err = c.mapping(t)
	case reflect.Struct:
		p.structure, err = c.structure(t)
		if err == nil {
			p.encode = p.structure.encode
		}
	default:
		err = fmt.Errorf("type %s cannot be written", t)
	}
	return err
}

func (c encodeCompiler) list(t reflect.Type) (encodeFunc, error) {
	switch {
	case t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice:
		return orNil(t, encodeBytes), nil
	case t.Elem().Kind() == reflect.Uint8:
		return encodeByteArray(t.Len()), nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && special(t.Elem()) == nil:
		return orNil(t, encodeStrings), nil
	}
	elem, err := c.value(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	if t.Kind() == reflect.Array {
		return encodeArray(t, elem), nil
	}
	return orNil(t, encodeSlice(t.Elem().Size(), elem)), nil
}

func (c encodeCompiler) mapping(t reflect.Type) (encodeFunc, error) {
	switch t {
	case reflect.TypeFor[map[string]string]():
		return orNil(t, encodeStringMap), nil
	case reflect.TypeFor[map[string]any]():
		return orNil(t, encodeAnyMap), nil
	}
	key := keyAppender(t.Key())
	if key == nil {
		return nil, fmt.Errorf("type %s cannot be written: its keys are neither strings nor integers", t)
	}
	elem, err := c.value(t.Elem())
	if err != nil {
		return nil, pathError{"[]", err}
	}
	return orNil(t, encodeMap(t, key, elem)), nil
}

// scalar is a kind of value that the loop over a struct's fields writes itself.
type scalar uint8

const (
	scalarNone scalar = iota // has an encodeFunc
	scalarString
	scalarInt64
	scalarUint64
	scalarFloat64
	scalarBool
	scalarInt32
	scalarUint32
	scalarInt16
	scalarUint16
	scalarInt8
	scalarUint8
	scalarFloat32
	scalarConstant // nothing but the prefix
)

// scalarOf is what t is, by its kind alone.
func scalarOf(t reflect.Type) scalar {
	switch t.Kind() {
	case reflect.String:
		return scalarString
	case reflect.Bool:
		return scalarBool
	case reflect.Float32:
		return scalarFloat32
	case reflect.Float64:
		return scalarFloat64
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[uintptr]scalar{1: scalarInt8, 2: scalarInt16, 4: scalarInt32, 8: scalarInt64}[t.Size()]
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return map[uintptr]scalar{1: scalarUint8, 2: scalarUint16, 4: scalarUint32, 8: scalarUint64}[t.Size()]
	}
	return scalarNone
}

// encodeStruct is a struct: its fields, those of structs in it, and the keys before them.
type encodeStruct struct {
	ops    []encodeOp
	fields int
	fixed  bool // all fields are written, and the head is part of the first op
	levels int  // maps that the ops open, one in the other
}

// encodeOp writes a key, or several and the heads of maps between them, and a value.
type encodeOp struct {
	prefix [16]byte
	offset uintptr // of the value in the struct
	size   uint8   // of prefix
	scalar scalar
	encode encodeFunc // without a scalar
	rare   *encodeRare
	path   string
}

// encodeRare is what few ops have.
type encodeRare struct {
	long     string // instead of prefix, if that is too small
	optional bool   // not written if empty
	empty    emptyFunc
}

// plain tells structs whose ops are nothing but prefixes and scalars.
func (s *encodeStruct) plain() bool {
	for i := range s.ops {
		if op := &s.ops[i]; op.scalar == scalarNone || op.rare != nil {
			return false
		}
	}
	return s.fixed && s.levels < engineDepth
}

func (c encodeCompiler) structure(t reflect.Type) (*encodeStruct, error) {
	list, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	s := &encodeStruct{fixed: true, levels: 1, fields: len(list)}
	for _, f := range list {
		s.fixed = s.fixed && !f.omitEmpty && !f.behindPointer(t)
	}
	var prefix []byte
	if s.fixed {
		prefix = appendMapHead(nil, len(list))
	}
	for _, f := range list {
		prefix = appendString(prefix, f.name)
		if prefix, err = c.field(s, t, f, prefix); err != nil {
			return nil, pathError{f.path, err}
		}
		if !s.fixed {
			prefix = s.constant(prefix) // the next field may be left out
		}
	}
	s.constant(prefix)
	return s, nil
}

// constant adds what is written whatever the values, if there is any.
func (s *encodeStruct) constant(prefix []byte) (rest []byte) {
	if len(prefix) > 0 {
		s.add(encodeOp{scalar: scalarConstant}, prefix)
	}
	return nil
}

// field adds what writes f, after prefix. What it returns belongs in front of the next op.
func (c encodeCompiler) field(s *encodeStruct, t reflect.Type, f field, prefix []byte) ([]byte, error) {
	p := c.compile(f.typ)
	if p.err != nil {
		return nil, p.err
	}
	op := encodeOp{encode: p.encode, path: pathName(f.name)}
	if op.encode == nil {
		op.encode = p.later
	}
	if special(f.typ) == nil {
		op.scalar = scalarOf(f.typ)
	}
	switch {
	case f.behindPointer(t):
		op.scalar, op.rare = scalarNone, &encodeRare{optional: true}
		op.encode, op.rare.empty = behind(t, f, op.encode)
	case f.omitEmpty:
		op.offset, op.rare = f.offset(t), &encodeRare{optional: true}
		if op.scalar == scalarNone || f.typ.Implements(zeroerType) {
			op.rare.empty = emptyOf(f.typ)
		}
	case p.structure != nil && p.structure.fixed:
		return s.merge(p.structure, op.path, f.offset(t), prefix), nil
	default:
		op.offset = f.offset(t)
	}
	s.add(op, prefix)
	return nil, nil
}

// merge adds the ops of a struct inside this one.
func (s *encodeStruct) merge(inner *encodeStruct, path string, offset uintptr, prefix []byte) (rest []byte) {
	s.levels = max(s.levels, 1+inner.levels)
	for _, op := range inner.ops {
		prefix = append(prefix, op.prefixed()...)
		if op.scalar == scalarConstant {
			continue
		}
		op.offset += offset
		op.path = join(path, op.path)
		op.rare = nil // a struct with optional fields is not merged
		s.add(op, prefix)
		prefix = nil
	}
	return prefix
}

func (s *encodeStruct) add(op encodeOp, prefix []byte) {
	op.size = uint8(copy(op.prefix[:], prefix))
	if len(prefix) > len(op.prefix) {
		if op.rare == nil {
			op.rare = new(encodeRare)
		}
		op.size, op.rare.long = 0, string(prefix)
	}
	s.ops = append(s.ops, op)
}

func (op *encodeOp) prefixed() []byte {
	if op.rare != nil && op.rare.long != "" {
		return []byte(op.rare.long)
	}
	return op.prefix[:op.size]
}
