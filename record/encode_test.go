package record

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"
)

var second = Header{Time: time.Unix(0x65000000, 5)}

const (
	secondHead = "9292d7006500000000000005"
	emptyHead  = secondHead + "80"
)

// appendTest encodes one value of whatever R.
type appendTest struct {
	name string
	run  func() ([]byte, error)
	want string // hex after the event's head, or the error
}

func one[R any](name string, r R, want string) appendTest {
	return appendTest{name, func() ([]byte, error) { return appendOne(second, r, 0) }, want}
}

func appendOne[R any](h Header, r R, i int) ([]byte, error) {
	enc, err := NewEncoder[R]()
	if err != nil {
		return nil, err
	}
	return enc.Append([]byte("x"), &h, &r, i)
}

type inner struct {
	B int `msgpack:"b"`
}

type Exported struct{ E string }

func TestAppendRecords(t *testing.T) {
	t.Parallel()
	var nilMap map[string]any
	var nilStruct *inner
	tests := []appendTest{
		one("struct", inner{7}, "81a16207"),
		one("pointer", &inner{7}, "81a16207"),
		one("map of any", map[string]any{"b": 1, "a": nil}, "82a161c0a16201"),
		one("map of string", map[string]string{"b": "x", "a": "y"}, "82a161a179a162a178"),
		one("map of struct", map[string]inner{"x": {1}}, "81a17881a16201"),
		one("named key", map[level2]int{"k": 1}, "81a16b01"),
		one("any struct", any(inner{7}), "81a16207"),
		one("any pointer", any(&inner{7}), "81a16207"),
		one("any map", any(map[string]string{"k": "v"}), "81a16ba176"),
		one("any untyped map", any(map[any]any{"k": 1, 2: "v"}), "82a132a176a16b01"),
		one("empty map", map[string]int{}, "80"),
		one("nil map", nilMap, "80"),
		one("any nil map", any(nilMap), "80"),
		one("empty struct", struct{}{}, "80"),
		one("custom that is a map", celsius(1.5), "81a66d696c6c6973cd05dc"),
		one("raw map", blob{0x81, 0xa1, 0x61, 0x01}, "81a16101"),

		one("nil pointer", nilStruct, "record: nil *record.inner "+errRecordType.Error()),
		one("nil any", any(nil), "record: nil "+errRecordType.Error()),
		one("any nil pointer", any(nilStruct), "record: nil *record.inner "+errRecordType.Error()),
		one("any int", any(1), "record: int "+errRecordType.Error()),
		one("any slice", any([]any{}), "record: []interface {} "+errRecordType.Error()),
		one("any time", any(time.Time{}), "record: time.Time "+errRecordType.Error()),
		one("any chan", any(make(chan int)), "record: type chan int cannot be written"),
		one("custom that is no map", blob{0x01}, "record: record.blob "+errRecordType.Error()),
		one("custom that is garbage", liar{"\xc1"}, "record: record.liar wrote bad msgpack: byte 0xc1 is no msgpack"),
		one("custom that writes nothing", liar{""}, "record: record.liar wrote bad msgpack: truncated: unexpected EOF"),
		one("custom that is two values", liar{"\x80\x80"}, "record: record.liar wrote bad msgpack: 1 bytes after the value"),
		one("custom that panics", fragile{}, "record: panic: at the disco"),
		one("field that panics", map[string]any{"level": level(9)}, "record: panic: runtime error: index out of range [9] with length 2"),
		one("chan in any", map[string]any{"a": []any{0, make(chan int)}}, "record: a[1]: type chan int cannot be written"),
		one("key in any", map[string]any{"a": map[any]any{1.5: 1}}, "record: a: key of type float64 is neither a string nor an integer"),
		one("too deep", any(deep(32)), "record: "+strings.Repeat("d.", 30)+"d: nested deeper than the 32 levels that every Fluent Bit reads"),
		one("cycle", any(cyclic()), "record: "+strings.Repeat("next.", 30)+"next: nested deeper than the 32 levels that every Fluent Bit reads"),
		one("pointer to itself", map[string]any{"p": selfPointer()}, "record: p: nested deeper than the 32 levels that every Fluent Bit reads"),
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.run()
			if strings.HasPrefix(tt.want, "record: ") {
				var e *Error
				if err == nil || err.Error() != tt.want || !errors.As(err, &e) || string(got) != "x" {
					t.Fatalf("Append() = %q, %v, want \"x\", %s", got, err, tt.want)
				}
				return
			}
			want := unhex(t, "78"+emptyHead+tt.want)
			if err != nil || !bytes.Equal(canonical(t, got), canonical(t, want)) {
				t.Fatalf("Append() = %x, %v, want %x, nil", got, err, want)
			}
		})
	}
}

