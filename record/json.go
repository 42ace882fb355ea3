package record

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the value as JSON to dst and returns the longer slice. It is
// what encoding/json makes of the value decoded as any, except that
//
//   - binary is text like a string: sources that do not know the encoding of their text send binary;
//   - NaN and the infinities are null, as the engine writes NaN with json.convert_nan_to_null
//     on (without it, it writes nan, and always inf, which are no JSON);
//   - members keep the order that they have in the bytes; of equal keys only the last one
//     is written, as by the engine;
//   - <, >, & and U+2028 are not escaped.
//
// So integers are exact, floats are the shortest form that reads back as the same
// float64, timestamps are strings in RFC 3339 form with nanoseconds, other extensions
// are [Ext] with base64, keys are strings, and every byte that is no UTF-8 is U+FFFD.
//
// A nil Raw is null. On error, an *[Error] without index and offset, dst is returned
// as it was; what is between its length and its capacity may be overwritten. Nothing but dst is
// allocated, unless a map has equal keys, keys that are neither text nor integers, or more
// than 64 of them. AppendJSON may be called concurrently.
func (r Raw) AppendJSON(dst []byte) ([]byte, error) {
	if r == nil {
		return append(dst, "null"...), nil
	}
	w := jsonWriter{reader: reader{b: slices.Clip(r)}}
	if len(r) > 0 && isMap(r[0]) {
		m, err := w.record("")
		if err != nil {
			return dst, err
		}
		return w.members(append(dst, '{'), m), nil
	}
	if off, err := verify(r, maxDepth); err != nil {
		return dst, w.fail(off, err)
	}
	return w.value(dst), nil
}

// jsonWriter writes what it reads. Only record takes bytes that were not verified.
type jsonWriter struct {
	reader
	seen [2 * fewKeys]uint32 // room for a table of keys
}

// fewKeys are compared without an allocation.
const fewKeys = 64

// record verifies that all bytes are a map, and stops before its first pair.
func (w *jsonWriter) record(timeKey string) (pairs, error) {
	n, err := w.mapHead()
	if err == nil && uint64(len(w.b)) > math.MaxUint32 {
		err = errors.New("larger than 4 GiB")
	}
	if err != nil {
		return pairs{}, w.fail(0, err)
	}
	start := w.off
	m, err := w.survey(n, maxDepth-1, timeKey)
	if err == nil && w.off < len(w.b) {
		err = fmt.Errorf("%d bytes after the value", len(w.b)-w.off)
	}
	if err != nil {
		return m, w.fail(w.off, err)
	}
	w.off = start
	return m, nil
}

func (w *jsonWriter) mapHead() (n int, err error) {
	if len(w.b) > 0 && w.b[0]&0xf0 == 0x80 {
		w.off = 1
		return int(w.b[0] & 0x0f), nil
	}
	t, err := w.next()
	if err == nil && t.kind != kindMap {
		err = fmt.Errorf("%s is not a map", t)
	}
	return t.n, err
}

func (w *jsonWriter) fail(off int, err error) error {
	return &Error{Index: -1, Offset: -1, Path: pathTo(w.b, off), Err: err}
}

func (w *jsonWriter) value(dst []byte) []byte {
	switch c := w.b[w.off]; {
	case isFixstr(c):
		return appendText(dst, w.fixstr(c))
	case c <= 0x7f:
		w.off++
		return strconv.AppendUint(dst, uint64(c), 10)
	case c <= 0x8f:
		w.off++
		return w.object(dst, int(c&0x0f))
	case c <= 0x9f:
		w.off++
		return w.array(dst, int(c&0x0f))
	}
	return w.long(dst)
}

// long writes a value of the bytes 0xc0 to 0xff.
func (w *jsonWriter) long(dst []byte) []byte {
	c := w.b[w.off]
	start := w.off + 1
	if c >= 0xe0 {
		w.off = start
		return strconv.AppendInt(dst, int64(int8(c)), 10)
	}
	f := formats[c-0xc0]
	if f.kind == kindExt {
		t, _ := w.next()
		return appendJSONExt(dst, t)
	}
	w.off = start + int(f.width)
	n := bigEndian(w.b[start:w.off])
	switch f.kind {
	case kindString, kindBinary:
		return appendText(dst, w.take(int(n)))
	case kindMap:
		return w.object(dst, int(n))
	case kindArray:
		return w.array(dst, int(n))
	case kindUint:
		return strconv.AppendUint(dst, n, 10)
	case kindInt:
		return strconv.AppendInt(dst, int64(integer(n, f.width).bits), 10)
	case kindFloat:
		return appendJSONFloat(dst, math.Float64frombits(floatBits(n, f.width)))
	case kindBool:
		return strconv.AppendBool(dst, c&1 == 1)
	}
	return append(dst, "null"...)
}

