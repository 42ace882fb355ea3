package record

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scribbler writes over the text that it is given.
type scribbler struct{ text string }

func (s *scribbler) UnmarshalText(b []byte) error {
	s.text = string(b)
	for i := range b {
		b[i] = 0xc1
	}
	return nil
}

// A method that writes over its argument changes neither the engine's chunk nor what is read later.
func TestMethodsMayScribble(t *testing.T) {
	t.Parallel()
	type rec struct {
		S scribbler
		N int
	}
	chunk := encoded(t, nil, Header{Time: corpusTime}, map[string]string{"S": "text"})
	start := len(chunk)
	chunk = append(chunk, unhex(t, emptyHead+"82a153a474657874a14ea178")...) // N is a string
	chunk = encoded(t, chunk, Header{Time: corpusTime}, map[string]string{"S": "more"})
	for _, options := range [][]DecodeOption{nil, {BorrowStrings()}} {
		given := bytes.Clone(chunk)
		dec, err := NewDecoder[rec](options...)
		if err != nil {
			t.Fatal(err)
		}
		s := NewScanner(given)
		var got []string
		for {
			var r rec
			more, err := dec.Next(s, &r)
			if !more {
				break
			}
			got = append(got, r.S.text+": "+errorText(err))
		}
		want := []string{"text: nil", "text: record: event 1 at byte " + strconv.Itoa(start) + `: N: string "x" into int`, "more: nil"}
		if diff := cmp.Diff(want, got); diff != "" || s.Err() != nil {
			t.Errorf("texts, errors: %v (-want +got):\n%s", s.Err(), diff)
		}
		if !bytes.Equal(given, chunk) {
			t.Errorf("chunk = %x after decoding, want it unchanged", given)
		}
	}
}

// counter changes when it is written, as no method should.
type counter [3]int

func (c *counter) MarshalText() ([]byte, error) {
	c[0]++
	return []byte("counted"), nil
}

// What an interface holds is not changed by methods: it may be in memory that cannot be written.
func TestMethodsGetCopiesOfInterfaces(t *testing.T) {
	t.Parallel()
	type holder struct {
		C counter `msgpack:"c"`
	}
	for _, v := range []any{counter{1, 2, 3}, holder{counter{1, 2, 3}}, []any{counter{1, 2, 3}}} {
		record := map[string]any{"v": v}
		encodedBody(t, record)
		if diff := cmp.Diff(map[string]any{"v": v}, record); diff != "" {
			t.Errorf("record after Append (-want +got):\n%s", diff)
		}
	}
	constant := any(counter{1, 2, 3})
	encodedBody(t, map[string]any{"v": constant})
	if constant != any(counter{1, 2, 3}) {
		t.Errorf("value after Append = %v, want it unchanged", constant)
	}
}

// Types of one word, by whose methods they are written: an interface holds the first four themselves.
type (
	wordMap    map[string]int
	wordFunc   func() string
	wordStruct struct{ p *int }
	wordArray  [1]*int
	wordInt    int
)

func (m wordMap) MarshalText() ([]byte, error)  { return strconv.AppendInt(nil, int64(m["n"]), 10), nil }
func (f wordFunc) MarshalText() ([]byte, error) { return []byte(f()), nil }
func (s wordStruct) MarshalText() ([]byte, error) {
	return strconv.AppendInt(nil, int64(*s.p), 10), nil
}
func (a wordArray) MarshalText() ([]byte, error) {
	return strconv.AppendInt(nil, int64(*a[0]), 10), nil
}
func (i wordInt) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(i), 10), nil }

func TestMethodsOfWordsInInterfaces(t *testing.T) {
	t.Parallel()
	seven := 7
	for _, v := range []any{wordMap{"n": 7}, wordFunc(func() string { return "7" }), wordStruct{&seven}, wordArray{&seven}, wordInt(7)} {
		if got, want := encodedBody(t, map[string]any{"v": v}), unhex(t, "81a176a137"); !bytes.Equal(got, want) {
			t.Errorf("Append(%T) = %x, want %x", v, got, want)
		}
	}
}

