package record

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// keyed is a field, the keys that lead to it, and values of its type; nil is nil on the wire.
type keyed struct {
	index  []int
	keys   []string
	values []any
}

type ordered struct {
	A    string         `msgpack:"a"`
	Name int            `msgpack:"name_of_15bytes,alias:n,alias:a_name_of_seventeen"`
	F    float64        `msgpack:"f"`
	B    bool           `msgpack:"b"`
	In   inner          `msgpack:"in"`
	List []string       `msgpack:"list"`
	Opt  *string        `msgpack:"opt"`
	M    map[string]any `msgpack:"m"`
	Long uint8          `msgpack:"a_name_of_more_than_sixteen_bytes"`
	*Left
	X     any    `msgpack:"x"`
	Empty string `msgpack:"é"`
	A2    int64  `msgpack:"a2"`
}

func orderedFields() []keyed {
	text := "text"
	return []keyed{
		{[]int{0}, []string{"a"}, []any{"x", "", "a longer text than what fits into a fixstr", nil}},
		{[]int{1}, []string{"name_of_15bytes", "n", "a_name_of_seventeen"}, []any{1, -1, 1 << 30, nil}},
		{[]int{2}, []string{"f"}, []any{1.5, 0.0, nil}},
		{[]int{3}, []string{"b"}, []any{true, false, nil}},
		{[]int{4}, []string{"in"}, []any{inner{7}, inner{}, nil}},
		{[]int{5}, []string{"list"}, []any{[]string{"a", "b"}, []string{}, nil}},
		{[]int{6}, []string{"opt"}, []any{&text, nil}},
		{[]int{7}, []string{"m"}, []any{map[string]any{"a": "b"}, map[string]any{}, nil}},
		{[]int{8}, []string{"a_name_of_more_than_sixteen_bytes"}, []any{uint8(200), uint8(0), nil}},
		{[]int{9, 0}, []string{"L"}, []any{"left", "", nil}},
		{[]int{10}, []string{"x"}, []any{"s", int64(-5), []any{"a", nil}, nil}},
		{[]int{11}, []string{"é"}, []any{"x", nil}},
		{[]int{12}, []string{"a2"}, []any{int64(127), int64(128), nil}},
	}
}

// wideStruct has n fields.
func wideStruct(n int) (t reflect.Type, list []keyed) {
	var fields []reflect.StructField
	for i := range n {
		name := "k" + strconv.Itoa(i)
		if i%7 == 0 {
			name += "_with_a_long_tail"
		}
		typ, values := reflect.TypeFor[int](), []any{i, -i, nil}
		if i%3 == 0 {
			typ, values = reflect.TypeFor[string](), []any{name, "", nil}
		}
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: typ, Tag: reflect.StructTag(`msgpack:"` + name + `"`)})
		list = append(list, keyed{[]int{i}, []string{name}, values})
	}
	return reflect.StructOf(fields), list
}

// orderWriter writes bodies whose keys come in many ways, and the records that they are.
type orderWriter struct {
	t      testing.TB
	r      *rand.Rand
	typ    reflect.Type
	fields []keyed
	fixed  []int // an order
}

func newOrderWriter(t testing.TB, typ reflect.Type, fields []keyed) *orderWriter {
	r := rand.New(rand.NewPCG(1, uint64(len(fields))))
	return &orderWriter{t: t, r: r, typ: typ, fields: fields, fixed: r.Perm(len(fields))}
}

// body returns a map of all fields in one of the ways, and the record.
func (w *orderWriter) body(way int) ([]byte, reflect.Value) {
	order := make([]int, len(w.fields))
	for i := range order {
		order[i] = i
	}
	switch way % 8 {
	case 1:
		order = slices.Clone(w.fixed)
	case 2:
		order = w.r.Perm(len(order))
	case 3: // some are missing
		order = slices.DeleteFunc(order, func(int) bool { return w.r.IntN(3) == 0 })
	case 4: // some are there twice
		order = append(order, w.r.Perm(len(order))[:1+w.r.IntN(len(order))]...)
	case 5: // one is there again and again
		order = append(slices.Repeat(order[:1], 4), order...)
	case 6:
		order = order[:0]
	}
	record := reflect.New(w.typ).Elem()
	var pairs []byte
	n := 0
	for _, i := range order {
		if way%3 == 2 && w.r.IntN(2) == 0 {
			pairs = w.unknown(pairs)
			n++
		}
		pairs = w.pair(pairs, record, w.fields[i], way)
		n++
	}
	return append(w.mapHead(n), pairs...), record
}

func (w *orderWriter) mapHead(n int) []byte {
	if w.r.IntN(2) == 0 {
		return binary.BigEndian.AppendUint32([]byte{0xdf}, uint32(n))
	}
	return appendMapHead(nil, n)
}

func (w *orderWriter) pair(dst []byte, record reflect.Value, f keyed, way int) []byte {
	key := f.keys[0]
	if way%5 == 4 {
		key = f.keys[w.r.IntN(len(f.keys))]
	}
	value := f.values[w.r.IntN(len(f.values))]
	dst = append(w.key(dst, key, way%4 == 3), twinEncode(w.t, value)...)
	field := reachable(record, f.index)
	field.SetZero()
	if value != nil {
		field.Set(reflect.ValueOf(value))
	}
	return dst
}

