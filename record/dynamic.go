package record

import (
	"fmt"
	"math"
	"strconv"
)

// decodeMap decodes a map that was checked; nil for none and for an empty one.
func decodeMap(b []byte) map[string]any {
	if len(b) <= 1 {
		return nil // the usual case
	}
	r := reader{b: b}
	t, err := r.next()
	if err != nil || t.n == 0 {
		return nil
	}
	m, err := r.anyMap(t.n)
	if err != nil {
		return nil
	}
	return m
}

// value decodes a value without a type to fill. Its bytes must have been
// checked, since what is allocated and how deep it recurses is up to them.
func (r *reader) value() (any, error) {
	t, err := r.next()
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case kindMap:
		return r.anyMap(t.n)
	case kindArray:
		return r.anySlice(t.n)
	}
	return t.value(), nil
}

// value is a token without children in Go.
func (t token) value() any {
	switch t.kind {
	case kindBool:
		return t.bits == 1
	case kindUint:
		if t.bits > math.MaxInt64 {
			return t.bits
		}
		return int64(t.bits)
	case kindInt:
		return int64(t.bits)
	case kindFloat:
		return t.float()
	case kindString:
		return string(t.data)
	case kindBinary:
		return copied(t.data)
	case kindExt:
		if tm, ok := extTime(t); ok {
			return tm
		}
		return Ext{Type: t.ext, Data: copied(t.data)}
	}
	return nil
}

func (r *reader) anyMap(n int) (map[string]any, error) {
	m := make(map[string]any, n)
	for range n {
		key := r.key()
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		m[key] = v
	}
	return m, nil
}

func (r *reader) anySlice(n int) (any, error) {
	s := make([]any, n)
	for i := range s {
		var err error
		if s[i], err = r.value(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// key reads a map key in string form.
func (r *reader) key() string {
	at := r.off
	t, err := r.next()
	if err != nil {
		return ""
	}
	switch t.kind {
	case kindString, kindBinary:
		return string(t.data)
	case kindNil:
		return "null"
	case kindUint:
		return strconv.FormatUint(t.bits, 10)
	}
	r.off = at
	v, _ := r.value()
	return fmt.Sprint(v)
}

// copied is never nil, so that empty binary is not nil.
func copied(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
