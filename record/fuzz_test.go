package record

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzScanner feeds bytes to everything that reads them.
func FuzzScanner(f *testing.F) {
	for _, chunk := range corpusChunks(f) {
		f.Add(chunk)
	}
	f.Add(unhex(f, "9207"+everyFormat))
	for _, odd := range oddChunks {
		f.Add(unhex(f, odd.hex))
	}
	dyn, err1 := NewDecoder[any]()
	typed, err2 := NewDecoder[twinShape]()
	custom, err3 := NewDecoder[customs]()
	if err := errors.Join(err1, err2, err3); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		s := NewScanner(chunk)
		end := 0
		for s.Next() {
			ev := s.Event()
			if ev.Offset < end || !bytes.Contains(chunk[ev.Offset:], ev.Body) {
				t.Fatalf("event %d at byte %d: before the end of the last one, %d, or body elsewhere", ev.Index, ev.Offset, end)
			}
			end = ev.Offset + len(ev.Body)
			var a any
			if err := dyn.Decode(ev.Body, &a); err != nil {
				t.Fatalf("Decode(%x) into any = %v", ev.Body, err)
			}
			checkError(t, typed.Decode(ev.Body, new(twinShape)))
			checkError(t, custom.Decode(ev.Body, new(customs)))
			reencode(t, dyn, ev.Body, a)
		}
		n, err := Count(chunk)
		if (err == nil) != (s.Err() == nil) || n != s.count {
			t.Fatalf("Count() = %d, %v; the Scanner found %d, %v", n, err, s.count, s.Err())
		}
		checkError(t, err)
		checkError(t, dyn.Decode(chunk, new(any)))
		for _, typ := range modeTypes[:9] {
			checkModes(t, typ, chunk, chunk)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if err != nil && (!errors.As(err, &e) || e.Error() == "") {
		t.Fatalf("error is %T, want *Error", err)
	}
}

// reencode expects that a decoded record encodes and decodes to one that encodes alike.
func reencode(t *testing.T, dec *Decoder[any], body []byte, r any) {
	t.Helper()
	enc, err := NewEncoder[any]()
	if err != nil {
		t.Fatal(err)
	}
	h := Header{Time: corpusTime}
	first, err := enc.Append(nil, &h, &r, 0)
	if err != nil {
		return // deeper than engines read
	}
	s := NewScanner(first)
	if !s.Next() {
		t.Fatalf("Next() on %x, encoded from %x = false, %v", first, body, s.Err())
	}
	var again any
	if err := dec.Decode(s.Event().Body, &again); err != nil {
		t.Fatal(err)
	}
	second, err := enc.Append(nil, &h, &again, 0)
	if err != nil || !bytes.Equal(canonical(t, first), canonical(t, second)) {
		t.Fatalf("encoded twice: %x, then %x, %v", first, second, err)
	}
}

// FuzzRoundTrip holds encoder and decoder to each other and to msgpack/v5.
func FuzzRoundTrip(f *testing.F) {
	f.Add("s", []byte{1}, int64(-1), uint64(1), 1.5, true, uint8(3))
	f.Add("", []byte{}, int64(math.MinInt64), uint64(math.MaxUint64), math.NaN(), false, uint8(255))
	dec, err := NewDecoder[map[string]any]()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string, b []byte, i int64, u uint64, fl float64, yes bool, n uint8) {
		small := int(i)
		r := twinShape{
			Str: s, Bytes: b, I8: int8(i), I16: int16(i), I32: int32(i), I64: i,
			U8: uint8(u), U16: uint16(u), U32: uint32(u), U64: u, F32: float32(fl), F64: fl, Bool: yes, Dur: time.Duration(i),
			Strs: make([]string, n), Ints: make([]int, n/2), Map: map[string]string{s: s}, Arr: [2]int{small, 1},
		}
		if yes {
			r.Ptr, r.PtrO, r.JSON = &small, &inner{small}, s
		}
		checkTwin(t, r)

		m := map[string]any{"s": s, "b": append([]byte{}, b...), "i": i, "f": fl, "l": []any{s, yes}, s + "!": map[string]any{s: i}}
		if u > math.MaxInt64 {
			m["u"] = u
		}
		var got map[string]any
		err := dec.Decode(encodedBody(t, m), &got)
		same := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if diff := cmp.Diff(m, got, same); diff != "" || err != nil {
			t.Fatalf("Decode(Append(m)) = %v (-want +got):\n%s", err, diff)
		}
	})
}

// FuzzTypes makes a type and values of it, and holds both directions to msgpack/v5 and to themselves.
func FuzzTypes(f *testing.F) {
	f.Add([]byte{2, 4, 0}, []byte{1})
	for i := range byte(24) { // a struct of every number of fields, and the plain types
		f.Add(append([]byte{2, i, i}, bytes.Repeat([]byte{7, i, 2, 1, i}, 40)...), dirt[i:])
	}
	f.Fuzz(func(t *testing.T, types, values []byte) {
		typ, twin := makeRecordType(types[:min(len(types), 120)])
		values = values[:min(len(values), 2000)]
		fill := filler{choices: choices{values}, solid: !twin}
		v := reflect.New(typ).Elem()
		fill.fill(v, 0)
		if typ.Kind() == reflect.Pointer && v.IsNil() {
			v.Set(reflect.New(typ.Elem()))
		}
		chunk := checkPaths(t, typ, v)
		if twin {
			checkTypeTwin(t, v, bodies(t, chunk)[0], !fill.nilEmbedded)
		} else {
			checkAgain(t, typ, chunk)
		}
		checkOtherData(t, typ, chunk, &fill)
	})
}

