package record

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// choices reads a fuzz input as a stream of choices; behind its end they are all 0.
type choices struct{ b []byte }

// pick returns a number from 0 to n-1.
func (c *choices) pick(n int) int {
	x := 0
	for left := n - 1; left > 0 && len(c.b) > 0; left >>= 8 {
		x, c.b = x<<8|int(c.b[0]), c.b[1:]
	}
	return x % n
}

func (c *choices) uint32() uint32 {
	hi := uint32(c.pick(1 << 16))
	return hi<<16 | uint32(c.pick(1<<16))
}

func (c *choices) uint64() uint64 {
	hi := uint64(c.uint32())
	return hi<<32 | uint64(c.uint32())
}

// The types that generated ones embed and contain. They have no methods, for which reflect.StructOf has no room.
type (
	Base struct {
		BaseID   int    `msgpack:"base_id"`
		BaseName string `json:"base_name,omitempty"`
	}
	Lowest struct {
		Low   string
		Lowly map[string]int `msgpack:",omitempty"`
	}
	Lower struct {
		*Lowest
		LowerInt int8 `msgpack:"lower_integer_of_a_long_name"`
	}
	Deep struct {
		Base
		*Lower
		DeepKeys []string
	}
	Pointers struct {
		*Left
		*Right
	}
	Left  struct{ L string }
	Right struct {
		R  []int
		R2 *string `msgpack:"r2,omitempty"`
	}
	Tree struct {
		Left, Right *Tree
		Kids        []Tree          `msgpack:"kids,omitempty"`
		By          map[string]Tree `msgpack:"by,omitempty"`
		Leaf        any             `msgpack:"leaf"`
	}
	Lean struct {
		_msgpack struct{} `msgpack:",omitempty"` //lint:ignore U1000 read by reflection
		LeanN    uint16
		LeanS    string
		LeanAny  any
	}
	namedBytes  []byte
	namedWord   string
	namedFlag   bool
	namedFloat  float32
	namedInt    int16
	namedList   []namedInt
	namedTexts  []string
	namedMap    map[string]string
	namedAnyMap map[namedWord]any
)

// leaves are types that msgpack/v5 treats alike.
var leaves = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64](), reflect.TypeFor[bool](),
	reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[time.Duration](), reflect.TypeFor[[]byte](), reflect.TypeFor[[5]byte](),
	reflect.TypeFor[any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[[]any](),
	reflect.TypeFor[[]string](), reflect.TypeFor[map[string]string](), reflect.TypeFor[map[string]bool](),
	reflect.TypeFor[struct{}](), reflect.TypeFor[[0]int](), reflect.TypeFor[inner](),
	reflect.TypeFor[namedBytes](), reflect.TypeFor[namedWord](), reflect.TypeFor[namedFlag](), reflect.TypeFor[namedFloat](),
	reflect.TypeFor[namedInt](), reflect.TypeFor[namedList](), reflect.TypeFor[namedTexts](), reflect.TypeFor[namedMap](),
	reflect.TypeFor[namedAnyMap](), reflect.TypeFor[[]namedWord](), reflect.TypeFor[Tree](), reflect.TypeFor[Lean](),
	reflect.TypeFor[Deep](), reflect.TypeFor[Pointers](),
}

// oddLeaves are types of which the two libraries make different bytes on purpose (doc.go says which).
var oddLeaves = []reflect.Type{
	timeType, extType, reflect.TypeFor[level](), reflect.TypeFor[celsius](), reflect.TypeFor[netip.Addr](),
	reflect.TypeFor[uintptr](), reflect.TypeFor[packed](), reflect.TypeFor[map[int]string](), reflect.TypeFor[map[uint8]any](), reflect.TypeFor[map[any]int](),
}

var embeddable = []reflect.Type{
	reflect.TypeFor[Base](), reflect.TypeFor[Deep](), reflect.TypeFor[Pointers](), reflect.TypeFor[Lean](), reflect.TypeFor[Left](),
	reflect.TypeFor[*Base](), reflect.TypeFor[*Deep](), reflect.TypeFor[*Pointers](), reflect.TypeFor[*Lean](), reflect.TypeFor[*Right](),
}

// typeMaker makes types.
type typeMaker struct {
	choices
	budget int  // fields that may still be made
	odd    bool // made of oddLeaves too
}

