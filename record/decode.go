package record

import (
	"fmt"
	"reflect"
)

// Decoder turns the records of events into values of type R. It is immutable
// and safe for concurrent use.
type Decoder[R any] struct {
	plan recordDecoder
}

// NewDecoder compiles R, and fails if a record can never become a value of R.
func NewDecoder[R any]() (*Decoder[R], error) {
	plan, err := newRecordDecoder(reflect.TypeFor[R]())
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return &Decoder[R]{plan: plan}, nil
}

// Decode sets *r to the record body, which is one msgpack map. Nothing of the
// old *r is used: pointers, maps and slices in it are new, strings and bytes are
// copies, so r may be reused while earlier values are kept.
//
// A body that is broken or does not fit R is an *[Error], without index and
// offset until [Event.Locate] adds them. *r is then partly set.
func (d *Decoder[R]) Decode(body []byte, r *R) error {
	return d.plan.decode(body, reflect.ValueOf(r).Elem())
}

// recordDecoder is a Decoder without its type parameter.
type recordDecoder struct {
	fill decodeFunc
}

func newRecordDecoder(t reflect.Type) (d recordDecoder, err error) {
	if isBatch(t) && checkRecord(t.Elem()) == nil {
		return d, fmt.Errorf("%s cannot be decoded: events come one at a time, use %s", t, t.Elem())
	}
	if err := checkRecord(t); err != nil {
		return d, err
	}
	if d.fill, err = make(decodeCompiler).compile(t); err != nil {
		return d, typeError(t, err)
	}
	return d, nil
}

func (d *recordDecoder) decode(body []byte, v reflect.Value) error {
	off, err := verify(body, maxDepth)
	if err == nil && !isMap(body[0]) {
		t, _ := (&reader{b: body}).next()
		return &Error{Index: -1, Offset: -1, Err: fmt.Errorf("%s is not a map", t)}
	}
	if err == nil {
		v.SetZero()
		err = d.fill(&reader{b: body}, v)
	}
	if m, ok := err.(misfit); ok {
		off, err = m.off, m.err
	}
	if err != nil {
		return &Error{Index: -1, Offset: -1, Path: pathTo(body, off), Err: err}
	}
	return nil
}

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
