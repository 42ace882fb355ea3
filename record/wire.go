package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// maxDepth bounds the nesting of a record or metadata that is read. Engines
// of today read at most 64 levels; the rest is room for later ones.
const maxDepth = 128

var (
	errTruncated = fmt.Errorf("truncated: %w", io.ErrUnexpectedEOF)
	errDepth     = fmt.Errorf("nested deeper than %d levels", maxDepth)
	errCode      = errors.New("byte 0xc1 is no msgpack")
)

// kind is what a msgpack value is, whatever its encoding.
type kind uint8

const (
	kindInvalid kind = iota
	kindNil
	kindBool
	kindUint // an integer that is not negative, of any signedness on the wire
	kindInt  // a negative integer
	kindFloat
	kindString
	kindBinary
	kindArray
	kindMap
	kindExt
)

// token is a value without children, or the head of one with them.
type token struct {
	kind kind
	ext  int8   // type of an extension
	n    int    // elements of an array, pairs of a map
	bits uint64 // of a bool (0 or 1), an integer, or a float64
	data []byte // of a string, binary or extension; aliases the input
}

func (t token) float() float64 { return math.Float64frombits(t.bits) }

// children is the number of values that follow a head.
func (t token) children() int {
	if t.kind == kindMap {
		return 2 * t.n
	}
	return t.n
}

// format says how a value that begins with one of the bytes 0xc0 to 0xdf goes on.
type format struct {
	kind  kind
	width uint8 // bytes of the number or length that follows
	fixed uint8 // length of a fixext
}

var formats = [32]format{
	{kind: kindNil}, {kind: kindInvalid}, {kind: kindBool}, {kind: kindBool},
	{kind: kindBinary, width: 1}, {kind: kindBinary, width: 2}, {kind: kindBinary, width: 4},
	{kind: kindExt, width: 1}, {kind: kindExt, width: 2}, {kind: kindExt, width: 4},
	{kind: kindFloat, width: 4}, {kind: kindFloat, width: 8},
	{kind: kindUint, width: 1}, {kind: kindUint, width: 2}, {kind: kindUint, width: 4}, {kind: kindUint, width: 8},
	{kind: kindInt, width: 1}, {kind: kindInt, width: 2}, {kind: kindInt, width: 4}, {kind: kindInt, width: 8},
	{kind: kindExt, fixed: 1}, {kind: kindExt, fixed: 2}, {kind: kindExt, fixed: 4}, {kind: kindExt, fixed: 8}, {kind: kindExt, fixed: 16},
	{kind: kindString, width: 1}, {kind: kindString, width: 2}, {kind: kindString, width: 4},
	{kind: kindArray, width: 2}, {kind: kindArray, width: 4},
	{kind: kindMap, width: 2}, {kind: kindMap, width: 4},
}

// sizes has the size of every value whose first byte tells it, else 0.
var sizes = func() (s [256]uint8) {
	for c := range s {
		switch {
		case c <= 0x7f || c >= 0xe0:
			s[c] = 1
		case 0xa0 <= c && c <= 0xbf:
			s[c] = uint8(1 + c&0x1f)
		case 0xc0 <= c:
			s[c] = fixedSize(formats[c-0xc0])
		}
	}
	return s
}()

func fixedSize(f format) uint8 {
	switch f.kind {
	case kindNil, kindBool, kindUint, kindInt, kindFloat:
		return 1 + f.width
	case kindExt:
		if f.fixed > 0 {
			return 2 + f.fixed
		}
	}
	return 0
}

// reader reads msgpack. A method that fails leaves off at the value at fault.
type reader struct {
	b   []byte
	off int
}

// next reads a token. Its length or count is no more than the input can hold.
func (r *reader) next() (token, error) {
	if r.off >= len(r.b) {
		return token{}, errTruncated
	}
	c := r.b[r.off]
	switch {
	case c <= 0x7f:
		r.off++
		return token{kind: kindUint, bits: uint64(c)}, nil
	case c <= 0x8f:
		return r.head(token{kind: kindMap}, 1, uint64(c&0x0f))
	case c <= 0x9f:
		return r.head(token{kind: kindArray}, 1, uint64(c&0x0f))
	case c <= 0xbf:
		return r.payload(token{kind: kindString}, 1, uint64(c&0x1f))
	case c >= 0xe0:
		r.off++
		return token{kind: kindInt, bits: uint64(int64(int8(c)))}, nil
	}
	return r.long(c, formats[c-0xc0])
}

