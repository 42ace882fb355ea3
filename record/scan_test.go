package record

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unhex reads bytes written in hex, with blanks for the reader.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// scanned is what a scan found, without what the test does not look at.
type scanned struct {
	Time     time.Time
	Metadata map[string]any
	Body     string
	Group    *Group
	Offset   int
}

func scanAll(t testing.TB, chunk []byte) ([]scanned, error) {
	t.Helper()
	var got []scanned
	s := NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		if ev.Index != len(got) {
			t.Errorf("Event().Index = %d, want %d", ev.Index, len(got))
		}
		got = append(got, scanned{ev.Time, ev.Metadata, hex.EncodeToString(ev.Body), ev.Group, ev.Offset})
	}
	if s.Next() {
		t.Error("Next() = true after false")
	}
	return got, s.Err()
}

// everyFormat is a record that has a value of every msgpack format.
const everyFormat = "81 a161 dc0024" +
	" c0 c2 c3 c40101 c5000101 c6000000 0101 c7010505 c800010505 c9000000010505 ca00000000 cb0000000000000000" +
	" cc01 cd0001 ce00000001 cf0000000000000001 d001 d10001 d200000001 d30000000000000001 d40505 d5050505 d60505050505 d7050000000000000000" +
	" d80500000000000000000000000000000000 d90161 da000161 db0000000161 dc0000 dd00000000 de0000 df00000000 e0 7f a0 90 80"

func TestScannerForms(t *testing.T) {
	t.Parallel()
	at := func(sec, nsec int64) time.Time { return time.Unix(sec, nsec).UTC() }
	second := at(0x65000000, 0)
	tests := []struct {
		name, chunk string
		want        scanned
	}{
		{"v2 fixext8", "92 92 d700 65000000 00000005 80 81a16101", scanned{Time: at(0x65000000, 5), Body: "81a16101"}},
		{"v2 ext8", "92 92 c70800 65000000 3b9ac9ff 80 80", scanned{Time: at(0x65000000, 999999999), Body: "80"}},
		{"v2 uint32", "92 92 ce65000000 80 80", scanned{Time: second, Body: "80"}},
		{"v2 float64", "92 92 cb3ff8000000000000 80 80", scanned{Time: at(1, 5e8), Body: "80"}},
		{"v2 map32 metadata", "92 92 d700 65000000 00000000 df00000000 80", scanned{Time: second, Body: "80"}},
		{"v2 metadata", "92 92 d700 65000000 00000000 81a16bd9 0176 80", scanned{Time: second, Metadata: map[string]any{"k": "v"}, Body: "80"}},
		{"legacy fixext8", "92 d700 65000000 00000005 80", scanned{Time: at(0x65000000, 5), Body: "80"}},
		{"legacy ext8", "92 c70800 65000000 00000005 80", scanned{Time: at(0x65000000, 5), Body: "80"}},
		{"legacy fixint", "92 07 80", scanned{Time: at(7, 0), Body: "80"}},
		{"legacy uint8", "92 ccff 80", scanned{Time: at(255, 0), Body: "80"}},
		{"legacy uint16", "92 cdffff 80", scanned{Time: at(65535, 0), Body: "80"}},
		{"legacy uint32", "92 ceffffffff 80", scanned{Time: at(0xffffffff, 0), Body: "80"}},
		{"legacy uint64", "92 cf0000000165000000 80", scanned{Time: at(0x165000000, 0), Body: "80"}},
		{"legacy int8", "92 d07f 80", scanned{Time: at(127, 0), Body: "80"}},
		{"legacy int16", "92 d17fff 80", scanned{Time: at(32767, 0), Body: "80"}},
		{"legacy int32", "92 d265000000 80", scanned{Time: second, Body: "80"}},
		{"legacy int64", "92 d30000000065000000 80", scanned{Time: second, Body: "80"}},
		{"legacy float32", "92 ca3fc00000 80", scanned{Time: at(1, 5e8), Body: "80"}},
		{"legacy float64", "92 cb3fb999999999999a 80", scanned{Time: at(0, 1e8), Body: "80"}},
		{"unsigned seconds", "92 92 d700 80000000 00000000 80 80", scanned{Time: at(1<<31, 0), Body: "80"}},
		{"last second", "92 92 d700 fffffffd 3b9ac9ff 80 80", scanned{Time: at(0xfffffffd, 999999999), Body: "80"}},
		{"array16", "dc0002 dc0002 d700 65000000 00000000 80 80", scanned{Time: second, Body: "80"}},
		{"array32", "dd00000002 dd00000002 d700 65000000 00000000 80 80", scanned{Time: second, Body: "80"}},
		{"map16 body", "92 92 d700 65000000 00000000 80 de0001 a161 01", scanned{Time: second, Body: "de0001a16101"}},
		{"map32 body", "92 92 d700 65000000 00000000 80 df00000001 da000161 01", scanned{Time: second, Body: "df00000001da00016101"}},
		{"str32 key", "92 07 81 db0000000161 c0", scanned{Time: at(7, 0), Body: "81db0000000161c0"}},
		{"every format", "92 07 " + everyFormat, scanned{Time: at(7, 0), Body: strings.ReplaceAll(everyFormat, " ", "")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := scanAll(t, unhex(t, tt.chunk))
			if err != nil {
				t.Fatalf("Err() = %v", err)
			}
			if diff := cmp.Diff([]scanned{tt.want}, got); diff != "" {
				t.Errorf("scan(%s) (-want +got):\n%s", tt.chunk, diff)
			}
		})
	}
}

