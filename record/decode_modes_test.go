package record

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// anyEncoder and anyDecoder are an Encoder and a Decoder of a type that is known at run
// time only: their R stands for it, and is never looked at.
type (
	anyEncoder = Encoder[byte]
	anyDecoder = Decoder[byte]
)

func encoderOf(t testing.TB, typ reflect.Type) *anyEncoder {
	t.Helper()
	plan, err := newRecordEncoder(typ)
	if err != nil {
		t.Fatalf("newRecordEncoder(%s) = %v", typ, err)
	}
	return &anyEncoder{plan: plan}
}

func decoderOf(t testing.TB, typ reflect.Type, m mode) *anyDecoder {
	t.Helper()
	plan, err := newRecordDecoder(typ)
	if err != nil {
		t.Fatalf("newRecordDecoder(%s) = %v", typ, err)
	}
	plan.borrow, plan.reuse = m.borrow, m.reuse
	return &anyDecoder{plan: plan}
}

// at is v for an anyEncoder or anyDecoder.
func at(v reflect.Value) *byte { return (*byte)(v.Addr().UnsafePointer()) }

type mode struct {
	name          string
	borrow, reuse bool
}

var modes = []mode{{name: "default"}, {name: "reuse", reuse: true}, {name: "borrow", borrow: true}, {name: "both", borrow: true, reuse: true}}

// decoded is an event, and its record or error.
type decoded struct {
	event  Event
	record reflect.Value
	err    error
}

// decodeAll is the slow twin: a Scanner, and a new Decoder, and a new record for every event.
func decodeAll(t testing.TB, typ reflect.Type, chunk []byte) (all []decoded, err error) {
	t.Helper()
	plan, err := newRecordDecoder(typ)
	if err != nil {
		t.Fatalf("newRecordDecoder(%s) = %v", typ, err)
	}
	s := NewScanner(bytes.Clone(chunk))
	for s.Next() {
		ev := s.Event()
		d := anyDecoder{plan: plan}
		r := reflect.New(typ).Elem()
		all = append(all, decoded{ev, r, ev.Locate(d.Decode(ev.Body, at(r)))})
	}
	return all, s.Err()
}

// checkModes holds Decoder.Next in all modes to decodeAll. seed is for the record that is decoded into.
func checkModes(t testing.TB, typ reflect.Type, chunk, seed []byte) {
	t.Helper()
	want, wantErr := decodeAll(t, typ, chunk)
	for _, m := range modes {
		dec := decoderOf(t, typ, m)
		checkNext(t, m, dec, typ, chunk, seed, want, wantErr)
		checkDecode(t, m, dec, typ, chunk, seed, want)
	}
}

// checkNext decodes by Next, each record into the one before.
func checkNext(t testing.TB, m mode, dec *anyDecoder, typ reflect.Type, chunk, seed []byte, want []decoded, wantErr error) {
	t.Helper()
	mine := bytes.Clone(chunk)
	s := NewScanner(mine)
	r := dirty(typ, seed)
	var kept []decoded
	for {
		ok, err := dec.Next(s, at(r))
		if !ok {
			if err != nil {
				t.Fatalf("%s: Next() = false, %v", m.name, err)
			}
			break
		}
		if len(kept) == len(want) {
			t.Fatalf("%s: Next() on %x = true, %v for event %d, want false", m.name, chunk, err, len(kept))
		}
		got := decoded{s.Event(), reflect.New(typ).Elem(), err}
		got.record.Set(r)
		checkDecoded(t, m, "Next", chunk, want[len(kept)], got)
		kept = append(kept, got)
	}
	if len(kept) != len(want) || !sameError(wantErr, s.Err()) {
		t.Fatalf("%s: Next() on %x ended after %d events, %v, want %d, %v", m.name, chunk, len(kept), s.Err(), len(want), wantErr)
	}
	if ok, err := dec.Next(s, at(r)); ok || err != nil || !reflect.DeepEqual(s.Event(), Event{}) {
		t.Fatalf("%s: Next() after the end = %t, %v, event %+v", m.name, ok, err, s.Event())
	}
	if m.borrow {
		return
	}
	overwrite(mine)
	for i, got := range kept {
		got.event.Body = want[i].event.Body // aliases the chunk
		if m.reuse {
			got.err = want[i].err
			got.record = want[i].record // changed since, but headers and groups did not
		}
		checkDecoded(t, m, "Next, kept while the chunk is overwritten,", chunk, want[i], got)
	}
}

