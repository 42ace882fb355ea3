package record

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
	"unsafe"
)

// encodeFunc appends the value at p to dst, inside as many maps and arrays as are open. After an error dst is of no use.
type encodeFunc func(dst []byte, p unsafe.Pointer, open int) ([]byte, error)

// Len returns the number of events in r: 1, or the length of a slice.
func (c *Encoder[R]) Len(r *R) int {
	if !c.plan.batch {
		return 1
	}
	return len(*(*[]struct{})(unsafe.Pointer(r)))
}

// Append appends event i of r, 0 <= i < Len, to dst and returns the longer slice. On
// error, an *[Error], it returns dst as it was. The event is one that every engine
// since Fluent Bit 2.1 reads. The caller sets h.Time: a zero time is an error.
// Nothing of h and r is kept. Memory behind dst, up to its capacity, is written over.
func (c *Encoder[R]) Append(dst []byte, h *Header, r *R, i int) ([]byte, error) {
	p := unsafe.Pointer(r)
	if c.plan.batch {
		s := *(*[]struct{})(p)
		_ = s[i]
		p = unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), uintptr(i)*c.plan.size)
	}
	var out []byte
	var err error
	if sec := h.Time.Unix(); c.plan.flat != nil && len(h.Metadata) == 0 && 0 <= sec && sec < secondGroupEnd {
		out, err = appendFields(appendHeader(dst, sec, h.Time.Nanosecond()), c.plan.flat, p, 1)
	} else {
		out, err = c.plan.append(dst, h, p)
	}
	if err == nil && uint64(len(out)-len(dst)) <= math.MaxUint32 {
		return out, nil
	}
	return dst, c.plan.failed(err, i)
}

// failed is the error of record i, which is too large if it is nil: a string's length might not fit.
func (c *recordEncoder) failed(err error, i int) *Error {
	if err == nil {
		err = errors.New("larger than 4 GiB")
	}
	if !c.batch {
		i = -1
	}
	path, err := splitPath(err)
	return &Error{Index: i, Offset: -1, Path: path, Err: err}
}

// append writes an event. Its recover is for methods of the author's types.
func (c *recordEncoder) append(dst []byte, h *Header, p unsafe.Pointer) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	sec := h.Time.Unix()
	if sec < 0 || sec >= secondGroupEnd {
		return dst, pathError{"time", fmt.Errorf("%s is not between 1970 and 2106", h.Time.Format(time.RFC3339))}
	}
	dst = appendHeader(dst, sec, h.Time.Nanosecond())
	if len(h.Metadata) > 0 {
		if dst, err = appendAnyMap(dst[:len(dst)-1], h.Metadata, 2); err != nil {
			return dst, pathError{"metadata", err}
		}
	}
	return c.appendRecord(dst, p)
}

// appendRecord writes what must turn out to be a map.
func (c *recordEncoder) appendRecord(dst []byte, p unsafe.Pointer) ([]byte, error) {
	start := len(dst)
	dst, err := c.encode(dst, p, 1)
	if err != nil || isMap(dst[start]) {
		return dst, err
	}
	return emptyRecord(dst[:start], reflect.NewAt(c.typ, p).Elem())
}

// emptyRecord writes a nil map as a record, and refuses what is no map.
func emptyRecord(dst []byte, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return dst, fmt.Errorf("nil %w", errRecordType)
	case v.Kind() == reflect.Map && v.IsNil(), v.Type() == rawType && v.IsNil():
		return append(dst, 0x80), nil
	case v.Kind() == reflect.Pointer && v.IsNil():
		return dst, fmt.Errorf("nil %s %w", v.Type(), errRecordType)
	}
	return dst, fmt.Errorf("%s %w", v.Type(), errRecordType)
}