func TestScannerGroups(t *testing.T) {
	t.Parallel()
	const (
		start = "92 92 d700 ffffffff 00000000 81a6736368656d61a46f746c70 81a87265736f7572636580"
		end   = "92 92 d700 fffffffe 00000000 80 80"
		event = "92 92 d700 65000000 00000000 80 80"
	)
	group := &Group{
		Metadata:   map[string]any{"schema": "otlp"},
		Attributes: map[string]any{"resource": map[string]any{}},
	}
	chunk := unhex(t, event+start+event+event+end+event+start+start+event)
	s := NewScanner(chunk)
	var groups []*Group
	for s.Next() {
		groups = append(groups, s.Event().Group)
	}
	want := []*Group{nil, group, group, nil, group}
	if diff := cmp.Diff(want, groups); diff != "" || s.Err() != nil {
		t.Fatalf("groups (-want +got), %v:\n%s", s.Err(), diff)
	}
	if groups[1] != groups[2] {
		t.Error("events of one group do not share it")
	}
	if n, err := Count(chunk); n != len(want) || err != nil {
		t.Errorf("Count() = %d, %v, want %d, nil", n, err, len(want))
	}
}

func TestScannerErrors(t *testing.T) {
	t.Parallel()
	const good = "92 92 d700 65000000 00000000 80 80" // 14 bytes
	tests := []struct{ name, chunk, want string }{
		{"garbage", "c1", "byte 0xc1 is no msgpack"},
		{"no array", "80", "map of 0 is not an event [header, record]"},
		{"string", "a26f6b", `string "ok" is not an event [header, record]`},
		{"empty array", "90", "array of 0 is not an event [header, record]"},
		{"three elements", "93 07 80 80", "array of 3 is not an event [header, record]"},
		{"short header", "92 91 07 80", "array of 1 is not a header [time, metadata]"},
		{"long header", "92 93 07 80 80 80", "array of 3 is not a header [time, metadata]"},
		{"nil metadata", "92 92 07 c0 80", "metadata: nil is not a map"},
		{"array body", "92 92 07 80 91 01", "array of 1 is not a map"},
		{"nil body", "92 07 c0", "nil is not a map"},
		{"string time", "92 a26f6b 80", `time: string "ok" is not a time`},
		{"nil time", "92 c0 80", "time: nil is not a time"},
		{"map time", "92 80 80", "time: map of 0 is not a time"},
		{"negative time", "92 ff 80", "time: integer -1 is out of range"},
		{"negative int64 time", "92 d3ffffffffffffffff 80", "time: integer -1 is out of range"},
		{"far time", "92 cfffffffffffffffff 80", "time: integer 18446744073709551615 is out of range"},
		{"NaN time", "92 cb7ff8000000000000 80", "time: float NaN is out of range"},
		{"infinite time", "92 ca7f800000 80", "time: float +Inf is out of range"},
		{"negative float time", "92 cbbff0000000000000 80", "time: float -1 is out of range"},
		{"timestamp ext", "92 d6ff65000000 80", "time: extension -1 of 4 bytes is not a time"},
		{"short EventTime", "92 d60065000000 80", "time: extension 0 of 4 bytes is not a time"},
		{"marker with nanoseconds", "92 92 d700 ffffffff 00000001 80 80", "time: EventTime of 4294967295 seconds and 1 nanoseconds is out of range"},
		{"too many nanoseconds", "92 92 d700 65000000 3b9aca00 80 80", "time: EventTime of 1694498816 seconds and 1000000000 nanoseconds is out of range"},
		{"four billion elements", "dd ffffffff", "truncated: unexpected EOF"},
		{"four billion pairs", "92 07 df ffffffff", "truncated: unexpected EOF"},
		{"four billion in a field", "92 07 82 a161 01 a162 91 dd ffffffff", "b[0]: truncated: unexpected EOF"},
		{"long string", "92 07 81 a161 db ffffffff 00", "a: truncated: unexpected EOF"},
		{"long binary", "92 07 81 a161 c6 ffffffff 00", "a: truncated: unexpected EOF"},
		{"long ext", "92 07 81 a161 c9 ffffffff 00", "a: truncated: unexpected EOF"},
		{"garbage in a field", "92 07 81 a6737461747573 81 a4636f6465 c1", "status.code: byte 0xc1 is no msgpack"},
		{"garbage in metadata", "92 92 07 81 a161 92 01 c1 80", "metadata.a[1]: byte 0xc1 is no msgpack"},
		{"garbage as key", "92 07 82 a161 01 c1 01", "byte 0xc1 is no msgpack"},
		{"odd key", "92 07 81 a3612e62 c1", `"a.b": byte 0xc1 is no msgpack`},
		{"too deep", "92 07 81 a161" + strings.Repeat("91", 128) + "01", "a" + strings.Repeat("[0]", 127) + ": nested deeper than 128 levels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			chunk := unhex(t, good+tt.chunk)
			got, err := scanAll(t, chunk)
			if len(got) != 1 {
				t.Errorf("events before the error = %d, want 1", len(got))
			}
			want := "record: event 1 at byte 14: " + tt.want
			if err == nil || err.Error() != want {
				t.Errorf("Err() = %v, want %s", err, want)
			}
			if n, countErr := Count(chunk); n != 1 || countErr == nil || countErr.Error() != want {
				t.Errorf("Count() = %d, %v, want 1, %s", n, countErr, want)
			}
		})
	}
}

