package record

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
)

// This file compiles types; encodeplanevent.go, encodeplanstruct.go and encodeplanvalue.go run what it makes. A value is
// read through a pointer to it, at the offsets that reflect gives; what is written goes through append.

// recordEncoder is an Encoder without its type parameter.
type recordEncoder struct {
	encodePlan
	flat  []encodeOp   // instead of encode, if that is all it is and no code of the author's can run
	typ   reflect.Type // of a record
	size  uintptr      // of a record in a slice
	batch bool         // a value is a slice of records
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
	c.encodePlan = *encodePlanOf(c.typ)
	if c.err != nil {
		return c, typeError(c.typ, c.err)
	}
	if s := c.structure; s != nil && s.groups == nil && s.levels < engineDepth && !c.calls {
		c.flat = s.ops
	}
	return c, nil
}

// encodePlan is how to write a type, or why that cannot be.
type encodePlan struct {
	encode    encodeFunc
	elem      encodeFunc    // of a pointer type
	structure *encodeStruct // behind encode, if that is all it is
	isMap     bool          // by its kind
	calls     bool          // methods of the author's types,
	mutable   bool          // some of them with pointer receivers
	err       error
}

// encodePlans caches plans by type: any may hold a value of any type.
var encodePlans sync.Map // reflect.Type to *encodePlan

func encodePlanOf(t reflect.Type) *encodePlan {
	if p, ok := encodePlans.Load(t); ok {
		return p.(*encodePlan)
	}
	c := encodeCompiler{plans: make(map[reflect.Type]*encodePlan)}
	p := c.compile(t)
	p.calls, p.mutable = c.calls, c.mutable
	encodePlans.Store(t, p)
	return p
}

// encodeCompiler makes the plans of the types of one record.
type encodeCompiler struct {
	plans   map[reflect.Type]*encodePlan // made, or being made: types may refer to themselves
	calls   bool
	mutable bool
}

func (c *encodeCompiler) compile(t reflect.Type) *encodePlan {
	if p, ok := c.plans[t]; ok {
		return p
	}
	p := new(encodePlan)
	c.plans[t] = p
	if p.encode = special(t); p.encode == nil {
		p.err = c.kind(p, t)
	}
	methods := t != timeType && (isText(t) || isCustom(t)) || implements(t, zeroerType)
	c.calls = c.calls || methods || t.Kind() == reflect.Interface
	c.mutable = c.mutable || methods && t.Kind() != reflect.Pointer && reflect.PointerTo(t).NumMethod() > t.NumMethod()
	return p
}