// checkDecode is checkNext with Decode for each body.
func checkDecode(t testing.TB, m mode, dec *anyDecoder, typ reflect.Type, chunk, seed []byte, want []decoded) {
	t.Helper()
	r := dirty(typ, seed)
	for _, w := range want {
		body := bytes.Clone(w.event.Body)
		got := decoded{event: w.event, record: r}
		got.err = w.event.Locate(dec.Decode(body, at(r)))
		if !m.borrow {
			overwrite(body)
		}
		checkDecoded(t, m, "Decode", chunk, w, got)
	}
}

func overwrite(chunk []byte) {
	for i := range chunk {
		chunk[i] = 0xc1
	}
}

// dirty is a record with other data, or a zero one.
func dirty(typ reflect.Type, seed []byte) reflect.Value {
	r := reflect.New(typ).Elem()
	if len(seed) > 0 {
		f := filler{choices: choices{seed}}
		f.fill(r, 0)
	}
	return r
}

func checkDecoded(t testing.TB, m mode, method string, chunk []byte, want, got decoded) {
	t.Helper()
	if !sameError(want.err, got.err) {
		t.Fatalf("%s: %s on %x, event %d = %v, want %v", m.name, method, chunk, want.event.Index, got.err, want.err)
	}
	if diff := differ(want.event, got.event); diff != "" {
		t.Fatalf("%s: %s on %x: event %d (-want +got):\n%s", m.name, method, chunk, want.event.Index, diff)
	}
	if want.err != nil {
		return
	}
	if diff := differ(want.record.Interface(), got.record.Interface()); diff != "" {
		t.Fatalf("%s: %s on %x into %s, event %d (-want +got):\n%s", m.name, method, chunk, want.record.Type(), want.event.Index, diff)
	}
}

// differ is cmp.Diff, and quick where there is no difference: cmp takes 2^n steps for n slices in each other. NaN is as
// good as NaN.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, cmpopts.EquateNaNs(), cmp.AllowUnexported(packed{}), cmpopts.EquateComparable(netip.Addr{}),
		cmp.Comparer(func(a, b namedFloat) bool { return a == b || a != a && b != b }), cmp.FilterPath(hidden, cmp.Ignore()))
}

// hidden tells fields that cannot be set.
func hidden(p cmp.Path) bool {
	f, ok := p.Last().(cmp.StructField)
	return ok && f.Name() == "_msgpack"
}

func sameError(want, got error) bool {
	if want == nil || got == nil {
		return want == nil && got == nil
	}
	var w, g *Error
	return errors.As(want, &w) && errors.As(got, &g) && w.Index == g.Index && w.Offset == g.Offset && w.Path == g.Path &&
		want.Error() == got.Error() && errors.Is(want, io.ErrUnexpectedEOF) == errors.Is(got, io.ErrUnexpectedEOF)
}

// modeTypes are types for chunks that nothing is known about.
var modeTypes = []reflect.Type{
	reflect.TypeFor[any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[map[string]string](), reflect.TypeFor[map[namedWord]int](),
	reflect.TypeFor[accessLog](), reflect.TypeFor[*accessLog](), reflect.TypeFor[twinShape](), reflect.TypeFor[customs](), reflect.TypeFor[Tree](),
	reflect.TypeFor[syslog](), reflect.TypeFor[struct{}](), reflect.TypeFor[struct{ N int }](), reflect.TypeFor[Pointers](),
	reflect.TypeFor[map[string][]map[string]any](),
}

// syslog has fields of the chunks in testdata.
type syslog struct {
	Ident    namedWord `msgpack:"ident"`
	PID      int       `msgpack:"pid,alias:pri"`
	Message  *string   `msgpack:"message"`
	Log      []byte    `msgpack:"log"`
	Host     any       `msgpack:"host"`
	Hops     []any     `msgpack:"hops"`
	Upstream *upstream `msgpack:"upstream"`
	Labels   map[string]any
	*Left
}

func corpusChunks(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.chunk")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(testdata/*.chunk) = %v, %v", files, err)
	}
	chunks := map[string][]byte{}
	for _, name := range files {
		if chunks[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return chunks
}

// dirt fills the records that are decoded into.
var dirt = bytes.Repeat([]byte{3, 8, 1, 5, 2, 11, 7, 13}, 64)

func TestDecodeModes(t *testing.T) {
	t.Parallel()
	for name, chunk := range corpusChunks(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, typ := range modeTypes {
				checkModes(t, typ, chunk, nil)
				checkModes(t, typ, chunk, dirt)
			}
		})
	}
}