type level2 string

// deep is n maps in each other.
func deep(n int) map[string]any {
	m := map[string]any{}
	for range n - 1 {
		m = map[string]any{"d": m}
	}
	return m
}

type node struct {
	Next *node `msgpack:"next"`
}

func cyclic() *node {
	n := new(node)
	n.Next = n
	return n
}

func selfPointer() any {
	var x any
	x = &x
	return x
}

func TestAppendDeepest(t *testing.T) {
	t.Parallel()
	h := Header{Time: second.Time, Metadata: deep(30)}
	chunk, err := appendOne(h, deep(31), 0)
	if err != nil {
		t.Fatalf("Append(31 levels) = %v", err)
	}
	if n, err := Count(chunk[1:]); n != 1 || err != nil {
		t.Errorf("Count() = %d, %v, want 1, nil", n, err)
	}
	h.Metadata = deep(31)
	if _, err := appendOne(h, deep(31), 0); err == nil || !strings.HasPrefix(err.Error(), "record: metadata.d.d.") {
		t.Errorf("Append(metadata of 31 levels) = %v, want an error", err)
	}
}

func TestAppendTags(t *testing.T) {
	t.Parallel()
	got, err := appendOne(second, struct {
		Plain    int
		Msgpack  int `msgpack:"m" json:"wrong"`
		JSON     int `json:"j,omitempty"`
		Other    int `json:"o,omitempty"`
		Skipped  int `msgpack:"-"`
		hidden   int
		Empty    string        `msgpack:",omitempty"`
		Zero     time.Time     `msgpack:"z,omitempty"`
		Sub      *inner        `msgpack:"sub,omitempty"`
		In       inner         `msgpack:",inline"`
		Void     struct{}      `msgpack:"void,omitempty"`
		Any      any           `msgpack:"any,omitempty"`
		Negative float64       `msgpack:"neg,omitempty"`
		Duration time.Duration `msgpack:"d"`
		Exported
		*node
		Named Exported `msgpack:"named"`
	}{JSON: 1, In: inner{3}, Duration: 9, Negative: math.Copysign(0, -1), Any: "", Exported: Exported{"e"}, hidden: 1}, 0)
	want := "78" + emptyHead + "87 a5506c61696e00 a16d00 a16a01 a16203 a16409 a145a165 a56e616d656481a145a0"
	if want := strings.ReplaceAll(want, " ", ""); err != nil || hex.EncodeToString(got) != want {
		t.Errorf("Append() = %x, %v,\n                want %s, nil", got, err, want)
	}
}

