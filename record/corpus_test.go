package record

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/*.chunk anew")

// corpus writes the chunks of testdata, which look like those of real inputs.
var corpus = map[string]func(t *testing.T) []byte{
	"access_v2": func(t *testing.T) []byte {
		var chunk []byte
		for i := range 5 {
			chunk = encoded(t, chunk, Header{Time: corpusTime.Add(time.Duration(i) * time.Millisecond)}, access(i))
		}
		return chunk
	},
	"syslog_legacy": func(t *testing.T) []byte {
		chunk := unhex(t, "92 ce6553f100")
		chunk = append(chunk, encodedBody(t, map[string]any{"ident": "sshd", "pid": 4242, "message": "Accepted publickey for ops"})...)
		chunk = append(chunk, unhex(t, "92 cb41d954fc40200000")...)
		chunk = append(chunk, encodedBody(t, map[string]any{"ident": "cron", "pri": -1})...)
		chunk = append(chunk, unhex(t, "92 c70800 6553f101 00000001")...)
		return append(chunk, encodedBody(t, map[string]any{"ident": "kernel", "message": "usb 1-1: new device"})...)
	},
	"otlp_group": func(t *testing.T) []byte {
		chunk := unhex(t, "92 92 d700 ffffffff 00000000")
		chunk = append(chunk, encodedBody(t, map[string]any{"schema": "otlp", "resource_id": 0, "scope_id": 0})...)
		chunk = append(chunk, encodedBody(t, map[string]any{
			"resource": map[string]any{"attributes": map[string]any{"service.name": "cart"}},
			"scope":    map[string]any{"name": "otel", "version": "1.2"},
		})...)
		h := Header{Time: corpusTime, Metadata: map[string]any{"otlp": map[string]any{"severity_number": 9}}}
		chunk = encoded(t, chunk, h, map[string]any{"log": "checkout done"})
		chunk = encoded(t, chunk, h, map[string]any{"log": "checkout failed"})
		chunk = append(chunk, unhex(t, "92 92 d700 fffffffe 00000000 80 80")...)
		return encoded(t, chunk, Header{Time: corpusTime}, map[string]any{"log": "after"})
	},
	"non_minimal": func(t *testing.T) []byte {
		return unhex(t, "dd00000002 dc0002 d700 6553f100 00000000 df00000000 df00000001 db00000003 6c6f67 da0002 6f6b"+
			"dc0002 92 d30000000065000000 de0000 de0001 d90161 c50001ff")
	},
}

var corpusTime = time.Date(2023, 11, 14, 22, 13, 20, 123456789, time.UTC)

func encoded[R any](t testing.TB, dst []byte, h Header, r R) []byte {
	t.Helper()
	enc, err := NewEncoder[R]()
	if err != nil {
		t.Fatal(err)
	}
	dst, err = enc.Append(dst, &h, &r, 0)
	if err != nil {
		t.Fatal(err)
	}
	return dst
}

// encodedBody is the record alone.
func encodedBody[R any](t testing.TB, r R) []byte {
	t.Helper()
	chunk := encoded(t, nil, Header{Time: corpusTime}, r)
	s := NewScanner(chunk)
	if !s.Next() {
		t.Fatalf("Next() on an encoded event = false, %v", s.Err())
	}
	return s.Event().Body
}

func corpusFile(name string) string { return filepath.Join("testdata", name+".chunk") }

func TestCorpus(t *testing.T) {
	t.Parallel()
	events := map[string]int{"access_v2": 5, "syslog_legacy": 3, "otlp_group": 3, "non_minimal": 2}
	for name, chunk := range corpus {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if *update {
				if err := os.WriteFile(corpusFile(name), chunk(t), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(corpusFile(name))
			if err != nil {
				t.Fatal(err)
			}
			if got := chunk(t); !bytes.Equal(canonical(t, got), canonical(t, want)) {
				t.Errorf("encoded chunk is not %s; -update writes it", corpusFile(name))
			}
			if n, err := Count(want); n != events[name] || err != nil {
				t.Errorf("Count(%s) = %d, %v, want %d, nil", name, n, err, events[name])
			}
			checkTruncations(t, want)
			checkBodies(t, want)
		})
	}
}

// checkBodies decodes all records, and truncations of them, as any.
func checkBodies(t *testing.T, chunk []byte) {
	t.Helper()
	dec, err := NewDecoder[any]()
	if err != nil {
		t.Fatal(err)
	}
	var r any
	s := NewScanner(chunk)
	for s.Next() {
		body := s.Event().Body
		if err := dec.Decode(body, &r); err != nil {
			t.Errorf("Decode(event %d) = %v", s.Event().Index, err)
		}
		for n := range body {
			if err := dec.Decode(body[:n:n], &r); err == nil {
				t.Errorf("Decode(first %d bytes of event %d) = nil, want an error", n, s.Event().Index)
			}
		}
	}
}
