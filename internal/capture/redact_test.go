package capture

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/calyptia/plugin/record"
)

func pack(t testing.TB, values ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := msgpack.NewEncoder(&b)
	enc.SetSortMapKeys(true)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

type m = map[string]any

func event(metadata, body m) any { return []any{[]any{1, metadata}, body} }

func TestRedact(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{"token": true, "auth": true}
	for _, tt := range []struct {
		name     string
		in, want any
	}{
		{"string", event(m{}, m{"token": "s3cret", "user": "jo"}), event(m{}, m{"token": "***", "user": "jo"})},
		{"any case", event(m{}, m{"Token": "s3cret"}), event(m{}, m{"Token": "***"})},
		{"in a map", event(m{}, m{"http": m{"token": "s3cret", "n": 1}}), event(m{}, m{"http": m{"token": "***", "n": 1}})},
		{"in a list", event(m{}, m{"all": []any{m{"token": "a"}, 1, m{"token": "b"}}}), event(m{}, m{"all": []any{m{"token": "***"}, 1, m{"token": "***"}}})},
		{"in metadata", event(m{"token": "s3cret"}, m{}), event(m{"token": "***"}, m{})},
		{"legacy event", []any{1, m{"token": "s3cret"}}, []any{1, m{"token": "***"}}},
		{"binary", event(m{}, m{"token": []byte("s3cret")}), event(m{}, m{"token": []byte("***")})},
		{"numbers", event(m{}, m{"token": []any{int64(1 << 40), -7, uint8(200), 1.5}}), event(m{}, m{"token": []any{0, 0, 0, float32(0)}})},
		{"nothing secret in them", event(m{}, m{"token": []any{nil, true, false}}), event(m{}, m{"token": []any{nil, true, false}})},
		{"all below", event(m{}, m{"auth": m{"user": "jo", "keys": []any{"k", m{"x": "y"}}}}), event(m{}, m{"auth": m{"user": "***", "keys": []any{"***", m{"x": "***"}}}})},
		{"not a value of that name", event(m{}, m{"name": "token"}), event(m{}, m{"name": "token"})},
		{"keys that are no text", []any{1, map[int]string{1: "token"}}, []any{1, map[int]string{1: "token"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole := event(nil, m{"before": "and after"})
			in, want := pack(t, whole, tt.in, whole), pack(t, whole, tt.want, whole)
			if diff := cmp.Diff(want, redact(in, keys)); diff != "" {
				t.Errorf("redact (-want +got):\n%s", diff)
			}
		})
	}
}

// What is not hidden is the same to the byte, however it was encoded.
func TestRedactKeepsBytes(t *testing.T) {
	t.Parallel()
	in := []byte("\xdc\x00\x02\xcf\x00\x00\x00\x00\x00\x00\x00\x01\xdf\x00\x00\x00\x02\xd9\x05token\xda\x00\x01x\xdb\x00\x00\x00\x01a\xd1\x00\x01")
	want := []byte("\xdc\x00\x02\xcf\x00\x00\x00\x00\x00\x00\x00\x01\xdf\x00\x00\x00\x02\xd9\x05token\xa3***\xdb\x00\x00\x00\x01a\xd1\x00\x01")
	if got := redact(in, map[string]bool{"token": true}); !bytes.Equal(got, want) {
		t.Errorf("redact = %x, want %x", got, want)
	}
}

// A secret behind a break is not found, so nothing is kept there; and the chunk stays broken.
func TestRedactBrokenChunk(t *testing.T) {
	t.Parallel()
	good := pack(t, event(m{}, m{"token": "s3cret"}))
	for _, tt := range []struct {
		name   string
		behind []byte
	}{
		{"cut off", good[:len(good)-1]},
		{"no msgpack", append([]byte{unused}, good...)},
		{"no end of levels", bytes.Repeat([]byte{0x91}, 10_000)},
		{"a length that is not there", []byte("\x81\xdb\xff\xff\xff\xffs3cret")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := redact(append(bytes.Clone(good), tt.behind...), map[string]bool{"token": true})
			if strings.Contains(string(got), "s3cret") || len(got) != len(good)-len("s3cret")+len("***")+1 {
				t.Errorf("redact = %q, want the good event and a break", got)
			}
			if n, err := record.Count(got); n != 1 || err == nil {
				t.Errorf("Count = %d, %v, want 1 and an error", n, err)
			}
		})
	}
}

func TestRedactInWrite(t *testing.T) {
	t.Parallel()
	file := mustWrite(t, Options{Redact: []string{"Token"}}, Item{Time: noon, Verdict: OK, Chunk: pack(t, event(m{}, m{"token": "s3cret"}))})
	if bytes.Contains(file, []byte("s3cret")) || !bytes.Contains(file, []byte("***")) {
		t.Errorf("capture = %q, want *** for the secret", file)
	}
}

// What record can read, it can still read, with as many events.
func FuzzRedact(f *testing.F) {
	f.Add(pack(f, event(m{"a": 1}, m{"token": []any{"s3cret", 1, 1.5, nil}, "b": m{"token": []byte("x")}})))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		before, err := record.Count(chunk)
		after, err2 := record.Count(redact(chunk, map[string]bool{"token": true}))
		if err == nil && (err2 != nil || after != before) {
			t.Errorf("Count = %d, %v after redact, want %d, nil", after, err2, before)
		}
	})
}
