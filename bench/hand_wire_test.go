package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unsafe"
)

// The readers of the hand-written decoders. Each reads the value at b[i:] and returns where the next one is.

// groupEnd is the first of the two seconds that mark groups and are no times (flb_log_event_decoder.c).
const groupEnd = 0xfffffffe

var (
	errShort = fmt.Errorf("truncated: %w", io.ErrUnexpectedEOF)
	errType  = errors.New("value of another type")
	errRange = errors.New("number out of range")
	errDepth = errors.New("nested too deep")
)

// readHeader reads all of an event up to its record. Metadata is skipped.
func readHeader(b []byte, i int) (time.Time, int, error) {
	if len(b)-i < 13 || string(b[i:i+4]) != "\x92\x92\xd7\x00" {
		return readOtherHeader(b, i)
	}
	t, err := eventTime(b[i+4 : i+12])
	if err != nil || b[i+12] == 0x80 {
		return t, i + 13, err
	}
	i, err = skipMap(b, i+12)
	return t, i, err
}

func eventTime(b []byte) (time.Time, error) {
	sec, nsec := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if sec >= groupEnd || nsec >= 1e9 {
		return time.Time{}, errTime
	}
	return time.Unix(int64(sec), int64(nsec)).UTC(), nil
}

// readOtherHeader reads the legacy form, an EventTime of the ext8 form, and what is truncated.
func readOtherHeader(b []byte, i int) (t time.Time, _ int, err error) {
	if i, err = expect(b, i, "\x92"); err != nil {
		return t, i, err
	}
	v2 := i < len(b) && b[i] == 0x92
	if v2 {
		i++
	}
	form := "\xd7\x00"
	if i < len(b) && b[i] == 0xc7 {
		form = "\xc7\x08\x00"
	}
	if i, err = expect(b, i, form); err != nil {
		return t, i, err
	}
	if len(b)-i < 8 {
		return t, i, errShort
	}
	t, err = eventTime(b[i : i+8])
	i += 8
	if v2 && err == nil {
		i, err = skipMap(b, i)
	}
	return t, i, err
}

func expect(b []byte, i int, head string) (int, error) {
	if len(b)-i < len(head) {
		return i, errShort
	}
	if string(b[i:i+len(head)]) != head {
		return i, errType
	}
	return i + len(head), nil
}

func atNil(b []byte, i int) bool { return i < len(b) && b[i] == 0xc0 }

func readMapHead(b []byte, i int) (n, next int, err error) {
	if i >= len(b) {
		return 0, i, errShort
	}
	switch c := b[i]; {
	case c&0xf0 == 0x80:
		n, next = int(c&0x0f), i+1
	case c == 0xde && len(b)-i >= 3:
		n, next = int(binary.BigEndian.Uint16(b[i+1:])), i+3
	case c == 0xdf && len(b)-i >= 5:
		n, next = int(binary.BigEndian.Uint32(b[i+1:])), i+5
	default:
		return 0, i, noHead(c, 0xde)
	}
	if n > (len(b)-next)/2 {
		return 0, i, errShort
	}
	return n, next, nil
}

func readArrayHead(b []byte, i int) (n, next int, err error) {
	if i >= len(b) {
		return 0, i, errShort
	}
	switch c := b[i]; {
	case c&0xf0 == 0x90:
		n, next = int(c&0x0f), i+1
	case c == 0xdc && len(b)-i >= 3:
		n, next = int(binary.BigEndian.Uint16(b[i+1:])), i+3
	case c == 0xdd && len(b)-i >= 5:
		n, next = int(binary.BigEndian.Uint32(b[i+1:])), i+5
	default:
		return 0, i, noHead(c, 0xdc)
	}
	if n > len(b)-next {
		return 0, i, errShort
	}
	return n, next, nil
}

// noHead tells a head of code that is cut off from another type.
func noHead(c, code byte) error {
	if c&^1 == code {
		return errShort
	}
	return errType
}

func readString(b []byte, i int) (string, int, error) {
	if i < len(b) && b[i]&0xe0 == 0xa0 {
		if end := i + 1 + int(b[i]&0x1f); end <= len(b) {
			return alias(b[i+1 : end]), end, nil
		}
	}
	return readLongString(b, i)
}

func readLongString(b []byte, i int) (string, int, error) {
	p, i, err := readPayload(b, i, 0xd9)
	return alias(p), i, err
}