// Numbers in interfaces are written from where they are.
func TestNumbersInInterfacesAreNotCopied(t *testing.T) {
	enc, err := NewEncoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	h, r, dst := Header{Time: corpusTime}, map[string]any{"d": time.Hour, "u": uint(1000)}, make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { _, _ = enc.Append(dst, &h, &r, 0) }); n > 0 && !raceEnabled {
		t.Errorf("Append() allocates %v times, want 0", n)
	}
}

// What cannot be written is not empty.
func TestOmitEmptyOfWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	type rec struct {
		A any `msgpack:",omitempty"`
	}
	for _, v := range []any{complex(1, 0), complex(0, 0), make(chan int), func() {}} {
		if _, err := appendOne(Header{Time: corpusTime}, rec{v}, 0); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("Append(%T) = %v, want an error", v, err)
		}
	}
}

type (
	Port      struct{ L string }
	Starboard struct{ R []int }
	Sides     struct {
		*Port
		*Starboard
	}
)

// Embedded pointers of an embedded struct are new for each record, and nil if nothing is behind them.
func TestDecodeEmbeddedPointers(t *testing.T) {
	t.Parallel()
	type rec struct {
		Sides
		N int
	}
	var r rec
	dec, err := NewDecoder[rec]()
	if err != nil {
		t.Fatal(err)
	}
	var kept []rec
	for _, body := range []string{"82a14ca178a1529101", "81a1529102", "80"} {
		if err := dec.Decode(unhex(t, body), &r); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, r)
	}
	want := []rec{
		{Sides: Sides{&Port{"x"}, &Starboard{[]int{1}}}},
		{Sides: Sides{nil, &Starboard{[]int{2}}}},
		{},
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// Fields that no key is for are the author's, however many others there are.
func TestDecodeLeavesOtherFields(t *testing.T) {
	t.Parallel()
	type few struct {
		A    int `msgpack:"a"`
		Mine int `msgpack:"-"`
		own  int
	}
	type wide struct {
		few
		W [4]struct {
			B0, B1, B2, B3 int
		} `msgpack:"w"`
		C0, C1, C2, C3, C4, C5, C6, C7, C8, C9 int
		D0, D1, D2, D3, D4, D5, D6, D7, D8, D9 int
		E0, E1, E2, E3, E4, E5, E6, E7, E8, E9 int
		F0, F1, F2, F3, F4, F5, F6, F7, F8, F9 int
		G0, G1, G2, G3, G4, G5, G6, G7, G8, G9 int
		H0, H1, H2, H3, H4, H5, H6, H7, H8, H9 int
		I0, I1, I2, I3, I4, I5, I6, I7, I8, I9 int
	}
	f := few{A: 1, Mine: 2, own: 3}
	decodeInto(t, "80", &f)
	if want := (few{Mine: 2, own: 3}); f != want {
		t.Errorf("Decode({}) = %+v, want %+v", f, want)
	}
	w := wide{few: few{A: 1, Mine: 2, own: 3}, I9: 4}
	decodeInto(t, "80", &w)
	if want := (wide{few: few{Mine: 2, own: 3}}); w != want {
		t.Errorf("Decode({}) = %+v, want %+v", w, want)
	}
}

func decodeInto[R any](t *testing.T, body string, r *R) {
	t.Helper()
	dec, err := NewDecoder[R]()
	if err != nil {
		t.Fatal(err)
	}
	if err := dec.Decode(unhex(t, body), r); err != nil {
		t.Fatal(err)
	}
}

// A Scanner that several decoders read copies its chunk once.
func TestDecodersShareTheCopy(t *testing.T) { // not parallel: it measures
	const events = 1000
	chunk := bytes.Repeat(encoded(t, nil, Header{Time: corpusTime}, smallRecord()), events)
	a, err := NewDecoder[small]()
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewDecoder[struct {
		Message string `msgpack:"message"`
	}]()
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := NewScanner(chunk)
	var x small
	var y struct {
		Message string `msgpack:"message"`
	}
	for range events / 2 {
		if more, err := a.Next(s, &x); !more || err != nil {
			t.Fatal(more, err)
		}
		if more, err := b.Next(s, &y); !more || err != nil {
			t.Fatal(more, err)
		}
	}
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(3*len(chunk)); got > most && !raceEnabled {
		t.Errorf("decoding %d bytes allocates %d, want at most %d", len(chunk), got, most)
	}
}
