package record

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scalarValues has every kind that the loops over fields write themselves, at the limits of its encodings.
func scalarValues() []reflect.Value {
	var all []reflect.Value
	add := func(values ...any) {
		for _, v := range values {
			all = append(all, reflect.ValueOf(v))
		}
	}
	add(false, true, namedFlag(true))
	for _, n := range []int64{0, 1, 127, 128, 255, 256, 1<<15 - 1, 1 << 15, 1<<16 - 1, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, math.MaxInt64,
		-1, -32, -33, -128, -129, -1 << 15, -1<<15 - 1, -1 << 31, -1<<31 - 1, math.MinInt64} {
		add(int(n), int8(n), int16(n), int32(n), n, uint(n), uint8(n), uint16(n), uint32(n), uint64(n), time.Duration(n), namedInt(n))
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -0.5, math.MaxFloat64, math.Inf(-1), math.NaN()} {
		add(f, float32(f), namedFloat(f))
	}
	for _, n := range []int{0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256, 65535, 65536} {
		add(strings.Repeat("s", n), namedWord(strings.Repeat("é", n/2)))
	}
	return all
}

// places put a value where another loop writes it. A place that a type does not fit into returns nil.
var places = []struct {
	name string
	put  func(v reflect.Value) any
}{
	{"field", func(v reflect.Value) any { return structWith(v, `msgpack:"v"`) }},
	{"field of a long name", func(v reflect.Value) any { return structWith(v, `msgpack:"a_name_of_more_than_16_bytes"`) }},
	{"omitempty", func(v reflect.Value) any { return structWith(v, `msgpack:"v,omitempty"`) }},
	{"omitempty of a long name", func(v reflect.Value) any { return structWith(v, `msgpack:"a_name_of_more_than_16_bytes,omitempty"`) }},
	{"of 16 fields", func(v reflect.Value) any { return structWith(v, fill(15)...) }},
	{"of 20 fields", func(v reflect.Value) any { return structWith(v, fill(19)...) }},
	{"of 20 optional fields", func(v reflect.Value) any { return structWith(v, append(fill(19), `msgpack:"o,omitempty"`)...) }},
	{"in a merged struct", func(v reflect.Value) any {
		return structWith(reflect.ValueOf(structWith(v, `msgpack:"v"`)), `msgpack:"in"`)
	}},
	{"in an optional struct", func(v reflect.Value) any {
		return structWith(reflect.ValueOf(structWith(v, `msgpack:"v,omitempty"`)), `msgpack:"in,omitempty"`)
	}},
	{"behind a pointer", func(v reflect.Value) any { return map[string]any{"v": pointerTo(v).Interface()} }},
	{"pointer field", func(v reflect.Value) any { return structWith(pointerTo(v), `msgpack:"v"`) }},
	{"pointer to pointer", func(v reflect.Value) any { return structWith(pointerTo(pointerTo(v)), `msgpack:"v,omitempty"`) }},
	{"slice", func(v reflect.Value) any { return structWith(sliceOf(v, 3), `msgpack:"v"`) }},
	{"slice in any", func(v reflect.Value) any { return map[string]any{"v": sliceOf(v, 2).Interface()} }},
	{"long slice", func(v reflect.Value) any { return structWith(sliceOf(v, 17), `msgpack:"v"`) }},
	{"array", func(v reflect.Value) any { return structWith(arrayOf(v, 2), `msgpack:"v"`) }},
	{"array in any", func(v reflect.Value) any { return map[string]any{"v": arrayOf(v, 1).Interface()} }},
	{"map", func(v reflect.Value) any { return mapOf(v).Interface() }},
	{"map field", func(v reflect.Value) any { return structWith(mapOf(v), `msgpack:"v"`) }},
	{"any", func(v reflect.Value) any { return map[string]any{"v": v.Interface()} }},
	{"any field", func(v reflect.Value) any { return struct{ V any }{v.Interface()} }},
	{"optional any field", func(v reflect.Value) any {
		return struct {
			V any `msgpack:",omitempty"`
		}{v.Interface()}
	}},
	{"list of any", func(v reflect.Value) any { return struct{ V []any }{[]any{v.Interface(), v.Interface()}} }},
	{"map of any", func(v reflect.Value) any { return struct{ V map[string]any }{map[string]any{"k": v.Interface()}} }},
	{"struct in any", func(v reflect.Value) any { return map[string]any{"v": structWith(v, `msgpack:"v"`)} }},
	{"struct in a slice", func(v reflect.Value) any {
		return structWith(sliceOf(reflect.ValueOf(structWith(v, `msgpack:"v"`)), 2), `msgpack:"v"`)
	}},
}

