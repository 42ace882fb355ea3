package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
)

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, hex, want string }{
		{"nil", "c0", `null`},
		{"false", "c2", `false`},
		{"true", "c3", `true`},
		{"fixint", "7f", `127`},
		{"negative fixint", "e0", `-32`},
		{"uint8", "cc80", `128`},
		{"largest uint64", "cfffffffffffffffff", `18446744073709551615`},
		{"int8", "d080", `-128`},
		{"int16 that is not negative", "d10001", `1`},
		{"smallest int64", "d38000000000000000", `-9223372036854775808`},
		{"beyond 2^53", "cf0020000000000001", `9007199254740993`},

		{"whole float", "cb4069000000000000", `200`},
		{"zero", "cb0000000000000000", `0`},
		{"negative zero", "cb8000000000000000", `-0`},
		{"float with a fraction", "cbbfd0000000000000", `-0.25`},
		{"float of 17 digits", "cb3fd3333333333334", `0.30000000000000004`},
		{"float32", "ca3dcccccd", `0.10000000149011612`},
		{"small float", "cb3e7ad7f29abcaf48", `1e-7`},
		{"float on the edge of exponents", "cb3eb0c6f7a0b5ed8d", `0.000001`},
		{"large float", "cb444b1ae4d6e2ef50", `1e+21`},
		{"largest float", "cb7fefffffffffffff", `1.7976931348623157e+308`},
		{"float below exponents", "cb444b1ae4d6e2ef4f", `999999999999999900000`},
		{"NaN", "cb7ff8000000000000", `null`},
		{"infinity", "cb7ff0000000000000", `null`},
		{"negative infinity as float32", "caff800000", `null`},

		{"empty string", "a0", `""`},
		{"string", "a568656c6c6f", `"hello"`},
		{"str8", "d9026869", `"hi"`},
		{"escapes", "ac 22 5c 2f 08 0c 0a 0d 09 00 1f 7f 20", `"\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f " + `"`},
		{"no HTML escapes", "a3 3c 3e 26", `"<>&"`},
		{"UTF-8", "aa c3a4 e282ac e280a8 61 62", "\"ä€\u2028ab\""},
		{"four bytes of UTF-8", "a4 f09f9880", `"😀"`},
		{"bytes that are no UTF-8", "a6 61 ff fe e2 82 62", "\"a\ufffd\ufffd\ufffd\ufffdb\""},
		{"surrogate", "a3 eda080", "\"\ufffd\ufffd\ufffd\""},
		{"U+FFFD itself", "a3 efbfbd", "\"\ufffd\""},
		{"binary", "c403 61 0a ff", "\"a\\n\ufffd\""},

		{"EventTime", "d700 6553f100 075bcd15", `"2023-11-14T22:13:20.123456789Z"`},
		{"EventTime in ext8", "c70800 6553f100 00000000", `"2023-11-14T22:13:20Z"`},
		{"EventTime out of range", "d700 6553f100 ffffffff", `{"Type":0,"Data":"ZVPxAP////8="}`},
		{"timestamp of 4 bytes", "d6ff 6553f100", `"2023-11-14T22:13:20Z"`},
		{"timestamp of 12 bytes, before 1970", "c70cff 00000001 ffffffffffffffff", `"1969-12-31T23:59:59.000000001Z"`},
		{"extension", "d40541", `{"Type":5,"Data":"QQ=="}`},
		{"empty extension", "c700fb", `{"Type":-5,"Data":""}`},

		{"empty array", "90", `[]`},
		{"array", "93 01 a161 90", `[1,"a",[]]`},
		{"array32", "dd00000002 01 02", `[1,2]`},
		{"empty map", "80", `{}`},
		{"map", "82 a162 01 a161 81 a163 80", `{"b":1,"a":{"c":{}}}`},
		{"map32, str8 and bin8 keys", "df00000002 d90162 01 c40161 02", `{"b":1,"a":2}`},
		{"keys that are no text", "87 01 01 d0ff 02 c0 03 c3 04 cb3ff8000000000000 05 9101 06 cfffffffffffffffff 07",
			`{"1":1,"-1":2,"null":3,"true":4,"1.5":5,"[1]":6,"18446744073709551615":7}`},
		{"keys that need escapes", "82 a122 01 a1ff 02", "{\"\\\"\":1,\"\ufffd\":2}"},
		{"equal keys", "84 a161 01 a162 02 a161 92 03 04 a163 05", `{"b":2,"a":[3,4],"c":5}`},
		{"equal keys of different types", "83 a131 01 01 02 c40131 03", `{"1":3}`},
		{"equal keys, many times", "85 a161 01 a161 02 a162 03 a161 04 a162 05", `{"a":4,"b":5}`},
		{"equal keys further in", "82 a161 82 a162 01 a162 02 a162 81 a161 03", `{"a":{"b":2},"b":{"a":3}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Raw(unhex(t, c.hex)).AppendJSON([]byte("x"))
			if err != nil || string(got) != "x"+c.want {
				t.Errorf("AppendJSON(%s) = %s, %v, want x%s", c.hex, got, err, c.want)
			}
			checkJSON(t, unhex(t, c.hex))
		})
	}
	if got, err := Raw(nil).AppendJSON(nil); err != nil || string(got) != "null" {
		t.Errorf("Raw(nil).AppendJSON() = %s, %v, want null", got, err)
	}
}

func TestAppendJSONErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", []byte{}, "record: truncated: unexpected EOF"},
		{"0xc1", unhex(t, "82 a161 01 a162 92 01 c1"), "record: b[1]: byte 0xc1 is no msgpack"},
		{"0xc1 alone", unhex(t, "c1"), "record: byte 0xc1 is no msgpack"},
		{"0xc1 as a key", unhex(t, "81 a161 81 c1 01"), "record: a: byte 0xc1 is no msgpack"},
		{"truncated string", unhex(t, "81 a161 a568"), "record: a: truncated: unexpected EOF"},
		{"count without elements", unhex(t, "ddffffffff"), "record: truncated: unexpected EOF"},
		{"map without pairs", unhex(t, "dfffffffff"), "record: truncated: unexpected EOF"},
		{"bytes after a map", unhex(t, "81 a161 01 01 02"), "record: 2 bytes after the value"},
		{"bytes after a scalar", unhex(t, "01 02"), "record: 1 bytes after the value"},
		{"too deep", append(bytes.Repeat([]byte{0x91}, maxDepth+1), 1), "levels"},
		{"maps too deep", append(bytes.Repeat([]byte("\x81\xa1a"), maxDepth+1), 1), "levels"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dst := []byte("kept")
			got, err := Raw(c.b).AppendJSON(dst)
			var e *Error
			if !errors.As(err, &e) || !strings.HasSuffix(err.Error(), c.want) {
				t.Fatalf("AppendJSON(%x) = %v, want %s", c.b, err, c.want)
			}
			if string(got) != "kept" || e.Index != -1 || e.Offset != -1 {
				t.Errorf("AppendJSON(%x) = %q and event %d at %d, want %q, -1, -1", c.b, got, e.Index, e.Offset, dst)
			}
			if truncated := errors.Is(err, io.ErrUnexpectedEOF); truncated != strings.Contains(c.want, "EOF") {
				t.Errorf("Is(%v, io.ErrUnexpectedEOF) = %t", err, truncated)
			}
		})
	}
	deepest := append(bytes.Repeat([]byte{0x91}, maxDepth), 1)
	if got, err := Raw(deepest).AppendJSON(nil); err != nil || !json.Valid(got) {
		t.Errorf("AppendJSON(%d levels) = %s, %v, want them all", maxDepth, got, err)
	}
}

// Strings are read and written eight bytes at a time: each byte at each place.
func TestAppendJSONString(t *testing.T) {
	t.Parallel()
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				s := []byte("0123456789abcdefghij"[:length])
				s[at] = byte(c)
				want, _ := json.Marshal(string(s))
				for _, in := range [][]byte{s, append(bytes.Clone(s), 0xff, '"')[:length]} {
					var a, b string
					err1, err2 := json.Unmarshal(appendText(nil, in), &a), json.Unmarshal(want, &b)
					if err1 != nil || err2 != nil || a != b {
						t.Fatalf("appendText(%q) = %q, %v, want %q, %v", s, a, err1, b, err2)
					}
				}
			}
		}
	}
}

// Maps of any size, and equal keys anywhere in them.
func TestAppendJSONManyKeys(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 15, 16, 63, fewKeys, fewKeys + 1, 1000} {
		for range 20 {
			b := appendMapHead(nil, n)
			for i := range n {
				switch key := rng.IntN(2 * n); key % 3 {
				case 0:
					b = appendUint(b, uint64(key))
				case 1:
					b = appendString(b, strconv.Itoa(key))
				default:
					b = appendString(b, "with one beginning, "+strconv.Itoa(key)+", and one end")
				}
				b = appendInt(b, int64(i))
			}
			checkJSON(t, b)
		}
	}
}

func TestAppendJSONFloats(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	floats := []float64{0, 1, 0.1, 0.001, 0.000001, 0.0000015, 1e9, 1e9 - 1e-6, 999999999.9999995, 123456789.123456, math.Pi, math.SmallestNonzeroFloat64}
	for range 20000 {
		floats = append(floats,
			math.Float64frombits(rng.Uint64()),
			float64(rng.Int64N(1e12))/1e6,
			float64(rng.Int64N(1e9))/1e3,
			rng.Float64()*math.Pow(10, float64(rng.IntN(12))))
	}
	for _, f := range floats {
		for _, f := range []float64{f, -f, math.Nextafter(f, 0)} {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				continue
			}
			want, err := json.Marshal(f)
			if got := appendJSONFloat(nil, f); err != nil || string(got) != string(want) {
				t.Fatalf("appendJSONFloat(%b) = %s, want %s", f, got, want)
			}
		}
	}
}

func TestCorpusJSON(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.chunk")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(testdata/*.chunk) = %v, %v", files, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			chunk, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s := NewScanner(chunk)
			for s.Next() {
				ev := s.Event()
				checkJSON(t, ev.Body)
				checkEventJSON(t, &ev)
				for n := range ev.Body {
					checkTruncatedJSON(t, ev, n)
				}
			}
		})
	}
}

// checkTruncatedJSON expects an error of the first n bytes of a record.
func checkTruncatedJSON(t *testing.T, ev Event, n int) {
	t.Helper()
	ev.Body = ev.Body[:n:n]
	if _, err := Raw(ev.Body).AppendJSON(nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("AppendJSON(first %d bytes of event %d) = %v, want io.ErrUnexpectedEOF", n, ev.Index, err)
	}
	_, err := JSONFormat{}.AppendEvent(nil, &ev)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, io.ErrUnexpectedEOF) || e.Index != ev.Index || e.Offset != ev.Offset {
		t.Errorf("AppendEvent(first %d bytes of event %d) = %v, want io.ErrUnexpectedEOF there", n, ev.Index, err)
	}
}

// checkJSON holds AppendJSON to what encoding/json makes of the decoded value.
func checkJSON(t *testing.T, b []byte) {
	t.Helper()
	got, err := Raw(b).AppendJSON(nil)
	if err != nil {
		t.Fatalf("AppendJSON(%x) = %v", b, err)
	}
	if !json.Valid(got) || !utf8.Valid(got) {
		t.Fatalf("AppendJSON(%x) = %q is no JSON", b, got)
	}
	v, err := decodedForJSON(b)
	if errors.Is(err, errDepth) || errors.Is(err, errAmbiguous) {
		return
	}
	if err != nil {
		t.Fatalf("decoding %x = %v, AppendJSON writes %s", b, err, got)
	}
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := differ(parsed(t, want), parsed(t, got)); diff != "" {
		t.Fatalf("AppendJSON(%x) = %s, want %s (-want +got):\n%s", b, got, want, diff)
	}
}

// decodedForJSON decodes b as any, with what encoding/json does otherwise taken away.
func decodedForJSON(b []byte) (any, error) {
	dec, err := NewDecoder[map[string]any]()
	if err != nil {
		return nil, err
	}
	var r map[string]any
	if err := dec.Decode(append([]byte("\x81\xa1v"), b...), &r); err != nil {
		return nil, err
	}
	return forJSON(r["v"])
}

var errAmbiguous = errors.New("keys become equal as UTF-8")

func forJSON(v any) (_ any, err error) {
	switch v := v.(type) {
	case []byte:
		return string(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil // encoding/json fails after the year 9999
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil
		}
	case []any:
		for i := range v {
			if v[i], err = forJSON(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		seen := make(map[string]bool)
		for key := range v {
			if v[key], err = forJSON(v[key]); err != nil {
				return nil, err
			}
			clean := string([]rune(key))
			if seen[clean] {
				return nil, errAmbiguous
			}
			seen[clean] = true
		}
	}
	return v, nil
}

func parsed(t *testing.T, b []byte) (v any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("Decode(%q) = %v", b, err)
	}
	return v
}

// checkEventJSON expects of every format that it differs from the record in the time alone.
func checkEventJSON(t *testing.T, ev *Event) {
	t.Helper()
	const key = "@time \" key of an event"
	plain, err := JSONFormat{}.AppendEvent(nil, ev)
	raw, err2 := Raw(ev.Body).AppendJSON(nil)
	if err != nil || err2 != nil || !bytes.Equal(plain, raw) {
		t.Fatalf("AppendEvent() = %s, %v, want %s, %v", plain, err, raw, err2)
	}
	for tf := range TimeFormat(len(timeFormats)) {
		got, err := JSONFormat{TimeKey: key, TimeFormat: tf}.AppendEvent([]byte("x"), ev)
		want := fmt.Sprintf("x{%q:%s", key, tf.append(nil, ev.Time))
		if len(plain) > 2 {
			want += ","
		}
		if want += string(plain[1:]); err != nil || string(got) != want {
			t.Errorf("AppendEvent(%s) = %s, %v, want %s", tf, got, err, want)
		}
	}
}

func TestAppendEvent(t *testing.T) {
	t.Parallel()
	seconds := time.Unix(1700000000, 0)
	cases := []struct {
		name, key, body, want string
	}{
		{"record alone", "", "81 a161 01", `{"a":1}`},
		{"time", "date", "81 a161 01", `{"date":1700000000.0,"a":1}`},
		{"empty record", "date", "80", `{"date":1700000000.0}`},
		{"key that needs escapes", "a\"\xff", "80", "{\"a\\\"\ufffd\":1700000000.0}"},
		{"record has the key", "date", "82 a161 01 a464617465 02", `{"a":1,"date":2}`},
		{"record has nothing but the key", "date", "81 a464617465 02", `{"date":2}`},
		{"record has the key twice", "date", "82 a464617465 02 c40464617465 03", `{"date":3}`},
		{"key further in", "a", "81 a162 81 a161 01", `{"a":1700000000.0,"b":{"a":1}}`},
		{"empty key in the record", "", "81 a0 01", `{"":1}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ev := Event{Header: Header{Time: seconds}, Body: unhex(t, c.body)}
			got, err := JSONFormat{TimeKey: c.key}.AppendEvent(nil, &ev)
			if err != nil || string(got) != c.want {
				t.Errorf("AppendEvent(%s) = %s, %v, want %s", c.body, got, err, c.want)
			}
		})
	}
}

func TestAppendEventErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		format JSONFormat
		body   string
		want   string
	}{
		{"broken", JSONFormat{}, "81 a161 c1", "record: event 3 at byte 99: a: byte 0xc1 is no msgpack"},
		{"no map", JSONFormat{}, "a161", `record: event 3 at byte 99: string "a" is not a map`},
		{"nothing", JSONFormat{}, "", "record: event 3 at byte 99: truncated: unexpected EOF"},
		{"unknown format", JSONFormat{"date", 9}, "80", "record: event 3 at byte 99: time: TimeFormat(9) is not a time format"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ev := Event{Body: unhex(t, c.body), Index: 3, Offset: 99}
			got, err := c.format.AppendEvent([]byte("x"), &ev)
			if err == nil || err.Error() != c.want || string(got) != "x" {
				t.Errorf("AppendEvent(%s) = %s, %v, want x, %s", c.body, got, err, c.want)
			}
		})
	}
}

// What Fluent Bit 5.1.1 prints with -o stdout -p format=json_lines for these EventTimes.
func TestTimeFormats(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sec, nsec                                int64
		double, iso8601, epoch, epochMillis, sql string
	}{
		{1700000000, 123456789, "1700000000.123457", "2023-11-14T22:13:20.123456Z", "1700000000", "1700000000123", "2023-11-14 22:13:20.123456"},
		{1700000000, 0, "1700000000.0", "2023-11-14T22:13:20.000000Z", "1700000000", "1700000000000", "2023-11-14 22:13:20.000000"},
		{1700000000, 1000000, "1700000000.001", "2023-11-14T22:13:20.001000Z", "1700000000", "1700000000001", "2023-11-14 22:13:20.001000"},
		{1700000000, 999999999, "1700000001.0", "2023-11-14T22:13:20.999999Z", "1700000000", "1700000000999", "2023-11-14 22:13:20.999999"},
		{1700000000, 500, "1700000000", "2023-11-14T22:13:20.000000Z", "1700000000", "1700000000000", "2023-11-14 22:13:20.000000"},
		{1700000000, 123456500, "1700000000.123456", "2023-11-14T22:13:20.123456Z", "1700000000", "1700000000123", "2023-11-14 22:13:20.123456"},
		{3, 5, "3.000000005", "1970-01-01T00:00:03.000000Z", "3", "3000", "1970-01-01 00:00:03.000000"},
		{0, 10000, "1e-05", "1970-01-01T00:00:00.000010Z", "0", "0", "1970-01-01 00:00:00.000010"},
		{0, 0, "0.0", "1970-01-01T00:00:00.000000Z", "0", "0", "1970-01-01 00:00:00.000000"},
		{4294967293, 999999999, "4294967294.0", "2106-02-07T06:28:13.999999Z", "4294967293", "4294967293999", "2106-02-07 06:28:13.999999"},
		{951782400, 1999, "951782400.000002", "2000-02-29T00:00:00.000001Z", "951782400", "951782400000", "2000-02-29 00:00:00.000001"},
	}
	for _, c := range cases {
		want := []string{c.double, `"` + c.iso8601 + `"`, c.epoch, c.epochMillis, `"` + c.sql + `"`}
		for i, want := range want {
			tm := time.Unix(c.sec, c.nsec).In(time.FixedZone("", 3600))
			if got := TimeFormat(i).append(nil, tm); string(got) != want {
				t.Errorf("%s.append(%d.%09d) = %s, want %s", TimeFormat(i), c.sec, c.nsec, got, want)
			}
		}
	}
}