func readBinary(b []byte, i int) ([]byte, int, error) { return readPayload(b, i, 0xc4) }

// readPayload reads bytes whose length is in 8, 16 or 32 bits, or nil; code is of the first.
func readPayload(b []byte, i int, code byte) ([]byte, int, error) {
	if i >= len(b) {
		return nil, i, errShort
	}
	left, n := len(b)-i, uint64(0)
	switch c := b[i]; {
	case c == code && left >= 2:
		n, i = uint64(b[i+1]), i+2
	case c == code+1 && left >= 3:
		n, i = uint64(binary.BigEndian.Uint16(b[i+1:])), i+3
	case c == code+2 && left >= 5:
		n, i = uint64(binary.BigEndian.Uint32(b[i+1:])), i+5
	case c == 0xc0:
		return nil, i + 1, nil
	case c >= code && c <= code+2 || c&0xe0 == 0xa0 && code == 0xd9:
		return nil, i, errShort
	default:
		return nil, i, errType
	}
	if n > uint64(len(b)-i) {
		return nil, i, errShort
	}
	end := i + int(n)
	return b[i:end:end], end, nil
}

// alias is b as a string that is valid as long as the chunk is.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func readInt(b []byte, i int) (int, int, error) {
	v, i, err := readInt64(b, i)
	return int(v), i, err
}

func readInt64(b []byte, i int) (int64, int, error) {
	v, next, err := readBits(b, i)
	if err == nil && v > math.MaxInt64 && b[i] == 0xcf {
		err = errRange
	}
	return int64(v), next, err
}

func readUint64(b []byte, i int) (uint64, int, error) {
	v, next, err := readBits(b, i)
	if err == nil && v > math.MaxInt64 && b[i] != 0xcf {
		err = errRange
	}
	return v, next, err
}

func readUint32(b []byte, i int) (uint32, int, error) {
	v, i, err := readBits(b, i)
	if err == nil && v > math.MaxUint32 {
		err = errRange
	}
	return uint32(v), i, err
}

// readBits reads an integer of any encoding, its sign extended, or nil as 0.
func readBits(b []byte, i int) (v uint64, next int, err error) {
	if i >= len(b) {
		return 0, i, errShort
	}
	c := b[i]
	if int8(c) >= -32 {
		return uint64(int8(c)), i + 1, nil
	}
	if c == 0xc0 {
		return 0, i + 1, nil
	}
	if c < 0xcc || c > 0xd3 {
		return 0, i, errType
	}
	next = i + 1 + 1<<(c&3)
	if next > len(b) {
		return 0, i, errShort
	}
	switch c {
	case 0xcc:
		v = uint64(b[i+1])
	case 0xcd:
		v = uint64(binary.BigEndian.Uint16(b[i+1:]))
	case 0xce:
		v = uint64(binary.BigEndian.Uint32(b[i+1:]))
	case 0xd0:
		v = uint64(int8(b[i+1]))
	case 0xd1:
		v = uint64(int16(binary.BigEndian.Uint16(b[i+1:])))
	case 0xd2:
		v = uint64(int32(binary.BigEndian.Uint32(b[i+1:])))
	default:
		v = binary.BigEndian.Uint64(b[i+1:])
	}
	return v, next, nil
}

func readFloat64(b []byte, i int) (float64, int, error) {
	if len(b)-i >= 9 && b[i] == 0xcb {
		return math.Float64frombits(binary.BigEndian.Uint64(b[i+1:])), i + 9, nil
	}
	return readOtherFloat(b, i)
}

func readFloat32(b []byte, i int) (float32, int, error) {
	v, i, err := readFloat64(b, i)
	return float32(v), i, err
}

// readOtherFloat reads a float32, a float64 that is cut off, and integers.
func readOtherFloat(b []byte, i int) (float64, int, error) {
	switch {
	case len(b)-i >= 5 && b[i] == 0xca:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b[i+1:]))), i + 5, nil
	case i < len(b) && (b[i] == 0xca || b[i] == 0xcb):
		return 0, i, errShort
	case i < len(b) && b[i] == 0xcf:
		v, i, err := readUint64(b, i)
		return float64(v), i, err
	}
	v, i, err := readInt64(b, i)
	return float64(v), i, err
}

// maxDepth bounds how deep the bytes make readAny call itself.
const maxDepth = 64