// makeRecordType makes a type for records, and tells whether msgpack/v5 treats it alike.
func makeRecordType(input []byte) (t reflect.Type, twin bool) {
	m := typeMaker{choices: choices{input}, budget: 400}
	switch kind := m.pick(8); kind {
	case 0:
		t = reflect.PointerTo(m.structure(0))
	case 1:
		t = reflect.MapOf(reflect.TypeFor[string](), m.typ(1))
	default:
		t = m.structure(0)
	}
	return t, !m.odd
}

func (m *typeMaker) typ(depth int) reflect.Type {
	if depth > 3 {
		return leaves[m.pick(len(leaves))]
	}
	switch m.pick(16) {
	case 0, 1:
		return m.structure(depth + 1)
	case 2:
		return reflect.PointerTo(m.typ(depth + 1))
	case 3:
		return reflect.SliceOf(m.typ(depth + 1))
	case 4:
		return reflect.ArrayOf(m.pick(4), m.typ(depth+1))
	case 5:
		key := []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[namedWord]()}[m.pick(2)]
		return reflect.MapOf(key, m.typ(depth+1))
	case 6:
		m.odd = true
		return oddLeaves[m.pick(len(oddLeaves))]
	}
	return leaves[m.pick(len(leaves))]
}

func (m *typeMaker) structure(depth int) reflect.Type {
	n := m.pick(9)
	if many := m.pick(24); many >= 20 {
		n = []int{16, 17, 65, 300}[many-20]
	}
	n = min(n, m.budget)
	m.budget -= n
	var fields []reflect.StructField
	for i := range n {
		if n > 20 && i%16 != 0 { // rather than all of the input
			fields = append(fields, m.field(i, leaves[i%8]))
			continue
		}
		fields = append(fields, m.field(i, m.typ(depth)))
	}
	if m.pick(3) == 0 {
		t := embeddable[m.pick(len(embeddable))]
		at := m.pick(n + 1)
		f := reflect.StructField{Name: structOf(t).Name(), Type: t, Anonymous: true}
		fields = append(fields[:at:at], append([]reflect.StructField{f}, fields[at:]...)...)
	}
	return reflect.StructOf(fields)
}

// nameLengths has the limits of keyWords, prefixes and the encodings of strings.
var nameLengths = []int{3, 4, 6, 7, 8, 14, 15, 16, 17, 18, 24, 31, 32, 40, 255, 256, 300}

func (m *typeMaker) field(i int, t reflect.Type) reflect.StructField {
	f := reflect.StructField{Name: "F" + strconv.Itoa(i), Type: t}
	name := ""
	if length := m.pick(len(nameLengths) + 2); length > 1 {
		digits := strconv.Itoa(i)
		name = strings.Repeat("n", nameLengths[length-2]-len(digits)) + digits
	}
	option := []string{"", "", ",omitempty"}[m.pick(3)]
	key := []string{"msgpack", "json"}[m.pick(2)]
	f.Tag = reflect.StructTag(fmt.Sprintf("%s:%q", key, name+option))
	return f
}

// filler fills values of any type that typeMaker makes.
type filler struct {
	choices
	solid       bool // no pointers to nil, nor pointers in interfaces: encoded and decoded, they are not the same
	nilEmbedded bool // met: msgpack/v5 writes nil for fields behind it where nothing has omitempty
}

func (f *filler) fill(v reflect.Value, depth int) {
	if f.special(v) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(f.pick(2) == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.number()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(f.number())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(f.float())
	case reflect.String:
		v.SetString(f.text())
	case reflect.Interface:
		if x := f.any(depth); x != nil {
			v.Set(reflect.ValueOf(x))
		} else {
			v.SetZero()
		}
	case reflect.Pointer:
		f.pointer(v, depth)
	case reflect.Slice:
		n := f.length(depth)
		v.SetZero()
		if n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n+f.pick(3)))
		}
		f.elements(v, depth)
	case reflect.Array:
		f.elements(v, depth)
	case reflect.Map:
		f.mapping(v, depth)
	case reflect.Struct:
		f.structure(v, depth)
	}
}

func (f *filler) special(v reflect.Value) bool {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(int64(f.uint32()), int64(f.pick(1e9))).UTC()
	case *Ext:
		*p = Ext{Type: 5, Data: []byte(f.text())}
	case *Raw:
		*p = Raw{0x81, 0xa1, 'r', byte(f.pick(128))}
	case *level:
		*p = level(f.pick(2))
	case *celsius:
		*p = celsius(f.pick(100)) / 2
	case *packed:
		*p = packed{byte(f.pick(256))}
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{byte(f.pick(256)), 0, 0, 1})
	case *blob:
		*p = blob{byte(f.pick(128))}
	case *map[any]int:
		*p = map[any]int{f.text(): f.pick(9)}
	default:
		return false
	}
	return true
}