// long reads a value of the bytes 0xc0 to 0xdf.
func (r *reader) long(c byte, f format) (token, error) {
	skip := 1 + int(f.width)
	if len(r.b)-r.off < skip {
		return token{}, errTruncated
	}
	n := bigEndian(r.b[r.off+1 : r.off+skip])
	t := token{kind: f.kind}
	switch f.kind {
	case kindInvalid:
		return token{}, errCode
	case kindString, kindBinary:
		return r.payload(t, skip, n)
	case kindArray, kindMap:
		return r.head(t, skip, n)
	case kindExt:
		return r.extension(t, skip, n+uint64(f.fixed))
	case kindBool:
		t.bits = uint64(c & 1)
	case kindFloat:
		t.bits = floatBits(n, f.width)
	case kindInt:
		t = integer(n, f.width)
	default:
		t.bits = n
	}
	r.off += skip
	return t, nil
}

func (r *reader) payload(t token, skip int, n uint64) (token, error) {
	start := r.off + skip
	if n > uint64(len(r.b)-start) {
		return token{}, errTruncated
	}
	r.off = start + int(n)
	t.data = r.b[start:r.off:r.off]
	return t, nil
}

func (r *reader) extension(t token, skip int, n uint64) (token, error) {
	at := r.off + skip
	if at >= len(r.b) {
		return token{}, errTruncated
	}
	t.ext = int8(r.b[at])
	return r.payload(t, skip+1, n)
}

func (r *reader) head(t token, skip int, n uint64) (token, error) {
	least := n // every child takes a byte or more
	if t.kind == kindMap {
		least = 2 * n
	}
	if least > uint64(len(r.b)-r.off-skip) {
		return token{}, errTruncated
	}
	r.off += skip
	t.n = int(n)
	return t, nil
}

// skip walks over n values, which may have depth levels of children.
func (r *reader) skip(n, depth int) error {
	b, off := r.b, r.off
	for ; n > 0; n-- {
		size := 1
		if off < len(b) {
			size = int(sizes[b[off]])
		}
		if size > len(b)-off {
			r.off = off
			return errTruncated
		}
		if size > 0 {
			off += size
			continue
		}
		r.off = off
		if err := r.skipLong(b[off], depth); err != nil {
			return err
		}
		off = r.off
	}
	r.off = off
	return nil
}

// skipLong walks over a value that begins with c, which does not tell its size.
func (r *reader) skipLong(c byte, depth int) error {
	at, children := r.off, 0
	switch c & 0xf0 {
	case 0x80:
		children = 2 * int(c&0x0f)
		r.off++
	case 0x90:
		children = int(c & 0x0f)
		r.off++
	default:
		t, err := r.next()
		if err != nil || t.kind != kindArray && t.kind != kindMap {
			return err
		}
		children = t.children()
	}
	if depth == 0 {
		r.off = at
		return errDepth
	}
	return r.skip(children, depth-1)
}

// verify reports where and why b is not exactly one value of at most depth levels.
func verify(b []byte, depth int) (off int, err error) {
	r := reader{b: b}
	if err := r.skip(1, depth); err != nil {
		return r.off, err
	}
	if r.off < len(b) {
		return r.off, fmt.Errorf("%d bytes after the value", len(b)-r.off)
	}
	return 0, nil
}

// isMap tells from a value's first byte.
func isMap(c byte) bool { return c&0xf0 == 0x80 || c == 0xde || c == 0xdf }

// bigEndian reads 0, 1, 2, 4 or 8 bytes.
func bigEndian(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func floatBits(n uint64, width uint8) uint64 {
	if width == 4 {
		return math.Float64bits(float64(math.Float32frombits(uint32(n))))
	}
	return n
}

// integer extends the sign of a signed integer of width bytes.
func integer(n uint64, width uint8) token {
	shift := 64 - 8*width
	i := int64(n<<shift) >> shift
	if i >= 0 {
		return token{kind: kindUint, bits: uint64(i)}
	}
	return token{kind: kindInt, bits: uint64(i)}
}
