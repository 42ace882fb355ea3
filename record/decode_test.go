package record

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func decodeHex[R any](t testing.TB, body string) (r R, err error) {
	t.Helper()
	dec, err := NewDecoder[R]()
	if err != nil {
		t.Fatal(err)
	}
	err = dec.Decode(unhex(t, body), &r)
	return r, err
}

// decodeInChunk decodes a record that bytes follow, as fast paths want it.
func decodeInChunk[R any](t testing.TB, body string) (r R, err error) {
	t.Helper()
	dec, err := NewDecoder[R]()
	if err != nil {
		t.Fatal(err)
	}
	const after = emptyHead + "81a16bd928" + "78787878787878787878787878787878787878787878787878787878787878787878787878787878"
	s := NewScanner(unhex(t, emptyHead+body+after))
	more, err := dec.Next(s, &r)
	if !more {
		t.Fatalf("Next(%s) = false, %v", body, s.Err())
	}
	var next R
	if more, _ := dec.Next(s, &next); !more {
		t.Errorf("Next() after %s = false, %v", body, s.Err())
	}
	return r, err
}

// decodeTest decodes into whatever R and compares, or wants an error.
type decodeTest struct {
	name string
	run  func(t *testing.T)
}

func decodes[R any](name, body string, want R) decodeTest {
	return decodeTest{name, func(t *testing.T) {
		got, err := decodeHex[R](t, body)
		opts := cmp.Options{cmp.AllowUnexported(packed{}), cmpopts.EquateNaNs(), cmpopts.EquateComparable(netip.Addr{})}
		if diff := cmp.Diff(want, got, opts); diff != "" || err != nil {
			t.Errorf("Decode(%s) = %v (-want +got):\n%s", body, err, diff)
		}
		got, err = decodeInChunk[R](t, body)
		if diff := cmp.Diff(want, got, opts); diff != "" || err != nil {
			t.Errorf("Next(%s) = %v (-want +got):\n%s", body, err, diff)
		}
	}}
}

func refuses[R any](name, body, want string) decodeTest {
	return decodeTest{name, func(t *testing.T) {
		got, err := decodeHex[R](t, body)
		var e *Error
		if err == nil || err.Error() != "record: "+want || !errors.As(err, &e) || e.Index != -1 {
			t.Errorf("Decode(%s) = %v, %v, want record: %s", body, got, err, want)
		}
		b := unhex(t, body)
		if _, err := verify(b, maxDepth); err != nil || !isMap(b[0]) {
			return
		}
		got, err = decodeInChunk[R](t, body)
		if err == nil || err.Error() != "record: event 0 at byte 0: "+want || !errors.As(err, &e) || e.Index != 0 {
			t.Errorf("Next(%s) = %v, %v, want record: event 0 at byte 0: %s", body, got, err, want)
		}
	}}
}