// number is often at a limit of an encoding.
func (f *filler) number() uint64 {
	n := uint64(1)<<f.pick(65) - uint64(f.pick(3))
	if f.pick(4) == 0 {
		n = f.uint64()
	}
	if f.pick(3) == 0 {
		n = -n
	}
	return n
}

func (f *filler) float() float64 {
	switch n := f.pick(20); n {
	case 0:
		return 0
	case 1:
		return math.Inf(1)
	case 2:
		return math.NaN() // slow to compare
	case 3:
		return math.Copysign(0, -1)
	default:
		return float64(int32(f.uint32())) / float64(n)
	}
}

func (f *filler) text() string {
	n := f.pick(20)
	if long := f.pick(40); long >= 36 {
		n = []int{31, 32, 255, 256}[long-36]
	}
	first := byte(f.pick(256))
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return string(b)
}

// length is -1 for nil.
func (f *filler) length(depth int) int {
	n := f.pick(6) - 1
	if depth > 4 {
		return min(n, 0)
	}
	if f.pick(32) == 31 && depth < 2 {
		return []int{15, 16, 17, 65}[f.pick(4)]
	}
	return n
}

func (f *filler) elements(v reflect.Value, depth int) {
	for i := range v.Len() {
		f.fill(v.Index(i), depth+1)
	}
}

func (f *filler) pointer(v reflect.Value, depth int) {
	v.SetZero()
	if f.pick(4) == 0 || depth > 4 {
		return
	}
	v.Set(reflect.New(v.Type().Elem()))
	f.fill(v.Elem(), depth+1)
	switch v.Elem().Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		if f.solid && v.Elem().IsNil() {
			v.SetZero()
		}
	}
}

func (f *filler) mapping(v reflect.Value, depth int) {
	n := f.length(depth)
	v.SetZero()
	if n < 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, depth+1)
		f.fill(elem, depth+1)
		v.SetMapIndex(key, elem)
	}
}

func (f *filler) structure(v reflect.Value, depth int) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if !sf.IsExported() || parseTag(sf.Tag).name == "-" {
			continue
		}
		f.fill(v.Field(i), depth+1)
		if sf.Anonymous && sf.Type.Kind() == reflect.Pointer && v.Field(i).IsNil() {
			f.nilEmbedded = true
		}
	}
}

// anyTypes are what interfaces hold; encoded, decoded and encoded they are the same bytes.
var anyTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint64](), reflect.TypeFor[int8](), reflect.TypeFor[uint32](), reflect.TypeFor[[]byte](), reflect.TypeFor[[3]byte](),
	reflect.TypeFor[map[string]any](), reflect.TypeFor[[]any](), reflect.TypeFor[map[string]string](), reflect.TypeFor[[]string](),
	reflect.TypeFor[namedWord](), reflect.TypeFor[namedList](), reflect.TypeFor[*string](), reflect.TypeFor[inner](), reflect.TypeFor[*inner](),
	reflect.TypeFor[Base](), reflect.TypeFor[Left](), reflect.TypeFor[struct{ P *int }](), reflect.TypeFor[[1]*string](),
	reflect.TypeFor[map[string]inner](), reflect.TypeFor[struct{}](), reflect.TypeFor[Lean](),
}

func (f *filler) any(depth int) any {
	kind := f.pick(len(anyTypes) + 2)
	if kind >= len(anyTypes) || depth > 4 || f.solid && anyTypes[kind].Kind() == reflect.Pointer {
		return nil
	}
	v := reflect.New(anyTypes[kind]).Elem()
	f.fill(v, depth+1)
	return v.Interface()
}

// loosen makes of the values in interfaces, as msgpack/v5 decodes them, what this package makes of them.
func loosen(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if x := looseAny(v.Interface()); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			loosen(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			loosen(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			elem := reflect.New(v.Type().Elem()).Elem()
			elem.Set(v.MapIndex(key))
			loosen(elem)
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				loosen(v.Field(i))
			}
		}
	}
}

func looseAny(x any) any {
	switch x := x.(type) {
	case []any:
		for i := range x {
			x[i] = looseAny(x[i])
		}
		return x
	case map[string]any:
		for k := range x {
			x[k] = looseAny(x[k])
		}
		return x
	}
	v := reflect.ValueOf(x)
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint() && v.Uint() <= math.MaxInt64:
		return int64(v.Uint())
	case v.CanFloat():
		return v.Float()
	}
	return x
}