func TestDepthThatIsRead(t *testing.T) {
	t.Parallel()
	chunk := unhex(t, "92 07 81 a161"+strings.Repeat("91", 127)+"01")
	if n, err := Count(chunk); n != 1 || err != nil {
		t.Errorf("Count(128 levels) = %d, %v, want 1, nil", n, err)
	}
}

func TestTruncatedPaths(t *testing.T) {
	t.Parallel()
	const event = "92 92 07 81 a16d a2787a 82 a161 01 a173 81 a163 92 01 a378797a"
	want := []string{"", "", "", "time", "metadata", "metadata", "metadata.m", "metadata.m", "metadata.m", "", "", "", "", "", "",
		"s", "s", "s", "s.c", "s.c", "s.c", "s.c[1]", "s.c[1]", "s.c[1]"} // a head is at fault if its children are more than the bytes
	type typed struct {
		S struct {
			C []any `msgpack:"c"`
		} `msgpack:"s"`
	}
	dyn, err1 := NewDecoder[map[string]any]()
	dec, err2 := NewDecoder[typed]()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	chunk := unhex(t, event)
	for n := 1; n < len(chunk); n++ {
		scan, one, other := NewScanner(chunk[:n:n]), NewScanner(chunk[:n:n]), NewScanner(chunk[:n:n])
		scan.Next()
		_, err1 := dyn.Next(one, new(map[string]any))
		_, err2 := dec.Next(other, new(typed))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{scan.Err(), one.Err(), other.Err()} {
			var e *Error
			if !errors.As(err, &e) || e.Path != want[n] || e.Index != 0 || e.Offset != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("Err() after %d bytes = %v, want path %q", n, err, want[n])
			}
		}
	}
}

// checkTruncations holds every prefix of chunk against the events of all of it.
func checkTruncations(t *testing.T, chunk []byte) {
	t.Helper()
	all, err := scanAll(t, chunk)
	if err != nil {
		t.Fatal(err)
	}
	ends := eventEnds(t, chunk)
	for n := range chunk {
		got, err := scanAll(t, chunk[:n:n])
		whole := 0
		for whole < len(all) && ends[all[whole].Offset] <= n {
			whole++
		}
		if len(got) != whole {
			t.Errorf("events in the first %d bytes = %d, want %d", n, len(got), whole)
		}
		if boundary(ends, n) {
			if err != nil {
				t.Errorf("Err() after %d whole bytes = %v", n, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, io.ErrUnexpectedEOF) || e.Index != whole || ends[e.Offset] <= n {
			t.Errorf("Err() after %d bytes = %v, want *Error of event %d", n, err, whole)
		}
	}
}

// eventEnds maps where events and markers begin to where they end.
func eventEnds(t *testing.T, chunk []byte) map[int]int {
	t.Helper()
	ends := map[int]int{}
	r := reader{b: chunk}
	for r.off < len(chunk) {
		start := r.off
		if err := r.skip(1, maxDepth); err != nil {
			t.Fatal(err)
		}
		ends[start] = r.off
	}
	return ends
}

func boundary(ends map[int]int, n int) bool {
	_, begins := ends[n]
	return begins
}
