package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 123456789, time.UTC)

func mustWrite(t *testing.T, o Options, items ...Item) []byte {
	t.Helper()
	var file bytes.Buffer
	w := NewWriter(&file, o)
	for _, it := range items {
		if err := w.Write(it); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// readAll returns the items before an error.
func readAll(r io.Reader) (items []Item, err error) {
	for it, err := range Read(r) {
		if err != nil {
			return items, err
		}
		items = append(items, it)
	}
	return items, nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := []Item{
		{noon, "kafka.0", "app.web", []byte{0x92, 0xcf}, OK},
		{noon.Add(time.Second), "kafka.0", "tag \xff", bytes.Repeat([]byte{7}, 100_000), Retry},
		{noon, "", "", []byte{}, Error},
	}
	got, err := readAll(bytes.NewReader(mustWrite(t, Options{}, want...)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestDiagnosticNotation(t *testing.T) {
	t.Parallel()
	got, err := cbor.Diagnose(mustWrite(t, Options{}, Item{noon, "kafka.0", "app", []byte{0x92, 0x01, 0x80}, Retry}))
	want := `{"version": 1, "time": 0("2026-01-02T12:00:00.123456789Z"), "kind": "flush", "section": "kafka.0", "tag": "app", "verdict": "retry", "chunk": h'920180'}`
	if err != nil || got != want {
		t.Errorf("Diagnose() = %s, %v\nwant %s", got, err, want)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	good := mustWrite(t, Options{}, Item{Time: noon, Verdict: OK})
	item := func(w wire) []byte {
		b, err := encoding().Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		name string
		more []byte
		want string
	}{
		{"cut off", good[:len(good)-1], "unexpected EOF"},
		{"another version", item(wire{Version: 2}), "version 2, want 1"},
		{"another kind", item(wire{Version: 1, Kind: "collect"}), `kind "collect", want "flush"`},
		{"another verdict", item(wire{Version: 1, Kind: "flush", Verdict: "no"}), `verdict "no", want "ok", "retry" or "error"`},
		{"no map", []byte{0x01}, "cbor: cannot unmarshal positive integer into Go value of type capture.wire"},
		{"no CBOR", []byte{0xff}, `cbor: unexpected "break" code`},
		{"a length that is not there", []byte("\xa1\x65chunk\x5b\x00\x00\x7f\xff\xff\xff\xff\xff"), "unexpected EOF"},
		{"a key twice", []byte("\xa2\x63tag\x60\x63tag\x60"), `cbor: found duplicate map key "tag" at map element index 1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			items, err := readAll(bytes.NewReader(append(bytes.Clone(good), tt.more...)))
			want := fmt.Sprintf("capture: item 1 at byte %d: %s", len(good), tt.want)
			if len(items) != 1 || err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("Read() = %d items, %v, want 1, %s", len(items), err, want)
			}
		})
	}
}

type endless struct{ head []byte }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	clear(p[n:])
	return len(p), nil
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	r := &endless{[]byte("\xa1\x65chunk\x5b\x00\x00\x7f\xff\xff\xff\xff\xff")}
	for it, err := range read(r, 1<<20) {
		if !errors.Is(err, errItemTooLarge) {
			t.Errorf("read() = %v, %v, want %v", it, err, errItemTooLarge)
		}
	}
}

func TestWriterIsBounded(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := NewWriter(&file, Options{MaxFile: 250, MaxChunk: 100})
	write := func(size int) error { return w.Write(Item{Time: noon, Verdict: OK, Chunk: make([]byte, size)}) }
	for _, tt := range []struct {
		size int
		want string
	}{
		{101, "capture: chunk of 101 bytes left out of the capture: more than 100"},
		{100, ""},
		{100, "capture: item of 192 bytes left out of the capture: it would hold more than 250"},
		{0, "capture: item of 91 bytes left out of the capture: it would hold more than 250"},
	} {
		err := write(tt.size)
		if tt.want == "" {
			if err != nil {
				t.Errorf("Write(%d bytes) = %v, want nil", tt.size, err)
			}
			continue
		}
		if !errors.Is(err, ErrLeftOut) || err.Error() != tt.want {
			t.Errorf("Write(%d bytes) = %v, want %s", tt.size, err, tt.want)
		}
	}
	if items, err := readAll(&file); len(items) != 1 || err != nil {
		t.Errorf("Read() = %d items, %v, want 1, nil", len(items), err)
	}
}

type full struct{ calls int }

func (f *full) Write(p []byte) (int, error) { f.calls++; return len(p) / 2, io.ErrShortWrite }

// Behind half an item nothing can be read.
func TestWriterStopsAtAnError(t *testing.T) {
	t.Parallel()
	var f full
	w := NewWriter(&f, Options{})
	for range 2 {
		if err := w.Write(Item{Time: noon, Verdict: OK}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("Write() = %v, want %v", err, io.ErrShortWrite)
		}
	}
	if f.calls != 1 {
		t.Errorf("%d writes, want 1", f.calls)
	}
}

func TestWriterIsConcurrent(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := NewWriter(&file, Options{Redact: []string{"x"}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if err := w.Write(Item{Time: noon, Verdict: OK, Chunk: []byte{1, 2, 3}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if items, err := readAll(&file); len(items) != 400 || err != nil {
		t.Errorf("Read() = %d items, %v, want 400, nil", len(items), err)
	}
}

func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	_ = NewWriter(&file, Options{}).Write(Item{noon, "a", "b", []byte{1}, OK})
	f.Add(file.Bytes())
	f.Add([]byte("\xa1\x65chunk\x5b\x00\x00\x7f\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again bytes.Buffer
		w := NewWriter(&again, Options{})
		items, _ := readAll(bytes.NewReader(b))
		for _, it := range items {
			if it.Time.Year() < 0 || it.Time.Year() > 9999 {
				return // RFC 3339 has no such time
			}
			if err := w.Write(it); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := readAll(&again); err != nil || len(got) != len(items) {
			t.Errorf("written and read again: %d items, %v, want %d, nil", len(got), err, len(items))
		}
	})
}