func TestTimeDouble(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100000 {
		sec, nsec := rng.Int64N(1<<32), rng.Int64N(1e9)
		if nsec%4 == 0 {
			sec = 1<<30 + sec%(1<<30)
		}
		want := strconv.FormatFloat(float64(sec)+float64(nsec)/1e9, 'g', 16, 64)
		if !strings.Contains(want, ".") && float64(sec)+float64(nsec)/1e9 == math.Trunc(float64(sec)+float64(nsec)/1e9) {
			want += ".0"
		}
		if got := TimeDouble.append(nil, time.Unix(sec, nsec)); string(got) != want {
			t.Fatalf("TimeDouble.append(%d.%09d) = %s, want %s", sec, nsec, got, want)
		}
	}
}

func TestTimeFormatText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		want TimeFormat
	}{
		{"double", TimeDouble}, {"iso8601", TimeISO8601}, {"ISO8601", TimeISO8601}, {"epoch", TimeEpoch}, {"epoch_ms", TimeEpochMillis},
		{"epoch_millis", TimeEpochMillis}, {"epoch_milliseconds", TimeEpochMillis}, {"java_sql_timestamp", TimeJavaSQL},
	}
	for _, c := range cases {
		got := TimeFormat(99)
		if err := got.UnmarshalText([]byte(c.text)); err != nil || got != c.want {
			t.Errorf("UnmarshalText(%s) = %v, %v, want %v", c.text, got, err, c.want)
		}
		var again TimeFormat
		text, err := got.MarshalText()
		if err == nil {
			err = again.UnmarshalText(text)
		}
		if err != nil || again != got || string(text) != got.String() {
			t.Errorf("MarshalText(%v) = %s, %v, want its name", got, text, err)
		}
	}
	const want = `"rfc" is not a time format (want double, iso8601, epoch, epoch_ms or java_sql_timestamp)`
	if err := new(TimeFormat).UnmarshalText([]byte("rfc")); err == nil || err.Error() != want {
		t.Errorf("UnmarshalText(rfc) = %v, want %s", err, want)
	}
	if text, err := TimeFormat(9).MarshalText(); err == nil {
		t.Errorf("TimeFormat(9).MarshalText() = %s, want an error", text)
	}
}