// reachable makes what embedded pointers point to.
func reachable(v reflect.Value, index []int) reflect.Value {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}

// key writes a key in its usual form, or in any.
func (w *orderWriter) key(dst []byte, key string, any bool) []byte {
	form := w.r.IntN(7)
	if !any {
		form = 0
	}
	n := len(key)
	switch form {
	case 1:
		dst = append(dst, 0xd9, byte(n))
	case 2:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xda), uint16(n))
	case 3:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(n))
	case 4:
		dst = append(dst, 0xc4, byte(n))
	case 5:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc5), uint16(n))
	case 6:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(n))
	default:
		return appendString(dst, key)
	}
	return append(dst, key...)
}

// unknown writes a pair that no field is for.
func (w *orderWriter) unknown(dst []byte) []byte {
	keys := []string{"a1ff", "a3" + "6e6f6e", "a141", "00", "ff", "c0", "c2", "cb0000000000000000", "90", "92619100", "81a16101", "d70000000000" + "00000000", "d905" + "6e5f6578" + "79", "c400", "a0"}
	values := []string{"c0", "07", "a0", "80", "82a161a162a16282a16101a16202", "9381a16101c0dc0000", "c403616161", "d9024141", "c70105aa"}
	dst = append(dst, unhex(w.t, keys[w.r.IntN(len(keys))])...)
	return append(dst, unhex(w.t, values[w.r.IntN(len(values))])...)
}

func TestDecodeKeyOrders(t *testing.T) {
	t.Parallel()
	type shape struct {
		name   string
		typ    reflect.Type
		fields []keyed
	}
	shapes := []shape{{"13 fields", reflect.TypeFor[ordered](), orderedFields()}}
	for _, n := range []int{1, 2, 63, 64, 65, 254, 255, 256, 300} {
		typ, fields := wideStruct(n)
		shapes = append(shapes, shape{fmt.Sprintf("%d fields", n), typ, fields})
	}
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newOrderWriter(t, s.typ, s.fields)
			var chunk []byte
			var want []reflect.Value
			for way := range 240 {
				body, record := w.body(way / 3) // three of each after each other, to learn
				chunk = append(append(chunk, unhex(t, emptyHead)...), body...)
				want = append(want, record)
			}
			checkOrders(t, s.typ, chunk, want)
			checkModes(t, s.typ, chunk, nil)
			checkTwoDecoders(t, s.typ, chunk, want)
		})
	}
}

func checkOrders(t *testing.T, typ reflect.Type, chunk []byte, want []reflect.Value) {
	t.Helper()
	got, err := decodeAll(t, typ, chunk)
	if len(got) != len(want) || err != nil {
		t.Fatalf("decoded %d events, %v, want %d", len(got), err, len(want))
	}
	for i := range want {
		if diff := differ(want[i].Interface(), got[i].record.Interface()); diff != "" || got[i].err != nil {
			t.Fatalf("Decode(%x) = %v (-want +got):\n%s", got[i].event.Body, got[i].err, diff)
		}
	}
}

// checkTwoDecoders reads one chunk by one Scanner and several Decoders in turn.
func checkTwoDecoders(t *testing.T, typ reflect.Type, chunk []byte, want []reflect.Value) {
	t.Helper()
	type few struct {
		A string `msgpack:"a"`
		N int    `msgpack:"k1"`
	}
	decs := []*anyDecoder{
		decoderOf(t, typ, modes[0]), decoderOf(t, reflect.TypeFor[few](), modes[0]), decoderOf(t, typ, modes[3]),
		decoderOf(t, reflect.TypeFor[map[string]any](), modes[1]), decoderOf(t, reflect.TypeFor[struct{ N int }](), modes[2]),
	}
	others := map[int]reflect.Value{
		1: reflect.New(reflect.TypeFor[few]()).Elem(), 3: reflect.New(reflect.TypeFor[map[string]any]()).Elem(),
		4: reflect.New(reflect.TypeFor[struct{ N int }]()).Elem(),
	}
	s := NewScanner(slices.Clone(chunk))
	reused := reflect.New(typ).Elem()
	for i, w := range want {
		turn := (i * i) % 7
		if turn > 4 {
			if !s.Next() {
				t.Fatalf("Next() = false, %v", s.Err())
			}
			continue
		}
		r, other := others[turn]
		switch {
		case turn == 2:
			r = reused
		case !other:
			r = reflect.New(typ).Elem()
		}
		if ok, err := decs[turn].Next(s, at(r)); !ok || err != nil && !other {
			t.Fatalf("Next(decoder %d) for event %d = %t, %v", turn, i, ok, err)
		}
		if diff := differ(w.Interface(), r.Interface()); diff != "" && !other {
			t.Fatalf("Next(decoder %d) for event %d (-want +got):\n%s", turn, i, diff)
		}
	}
	if s.Next() || s.Err() != nil {
		t.Fatalf("Next() after the last event, %v", s.Err())
	}
}
