package record

import (
	"fmt"
	"math"
	"strconv"
)

// mapAt decodes the map at off, which was checked; nil for an empty one, and for none, at 0. d stays where it is.
func (d *decodeState) mapAt(off int) (m map[string]any) {
	if off == 0 {
		return nil // the usual case
	}
	at, text := d.off, d.text
	d.off = off
	if d.plan != nil && !d.plan.texts {
		d.text = "" // is the chunk, not a copy
	}
	if t, err := d.next(); err == nil && t.n > 0 {
		m, _ = d.anyMap(nil, t.n)
	}
	d.off, d.text = at, text
	return m
}

// value decodes a value without a type to fill.
func (d *decodeState) value() (any, error) {
	if at, end := shortText(d.text, d.off); end > 0 { // the usual case
		d.off = end
		return d.box(d.text[at:end]), nil
	}
	t, err := d.next()
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case kindMap:
		return d.anyMap(nil, t.n)
	case kindArray:
		return d.anySlice(t.n)
	}
	return d.single(t), nil
}

// single is a token without children in Go. It must be the one that was just read.
func (d *decodeState) single(t token) any {
	switch t.kind {
	case kindBool:
		return t.bits == 1
	case kindUint:
		if t.bits > math.MaxInt64 {
			return t.bits
		}
		return d.boxInt(int64(t.bits))
	case kindInt:
		return d.boxInt(int64(t.bits))
	case kindFloat:
		return d.boxFloat(t.float())
	case kindString:
		return d.box(d.string(t.data))
	case kindBinary:
		return d.bytes(t.data)
	case kindExt:
		if tm, ok := extTime(t); ok {
			return tm
		}
		return Ext{Type: t.ext, Data: d.bytes(t.data)}
	}
	return nil
}

// anyMap decodes n pairs into m, or into a new map if that is nil.
func (d *decodeState) anyMap(m map[string]any, n int) (map[string]any, error) {
	if err := d.open(2 * n); err != nil {
		return nil, err
	}
	if m == nil {
		m = make(map[string]any, n)
	}
	for range n {
		key, err := d.key()
		if err != nil {
			return nil, err
		}
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		m[key] = v
	}
	d.depth--
	return m, nil
}

func (d *decodeState) anySlice(n int) (any, error) {
	if err := d.open(n); err != nil {
		return nil, err
	}
	s := make([]any, n)
	for i := range s {
		var err error
		if s[i], err = d.value(); err != nil {
			return nil, err
		}
	}
	d.depth--
	return s, nil
}

// key reads a map key in string form.
func (d *decodeState) key() (string, error) {
	if at, end := shortText(d.text, d.off); end > 0 { // the usual case
		d.off = end
		return d.text[at:end], nil
	}
	at := d.off
	t, err := d.next()
	if err != nil {
		return "", err
	}
	switch t.kind {
	case kindString, kindBinary:
		return d.string(t.data), nil
	case kindNil:
		return "null", nil
	case kindUint:
		return strconv.FormatUint(t.bits, 10), nil
	}
	d.off = at
	v, err := d.value()
	return fmt.Sprint(v), err
}