func TestJSONAllocations(t *testing.T) {
	s := NewScanner(encoded(t, nil, Header{Time: corpusTime}, access(3)))
	if !s.Next() {
		t.Fatal(s.Err())
	}
	ev, dst := s.Event(), make([]byte, 0, 4096)
	for tf := range TimeFormat(len(timeFormats)) {
		f := JSONFormat{TimeKey: "date", TimeFormat: tf}
		if n := testing.AllocsPerRun(100, func() { _, _ = f.AppendEvent(dst, &ev) }); n > 0 {
			t.Errorf("AppendEvent(%s) allocates %v times, want 0", tf, n)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = Raw(ev.Body).AppendJSON(dst) }); n > 0 {
		t.Errorf("AppendJSON() allocates %v times, want 0", n)
	}
}

// BenchmarkJSON makes lines of JSON from a chunk, and does the same through a map.
func BenchmarkJSON(b *testing.B) {
	events := map[string][]byte{
		"S": encoded(b, nil, Header{Time: corpusTime}, smallRecord()),
		"A": encoded(b, nil, Header{Time: corpusTime}, access(1)),
	}
	for name, event := range events {
		chunk := bytes.Repeat(event, 256)
		b.Run(name+"/AppendEvent", func(b *testing.B) { benchLines(b, chunk, appendLines) })
		b.Run(name+"/map", func(b *testing.B) { benchLines(b, chunk, mapLines) })
	}
}

func benchLines(b *testing.B, chunk []byte, lines func(dst, chunk []byte) ([]byte, error)) {
	var dst []byte
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = lines(dst[:0], chunk); err != nil {
			b.Fatal(err)
		}
	}
}

func appendLines(dst, chunk []byte) ([]byte, error) {
	f := JSONFormat{TimeKey: "date"}
	s := NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		var err error
		if dst, err = f.AppendEvent(dst, &ev); err != nil {
			return dst, err
		}
		dst = append(dst, '\n')
	}
	return dst, s.Err()
}

// mapLines is what is written without AppendEvent: msgpack/v5 and encoding/json.
func mapLines(dst, chunk []byte) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	s := NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		var m map[string]any
		if err := msgpack.Unmarshal(ev.Body, &m); err != nil {
			return nil, err
		}
		m["date"] = float64(ev.Time.UnixNano()) / 1e9
		if err := enc.Encode(m); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), s.Err()
}
