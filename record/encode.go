package record

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"sync"
	"time"
)

// engineDepth is how many maps and arrays may be open at once in an event: 32
// for engines before 4.1 and ones built with the system's msgpack-c (unpack_define.h,
// MSGPACK_EMBED_STACK_SIZE), 64 since (cmake/msgpack.cmake). An engine
// cannot read what follows a deeper event in its chunk either.
const engineDepth = 32

// Encoder turns values of type R into events. It is immutable and safe for
// concurrent use.
type Encoder[R any] struct {
	plan recordEncoder
}

// NewEncoder compiles R, and fails if a value of R can never be a record.
func NewEncoder[R any]() (*Encoder[R], error) {
	plan, err := newRecordEncoder(reflect.TypeFor[R]())
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return &Encoder[R]{plan: plan}, nil
}

// Len returns the number of events in r: 1, or the length of a slice.
func (c *Encoder[R]) Len(r *R) int {
	if !c.plan.batch {
		return 1
	}
	return reflect.ValueOf(r).Elem().Len()
}

// Append appends event i of r, 0 <= i < Len, to dst and returns the longer slice. On
// error, an *[Error], it returns dst as it was. The event is one that every engine
// since Fluent Bit 2.1 reads. The caller sets h.Time: a zero time is an error.
// Nothing of h and r is kept.
func (c *Encoder[R]) Append(dst []byte, h *Header, r *R, i int) ([]byte, error) {
	return c.plan.append(dst, h, reflect.ValueOf(r).Elem(), i)
}

// recordEncoder is an Encoder without its type parameter.
type recordEncoder struct {
	encode encodeFunc
	batch  bool // a value is a slice of records
}

func newRecordEncoder(t reflect.Type) (recordEncoder, error) {
	c := recordEncoder{batch: isBatch(t)}
	elem := t
	if c.batch {
		elem = t.Elem()
	}
	if err := checkRecord(elem); err != nil {
		return c, fmt.Errorf("%w, or a slice of those", err)
	}
	var err error
	if c.encode, err = encoderOf(elem); err != nil {
		return c, typeError(elem, err)
	}
	return c, nil
}

func (c *recordEncoder) append(dst []byte, h *Header, v reflect.Value, i int) ([]byte, error) {
	index := -1
	if c.batch {
		v, index = v.Index(i), i
	}
	e := encodeStates.Get().(*encodeState)
	e.dst, e.depth = dst, 0
	err := e.event(h, v, c.encode)
	out := e.dst
	e.dst = nil
	encodeStates.Put(e)
	if err == nil && uint64(len(out)-len(dst)) > math.MaxUint32 {
		err = errors.New("larger than 4 GiB") // a string's length might not fit
	}
	if err != nil {
		path, err := splitPath(err)
		return dst, &Error{Index: index, Offset: -1, Path: path, Err: err}
	}
	return out, nil
}

// encodeFunc appends v to e.
type encodeFunc func(e *encodeState, v reflect.Value) error

// encodeState is an event being written.
type encodeState struct {
	dst   []byte
	depth int // maps and arrays that are open
}

var encodeStates = sync.Pool{New: func() any { return new(encodeState) }}

// event writes a whole event. Its recover is for methods of the author's types.
func (e *encodeState) event(h *Header, v reflect.Value, encode encodeFunc) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	if e.dst, err = appendHeader(e.dst, h.Time); err != nil {
		return pathError{"time", err}
	}
	e.depth = 2
	if err := e.anyMap(h.Metadata); err != nil {
		return pathError{"metadata", err}
	}
	e.depth = 1
	return e.record(v, encode)
}

// record writes v, which must turn out to be a map.
func (e *encodeState) record(v reflect.Value, encode encodeFunc) error {
	start := len(e.dst)
	if err := encode(e, v); err != nil {
		return err
	}
	if isMap(e.dst[start]) {
		return nil
	}
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return fmt.Errorf("nil %w", errRecordType)
	case v.Kind() == reflect.Map && v.IsNil():
		e.dst = append(e.dst[:start], 0x80)
		return nil
	case v.Kind() == reflect.Pointer && v.IsNil():
		return fmt.Errorf("nil %s %w", v.Type(), errRecordType)
	}
	return fmt.Errorf("%s %w", v.Type(), errRecordType)
}

// open begins a map or array, after its head is written.
func (e *encodeState) open() error {
	if e.depth >= engineDepth {
		return fmt.Errorf("nested deeper than the %d levels that every Fluent Bit reads", engineDepth)
	}
	e.depth++
	return nil
}

// any writes a value of a type that is not known before.
func (e *encodeState) any(v any) error {
	switch v := v.(type) {
	case nil:
		e.dst = append(e.dst, 0xc0)
	case string:
		e.dst = appendString(e.dst, v)
	case bool:
		e.dst = appendBool(e.dst, v)
	case int:
		e.dst = appendInt(e.dst, int64(v))
	case int64:
		e.dst = appendInt(e.dst, v)
	case float64:
		e.dst = appendFloat64(e.dst, v)
	case time.Time:
		e.dst = appendTime(e.dst, v)
	case []any:
		return e.anySlice(v)
	case map[string]any:
		if v == nil {
			e.dst = append(e.dst, 0xc0)
			return nil
		}
		return e.anyMap(v)
	default:
		return e.other(reflect.ValueOf(v))
	}
	return nil
}

func (e *encodeState) other(v reflect.Value) error {
	encode, err := encoderOf(v.Type())
	if err != nil {
		return err
	}
	return encode(e, v)
}

func (e *encodeState) anySlice(s []any) error {
	if s == nil {
		e.dst = append(e.dst, 0xc0)
		return nil
	}
	e.dst = appendArrayHead(e.dst, len(s))
	if err := e.open(); err != nil {
		return err
	}
	for i, v := range s {
		if err := e.any(v); err != nil {
			return pathError{"[" + strconv.Itoa(i) + "]", err}
		}
	}
	e.depth--
	return nil
}

// anyMap writes a nil map as an empty one.
func (e *encodeState) anyMap(m map[string]any) error {
	e.dst = appendMapHead(e.dst, len(m))
	if err := e.open(); err != nil {
		return err
	}
	for _, k := range sortedKeys(m) {
		e.dst = appendString(e.dst, k)
		if err := e.any(m[k]); err != nil {
			return pathError{pathName(k), err}
		}
	}
	e.depth--
	return nil
}

// pathError is an error on the way up from the value at path.
type pathError struct {
	path string
	err  error
}

func (e pathError) Error() string { return e.path + ": " + e.err.Error() }

// splitPath takes the path off an error.
func splitPath(err error) (path string, cause error) {
	for {
		p, ok := err.(pathError)
		if !ok {
			return path, err
		}
		path, err = join(path, p.path), p.err
	}
}