// fill is tags for so many fields.
func fill(n int) (tags []string) {
	for i := range n {
		tags = append(tags, fmt.Sprintf(`msgpack:"f%d"`, i))
	}
	return tags
}

// structWith is a struct with a field for each tag, all equal to v.
func structWith(v reflect.Value, tags ...string) any {
	var fields []reflect.StructField
	for i, tag := range tags {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: v.Type(), Tag: reflect.StructTag(tag)})
	}
	s := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range tags {
		s.Field(i).Set(v)
	}
	return s.Interface()
}

func pointerTo(v reflect.Value) reflect.Value {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}

func sliceOf(v reflect.Value, n int) reflect.Value {
	s := reflect.MakeSlice(reflect.SliceOf(v.Type()), 0, n)
	for range n {
		s = reflect.Append(s, v)
	}
	return s
}

func arrayOf(v reflect.Value, n int) reflect.Value {
	a := reflect.New(reflect.ArrayOf(n, v.Type())).Elem()
	for i := range n {
		a.Index(i).Set(v)
	}
	return a
}

func mapOf(v reflect.Value) reflect.Value {
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), v.Type()))
	m.SetMapIndex(reflect.ValueOf("k"), v)
	return m
}

// TestEveryKindInEveryPlace holds each loop that writes or reads values to msgpack/v5, and each to any amount of room.
func TestEveryKindInEveryPlace(t *testing.T) {
	t.Parallel()
	values := scalarValues()
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range values {
				if v.Kind() == reflect.String && v.Len() > 1000 && place.name != "field" && place.name != "any" {
					continue // slow, and nothing new
				}
				r := pointerTo(reflect.ValueOf(place.put(v))).Elem()
				chunk := appendOf(t, r.Type(), &second, r, 0)
				checkTypeTwin(t, r, bodies(t, chunk)[0], true)
				if v.Kind() != reflect.String || v.Len() < 40 {
					checkRoom(t, r, chunk)
				}
			}
		})
	}
}

// checkRoom appends r where there is more and more room.
func checkRoom(t *testing.T, r reflect.Value, want []byte) {
	t.Helper()
	enc := encoderOf(t, r.Type())
	const before = "before"
	memory := make([]byte, len(before)+64)
	for room := range 65 {
		end := len(before) + room
		copy(memory, before)
		for i := range memory[len(before):] {
			memory[len(before)+i] = 0xee
		}
		dst := memory[:len(before):end]
		out, err := enc.Append(dst, &second, at(r), 0)
		if err != nil || string(out[:len(before)]) != before || !bytes.Equal(out[len(before):], want) {
			t.Fatalf("Append(room %d, %+v) = %x, %v, want %x behind %q", room, r, out, err, want, before)
		}
		if string(memory[:len(before)]) != before {
			t.Fatalf("Append(room %d, %+v) changed what is before: %q", room, r, memory[:len(before)])
		}
		if aliases := &out[0] == &memory[0]; !aliases && cap(dst) >= len(out)+16 {
			t.Fatalf("Append(room %d, %+v) left dst, which has room for %d bytes", room, r, len(out))
		}
		for i, c := range memory[end:] {
			if c != 0xee {
				t.Fatalf("Append(room %d, %+v) wrote byte %d behind the capacity", room, r, i)
			}
		}
	}
}

