package bench

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The yardstick is held to what any decoder must do.

func handDecoder(t *testing.T, s shape) decodeFunc {
	t.Helper()
	for _, c := range s.codecs {
		if c.name == "hand" {
			return c.decodes[0].run
		}
	}
	t.Fatalf("%s: no code by hand", s.name)
	return nil
}

func TestHandTruncated(t *testing.T) {
	t.Parallel()
	for s := range newShapes() {
		run := handDecoder(t, s)
		for n := range s.ends[1] {
			err := run(s.chunk[:n:n], nil)
			if whole := n == 0 || n == s.ends[0]; !whole && !errors.Is(err, io.ErrUnexpectedEOF) || whole && err != nil {
				t.Errorf("%s: decode(%d of %d bytes) error = %v, want unexpected EOF", s.name, n, s.ends[1], err)
			}
		}
	}
}

// TestHandBroken changes every byte; nothing may panic or be allocated on the word of a length.
func TestHandBroken(t *testing.T) {
	t.Parallel()
	for s := range newShapes() {
		run := handDecoder(t, s)
		for i := range s.ends[0] {
			for _, c := range []byte("\x00\x7f\x8f\x9f\xbf\xc0\xc1\xc4\xc6\xc9\xca\xcb\xcf\xd3\xd8\xdb\xdd\xdf\xff") {
				chunk := append([]byte(nil), s.chunk[:s.ends[0]]...)
				chunk[i] = c
				_ = run(chunk, nil)
			}
		}
	}
}

func TestHandOtherEncodings(t *testing.T) {
	t.Parallel()
	s := newShapeS()
	const (
		v2     = "\x92\x92\xd7\x00\x6b\x49\xd2\x00\x00\x00\x00\x01\x80"
		record = "\x84\xa5level\xa4info\xa7message\xa5hello\xa4host\xa1h\xa6status\xcc\xc8"
	)
	tests := []struct{ name, event string }{
		{"as it is written", v2 + record},
		{"metadata", v2[:12] + "\x81\xa1a\x92\xc0\x01" + record},
		{"legacy", "\x92" + v2[2:12] + record},
		{"time in ext8", "\x92\x92\xc7\x08\x00" + v2[4:] + record},
		{"map32, str8, str16, str32, int64", v2 + "\xdf\x00\x00\x00\x04\xdb\x00\x00\x00\x05level\xd9\x04info\xda\x00\x07message\xa5hello\xa4host\xa1h\xa6status" +
			"\xd3\x00\x00\x00\x00\x00\x00\x00\xc8"},
		{"nil", v2 + "\x82\xa5level\xc0\xa6status\xc0"},
		{"unknown keys", v2 + "\x83\xa1a\x92\xc7\x01\x05x\xd6\x01abcd\xa1b\x81\xc3\xc4\x01x\xa4host\xa1h"},
	}
	for _, tt := range tests {
		want, err := all(s.read, []byte(tt.event))
		if err != nil {
			t.Errorf("%s: read() error = %v", tt.name, err)
		}
		got, err := all(handDecoder(t, s), []byte(tt.event))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: decode() error = %v, mismatch (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestHandErrors(t *testing.T) {
	t.Parallel()
	run := handDecoder(t, newShapeS())
	const record = "\x81\xa6status\x01"
	tests := []struct{ name, event string }{
		{"group marker", "\x92\x92\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00\x80" + record},
		{"nanoseconds", "\x92\x92\xd7\x00\x6b\x49\xd2\x00\x3b\x9a\xca\x00\x80" + record},
		{"no map", "\x92\x92\xd7\x00\x6b\x49\xd2\x00\x00\x00\x00\x00\x80\x01"},
		{"string for a number", "\x92\x92\xd7\x00\x6b\x49\xd2\x00\x00\x00\x00\x00\x80\x81\xa6status\xa1x"},
		{"number too large", "\x92\x92\xd7\x00\x6b\x49\xd2\x00\x00\x00\x00\x00\x80\x81\xa6status\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
	}
	for _, tt := range tests {
		if err := run([]byte(tt.event), nil); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: decode() error = %v, want one that is not about missing bytes", tt.name, err)
		}
	}
}