func TestAppendOmitsEmpty(t *testing.T) {
	t.Parallel()
	type allEmpty struct {
		_msgpack struct{} `msgpack:",omitempty"` //lint:ignore U1000 read by reflection
		N        int
		S        string
	}
	type omits struct {
		Struct allEmpty   `msgpack:"s,omitempty"`
		Full   inner      `msgpack:"f,omitempty"`
		Text   level      `msgpack:"l,omitempty"`
		Binary packed     `msgpack:"p,omitempty"`
		Time   *time.Time `msgpack:"t,omitempty"`
		Any    any        `msgpack:"a,omitempty"`
		Floats [0]float64 `msgpack:"n,omitempty"`
	}
	zero := time.Time{}
	tests := []struct {
		name string
		in   omits
		want string
	}{
		{"all", omits{}, "82 a166 81a16200 a170 c40100"},
		{"zero time", omits{Time: &zero, Any: zero}, "82 a166 81a16200 a170 c40100"},
		{"inner field", omits{Struct: allEmpty{S: "x"}, Any: 0}, "83 a173 81a153a178 a166 81a16200 a170 c40100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := appendOne(second, map[string]any{"v": tt.in}, 0)
			want := strings.ReplaceAll("78"+emptyHead+"81a176"+tt.want, " ", "")
			if err != nil || hex.EncodeToString(got) != want {
				t.Errorf("Append() = %x, %v, want %s, nil", got, err, want)
			}
		})
	}
}

func TestAppendValues(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	var temp celsius = 0.5
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"bools", []bool{true, false}, "92c3c2"},
		{"small ints", []int8{0, 127, -1, -32, -33, -128}, "96007fffe0d0dfd080"},
		{"ints", []int64{128, 255, 256, 65535, 65536, 1 << 32, -129, -32769, -1 << 31, -1<<31 - 1},
			"9acc80ccffcd0100cdffffce00010000cf0000000100000000d1ff7fd2ffff7fffd280000000d3ffffffff7fffffff"},
		{"uint", uint64(math.MaxUint64), "cfffffffffffffffff"},
		{"uintptr", uintptr(5), "05"},
		{"float32", float32(1.5), "ca3fc00000"},
		{"float64", 1.5, "cb3ff8000000000000"},
		{"string", "né", "a36ec3a9"},
		{"str8", strings.Repeat("x", 32), "d920" + strings.Repeat("78", 32)},
		{"str16", strings.Repeat("x", 256), "da0100" + strings.Repeat("78", 256)},
		{"str32", strings.Repeat("x", 65536), "db00010000" + strings.Repeat("78", 65536)},
		{"json.Number", json.Number("12"), "a23132"},
		{"bytes", []byte{1, 2}, "c4020102"},
		{"bin16", make([]byte, 256), "c50100" + strings.Repeat("00", 256)},
		{"byte array", [2]byte{1, 2}, "c4020102"},
		{"array16", make([]int, 16), "dc0010" + strings.Repeat("00", 16)},
		{"nil slice", []int(nil), "c0"},
		{"nil bytes", []byte(nil), "c0"},
		{"nil map", map[string]int(nil), "c0"},
		{"nil any slice", []any(nil), "c0"},
		{"nil any map", map[string]any(nil), "c0"},
		{"nil pointer", (*int)(nil), "c0"},
		{"nil custom", blob(nil), "c0"},
		{"int keys", map[int]bool{-1: true, 10: false}, "82a22d31c3a23130c2"},
		{"uint keys", map[uint8]bool{10: false}, "81a23130c2"},
		{"time", time.Date(2023, 11, 14, 22, 13, 20, 5000, zone), "d920" + hex.EncodeToString([]byte("2023-11-14T22:13:20.000005+01:00"))},
		{"time pointer", &time.Time{}, "b4" + hex.EncodeToString([]byte("0001-01-01T00:00:00Z"))},
		{"duration", time.Second, "ce3b9aca00"},
		{"text", []level{1}, "91a4696e666f"},
		{"binary", packed{7}, "c40107"},
		{"error", errors.New("bad"), "a3626164"},
		{"custom", celsius(0.5), "81a66d696c6c6973cd01f4"},
		{"custom pointer", &temp, "81a66d696c6c6973cd01f4"},
		{"fixext", Ext{5, []byte{1, 2}}, "d5050102"},
		{"ext8", Ext{-5, []byte{1, 2, 3}}, "c703fb010203"},
		{"ext16", Ext{5, make([]byte, 256)}, "c8010005" + strings.Repeat("00", 256)},
		{"mixed", []any{nil, true, "x", uint8(200), []string{"y"}, map[string]string{"k": "v"}}, "96c0c3a178ccc891a17981a16ba176"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := appendOne(second, map[string]any{"v": tt.in}, 0)
			want := unhex(t, "78"+emptyHead+"81a176"+tt.want)
			if err != nil || !bytes.Equal(canonical(t, got), canonical(t, want)) {
				t.Errorf("Append(%v) = %x, %v, want %x, nil", tt.in, got, err, want)
			}
		})
	}
}

func TestAppendHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		h    Header
		want string
	}{
		{"metadata", Header{Time: second.Time, Metadata: map[string]any{"k": 1}}, secondHead + "81a16b01" + "80"},
		{"epoch", Header{Time: time.Unix(0, 0)}, "9292d7000000000000000000" + "8080"},
		{"last", Header{Time: time.Unix(0xfffffffd, 999999999)}, "9292d700fffffffd3b9ac9ff" + "8080"},
		{"zero", Header{}, "record: time: 0001-01-01T00:00:00Z is not between 1970 and 2106"},
		{"before 1970", Header{Time: time.Unix(0, -1).UTC()}, "record: time: 1969-12-31T23:59:59Z is not between 1970 and 2106"},
		{"group end", Header{Time: time.Unix(0xfffffffe, 0).UTC()}, "record: time: 2106-02-07T06:28:14Z is not between 1970 and 2106"},
		{"group start", Header{Time: time.Unix(0xffffffff, 0).UTC()}, "record: time: 2106-02-07T06:28:15Z is not between 1970 and 2106"},
		{"bad metadata", Header{Time: second.Time, Metadata: map[string]any{"f": func() {}}}, "record: metadata.f: type func() cannot be written"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := appendOne(tt.h, struct{}{}, 0)
			if err != nil {
				if err.Error() != tt.want || string(got) != "x" {
					t.Errorf("Append() = %q, %v, want \"x\", %s", got, err, tt.want)
				}
				return
			}
			if hex.EncodeToString(got) != "78"+tt.want {
				t.Errorf("Append() = %x, want 78%s", got, tt.want)
			}
		})
	}
}

func TestAppendSlices(t *testing.T) {
	t.Parallel()
	enc, err := NewEncoder[[]any]()
	if err != nil {
		t.Fatal(err)
	}
	r := []any{inner{1}, map[string]int{"b": 2}, 3}
	if n := enc.Len(&r); n != 3 {
		t.Errorf("Len() = %d, want 3", n)
	}
	var dst []byte
	for i := range 2 {
		if dst, err = enc.Append(dst, &second, &r, i); err != nil {
			t.Fatal(err)
		}
	}
	if want := emptyHead + "81a16201" + emptyHead + "81a16202"; hex.EncodeToString(dst) != want {
		t.Errorf("Append() = %x, want %s", dst, want)
	}
	_, err = enc.Append(nil, &second, &r, 2)
	if want := "record: event 2: int " + errRecordType.Error(); err == nil || err.Error() != want {
		t.Errorf("Append(2) = %v, want %s", err, want)
	}
	r = nil
	if n := enc.Len(&r); n != 0 {
		t.Errorf("Len(nil) = %d, want 0", n)
	}
}

func newError[R any]() string {
	_, err := NewEncoder[R]()
	_, err2 := NewDecoder[R]()
	return errorText(err) + "\n" + errorText(err2)
}

func errorText(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}

type (
	loop struct{ *loop }
	ring *ring
	pair struct {
		A int `msgpack:"x"`
		B int `msgpack:"x"`
	}
	withFunc  struct{ Inner []struct{ F func() } }
	withError struct{ Err error }
	withKeys  struct{ M map[float64]int }
	asArray   struct {
		_msgpack struct{} `msgpack:",as_array"` //lint:ignore U1000 read by reflection
		A        int
	}
	embedsHidden struct{ *inner }
)

