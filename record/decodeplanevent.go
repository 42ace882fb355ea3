package record

import (
	"bytes"
	"fmt"
	"slices"
	"unsafe"
)

// decodeFunc reads one value and sets the one at p to it.
type decodeFunc func(d *decodeState, p unsafe.Pointer) error

// Decode sets *r to the record body, which is one msgpack map.
//
// A body that is broken or does not fit R is an *[Error], without index and
// offset until [Event.Locate] adds them. *r is then partly set.
func (c *Decoder[R]) Decode(body []byte, r *R) error {
	d := c.plan.states.Get().(*decodeState)
	d.off, d.depth = 0, 0
	d.read(body)
	err := d.record(unsafe.Pointer(r))
	if err == nil && d.off < len(body) {
		err = &Error{Err: fmt.Errorf("%d bytes after the value", len(body)-d.off)}
	}
	d.b, d.text = nil, ""
	c.plan.states.Put(d)
	if err != nil {
		err.Index, err.Offset = -1, -1
		return err
	}
	return nil
}

// Next moves s to the next event and sets *r to its record, in one pass over
// the bytes. It reports false where [Scanner.Next] does. An error with true is that of
// a record that does not fit R, an *[Error]; *r is then partly set, and the
// next call moves on.
func (c *Decoder[R]) Next(s *Scanner, r *R) (bool, error) {
	if s.d.plan != c.plan {
		s.d.use(c.plan, s.chunk)
	}
	if !s.begin() {
		return false, nil
	}
	start := s.d.off
	err := s.d.record(unsafe.Pointer(r))
	if err != nil && s.d.off == start {
		return s.broken(err), nil
	}
	s.end(s.d.b[start:s.d.off:s.d.off])
	if err != nil {
		err.Index, err.Offset = s.event.Index, s.event.Offset
		return true, err
	}
	return true, nil
}

// use makes d the state of plan, for chunk.
func (d *decodeState) use(plan *recordDecoder, chunk []byte) {
	d.plan, d.learned = plan, slices.Clone(plan.learned)
	d.read(chunk)
}

// read makes b the input, or a copy of it that strings may be parts of.
func (d *decodeState) read(b []byte) {
	if d.plan.texts && !d.plan.borrow {
		b = bytes.Clone(b)
	}
	d.b, d.text = b, unsafe.String(unsafe.SliceData(b), len(b))
}

// record decodes the record that d is at. Of an error of the bytes d stays in
// front, of one that does not fit it is behind it.
func (d *decodeState) record(r unsafe.Pointer) *Error {
	start := d.off
	var err error
	switch {
	case start >= len(d.b) || !isMap(d.b[start]):
		_, err := d.rawMap("")
		d.off = start
		return err
	case d.plan.structure != nil:
		err = d.plan.structure.decode(d, r)
	default:
		err = d.plan.decode(d, r)
	}
	if err == nil {
		return nil
	}
	return d.recover(start, err)
}

// recover moves behind the record at start, which err was met in.
func (d *decodeState) recover(start int, err error) *Error {
	at := d.off
	if m, ok := err.(misfit); ok {
		at, err = m.off, m.err
	}
	d.off, d.depth = start, 0
	body, broken := d.rawMap("")
	if broken != nil {
		d.off = start
		return broken
	}
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

// boxes is memory for values in interfaces. Each any of a string would otherwise be an allocation.
type boxes struct {
	strings []string
	numbers []uint64
}

const boxesAtOnce = 64

// box is any(s).
func (d *decodeState) box(s string) any {
	if len(d.boxes.strings) == 0 {
		d.boxes.strings = make([]string, boxesAtOnce)
	}
	p := &d.boxes.strings[0]
	d.boxes.strings = d.boxes.strings[1:]
	*p = s
	return boxed(stringWord, unsafe.Pointer(p))
}

// boxNumber is any of the int64 or float64 with these bits.
func (d *decodeState) boxNumber(typ unsafe.Pointer, bits uint64) any {
	if len(d.boxes.numbers) == 0 {
		d.boxes.numbers = make([]uint64, boxesAtOnce)
	}
	p := &d.boxes.numbers[0]
	d.boxes.numbers = d.boxes.numbers[1:]
	*p = bits
	return boxed(typ, unsafe.Pointer(p))
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
