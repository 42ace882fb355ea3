package record

import (
	"fmt"
	"reflect"
)

// Decoder turns the records of events into values of type R. It is immutable
// and safe for concurrent use.
//
// What it decodes is safe to keep: pointers, maps and slices are new for every
// record, and strings and []byte of one chunk share a copy of it, so that one
// of them that is kept keeps the memory of them all. [BorrowStrings] and
// [ReuseRecord] save this memory.
type Decoder[R any] struct {
	plan *recordDecoder
}

// DecodeOption makes a [Decoder] faster and its records shorter-lived.
type DecodeOption struct{ borrow, reuse bool }

// BorrowStrings lets strings and []byte alias the chunk, in metadata and groups
// too. They are valid only as long as the chunk is: for an output until its Flush
// returns. Later its memory holds something else, or is gone, and reading it may
// end the process. strings.Clone and bytes.Clone make copies to keep.
func BorrowStrings() DecodeOption { return DecodeOption{borrow: true} }

// ReuseRecord lets a record that is decoded into keep its maps and slices: they
// are cleared and filled again, so what an earlier record shared with it changes.
func ReuseRecord() DecodeOption { return DecodeOption{reuse: true} }

// NewDecoder compiles R, and fails if a record can never become a value of R.
func NewDecoder[R any](options ...DecodeOption) (*Decoder[R], error) {
	plan, err := newRecordDecoder(reflect.TypeFor[R]())
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	for _, o := range options {
		plan.borrow = plan.borrow || o.borrow
		plan.reuse = plan.reuse || o.reuse
	}
	return &Decoder[R]{plan: plan}, nil
}

// Aliases tells whether what it decodes may refer to the memory of the chunk: when it borrows strings, and when all that
// records hold of bytes is [Raw].
func (c *Decoder[R]) Aliases() bool { return c.plan.borrow || c.plan.raw && !c.plan.texts }

// decodeState is what the records of one chunk are decoded with.
type decodeState struct {
	reader
	chunk   []byte         // what was given; the input is this or a copy
	copy    []byte         // nil until it is needed
	text    string         // the input, for strings that are parts of it; "" without a plan
	depth   int            // maps and arrays that are open
	learned []uint16       // from decodeStruct.first, by decodeField.next: the place of the field that is expected
	plan    *recordDecoder // that text and learned are for
	boxes   boxes
}

// string is the data of the token that was just read.
func (d *decodeState) string(data []byte) string {
	if end := d.off; end <= len(d.text) {
		return d.text[end-len(data) : end]
	}
	return string(data)
}

// open begins a map or array of n values, which are all there when it returns
// nil: so nothing is allocated for values that are not.
func (d *decodeState) open(n int) error {
	if d.depth >= maxDepth {
		return errDepth
	}
	d.depth++
	if n <= fewValues {
		return nil
	}
	ahead := d.reader
	return ahead.skip(n, maxDepth-d.depth)
}

// fewValues is for how many values memory is allocated on the word of a map's or array's head.
const fewValues = 64

// skipValue walks over a value inside what is open.
func (d *decodeState) skipValue() error { return d.skip(1, maxDepth-d.depth) }

// misfit is a value that its place in R cannot take.
type misfit struct {
	off int
	err error
}

func (m misfit) Error() string { return m.err.Error() }

// newMisfit is for t at byte off and a place of type typ.
func newMisfit(off int, t token, typ reflect.Type) error {
	return misfit{off, fmt.Errorf("%s into %s", t, typ)}
}

// attempt calls a method of an author's type for the value at byte off.
func attempt(off int, method func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = misfit{off, panicError(p)}
		}
	}()
	if err := method(); err != nil {
		return misfit{off, err}
	}
	return nil
}