// TestAppendRoom has shapes with one order of keys.
func TestAppendRoom(t *testing.T) {
	t.Parallel()
	n, s := 7, "a string of a length that takes two bytes"
	type opt struct {
		A string `msgpack:"a,omitempty"`
		B *int   `msgpack:"b,omitempty"`
		Base
		*Left
		M map[string]any  `msgpack:"m,omitempty"`
		T time.Time       `msgpack:"t"`
		L [2]inner        `msgpack:"l"`
		R Raw             `msgpack:"raw"`
		C celsius         `msgpack:"c"`
		X level           `msgpack:"x"`
		Y packed          `msgpack:"y"`
		E Ext             `msgpack:"ext"`
		I map[int]float32 `msgpack:"i"`
	}
	tests := []struct {
		name string
		r    any
	}{
		{"small", smallRecord()},
		{"small pointer", &small{Level: s, Count: -1}},
		{"empty struct", struct{}{}},
		{"access", accessLog{Host: s, Labels: map[string]string{"a": s}, Hops: []string{s, ""}}},
		{"optional, all", opt{A: s, B: &n, Left: &Left{s}, M: map[string]any{"k": []any{s, 1.5, nil}}, R: Raw{1}, E: Ext{9, []byte(s)}, I: map[int]float32{1: 2}}},
		{"optional, none", opt{}},
		{"twin", twinShape{Str: s, Map: map[string]string{s: s}}},
		{"map", map[string]string{s: s}},
		{"map of any", map[string]any{"k": []any{s, uint64(math.MaxUint64), []byte(s), map[string]any{"k": time.Second}}}},
		{"raw", Raw{0x81, 0xa1, 'k', 0xc0}},
		{"custom", celsius(1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := pointerTo(reflect.ValueOf(tt.r)).Elem()
			checkRoom(t, r, appendOf(t, r.Type(), &second, r, 0))
		})
	}
}

// TestAppendErrorKeepsDst expects dst as it was, whatever had been appended before the error.
func TestAppendErrorKeepsDst(t *testing.T) {
	t.Parallel()
	bad := map[string]any{"s": strings.Repeat("s", 40), "bad": make(chan int)}
	enc, err := NewEncoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	for room := range 65 {
		dst := append(make([]byte, 0, 6+room), "before"...)
		out, err := enc.Append(dst, &second, &bad, 0)
		var e *Error
		if !errors.As(err, &e) || e.Path != "bad" || string(out) != "before" || &out[0] != &dst[0] || cap(out) != cap(dst) {
			t.Fatalf("Append(room %d) = %q, %v, want dst and an error", room, out, err)
		}
	}
}

// nestedRaw is so many arrays in each other.
func nestedRaw(levels int) Raw { return Raw(repeat("\x91", levels) + "\x01") }

func TestAppendRaw(t *testing.T) {
	t.Parallel()
	type field struct {
		R Raw `msgpack:"r"`
	}
	type optional struct {
		R Raw `msgpack:"r,omitempty"`
	}
	bad := func(path, cause string) string { return "record: " + path + "bad msgpack at byte " + cause }
	tests := []appendTest{
		one("record", Raw("\x81\xa1k\x01"), "81a16b01"),
		one("record of another encoding", Raw("\xde\x00\x01\xd9\x01k\xcc\x01"), "de0001d9016bcc01"),
		one("nil record", Raw(nil), "80"),
		one("any nil record", any(Raw(nil)), "80"),
		one("any record", any(Raw("\x80")), "80"),
		one("empty record", Raw{}, bad("", "0 of 0: truncated: unexpected EOF")),
		one("no map", Raw{0x90}, "record: record.Raw "+errRecordType.Error()),
		one("any no map", any(Raw{0x01}), "record: record.Raw "+errRecordType.Error()),
		one("nil on the wire", Raw{0xc0}, "record: record.Raw "+errRecordType.Error()),
		one("two values", Raw("\x80\x80"), bad("", "1 of 2: 1 bytes after the value")),
		one("truncated", Raw("\x81\xa1k"), bad("", "3 of 3: truncated: unexpected EOF")),
		one("garbage", Raw("\x81\xa1k\xc1"), bad("", "3 of 4: byte 0xc1 is no msgpack")),
		one("field", field{Raw("\x92\x01\xc0")}, "81a1729201c0"),
		one("nil field", field{}, "81a172c0"),
		one("empty field", field{Raw{}}, bad("r: ", "0 of 0: truncated: unexpected EOF")),
		one("bad field", field{Raw("\x01\x02")}, bad("r: ", "1 of 2: 1 bytes after the value")),
		one("omitted", optional{}, "80"),
		one("omitted empty", optional{Raw{}}, "80"),
		one("kept", optional{Raw{0xc0}}, "81a172c0"),
		one("list", map[string][]Raw{"l": {{1}, nil, Raw("\xa1x")}}, "81a16c9301c0a178"),
		one("bad element", map[string][]Raw{"l": {{1}, {0xc1}}}, bad("l[1]: ", "0 of 1: byte 0xc1 is no msgpack")),
		one("map", map[string]Raw{"k": {0x7f}}, "81a16b7f"),
		one("pointer", map[string]*Raw{"k": {0x7f}, "n": nil}, "82a16b7fa16ec0"),
		one("any", map[string]any{"k": Raw{0x7f}, "l": []any{Raw(nil), Raw("\x80")}}, "82a16b7fa16c92c080"),
		one("any pointer", map[string]any{"k": &Raw{0x7f}}, "81a16b7f"),
		one("bad any", map[string]any{"k": []any{Raw{}}}, bad("k[0]: ", "0 of 0: truncated: unexpected EOF")),
		one("slice of records", []Raw{Raw("\x80")}, "80"),
		one("as deep as possible", field{nestedRaw(30)}, "81a172"+repeat("91", 30)+"01"),
		one("too deep", field{nestedRaw(31)}, bad("r: ", "30 of 32: nested deeper than")),
		one("too deep in any", map[string]any{"k": []any{nestedRaw(30)}}, bad("k[0]: ", "29 of 31: nested deeper than")),
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.run()
			if strings.HasPrefix(tt.want, "record: ") {
				if !strings.HasPrefix(errorText(err), tt.want) || string(got) != "x" {
					t.Errorf("Append() = %q, %v, want \"x\", %s", got, err, tt.want)
				}
				return
			}
			if want := unhex(t, "78"+emptyHead+tt.want); err != nil || !bytes.Equal(canonical(t, got), canonical(t, want)) {
				t.Errorf("Append() = %x, %v, want %x", got, err, want)
			}
		})
	}
}