func TestDecodeModesOfTruncations(t *testing.T) {
	t.Parallel()
	for name, chunk := range corpusChunks(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range chunk {
				for _, typ := range []reflect.Type{modeTypes[0], modeTypes[4], modeTypes[9]} {
					checkModes(t, typ, chunk[:n:n], nil)
				}
			}
		})
	}
}

// oddChunks are bytes that are no events, events that do not fit, and markers.
var oddChunks = []struct{ name, hex string }{
	{"nothing", ""},
	{"garbage", "c1"},
	{"no array", "80"},
	{"body is missing", "92 07"},
	{"half a header", "92 92 d700 65000000"},
	{"array body", "92 07 91 01"},
	{"nil body", "92 07 c0"},
	{"string body", "92 92 07 80 a26f6b"},
	{"garbage body", "92 07 c1"},
	{"garbage in a field", "92 07 82 a161 01 a173 81 a163 c1"},
	{"garbage behind a misfit", "92 07 82 a161 01 a16e a178 c1"},
	{"misfit", "92 07 81 a16e a178"},
	{"misfit, then more", "92 07 81 a16e a178 92 07 80"},
	{"misfit in a list", "92 07 81 a16c 93 01 02 a178"},
	{"four billion pairs", "92 07 df ffffffff"},
	{"four billion in a field", "92 07 82 a161 01 a16c dd ffffffff"},
	{"more than are there", "92 07 81 a16c dc0041" + "0102"},
	{"too deep", "92 07 81 a161" + repeat("91", 128) + "01"},
	{"too deep and skipped", "92 07 81 a17a" + repeat("91", 128) + "01"},
	{"too deep as key", "92 07 81" + repeat("91", 128) + "01 01"},
	{"deepest", "92 07 81 a161" + repeat("91", 127) + "01"},
	{"group start without end", "92 92 d700 ffffffff 00000000 81a16101 81a16202"},
	{"bad group", "92 92 d700 ffffffff 00000000 81a16101 c0"},
	{"bad attributes", "92 92 d700 ffffffff 00000000 81a161c1 80"},
	{"groups", "92 92 d700 ffffffff 00000000 81a161a178 81a162a179 92 07 81a161a178 92 92 d700 fffffffe 00000000 80 80"},
	{"metadata", "92 92 07 81a161a178 81a162a179 92 92 07 82a16101a16cc3 81a16102"},
}

func TestNextErrors(t *testing.T) {
	t.Parallel()
	good := encoded(t, nil, second, map[string]any{"a": "x", "n": 1})
	type rec struct {
		A any            `msgpack:"a"`
		N int            `msgpack:"n"`
		S map[string]any `msgpack:"s"`
		L []int          `msgpack:"l"`
	}
	for _, tt := range oddChunks {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			chunk := append(bytes.Clone(good), unhex(t, tt.hex)...)
			for _, typ := range append(modeTypes[:4:4], reflect.TypeFor[rec](), reflect.TypeFor[customs](), rawType) {
				if typ == rawType {
					checkRaw(t, chunk)
					continue
				}
				checkModes(t, typ, chunk, nil)
				checkModes(t, typ, chunk, dirt)
			}
		})
	}
}

func repeat(s string, n int) string { return string(bytes.Repeat([]byte(s), n)) }

// checkRaw expects records that are the bodies, and alias them.
func checkRaw(t *testing.T, chunk []byte) {
	t.Helper()
	dec, err := NewDecoder[Raw]()
	if err != nil {
		t.Fatal(err)
	}
	twin, s := NewScanner(chunk), NewScanner(chunk)
	for {
		var r Raw
		ok, err := dec.Next(s, &r)
		if want := twin.Next(); ok != want || err != nil || !sameError(twin.Err(), s.Err()) {
			t.Fatalf("Next() = %t, %v, %v, want %t, %v", ok, err, s.Err(), want, twin.Err())
		}
		if !ok {
			return
		}
		body := twin.Event().Body
		if !bytes.Equal(r, body) || &r[0] != &body[0] || cap(r) != len(r) {
			t.Fatalf("Raw = %x, capacity %d, want the body %x", []byte(r), cap(r), body)
		}
	}
}

// within tells whether memory at p is part of b.
func within(p *byte, b []byte) bool {
	at, start := uintptr(unsafe.Pointer(p)), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return start <= at && at < start+uintptr(len(b))
}