// value compiles the type of a part. The plan of a type that contains itself is not yet made here.
func (c *encodeCompiler) value(t reflect.Type) (encodeFunc, error) {
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
func (c *encodeCompiler) kind(p *encodePlan, t reflect.Type) (err error) {
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

func (c *encodeCompiler) list(t reflect.Type) (encodeFunc, error) {
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

func (c *encodeCompiler) mapping(t reflect.Type) (encodeFunc, error) {
	switch t {
	case stringMapType:
		return orNil(t, encodeStringMap), nil
	case anyMapType:
		c.calls = true // any may be of such a type
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
	ops    []encodeOp    // if all fields are always written: the map's head is part of the first prefix
	groups []encodeGroup // else
	fields int
	levels int // maps that are opened, one in the other
}

// encodeGroup is fields that are always written, or one that may be left out.
type encodeGroup struct {
	ops    []encodeOp
	empty  emptyFunc // nil: always written
	offset uintptr   // of what empty judges
}

// encodeOp writes a key, or several and the heads of maps between them, and a value. It is small: a loop over ops
// is where most records are written.
type encodeOp struct {
	prefix [16]byte
	offset uint32 // of the value in the struct
	size   uint8  // of prefix
	scalar scalar
	value  *encodeValue // without a scalar
}

// encodeValue is a value that has a function.
type encodeValue struct {
	encode encodeFunc
	levels int // maps open around the value, from the struct's own
	path   string
}

func (c *encodeCompiler) structure(t reflect.Type) (*encodeStruct, error) {
	list, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	if t.Size() > math.MaxUint32 {
		return nil, fmt.Errorf("%s is larger than 4 GiB", t)
	}
	s := &encodeStruct{fields: len(list), levels: 1}
	optional := func(f field) bool { return f.omitEmpty || f.behindPointer(t) }
	w := opWriter{}
	if !slices.ContainsFunc(list, optional) {
		w.prefix = appendMapHead(nil, len(list))
	}
	for _, f := range list {
		if !optional(f) {
			if err := c.field(s, &w, t, f); err != nil {
				return nil, pathError{f.path, err}
			}
			continue
		}
		s.group(&w, encodeGroup{})
		g, err := c.optional(&w, t, f)
		if err != nil {
			return nil, pathError{f.path, err}
		}
		s.group(&w, g)
	}
	if w.finish(); s.groups == nil {
		s.ops = w.ops
		return s, nil
	}
	s.group(&w, encodeGroup{})
	return s, nil
}

// group adds what w has written so far as a group.
func (s *encodeStruct) group(w *opWriter, g encodeGroup) {
	if w.finish(); len(w.ops) == 0 && g.empty == nil {
		return
	}
	g.ops, w.ops = w.ops, nil
	s.groups = append(s.groups, g)
}

// field writes one that is always written.
func (c *encodeCompiler) field(s *encodeStruct, w *opWriter, t reflect.Type, f field) error {
	p := c.compile(f.typ)
	if p.err != nil {
		return p.err
	}
	w.prefix = appendString(w.prefix, f.name)
	if inner := p.structure; inner != nil && inner.groups == nil {
		w.merge(inner, pathName(f.name), f.offset(t))
		s.levels = max(s.levels, 1+inner.levels)
		return nil
	}
	w.add(p.op(f, f.offset(t)))
	return nil
}

// optional writes one that is left out if it is empty.
func (c *encodeCompiler) optional(w *opWriter, t reflect.Type, f field) (g encodeGroup, err error) {
	p := c.compile(f.typ)
	if p.err != nil {
		return g, p.err
	}
	w.prefix = appendString(w.prefix, f.name)
	if f.behindPointer(t) {
		encode, empty := behind(t, f, p.later)
		g.empty = empty
		w.add(encodeOp{value: &encodeValue{encode, 1, pathName(f.name)}})
		return g, nil
	}
	g.empty, g.offset = emptyOf(f.typ), f.offset(t)
	w.add(p.op(f, g.offset))
	return g, nil
}

// op writes the value of f.
func (p *encodePlan) op(f field, offset uintptr) encodeOp {
	op := encodeOp{offset: uint32(offset)}
	if special(f.typ) == nil {
		op.scalar = scalarOf(f.typ)
	}
	if op.scalar == scalarNone {
		op.value = &encodeValue{encode: p.encode, levels: 1, path: pathName(f.name)}
		if op.value.encode == nil {
			op.value.encode = p.later
		}
	}
	return op
}

// opWriter puts ops one after the other.
type opWriter struct {
	ops    []encodeOp
	prefix []byte // of the next op
}

func (w *opWriter) add(op encodeOp) {
	for len(w.prefix) > len(op.prefix) {
		w.ops = append(w.ops, encodeOp{scalar: scalarConstant, prefix: [16]byte(w.prefix), size: 16})
		w.prefix = w.prefix[16:]
	}
	op.size = uint8(copy(op.prefix[:], w.prefix))
	w.prefix = nil
	w.ops = append(w.ops, op)
}

// merge adds the ops of a struct inside the one that is written.
func (w *opWriter) merge(inner *encodeStruct, path string, offset uintptr) {
	for _, op := range inner.ops {
		w.prefix = append(w.prefix, op.prefix[:op.size]...)
		if op.scalar == scalarConstant {
			continue
		}
		op.offset += uint32(offset)
		if v := op.value; v != nil {
			op.value = &encodeValue{v.encode, v.levels + 1, join(path, v.path)}
		}
		w.add(op)
	}
}

// finish writes what is left for no next op.
func (w *opWriter) finish() {
	if len(w.prefix) > 0 {
		w.add(encodeOp{scalar: scalarConstant})
	}
}
