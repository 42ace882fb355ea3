package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzJSON feeds bytes to AppendJSON and AppendEvent. Both take what the decoder takes, and
// write what encoding/json does.
func FuzzJSON(f *testing.F) {
	files, err := filepath.Glob("testdata/*.chunk")
	if err != nil || len(files) == 0 {
		f.Fatalf("Glob(testdata/*.chunk) = %v, %v", files, err)
	}
	for _, name := range files {
		chunk, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		s := NewScanner(chunk)
		for s.Next() {
			f.Add(s.Event().Body, "date", uint8(s.Event().Index), int64(corpusTime.UnixNano()))
		}
	}
	f.Add(unhex(f, everyFormat), "", uint8(0), int64(0))
	f.Add(unhex(f, "84 a161 01 01 02 a131 03 a161 c4022261"), "1", uint8(1), int64(-1))
	f.Fuzz(func(t *testing.T, b []byte, key string, tf uint8, nsec int64) {
		dst := make([]byte, 2, 64)
		got, err := Raw(b).AppendJSON(dst)
		checkError(t, err)
		if _, want := verify(b, maxDepth); b != nil && (err == nil) != (want == nil) {
			t.Fatalf("AppendJSON(%x) = %v, want %v", b, err, want)
		}
		if err != nil && !bytes.Equal(got, dst) {
			t.Fatalf("AppendJSON(%x) on error = %q, want dst", b, got)
		}
		if err == nil && b != nil {
			checkJSON(t, b)
		}
		ev := Event{Header: Header{Time: time.Unix(0, nsec)}, Body: b}
		fuzzEvent(t, JSONFormat{TimeKey: key, TimeFormat: TimeFormat(tf)}, &ev)
	})
}

// fuzzEvent expects the time and then the record, or the record if it has the time's key.
func fuzzEvent(t *testing.T, f JSONFormat, ev *Event) {
	t.Helper()
	got, err := f.AppendEvent(nil, ev)
	checkError(t, err)
	if err != nil {
		return
	}
	record, err := Raw(ev.Body).AppendJSON(nil)
	if err != nil || !json.Valid(got) || !utf8.Valid(got) {
		t.Fatalf("AppendEvent(%x) = %q, AppendJSON = %v", ev.Body, got, err)
	}
	if bytes.Equal(got, record) {
		return
	}
	members, ok := parsed(t, record).(map[string]any)
	if _, has := members[f.TimeKey]; !ok || has && utf8.ValidString(f.TimeKey) || !bytes.HasSuffix(got, record[1:]) {
		t.Fatalf("AppendEvent(%x, %q) = %s, but the record is %s", ev.Body, f.TimeKey, got, record)
	}
	if f.TimeKey == "" || !f.TimeFormat.valid() {
		t.Fatal(errors.New("a time that nobody asked for"))
	}
}
