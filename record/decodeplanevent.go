package record

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"unsafe"
)

// decodeFunc reads one value and sets the one at p to it.
type decodeFunc func(d *decodeState, p unsafe.Pointer) error

// Decode sets *r to the record body, which is one msgpack map.
//
// A body that is broken or does not fit R is an *[Error], without index and
// offset until [Event.Locate] adds them. *r is then partly set, and else as it was.
func (c *Decoder[R]) Decode(body []byte, r *R) error {
	d := c.plan.states.Get().(*decodeState)
	d.off, d.depth = 0, 0
	d.chunk = body
	d.use(c.plan)
	err := d.record(unsafe.Pointer(r))
	if err == nil && d.off < len(body) {
		err = &Error{Err: fmt.Errorf("%d bytes after the value", len(body)-d.off)}
	}
	d.b, d.chunk, d.copy, d.text = nil, nil, nil, ""
	c.plan.states.Put(d)
	if err != nil {
		err.Index, err.Offset = -1, -1
		return err
	}
	return nil
}

// Next moves s to the next event and sets *r to its record, in one pass over
// the bytes. It reports false where [Scanner.Next] does. An error with true is that of
// a record that does not fit R, an *[Error]; *r is then partly set, else as it
// was, and the next call moves on.
func (c *Decoder[R]) Next(s *Scanner, r *R) (bool, error) {
	if s.d.plan != c.plan {
		s.d.learned = slices.Clone(c.plan.learned)
		s.d.use(c.plan)
	}
	if !s.begin() {
		return false, nil
	}
	err := s.d.record(unsafe.Pointer(r))
	if err == nil {
		return s.complete(), nil
	}
	if s.d.off == s.body {
		return s.broken(err), nil
	}
	err.Index, err.Offset = s.count, s.start
	return s.complete(), err
}

// use reads d.chunk for plan, or a copy of it that strings may be parts of.
func (d *decodeState) use(plan *recordDecoder) {
	d.plan, d.b = plan, d.chunk
	if plan.texts && !plan.borrow {
		if d.copy == nil {
			d.copy = bytes.Clone(d.chunk)
		}
		d.b = d.copy
	}
	d.text = unsafe.String(unsafe.SliceData(d.b), len(d.b))
}

// record decodes the record that d is at. Of an error of the bytes d stays in
// front, of one that does not fit it is behind it.
func (d *decodeState) record(r unsafe.Pointer) *Error {
	start := d.off
	if start < len(d.b) && isMap(d.b[start]) {
		err := d.plan.decode(d, r)
		if err == nil {
			return nil
		}
		return d.recover(start, err)
	}
	_, err := d.rawMap("")
	d.off = start
	return err
}

// recover moves behind the record at start, which err was met in. It reads the chunk itself: methods of the author's
// types may have written to the copy.
func (d *decodeState) recover(start int, err error) *Error {
	at := d.off
	if m, ok := err.(misfit); ok {
		at, err = m.off, m.err
	}
	d.off, d.depth = start, 0
	r := reader{b: d.chunk, off: start}
	body, broken := r.rawMap("")
	if broken != nil {
		return broken
	}
	d.off = r.off
	return &Error{Path: pathTo(body, at-start), Err: err}
}

// bytes is data that was just read, not nil, in memory that strings are parts of.
func (d *decodeState) bytes(data []byte) []byte {
	if len(data) == 0 || d.plan == nil || !d.plan.texts {
		return append([]byte{}, data...)
	}
	s := d.string(data)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// scratch is bytes for methods of the author's types, which may do with them what they like.
func (d *decodeState) scratch(data []byte) []byte {
	if d.plan.borrow {
		return bytes.Clone(data)
	}
	return d.bytes(data)
}

// boxes is memory for the values in interfaces of one chunk. Each any of a string would otherwise be an allocation.
type boxes struct {
	use     bool
	strings []string
	numbers []uint64
}

const boxesAtOnce = 64

// box is any(s).
func (d *decodeState) box(s string) any {
	if !d.boxes.use {
		return s
	}
	if len(d.boxes.strings) == 0 {
		d.boxes.strings = make([]string, boxesAtOnce)
	}
	p := &d.boxes.strings[0]
	d.boxes.strings = d.boxes.strings[1:]
	*p = s
	return boxed(stringWord, unsafe.Pointer(p))
}

// boxInt is any(n).
func (d *decodeState) boxInt(n int64) any {
	if !d.boxes.use {
		return n
	}
	return boxed(int64Word, d.boxes.number(uint64(n)))
}

// boxFloat is any(f).
func (d *decodeState) boxFloat(f float64) any {
	if !d.boxes.use {
		return f
	}
	return boxed(float64Word, d.boxes.number(math.Float64bits(f)))
}

func (b *boxes) number(bits uint64) unsafe.Pointer {
	if len(b.numbers) == 0 {
		b.numbers = make([]uint64, boxesAtOnce)
	}
	p := &b.numbers[0]
	b.numbers = b.numbers[1:]
	*p = bits
	return unsafe.Pointer(p)
}

// The type words of interfaces.
var (
	stringWord  = typeWord("")
	int64Word   = typeWord(int64(0))
	float64Word = typeWord(float64(0))
)

func typeWord(v any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[0] }

// boxed is an interface of two words: its type, and where its value is.
func boxed(typ, value unsafe.Pointer) (v any) {
	*(*[2]unsafe.Pointer)(unsafe.Pointer(&v)) = [2]unsafe.Pointer{typ, value}
	return v
}