func TestRawIsCopied(t *testing.T) {
	t.Parallel()
	raw := Raw("\x81\xa1k\x01")
	chunk := encoded(t, nil, second, raw)
	clear(raw)
	if diff := cmp.Diff(unhex(t, emptyHead+"81a16b01"), chunk); diff != "" {
		t.Errorf("chunk after the Raw changed (-want +got):\n%s", diff)
	}
}

// TestAppendDepth expects that each kind of map and array counts, whatever is beside it.
func TestAppendDepth(t *testing.T) {
	t.Parallel()
	type merged struct {
		In struct {
			In struct{ In inner }
		}
		V any
	}
	type optional struct {
		V any `msgpack:",omitempty"`
	}
	wraps := []struct {
		name string
		wrap func(v any) any
	}{
		{"map", func(v any) any { return map[string]any{"k": v} }},
		{"slice", func(v any) any { return []any{v} }},
		{"struct", func(v any) any { return struct{ V any }{v} }},
		{"merged struct", func(v any) any { return merged{V: v} }},
		{"pointer to a struct with optional fields", func(v any) any { return &optional{v} }},
		{"typed map", func(v any) any { return map[namedWord]any{"k": v} }},
		{"array", func(v any) any { return [1]any{v} }},
	}
	ends := []struct {
		name string
		v    any
	}{
		{"scalar", 1},
		{"bytes", []byte{1}},
		{"strings", []string{"s"}},
		{"no strings", []string{}},
		{"ints", []int{1}},
		{"array", [2]int8{}},
		{"map of strings", map[string]string{"k": "v"}},
		{"empty map", map[string]any{}},
		{"typed map", map[string]int{}},
		{"struct", inner{}},
		{"empty struct", struct{}{}},
		{"merged", merged{}},
		{"omitted", optional{}},
		{"custom", blob(nestedRaw(3))},
		{"lists", [][]string{{"s"}}},
		{"slice of structs", []inner{{}}},
	}
	for _, wrap := range wraps {
		for _, end := range ends {
			t.Run(end.name+" in "+wrap.name, func(t *testing.T) {
				t.Parallel()
				v := end.v
				for range engineDepth {
					r := map[string]any{"v": v}
					depth := 1 + depthOf(t, twinEncode(t, r)) // the event is an array itself
					if _, err := appendOne(second, r, 0); (err == nil) != (depth <= engineDepth) {
						t.Fatalf("Append(%+v) of %d levels = %v", r, depth, err)
					}
					v = wrap.wrap(v)
				}
			})
		}
	}
}

// depthOf is how many maps and arrays are in each other.
func depthOf(t *testing.T, b []byte) int {
	t.Helper()
	for depth := range 99 {
		if _, err := verify(b, depth); err == nil {
			return depth
		}
	}
	t.Fatalf("depth of %x is 99 or more", b)
	return 0
}
