package record

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzScanner feeds bytes to everything that reads them.
func FuzzScanner(f *testing.F) {
	files, err := filepath.Glob("testdata/*.chunk")
	if err != nil || len(files) == 0 {
		f.Fatalf("Glob(testdata/*.chunk) = %v, %v", files, err)
	}
	for _, name := range files {
		chunk, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(chunk)
	}
	f.Add(unhex(f, "9207"+everyFormat))
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