// take returns the next n bytes, with the capacity of those that follow.
func (r *reader) take(n int) []byte {
	start := r.off
	r.off += n
	return r.b[start:r.off]
}

func (w *jsonWriter) array(dst []byte, n int) []byte {
	dst = append(dst, '[')
	for range n {
		dst = append(w.value(dst), ',')
	}
	return closed(dst, ']')
}

func (w *jsonWriter) object(dst []byte, n int) []byte {
	m := pairs{n: n}
	if n > 1 {
		start := w.off
		m, _ = w.survey(n, maxDepth, "")
		w.off = start
	}
	return w.members(append(dst, '{'), m)
}

// members writes pairs and closes the object.
func (w *jsonWriter) members(dst []byte, m pairs) []byte {
	var buf [keySize]byte
	for range m.n {
		if len(m.hidden) > 0 && m.hidden[0] == w.off {
			m.hidden = m.hidden[1:]
			_ = w.skip(2, maxDepth)
			continue
		}
		dst = append(appendText(dst, w.name(buf[:0])), ':')
		dst = append(w.value(dst), ',')
	}
	return closed(dst, '}')
}

// closed ends an array or object where the last element's comma is, if there is one.
func closed(dst []byte, bracket byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst[last] = bracket
		return dst
	}
	return append(dst, bracket)
}

// pairs are those of a map.
type pairs struct {
	n      int
	hidden []int // places of keys that come again later, in order
	wanted bool  // whether a certain key is there
}

// survey walks over n pairs, and verifies them: depth levels of values may be in each.
func (w *jsonWriter) survey(n, depth int, wanted string) (pairs, error) {
	m := pairs{n: n}
	table := w.table(n)
	var buf [keySize]byte
	for range n {
		at := w.off
		if err := w.step(depth); err != nil {
			return m, err
		}
		r := reader{b: w.b, off: at}
		name := r.name(buf[:0])
		if last, ok := w.note(table, name, at); ok {
			m.hidden = append(m.hidden, last)
		}
		m.wanted = m.wanted || string(name) == wanted
		if err := w.step(depth); err != nil {
			return m, err
		}
	}
	slices.Sort(m.hidden)
	return m, nil
}

// step is skip for one value, the usual ones without a call.
func (r *reader) step(depth int) error {
	if r.off+1 < len(r.b) {
		size := int(sizes[r.b[r.off]])
		if r.b[r.off] == 0xd9 { // str8
			size = 2 + int(r.b[r.off+1])
		}
		if 0 < size && size <= len(r.b)-r.off {
			r.off += size
			return nil
		}
	}
	return r.skip(1, depth)
}

// table has a power of two of empty slots, twice as many as keys or more. A
// slot is for the place of a key, plus 1.
func (w *jsonWriter) table(n int) []uint32 {
	size := 2
	for size < 2*n {
		size *= 2
	}
	if size > len(w.seen) {
		return make([]uint32, size)
	}
	clear(w.seen[:size])
	return w.seen[:size]
}

// note enters the key at a place. It reports the place that the same key had before.
func (w *jsonWriter) note(table []uint32, name []byte, at int) (last int, ok bool) {
	mask := uint64(len(table) - 1)
	i := maphash.Bytes(keySeed, name) & mask
	for ; table[i] != 0; i = (i + 1) & mask {
		last = int(table[i] - 1)
		if ok = w.same(last, name); ok {
			break
		}
	}
	table[i] = uint32(at + 1)
	return last, ok
}

var keySeed = maphash.MakeSeed()

// same reports whether the key at a place is name.
func (w *jsonWriter) same(at int, name []byte) bool {
	var buf [keySize]byte
	r := reader{b: w.b, off: at}
	return string(r.name(buf[:0])) == string(name)
}

// keySize is enough for the decimal digits of an integer.
const keySize = 20

// name reads a key in string form, as key does. It may be in buf.
func (r *reader) name(buf []byte) []byte {
	if c := r.b[r.off]; isFixstr(c) {
		return r.fixstr(c)
	}
	return r.longName(buf)
}

func (r *reader) longName(buf []byte) []byte {
	at := r.off
	t, _ := r.next()
	switch t.kind {
	case kindString, kindBinary:
		return t.data
	case kindUint:
		return strconv.AppendUint(buf, t.bits, 10)
	case kindInt:
		return strconv.AppendInt(buf, int64(t.bits), 10)
	}
	d := decodeState{reader: reader{b: r.b, off: at}}
	key, _ := d.key()
	r.off = d.off
	return append(buf, key...)
}

// isFixstr tells from a value's first byte.
func isFixstr(c byte) bool { return c&0xe0 == 0xa0 }

func (r *reader) fixstr(c byte) []byte {
	start := r.off + 1
	r.off = start + int(c&0x1f)
	return r.b[start:r.off]
}

