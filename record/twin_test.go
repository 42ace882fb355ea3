package record

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

// twinEncode encodes with msgpack/v5, set up to do what this package does.
func twinEncode(t testing.TB, r any) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	enc.SetCustomStructTag("json")
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func twinDecode(body []byte, r any) error {
	dec := msgpack.NewDecoder(bytes.NewReader(body))
	dec.SetCustomStructTag("json")
	return dec.Decode(r)
}

// canonical puts the keys of every map in order, in any number of values one after the other.
func canonical(t testing.TB, b []byte) []byte {
	t.Helper()
	r := reader{b: b}
	var out []byte
	for r.off < len(b) {
		out = appendCanonical(t, out, &r)
	}
	return out
}

func appendCanonical(t testing.TB, out []byte, r *reader) []byte {
	t.Helper()
	start := r.off
	tok, err := r.next()
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, r.b[start:r.off]...)
	var pairs []string
	for range tok.n {
		var pair []byte
		if tok.kind == kindMap {
			pair = appendCanonical(t, pair, r)
		}
		pairs = append(pairs, string(appendCanonical(t, pair, r)))
	}
	if tok.kind == kindMap {
		slices.Sort(pairs)
	}
	return append(out, strings.Join(pairs, "")...)
}

// twinShape has what both libraries treat alike: no times in the record, no
// text marshalers, no fields that hide each other.
type twinShape struct {
	Str     string            `msgpack:"str" json:"no"`
	JSON    string            `json:"js,omitempty"`
	Bytes   []byte            `msgpack:",omitempty"`
	I8      int8              `msgpack:"i8,omitempty"`
	I16     int16             `msgpack:"i16"`
	I32     int32             `msgpack:"i32"`
	I64     int64             `msgpack:"i64"`
	U8      uint8             `msgpack:"u8"`
	U16     uint16            `msgpack:"u16"`
	U32     uint32            `msgpack:"u32"`
	U64     uint64            `msgpack:"u64"`
	F32     float32           `msgpack:"f32"`
	F64     float64           `msgpack:"f64,omitempty"`
	Bool    bool              `msgpack:"bool"`
	Dur     time.Duration     `msgpack:"dur"`
	Ptr     *int              `msgpack:"ptr"`
	PtrO    *inner            `msgpack:"ptro,omitempty"`
	Strs    []string          `msgpack:"strs"`
	Ints    []int             `msgpack:"ints,omitempty"`
	Map     map[string]string `msgpack:"map"`
	Any     map[string]any    `msgpack:"any,omitempty"`
	Void    struct{}          `msgpack:"void,omitempty"`
	Nest    inner             `msgpack:"nest"`
	Arr     [2]int            `msgpack:"arr"`
	ArrB    [2]byte           `msgpack:"arrb"`
	Skipped int               `msgpack:"-"`
	Exported
}

// checkTwin holds both libraries to the same bytes and values.
func checkTwin(t *testing.T, r twinShape) {
	t.Helper()
	body, want := encodedBody(t, r), twinEncode(t, &r)
	if !bytes.Equal(canonical(t, body), canonical(t, want)) {
		t.Fatalf("Append(%+v) =\n%s, msgpack/v5 has\n%s", r, hex.EncodeToString(body), hex.EncodeToString(want))
	}
	dec, err := NewDecoder[twinShape]()
	if err != nil {
		t.Fatal(err)
	}
	var got, twin twinShape
	if err := dec.Decode(body, &got); err != nil {
		t.Fatal(err)
	}
	if err := twinDecode(body, &twin); err != nil {
		t.Fatal(err)
	}
	got.Any, twin.Any = nil, nil // ints there have other types on purpose
	sameNaN := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
	sameNaN32 := cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b })
	if diff := cmp.Diff(twin, got, sameNaN, sameNaN32); diff != "" {
		t.Errorf("Decode() (-msgpack/v5 +ours):\n%s", diff)
	}
}

func fullTwin() twinShape {
	n := -70000
	return twinShape{
		Str: "s", JSON: "j", Bytes: []byte{1}, I8: -128, I16: -129, I32: 1 << 20, I64: math.MinInt64,
		U8: 200, U16: 256, U32: math.MaxUint32, U64: math.MaxUint64, F32: 1.5, F64: -2.5, Bool: true, Dur: time.Hour,
		Ptr: &n, PtrO: &inner{1}, Strs: []string{"a", ""}, Ints: []int{1, -1}, Map: map[string]string{"z": "1", "a": "2"},
		Any: map[string]any{"k": []any{1, "x", nil}}, Nest: inner{2}, Arr: [2]int{1, 2}, ArrB: [2]byte{3, 4}, Skipped: 9,
		Exported: Exported{"e"},
	}
}

func TestTwin(t *testing.T) {
	t.Parallel()
	checkTwin(t, twinShape{})
	checkTwin(t, fullTwin())
	full := fullTwin()
	full.Map, full.Strs, full.Any = map[string]string{}, []string{}, map[string]any{}
	checkTwin(t, full)
}
