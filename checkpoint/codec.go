package checkpoint

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// codec is how values become bytes and bytes become values. All that is written can be read: the size of the file is
// the only limit to lengths.
var codec = sync.OnceValues(func() (c struct {
	cbor.EncMode
	cbor.DecMode
}, err error) {
	enc := cbor.CoreDetEncOptions()
	enc.Time = cbor.TimeRFC3339Nano // seconds otherwise
	enc.TimeTag = cbor.EncTagRequired
	enc.TextMarshaler = cbor.TextMarshalerTextString
	dec := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  1000,
		MaxArrayElements: math.MaxInt32,
		MaxMapPairs:      math.MaxInt32,
		IndefLength:      cbor.IndefLengthForbidden,
		UTF8:             cbor.UTF8DecodeInvalid, // names of files may be anything
		TextUnmarshaler:  cbor.TextUnmarshalerTextString,
	}
	var encErr, decErr error
	c.EncMode, encErr = enc.EncMode()
	c.DecMode, decErr = dec.DecMode()
	return c, errors.Join(encErr, decErr)
})

func encode(value any) ([]byte, error) {
	c, err := codec()
	if err != nil {
		return nil, err
	}
	return c.Marshal(value)
}

func decode(payload []byte, value any) error {
	c, err := codec()
	if err != nil {
		return err
	}
	return c.Unmarshal(payload, value)
}

// checkType finds what would fail, or be forgotten, at every save.
func checkType[S any]() error {
	t := reflect.TypeFor[S]()
	payload, err := encode(*new(S))
	if err == nil {
		err = decode(payload, new(S))
	}
	if err == nil {
		err = checkPointees(t, make(map[reflect.Type]bool))
	}
	if err == nil && forgotten(t) {
		err = errors.New("struct without exported fields")
	}
	if err != nil {
		return fmt.Errorf("type %v: %w", t, err)
	}
	return nil
}

// checkPointees encodes zero values of what pointers in t point to: behind a nil pointer cbor does not look.
func checkPointees(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] || marshalsItself(t) {
		return nil
	}
	seen[t] = true
	var inside []reflect.Type
	switch t.Kind() {
	case reflect.Pointer:
		if _, err := encode(reflect.Zero(t.Elem()).Interface()); err != nil {
			return err
		}
		inside = append(inside, t.Elem())
	case reflect.Slice, reflect.Array, reflect.Map:
		inside = append(inside, t.Elem())
	case reflect.Struct:
		inside = saved(t)
	}
	for _, t := range inside {
		if err := checkPointees(t, seen); err != nil {
			return err
		}
	}
	return nil
}

// saved returns the types of a struct's fields that are saved.
func saved(t reflect.Type) (types []reflect.Type) {
	for _, field := range reflect.VisibleFields(t) {
		if field.IsExported() && field.Tag.Get("cbor") != "-" && field.Tag.Get("json") != "-" {
			types = append(types, field.Type)
		}
	}
	return types
}

// forgotten tells whether t is a struct of which nothing is saved, though it has fields.
func forgotten(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t.NumField() > 0 && len(saved(t)) == 0 && !marshalsItself(t)
}

func marshalsItself(t reflect.Type) bool {
	t = reflect.PointerTo(t) // has the methods of both
	return t.Implements(reflect.TypeFor[cbor.Marshaler]()) ||
		t.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) ||
		t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