func TestNewErrors(t *testing.T) {
	t.Parallel()
	record := errRecordType.Error()
	slices := record + ", or a slice of those"
	both := func(typ string) string {
		return "record: " + typ + " " + slices + "\nrecord: " + typ + " " + record
	}
	tests := []struct{ name, got, want string }{
		{"int", newError[int](), both("int")},
		{"string", newError[string](), both("string")},
		{"bytes", newError[[]byte](), both("[]uint8")},
		{"int keys", newError[map[int]string](), both("map[int]string")},
		{"any keys", newError[map[any]any](), both("map[interface {}]interface {}")},
		{"chan", newError[chan int](), both("chan int")},
		{"func", newError[func()](), both("func()")},
		{"time", newError[time.Time](), both("time.Time")},
		{"ext pointer", newError[*Ext](), both("*record.Ext")},
		{"pointer to pointer", newError[**inner](), both("**record.inner")},
		{"pointer to map", newError[*map[string]int](), both("*map[string]int")},
		{"array", newError[[2]inner](), both("[2]record.inner")},
		{"slice of ints", newError[[]int](), "record: int " + slices + "\nrecord: []int " + record},
		{"slice of slices", newError[[][]inner](), "record: []record.inner " + slices + "\nrecord: [][]record.inner " + record},
		{"slice of structs", newError[[]inner](), "nil\nrecord: []record.inner cannot be decoded: events come one at a time, use record.inner"},
		{"chan field", newError[struct{ C chan int }](), "record: struct { C chan int }.C: type chan int cannot be written\nrecord: struct { C chan int }.C: type chan int cannot be read"},
		{"deep func", newError[withFunc](), "record: record.withFunc.Inner[].F: type func() cannot be written\nrecord: record.withFunc.Inner[].F: type func() cannot be read"},
		{"chan values", newError[map[string]chan int](), "record: map[string]chan int[]: type chan int cannot be written\nrecord: map[string]chan int[]: type chan int cannot be read"},
		{"complex", newError[struct{ C complex128 }](), "record: struct { C complex128 }.C: type complex128 cannot be written\nrecord: struct { C complex128 }.C: type complex128 cannot be read"},
		{"unsafe", newError[struct{ P unsafe.Pointer }](), "record: struct { P unsafe.Pointer }.P: type unsafe.Pointer cannot be written\nrecord: struct { P unsafe.Pointer }.P: type unsafe.Pointer cannot be read"},
		{"error field", newError[withError](), "nil\nrecord: record.withError.Err: type error cannot be read: of interfaces only any can"},
		{"float keys", newError[withKeys](), "record: record.withKeys.M: type map[float64]int cannot be written: its keys are neither strings nor integers\nrecord: record.withKeys.M: type map[float64]int cannot be read: its keys are neither strings nor integers"},
		{"same name", newError[pair](), "record: record.pair: A and B: both are named \"x\"\nrecord: record.pair: A and B: both are named \"x\""},
		{"inlined into itself", newError[loop](), "record: record.loop.loop: record.loop is inlined into itself\nrecord: record.loop.loop: record.loop is inlined into itself"},
		{"as_array", newError[asArray](), "record: record.asArray: as_array is not supported\nrecord: record.asArray: as_array is not supported"},
		{"hidden pointer", newError[embedsHidden](), "nil\nrecord: record.embedsHidden.inner.B: embedded pointer to record.inner, which is not exported, cannot be set"},
		{"endless pointer", newError[struct{ R ring }](), "nil\nrecord: struct { R record.ring }.R: type record.ring cannot be read"},
		{"recursive", newError[node](), "nil\nnil"},
		{"any", newError[any](), "nil\nnil"},
		{"raw", newError[blob](), "nil\nnil"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("NewEncoder, NewDecoder =\n%s\nwant\n%s", tt.got, tt.want)
			}
		})
	}
}