// checkPaths encodes v alone, as any and in a slice.
func checkPaths(t *testing.T, typ reflect.Type, v reflect.Value) (chunk []byte) {
	t.Helper()
	h := Header{Time: corpusTime, Metadata: map[string]any{"m": "x", "n": 1}}
	chunk = appendOf(t, typ, &h, v, 0)
	x := reflect.New(reflect.TypeFor[any]()).Elem()
	x.Set(v)
	list := reflect.New(reflect.SliceOf(typ)).Elem()
	list.Set(reflect.Append(reflect.Append(list, reflect.Zero(typ)), v))
	for _, other := range [][]byte{appendOf(t, x.Type(), &h, x, 0), appendOf(t, list.Type(), &h, list, 1)} {
		if !bytes.Equal(canonical(t, chunk), canonical(t, other)) {
			t.Fatalf("Append(%s %+v) = %x, in any or a slice %x", typ, v, chunk, other)
		}
	}
	return chunk
}

// checkAgain decodes an event and encodes it again.
func checkAgain(t *testing.T, typ reflect.Type, chunk []byte) {
	t.Helper()
	all, err := decodeAll(t, typ, chunk)
	if err != nil || len(all) != 1 || all[0].err != nil {
		t.Fatalf("decoding %x into %s = %v, %v", chunk, typ, all, err)
	}
	again := appendOf(t, typ, &all[0].event.Header, all[0].record, 0)
	if !bytes.Equal(canonical(t, chunk), canonical(t, again)) {
		t.Fatalf("%x decoded into %s is %+v, and encoded again %x", chunk, typ, all[0].record, again)
	}
}

func appendOf(t *testing.T, typ reflect.Type, h *Header, v reflect.Value, i int) []byte {
	t.Helper()
	room := make([]byte, 3, 64)
	out, err := encoderOf(t, typ).Append(room, h, at(v), i)
	if err != nil {
		t.Fatalf("Append(%s %+v) = %v", typ, v, err)
	}
	return out[3:]
}

func bodies(t *testing.T, chunk []byte) (list [][]byte) {
	t.Helper()
	s := NewScanner(chunk)
	for s.Next() {
		list = append(list, s.Event().Body)
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return list
}

// checkTypeTwin holds v and its encoded form to msgpack/v5.
func checkTypeTwin(t *testing.T, v reflect.Value, body []byte, sameBytes bool) {
	t.Helper()
	theirs := twinEncode(t, v.Addr().Interface())
	if theirs[0] == 0xc0 {
		theirs[0] = 0x80 // a nil map
	}
	if sameBytes && !bytes.Equal(canonical(t, body), canonical(t, theirs)) {
		t.Fatalf("Append(%s %+v) =\n%x, msgpack/v5 has\n%x", v.Type(), v, body, theirs)
	}
	for _, b := range [][]byte{body, theirs} {
		want, got := reflect.New(v.Type()).Elem(), reflect.New(v.Type()).Elem()
		if err := twinDecode(b, want.Addr().Interface()); err != nil {
			t.Fatalf("msgpack/v5 decoding %x into %s = %v", b, v.Type(), err)
		}
		loosen(want)
		if err := decoderOf(t, v.Type(), mode{}).Decode(b, at(got)); err != nil {
			t.Fatalf("Decode(%x) into %s = %v", b, v.Type(), err)
		}
		if diff := differ(want.Interface(), got.Interface()); diff != "" {
			t.Fatalf("Decode(%x) into %s (-msgpack/v5 +ours):\n%s", b, v.Type(), diff)
		}
	}
}

// checkOtherData decodes into typ what was encoded from it, what fits in part, and what is broken.
func checkOtherData(t *testing.T, typ reflect.Type, chunk []byte, fill *filler) {
	t.Helper()
	more := reflect.New(typ).Elem()
	fill.fill(more, 0)
	if typ.Kind() == reflect.Pointer && more.IsNil() {
		more.Set(reflect.New(typ.Elem()))
	}
	h := Header{Time: corpusTime}
	chunk = append(chunk, appendOf(t, typ, &h, more, 0)...)
	keys := map[string]any{"F0": fill.any(0), "F1": fill.any(0), "L": fill.any(0), "none": fill.any(0)}
	chunk = append(chunk, encoded(t, nil, Header{Time: corpusTime, Metadata: keys}, keys)...)
	chunk = append(chunk, chunk...)
	checkModes(t, typ, chunk, fill.b)
	at := fill.pick(len(chunk))
	chunk[at] ^= byte(1 + fill.pick(255))
	checkModes(t, typ, chunk, fill.b)
}