// appendText appends s as a JSON string.
func appendText(dst, s []byte) []byte {
	n := len(s)
	dst = slices.Grow(dst, n+10)
	out := dst[len(dst):cap(dst)]
	out[0] = '"'
	out = out[1:]
	i := 0
	for ; i+8 <= n; i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		if odd(x) != 0 {
			return appendEscaped(dst, s)
		}
		binary.LittleEndian.PutUint64(out[i:], x)
	}
	if i < n {
		x := last(s, n-i)
		if odd(x|blanks<<(8*(n-i))) != 0 {
			return appendEscaped(dst, s)
		}
		binary.LittleEndian.PutUint64(out[i:], x)
	}
	out[n] = '"'
	return dst[:len(dst)+n+2]
}

// last loads the last n bytes of s, 0 < n < 8, and zeroes.
func last(s []byte, n int) uint64 {
	if i := len(s) - n; i+8 <= cap(s) {
		return binary.LittleEndian.Uint64(s[i:i+8]) & (1<<(8*n) - 1)
	}
	if len(s) >= 8 {
		return binary.LittleEndian.Uint64(s[len(s)-8:]) >> (8 * (8 - n))
	}
	var x uint64
	for i, c := range s {
		x |= uint64(c) << (8 * i)
	}
	return x
}

const (
	ones   = 0x0101010101010101
	blanks = ' ' * ones
)

// odd marks bytes of x that JSON strings do not take as they are, or that are not ASCII: their
// high bit is set. Of those marked, the lowest is exact; a borrow may have marked others.
func odd(x uint64) uint64 {
	quote, backslash := x^'"'*ones, x^'\\'*ones
	return (x | (x-blanks)&^x | (quote-ones)&^quote | (backslash-ones)&^backslash) & (0x80 * ones)
}

// plain is the length of what needs no escape at the beginning of s.
func plain(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if x := odd(binary.LittleEndian.Uint64(s[i:])); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < len(s) && escapes[s[i]] == 0 {
		i++
	}
	return i
}

// escapes has 0 for bytes that need none, the letter after the backslash, or
// one of the two below.
var escapes = func() (e [256]byte) {
	for c := range e {
		if c < ' ' {
			e[c] = escapeHex
		}
		if c >= utf8.RuneSelf {
			e[c] = escapeRune
		}
	}
	for c, letter := range map[byte]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'} {
		e[c] = letter
	}
	return e
}()

const (
	escapeHex  = 'u'
	escapeRune = 0xff // begins a sequence of UTF-8, or is out of place
)

func appendEscaped(dst, s []byte) []byte {
	dst = append(dst, '"')
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return append(dst, '"')
		}
		size := 1
		if s[0] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(s)
		}
		if size > 1 {
			dst = append(dst, s[:size]...)
		} else {
			dst = appendEscape(dst, s[0], escapes[s[0]])
		}
		s = s[size:]
	}
}

func appendEscape(dst []byte, c, e byte) []byte {
	const hex = "0123456789abcdef"
	switch e {
	case escapeRune:
		return utf8.AppendRune(dst, utf8.RuneError)
	case escapeHex:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
	}
	return append(dst, '\\', e)
}

// appendJSONFloat follows encoding/json, and so ECMAScript.
func appendJSONFloat(dst []byte, f float64) []byte {
	abs := math.Abs(f)
	switch {
	case !(abs <= math.MaxFloat64):
		return append(dst, "null"...)
	case abs != 0 && abs < 1e-6 || abs >= 1e21:
		return appendExponent(dst, f)
	case abs < maxMicros:
		// Of decimals with up to 15 digits no two are the same float64. So one that is f is the shortest.
		if n := uint64(abs*1e6 + 0.5); float64(n)/1e6 == abs {
			if math.Signbit(f) {
				dst = append(dst, '-')
			}
			return appendMicros(dst, n)
		}
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// maxMicros has 15 digits with its millionths.
const maxMicros = 1e9

// appendMicros appends n/1e6 with no more digits than it needs.
func appendMicros(dst []byte, n uint64) []byte {
	dst = strconv.AppendUint(dst, n/1e6, 10)
	rest := n % 1e6
	if rest == 0 {
		return dst
	}
	point := len(dst)
	dst = strconv.AppendUint(dst, 1e6+rest, 10)
	dst[point] = '.'
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendExponent(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		return dst[:n-1]
	}
	return dst
}

func appendJSONExt(dst []byte, t token) []byte {
	if tm, ok := extTime(t); ok {
		dst = append(dst, '"')
		dst = tm.AppendFormat(dst, time.RFC3339Nano)
		return append(dst, '"')
	}
	dst = append(dst, `{"Type":`...)
	dst = strconv.AppendInt(dst, int64(t.ext), 10)
	dst = append(dst, `,"Data":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, t.data)
	return append(dst, `"}`...)
}