// readAny reads any value but extensions.
func readAny(b []byte, i, depth int) (any, int, error) {
	if i >= len(b) {
		return nil, i, errShort
	}
	if depth > maxDepth {
		return nil, i, errDepth
	}
	switch c := b[i]; {
	case c&0xe0 == 0xa0 || c >= 0xd9 && c <= 0xdb:
		return boxed(readString(b, i))
	case c&0xf0 == 0x80 || c == 0xde || c == 0xdf:
		return boxed(readAnyMap(b, i, depth+1, nil))
	case c&0xf0 == 0x90 || c == 0xdc || c == 0xdd:
		return boxed(readAnySlice(b, i, depth+1))
	case c == 0xca || c == 0xcb:
		return boxed(readFloat64(b, i))
	case c == 0xcf:
		v, i, err := readUint64(b, i)
		if v > math.MaxInt64 {
			return v, i, err
		}
		return int64(v), i, err
	case c == 0xc0:
		return nil, i + 1, nil
	case c == 0xc2 || c == 0xc3:
		return c == 0xc3, i + 1, nil
	case c >= 0xc4 && c <= 0xc6:
		return boxed(readBinary(b, i))
	}
	return boxed(readInt64(b, i))
}

func boxed[T any](v T, i int, err error) (any, int, error) { return v, i, err }

func readAnySlice(b []byte, i, depth int) (s []any, _ int, err error) {
	n, i, err := readArrayHead(b, i)
	if err != nil {
		return nil, i, err
	}
	s = make([]any, n)
	for k := range s {
		if s[k], i, err = readAny(b, i, depth); err != nil {
			return nil, i, err
		}
	}
	return s, i, nil
}

func skipMap(b []byte, i int) (int, error) {
	if _, _, err := readMapHead(b, i); err != nil {
		return i, err
	}
	return skip(b, i)
}

// skip walks over a value and what is in it.
func skip(b []byte, i int) (int, error) {
	for n := 1; n > 0; n-- {
		if i >= len(b) {
			return i, errShort
		}
		size, children, err := extent(b[i:])
		if err != nil {
			return i, err
		}
		if size > uint64(len(b)-i) {
			return i, errShort
		}
		i += int(size)
		n += children
	}
	return i, nil
}

// extent returns the size of the value that b begins with, without its children, and how many these are.
func extent(b []byte) (size uint64, children int, err error) {
	switch c := b[0]; {
	case c <= 0x7f, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3:
		return 1, 0, nil
	case c&0xe0 == 0xa0:
		return 1 + uint64(c&0x1f), 0, nil
	case c&0xf0 == 0x80, c&^1 == 0xde:
		n, next, err := readMapHead(b, 0)
		return uint64(next), 2 * n, err
	case c&0xf0 == 0x90, c&^1 == 0xdc:
		n, next, err := readArrayHead(b, 0)
		return uint64(next), n, err
	case c >= 0xca && c <= 0xcb:
		return 5 + 4*uint64(c&1), 0, nil
	case c >= 0xcc && c <= 0xd3:
		return 1 + 1<<(c&3), 0, nil
	case c >= 0xd4 && c <= 0xd8:
		return 2 + 1<<(c-0xd4), 0, nil
	case c >= 0xc4 && c <= 0xc6:
		n, err := lengthAt(b, 1<<(c-0xc4))
		return n, 0, err
	case c >= 0xc7 && c <= 0xc9:
		n, err := lengthAt(b, 1<<(c-0xc7))
		return n + 1, 0, err
	case c >= 0xd9 && c <= 0xdb:
		n, err := lengthAt(b, 1<<(c-0xd9))
		return n, 0, err
	}
	return 0, 0, errType
}

// lengthAt returns the size of a value whose length is in the width bytes behind its code.
func lengthAt(b []byte, width int) (uint64, error) {
	if len(b) <= width {
		return 0, errShort
	}
	n := uint64(0)
	for _, c := range b[1 : 1+width] {
		n = n<<8 | uint64(c)
	}
	return 1 + uint64(width) + n, nil
}

func shortString(b []byte, i int) (s string, end int) {
	if i < len(b) && b[i]&0xe0 == 0xa0 {
		if end = i + 1 + int(b[i]&0x1f); end <= len(b) {
			return alias(b[i+1 : end]), end
		}
	}
	return "", 0
}