func TestDecodeOptions(t *testing.T) {
	t.Parallel()
	type rec struct {
		S string
		B []byte
		L []string
		M map[string]string
		P *inner
		A any
		I []inner
	}
	value := rec{"text", []byte("bytes"), []string{"list"}, map[string]string{"k": "v"}, &inner{1}, "any", []inner{{1}}}
	h := Header{Time: corpusTime, Metadata: map[string]any{"m": "meta"}}
	chunk := encoded(t, encoded(t, nil, h, value), h, value)
	tests := []struct {
		name          string
		options       []DecodeOption
		borrow, reuse bool
	}{
		{name: "none"},
		{name: "borrow", options: []DecodeOption{BorrowStrings()}, borrow: true},
		{name: "reuse", options: []DecodeOption{ReuseRecord()}, reuse: true},
		{name: "both", options: []DecodeOption{ReuseRecord(), BorrowStrings()}, borrow: true, reuse: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dec, err := NewDecoder[rec](tt.options...)
			if err != nil {
				t.Fatal(err)
			}
			var r rec
			s := NewScanner(chunk)
			if ok, err := dec.Next(s, &r); !ok || err != nil {
				t.Fatalf("Next() = %t, %v", ok, err)
			}
			texts := []string{r.S, r.L[0], r.M["k"], r.A.(string), unsafe.String(&r.B[0], len(r.B)), s.Event().Metadata["m"].(string)}
			for _, text := range texts {
				if got := within(unsafe.StringData(text), chunk); got != tt.borrow {
					t.Errorf("%q aliases the chunk: %t, want %t", text, got, tt.borrow)
				}
			}
			first := r
			if ok, err := dec.Next(s, &r); !ok || err != nil {
				t.Fatalf("Next() = %t, %v", ok, err)
			}
			r.M["new"] = ""
			same := []bool{&first.L[0] == &r.L[0], len(first.M) == 2, first.P == r.P, &first.I[0] == &r.I[0]}
			for i, got := range same {
				if got != tt.reuse {
					t.Errorf("place %d of the record is reused: %t, want %t", i, got, tt.reuse)
				}
			}
		})
	}
}

func TestDecodeAllocations(t *testing.T) { // not parallel: it measures
	type rec struct {
		S string
		N int
		B []byte
		L []string
		M map[string]string
		P *inner
		I []inner
		F float64
	}
	value := rec{"text", 1, []byte("bytes"), []string{"a", "b"}, map[string]string{"k": "v"}, &inner{1}, []inner{{1}}, 1.5}
	var chunk []byte
	for range 100 {
		chunk = encoded(t, chunk, second, value)
	}
	tests := []struct {
		name    string
		options []DecodeOption
		most    float64 // Scanner, learned order, and a copy of the chunk
	}{
		{"reuse", []DecodeOption{ReuseRecord()}, 3},
		{"both", []DecodeOption{ReuseRecord(), BorrowStrings()}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dec, err := NewDecoder[rec](tt.options...)
			if err != nil {
				t.Fatal(err)
			}
			var r rec
			got := testing.AllocsPerRun(10, func() {
				s := NewScanner(chunk)
				for {
					if ok, _ := dec.Next(s, &r); !ok {
						return
					}
				}
			})
			if got > tt.most && !raceEnabled {
				t.Errorf("allocations for a chunk of 100 events = %v, want at most %v", got, tt.most)
			}
		})
	}
}

// TestConcurrentUse shares an Encoder and a Decoder; what it finds, the race detector finds.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[Tree]()
	v := dirty(typ, dirt)
	want := appendOf(t, typ, &second, v, 0)
	enc := encoderOf(t, typ)
	var group sync.WaitGroup
	for _, m := range modes {
		dec := decoderOf(t, typ, m)
		for range 2 {
			group.Go(func() {
				for range 20 {
					got, err := enc.Append(nil, &second, at(v), 0)
					if err != nil || len(got) != len(want) {
						t.Errorf("Append() = %d bytes, %v, want %d bytes", len(got), err, len(want))
						return
					}
					next, body := reflect.New(typ).Elem(), reflect.New(typ).Elem()
					s := NewScanner(got)
					ok, err := dec.Next(s, at(next))
					err2 := dec.Decode(s.Event().Body, at(body))
					if !ok || err != nil || err2 != nil || !reflect.DeepEqual(next.Interface(), body.Interface()) {
						t.Errorf("%s: Next() = %t, %v, Decode() = %v, want the same values", m.name, ok, err, err2)
						return
					}
				}
			})
		}
	}
	group.Wait()
}