type v[T any] struct {
	V T `msgpack:"v"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	const field = "81 a176"
	at := time.Unix(0x65000000, 5).UTC()
	temp := celsius(0.5)
	tests := []decodeTest{
		decodes("struct", "82 a162 07 a178 c3", inner{7}),
		decodes("pointer", "81 a162 07", &inner{7}),
		decodes("map", "81 a162 07", map[string]int{"b": 7}),
		decodes("named key", "81 a162 07", map[level2]int8{"b": 7}),
		decodes("any", "82 a162 07 a161 c0", any(map[string]any{"b": int64(7), "a": nil})),
		decodes("empty any", "80", any(map[string]any{})),
		decodes("map of any", "81 a162 80", map[string]any{"b": map[string]any{}}),
		decodes("map of structs", "82 a161 81a16201 a162 c0", map[string]inner{"a": {1}, "b": {}}),
		decodes("raw", "81 a162 07", blob{0x81, 0xa1, 0x62, 7}),
		decodes("custom", "81 a66d696c6c6973 cd01f4", temp),
		decodes("binary key", "81 c40162 07", inner{7}),
		decodes("odd keys are skipped", "84 07 01 9101 02 c0 03 a162 07", inner{7}),
		decodes("last of equal keys", "82 a176 81a16201 a176 80", v[map[string]int]{map[string]int{}}),

		decodes("bool", field+"c3", v[bool]{true}),
		decodes("int8 from uint8", field+"cc7f", v[int8]{127}),
		decodes("int8 from int64", field+"d3ffffffffffffff80", v[int8]{-128}),
		decodes("int from whole float", field+"cbc008000000000000", v[int]{-3}),
		decodes("uint from whole float", field+"ca40400000", v[uint8]{3}),
		decodes("uint64", field+"cfffffffffffffffff", v[uint64]{math.MaxUint64}),
		decodes("uint from int8", field+"d07f", v[uint]{127}),
		decodes("float from int", field+"ff", v[float64]{-1}),
		decodes("float from uint", field+"07", v[float32]{7}),
		decodes("float32 from float64", field+"cb3ff8000000000000", v[float32]{1.5}),
		decodes("float32 infinity", field+"cb7ff0000000000000", v[float32]{float32(math.Inf(1))}),
		decodes("NaN", field+"ca7fc00000", v[float64]{math.NaN()}),
		decodes("string", field+"a178", v[string]{"x"}),
		decodes("string from binary", field+"c40178", v[string]{"x"}),
		decodes("json.Number", field+"a23132", v[json.Number]{"12"}),
		decodes("bytes", field+"c40178", v[[]byte]{[]byte("x")}),
		decodes("bytes from string", field+"a178", v[[]byte]{[]byte("x")}),
		decodes("empty bytes", field+"c400", v[[]byte]{[]byte{}}),
		decodes("named bytes", field+"c40178", v[[]named8]{[]named8{'x'}}),
		decodes("byte array", field+"c40178", v[[2]byte]{[2]byte{'x'}}),
		decodes("named byte array", field+"c40178", v[[1]named8]{[1]named8{'x'}}),
		decodes("slice", field+"920102", v[[]int]{[]int{1, 2}}),
		decodes("empty slice", field+"90", v[[]int]{[]int{}}),
		decodes("array", field+"920102", v[[3]int]{[3]int{1, 2, 0}}),
		decodes("nested", field+"9181a16207", v[[]*inner]{[]*inner{{7}}}),
		decodes("int keys", field+"82 a22d31 01 05 02", v[map[int]int]{map[int]int{-1: 1, 5: 2}}),
		decodes("uint keys", field+"81 05 02", v[map[uint8]int]{map[uint8]int{5: 2}}),
		decodes("any keys", field+"81 a178 02", v[map[any]int]{map[any]int{"x": 2}}),
		decodes("EventTime", field+"d7006500000000000005", v[time.Time]{at}),
		decodes("timestamp 32", field+"d6ff65000000", v[time.Time]{at.Add(-5)}),
		decodes("timestamp 64", field+"d7ff0000001465000000", v[time.Time]{at}),
		decodes("timestamp 96", field+"c70cff 00000005 0000000065000000", v[*time.Time]{&at}),
		decodes("time before 1970", field+"c70cff 00000000 ffffffffffffffff", v[time.Time]{time.Unix(-1, 0).UTC()}),
		decodes("time from text", field+"b4 323032332d30392d31325430363a30383a33325a", v[time.Time]{time.Date(2023, 9, 12, 6, 8, 32, 0, time.UTC)}),
		decodes("time from int", field+"ce65000000", v[time.Time]{at.Add(-5)}),
		decodes("duration", field+"07", v[time.Duration]{7}),
		decodes("ext", field+"d40901", v[Ext]{Ext{9, []byte{1}}}),
		decodes("any field", field+"cc07", v[any]{int64(7)}),

		decodes("customs", "86 a454656d70 81a66d696c6c6973cd01f4 a4426c6f62 9101 a54c6576656c a4696e666f a65061636b6564 c40107 a441646472 a7312e322e332e34 a3507472 81a66d696c6c6973cd01f4",
			customs{0.5, blob{0x91, 1}, 1, packed{7}, netip.MustParseAddr("1.2.3.4"), &temp, nil}),
		decodes("nil customs", "86 a454656d70 c0 a4426c6f62 c0 a54c6576656c c0 a65061636b6564 c0 a441646472 c0 a3507472 c0", customs{}),
		decodes("nil time", field+"c0", v[time.Time]{}),
		decodes("nil any", field+"c0", v[any]{}),
		decodes("nil struct", field+"c0", v[inner]{}),
		decodes("nil after a value", "82 a176 01 a176 c0", v[int]{}),
		decodes("array after a longer one", "82 a176 920102 a176 9103", v[[2]int]{[2]int{3, 0}}),

		refuses[inner]("no map", "91 01", "array of 1 is not a map"),
		refuses[any]("nil", "c0", "nil is not a map"),
		refuses[any]("nothing", "", "truncated: unexpected EOF"),
		refuses[any]("two values", "80 80", "1 bytes after the value"),
		refuses[any]("hostile counts", "81 a161 dd0000000a dd00000009 dd00000008", "a[0]: truncated: unexpected EOF"),
		refuses[any]("too deep", "81 a161"+strings.Repeat("91", 128)+"01", "a"+strings.Repeat("[0]", 127)+": nested deeper than 128 levels"),
		refuses[v[int]]("string into int", field+"a26f6b", `v: string "ok" into int`),
		refuses[v[int]]("long string into int", field+"d932"+strings.Repeat("78", 50), `v: string "`+strings.Repeat("x", 40)+`…" into int`),
		refuses[v[int8]]("overflow", field+"cc80", "v: integer 128 into int8"),
		refuses[v[int64]]("int64 overflow", field+"cf8000000000000000", "v: integer 9223372036854775808 into int64"),
		refuses[v[int]]("fraction into int", field+"cb3ff8000000000000", "v: float 1.5 into int"),
		refuses[v[int]]("NaN into int", field+"cb7ff8000000000000", "v: float NaN into int"),
		refuses[v[int64]]("float overflow", field+"cb43e0000000000000", "v: float 9.223372036854776e+18 into int64"),
		refuses[v[uint]]("negative into uint", field+"ff", "v: integer -1 into uint"),
		refuses[v[uint]]("negative float into uint", field+"cbbff0000000000000", "v: float -1 into uint"),
		refuses[v[uint8]]("string into uint", field+"a0", `v: string "" into uint8`),
		refuses[v[float32]]("float32 overflow", field+"cb7fe0000000000000", "v: float 8.98846567431158e+307 into float32"),
		refuses[v[float64]]("bool into float", field+"c2", "v: bool false into float64"),
		refuses[v[bool]]("int into bool", field+"01", "v: integer 1 into bool"),
		refuses[v[string]]("int into string", field+"01", "v: integer 1 into string"),
		refuses[v[[]byte]]("array into bytes", field+"9101", "v: array of 1 into []uint8"),
		refuses[v[[1]byte]]("bytes overflow", field+"c4020102", "v: 2 bytes into [1]uint8"),
		refuses[v[[1]byte]]("int into byte array", field+"01", "v: integer 1 into [1]uint8"),
		refuses[v[[1]int]]("array overflow", field+"920102", "v: array of 2 into [1]int"),
		refuses[v[[1]int]]("int into array", field+"01", "v: integer 1 into [1]int"),
		refuses[v[[]int]]("map into slice", field+"80", "v: map of 0 into []int"),
		refuses[v[[]int]]("element", field+"9201c2", "v[1]: bool false into int"),
		refuses[v[map[string]int]]("string into map", field+"a0", `v: string "" into map[string]int`),
		refuses[v[map[int]int]]("key", field+"81a17801", `v: key "x" into int`),
		refuses[v[map[uint8]int]]("key overflow", field+"81cd010001", `v: key "256" into uint8`),
		refuses[v[map[string]inner]]("nested", field+"81 a178 81 a162 a0", `v.x.b: string "" into int`),
		refuses[v[inner]]("string into struct", field+"a0", `v: string "" into record.inner`),
		refuses[v[time.Time]]("text into time", field+"a26f6b", `v: string "ok" into time.Time`),
		refuses[v[time.Time]]("bool into time", field+"c2", "v: bool false into time.Time"),
		refuses[v[time.Time]]("ext into time", field+"d40901", "v: extension 9 of 1 bytes into time.Time"),
		refuses[v[Ext]]("int into ext", field+"01", "v: integer 1 into record.Ext"),
		refuses[v[level]]("unknown text", field+"a26f6b", "v: unknown level"),
		refuses[v[level]]("int into text", field+"01", "v: integer 1 into record.level"),
		refuses[v[packed]]("panic", field+"c400", "v: panic: runtime error: index out of range [0] with length 0"),
		refuses[v[packed]]("int into binary", field+"01", "v: integer 1 into record.packed"),
		refuses[v[[]fragile]]("custom panic", field+"9181a17801", "v[0]: panic: at the disco"),
		refuses[fragile]("custom record panic", "80", "panic: at the disco"),
		refuses[v[celsius]]("custom error", field+"01", "v: msgpack: unexpected code=1 decoding map length"),
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

type named8 uint8

// Every value into every type, with nothing behind it and with bytes to spare, has the same outcome.
func TestDecodeAlike(t *testing.T) {
	t.Parallel()
	alike[bool](t)
	alike[int](t)
	alike[int8](t)
	alike[int64](t)
	alike[uint](t)
	alike[uint16](t)
	alike[uint64](t)
	alike[float32](t)
	alike[float64](t)
	alike[string](t)
	alike[[]byte](t)
	alike[[2]byte](t)
	alike[[]string](t)
	alike[[]int](t)
	alike[[2]string](t)
	alike[map[string]string](t)
	alike[map[string]any](t)
	alike[map[string]int](t)
	alike[any](t)
	alike[*string](t)
	alike[inner](t)
	alike[struct{ V v[string] }](t)
	alike[time.Time](t)
	alike[Raw](t)
	alike[Ext](t)
	alike[level](t)
}

func alike[T any](t *testing.T) {
	t.Helper()
	var values []string
	for c := range 256 {
		switch kind := formatOf(byte(c)); {
		case kind == kindInvalid || c == 0xdd || c == 0xdf: // longer than fits here
		case c > 0x80 && c <= 0x8f:
			values = append(values, hex.EncodeToString(append([]byte{byte(c)}, bytes.Repeat([]byte{0xa0}, 2*(c-0x80))...)))
		case c > 0x90 && c <= 0x9f:
			values = append(values, hex.EncodeToString(append([]byte{byte(c)}, bytes.Repeat([]byte{0xa1, 'x'}, c-0x90)...)))
		case c >= 0xa0 && c <= 0xbf:
			values = append(values, hex.EncodeToString(append([]byte{byte(c)}, bytes.Repeat([]byte{'x'}, c-0xa0)...)))
		default:
			for _, fill := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				b := append([]byte{byte(c)}, bytes.Repeat([]byte{fill}, 600)...)
				r := reader{b: b}
				if r.skip(1, maxDepth) == nil {
					values = append(values, hex.EncodeToString(b[:r.off]))
				}
			}
		}
	}
	if len(values) < 250 {
		t.Fatalf("%d values, want at least one of each format", len(values))
	}
	for _, value := range values {
		body := "81a176" + value
		exact, err1 := decodeHex[v[T]](t, body)
		spare, err2 := decodeInChunk[v[T]](t, body)
		text1, text2 := errorText(err1), strings.Replace(errorText(err2), "event 0 at byte 0: ", "", 1)
		if diff := differ(exact, spare); text1 != text2 || err1 == nil && diff != "" {
			t.Errorf("%s into %T: %s with nothing behind it, %s with bytes to spare\n%s", value, *new(T), text1, text2, diff)
		}
	}
}

func formatOf(c byte) kind {
	if c < 0xc0 || c >= 0xe0 {
		return kindUint // or whatever
	}
	return formats[c-0xc0].kind
}

func TestDecodeAny(t *testing.T) {
	t.Parallel()
	at := time.Unix(0x65000000, 5).UTC()
	tests := []struct {
		name, value string
		want        any
	}{
		{"nil", "c0", nil},
		{"bool", "c3", true},
		{"fixint", "07", int64(7)},
		{"negative", "d1fffe", int64(-2)},
		{"int64", "cf7fffffffffffffff", int64(math.MaxInt64)},
		{"uint64", "cf8000000000000000", uint64(1 << 63)},
		{"float32", "ca3fc00000", 1.5},
		{"float64", "cb3ff8000000000000", 1.5},
		{"string", "a178", "x"},
		{"invalid UTF-8", "a1ff", "\xff"},
		{"binary", "c40178", []byte("x")},
		{"empty binary", "c400", []byte{}},
		{"array", "9201c0", []any{int64(1), nil}},
		{"empty array", "90", []any{}},
		{"EventTime", "d7006500000000000005", at},
		{"timestamp", "d6ff65000000", at.Add(-5)},
		{"group marker", "d700ffffffff00000000", Ext{0, unhex(t, "ffffffff00000000")}},
		{"bad EventTime", "d700650000003b9aca00", Ext{0, unhex(t, "650000003b9aca00")}},
		{"bad timestamp", "d5ff0102", Ext{-1, []byte{1, 2}}},
		{"far timestamp", "c70cff 00000000 7fffffffffffffff", Ext{-1, unhex(t, "000000007fffffffffffffff")}},
		{"ext", "c70009", Ext{9, []byte{}}},
		{"keys", "88 07 01 ff 02 c0 03 c3 04 c40178 05 cb3ff8000000000000 06 9101 07 cfffffffffffffffff 08", map[string]any{
			"7": int64(1), "-1": int64(2), "null": int64(3), "true": int64(4), "x": int64(5), "1.5": int64(6),
			"[1]": int64(7), "18446744073709551615": int64(8),
		}},
		{"equal keys", "82 a137 01 07 02", map[string]any{"7": int64(2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeHex[any](t, "81 a176"+tt.value)
			if diff := cmp.Diff(any(map[string]any{"v": tt.want}), got); diff != "" || err != nil {
				t.Errorf("Decode(%s) = %v (-want +got):\n%s", tt.value, err, diff)
			}
		})
	}
}

func TestDecodeKeepsNothing(t *testing.T) {
	t.Parallel()
	type rec struct {
		S string
		B []byte
		M map[string]string
		L []string
		A any
		P *inner
		R blob
		N int
	}
	dec, err := NewDecoder[rec]()
	if err != nil {
		t.Fatal(err)
	}
	body := encodedBody(t, map[string]any{
		"S": "s", "B": []byte("b"), "M": map[string]string{"k": "v"}, "L": []string{"l"},
		"A": []any{"a", []byte("a")}, "P": inner{1}, "R": []int{1}, "N": 5,
	})
	var r rec
	if err := dec.Decode(body, &r); err != nil {
		t.Fatal(err)
	}
	kept := r
	want := rec{"s", []byte("b"), map[string]string{"k": "v"}, []string{"l"}, []any{"a", []byte("a")}, &inner{1}, blob{0x91, 1}, 5}
	other := encodedBody(t, map[string]any{
		"S": "S", "B": []byte("B"), "M": map[string]string{"K": "V"}, "L": []string{"L"}, "P": inner{2}, "R": []int{2},
	})
	if err := dec.Decode(other, &r); err != nil {
		t.Fatal(err)
	}
	clear(body)
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept value after another Decode and a cleared chunk (-want +got):\n%s", diff)
	}
	if r.N != 0 || r.A != nil || len(r.M) != 1 {
		t.Errorf("Decode() left %+v of the record before", r)
	}
}

func TestDecodeTags(t *testing.T) {
	t.Parallel()
	type rec struct {
		Name  string `msgpack:"name,alias:n" json:"wrong"`
		Other int    `json:"other"`
		Exported
		In *Exported2 `msgpack:",inline"`
	}
	body := encodedBody(t, map[string]any{"n": "x", "other": 2, "E": "e", "F": "f", "wrong": 1, "Name": 2})
	dec, err := NewDecoder[rec]()
	if err != nil {
		t.Fatal(err)
	}
	var got rec
	err = dec.Decode(body, &got)
	want := rec{"x", 2, Exported{"e"}, &Exported2{"f"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Decode() = %v (-want +got):\n%s", err, diff)
	}
	if err := dec.Decode(unhex(t, "80"), &got); err != nil || got.In != nil {
		t.Errorf("Decode({}) = %v, In = %v, want nil, nil", err, got.In)
	}
}

type Exported2 struct{ F string }

func TestLocate(t *testing.T) {
	t.Parallel()
	dec, err := NewDecoder[map[string]map[string]int]()
	if err != nil {
		t.Fatal(err)
	}
	chunk := encoded(t, nil, second, map[string]any{})
	chunk = encoded(t, chunk, second, map[string]any{"status": map[string]any{"code": "ok"}})
	chunk = encoded(t, chunk, second, map[string]any{"status": map[string]any{"code": 7}})
	var got []string
	s := NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		var r map[string]map[string]int
		got = append(got, errorText(ev.Locate(dec.Decode(ev.Body, &r))))
	}
	want := []string{"nil", `record: event 1 at byte 14: status.code: string "ok" into int`, "nil"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	ev := Event{Index: 3, Offset: 99}
	if err := ev.Locate(io.EOF); err.Error() != "record: event 3 at byte 99: EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("Locate(EOF) = %v", err)
	}
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	temp := celsius(0.5)
	tests := []decodeTest{
		roundTrip("small", smallRecord()),
		roundTrip("access", access(1)),
		roundTrip("pointer", &upstream{"a", 1}),
		roundTrip("customs", customs{0.5, blob{0x91, 1}, 1, packed{7}, netip.MustParseAddr("::1"), &temp, nil}),
		roundTrip("map of strings", map[string]string{"a": "b"}),
		roundTrip("map of maps", map[string]map[int][]float32{"a": {1: {1.5}}}),
		roundTrip("map of any", map[string]any{"a": int64(1), "b": []any{"x", nil, 2.5, []byte{1}, true, uint64(1 << 63)}}),
		roundTrip("any", any(map[string]any{"m": map[string]any{"x": Ext{3, []byte{1, 2, 3}}}})),
		roundTrip("extremes", map[string][]any{"n": {int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64), math.Inf(-1)}}),
		roundTrip("recursive", node{&node{&node{}}}),
		roundTrip("raw", blob{0x81, 0xa1, 0x61, 0xdc, 0, 1, 5}),
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

func roundTrip[R any](name string, r R) decodeTest {
	return decodeTest{name, func(t *testing.T) {
		dec, err := NewDecoder[R]()
		if err != nil {
			t.Fatal(err)
		}
		h := Header{Time: corpusTime, Metadata: map[string]any{"m": "x"}}
		s := NewScanner(encoded(t, nil, h, r))
		if !s.Next() {
			t.Fatalf("Next() = false, %v", s.Err())
		}
		ev := s.Event()
		if diff := cmp.Diff(h, ev.Header); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		var got R
		err = dec.Decode(ev.Body, &got)
		opts := cmp.Options{cmp.AllowUnexported(packed{}), cmpopts.EquateComparable(netip.Addr{})}
		if diff := cmp.Diff(r, got, opts); diff != "" || err != nil {
			t.Errorf("Decode(Append(r)) = %v (-want +got):\n%s", err, diff)
		}
	}}
}
