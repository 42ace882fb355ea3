package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/calyptia/plugin/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameValues lets a codec choose between nil and empty, and the Go type of an integer that it decodes without a type.
var sameValues = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.FilterValues(func(x, y any) bool { return isInteger(x) && isInteger(y) },
		cmp.Comparer(func(x, y any) bool { return fmt.Sprint(x) == fmt.Sprint(y) })),
}

func isInteger(v any) bool {
	switch v.(type) {
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return true
	}
	return false
}

// TestEncode reads with the library what every codec writes.
func TestEncode(t *testing.T) {
	t.Parallel()
	for s := range newShapes() {
		for _, c := range s.codecs {
			if c.encode == nil {
				continue
			}
			chunk, err := c.encode(nil, ringLen)
			if err != nil {
				t.Errorf("%s: %s: encode() error = %v", s.name, c.name, err)
				continue
			}
			got, err := all(s.read, chunk)
			if err != nil {
				t.Errorf("%s: %s: encode() is no chunk: %v", s.name, c.name, err)
			}
			if diff := cmp.Diff(s.want[:ringLen], got, sameValues); diff != "" {
				t.Errorf("%s: %s: encode() mismatch (-want +got):\n%s", s.name, c.name, diff)
			}
		}
	}
}

// TestDecode reads with every codec what the library writes.
func TestDecode(t *testing.T) {
	t.Parallel()
	for s := range newShapes() {
		testDecode(t, s, s.chunk, s.want)
	}
}

// TestDecodeGaps reads records of which every one lacks other keys and has one that is not known. Nothing of the record
// before may shine through.
func TestDecodeGaps(t *testing.T) {
	t.Parallel()
	for s := range newShapes() {
		chunk := withGaps(s.chunk[:s.ends[31]])
		want, err := all(s.read, chunk)
		if err != nil {
			t.Fatal(err)
		}
		testDecode(t, s, chunk, want)
	}
}

func testDecode(t *testing.T, s shape, chunk []byte, want []decoded) {
	t.Helper()
	maps := must(all(oursKept[M](), chunk))
	for _, c := range s.codecs {
		for _, d := range c.decodes {
			i := 0
			err := d.run(chunk, func(at time.Time, r any) {
				want := want[i]
				if m, ok := r.(map[any]any); ok {
					want.Record, r = plain(*maps[i].Record.(*M)), plain(m)
				}
				if diff := cmp.Diff(want, decoded{at, r}, sameValues); diff != "" {
					t.Errorf("%s: %s, %s: event %d: decode() mismatch (-want +got):\n%s", s.name, c.name, d.strings, i, diff)
				}
				i++
			})
			if err != nil || i != len(want) {
				t.Errorf("%s: %s, %s: decode() = %d events, error %v, want %d", s.name, c.name, d.strings, i, err, len(want))
			}
		}
	}
}

// all collects what read yields.
func all(read decodeFunc, chunk []byte) (events []decoded, err error) {
	err = read(chunk, func(t time.Time, r any) { events = append(events, decoded{t, r}) })
	return events, err
}

// withGaps drops every third key of the records of chunk, and of the maps in them, and adds one.
func withGaps(chunk []byte) (gaps []byte) {
	encoder := must(record.NewEncoder[M]())
	n := 0
	for _, ev := range must(all(oursKept[M](), chunk)) {
		r := *ev.Record.(*M)
		dropThird(r, &n)
		r["unknown"] = []any{M{"a": int64(1)}, "b", int64(-1 << 40), 0.5, nil, true}
		gaps = must(encoder.Append(gaps, &record.Header{Time: ev.Time, Metadata: M{"a": "b"}}, &r, 0))
	}
	return gaps
}

func dropThird(m M, n *int) {
	for k, v := range m {
		switch v := v.(type) {
		case M:
			dropThird(v, n)
		case float64:
			if f := float32(v); float64(f) == v {
				m[k] = f // as it was: msgp does not read a float64 into a float32
			}
		}
		if *n++; *n%3 == 0 {
			delete(m, k)
		}
	}
}

// plain makes maps of fluent-bit-go's form and of ours comparable: it has []byte where we have strings.
func plain(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := M{}
		for k, e := range v {
			m[fmt.Sprint(plain(k))] = plain(e)
		}
		return m
	case M:
		m := M{}
		for k, e := range v {
			m[k] = plain(e)
		}
		return m
	case []any:
		s := make([]any, len(v))
		for i, e := range v {
			s[i] = plain(e)
		}
		return s
	case []byte:
		return string(v)
	}
	return v
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for s := range newShapes() {
		want := map[string]int{"S": 96, "A": 600, "M": 600, "Syslog": 220, "Mix": 330}[s.name]
		if got := len(s.chunk) / chunkLen; got < want*95/100 || got > want*105/100 {
			t.Errorf("%s: events have %d bytes, want about %d", s.name, got, want)
		}
	}
}
