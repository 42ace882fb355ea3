package record

import (
	"fmt"
	"reflect"
	"strconv"
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

// checkDepth refuses a map or array inside as many as are open already.
func checkDepth(open int) error {
	if open >= engineDepth {
		return fmt.Errorf("nested deeper than the %d levels that every Fluent Bit reads", engineDepth)
	}
	return nil
}

// appendAny writes a value of a type that is not known before, inside as many maps and arrays as are open.
func appendAny(dst []byte, v any, open int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, 0xc0), nil
	case string:
		return appendString(dst, v), nil
	case bool:
		return appendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case uint64:
		return appendUint(dst, v), nil
	case float64:
		return appendFloat64(dst, v), nil
	case time.Time:
		return appendTime(dst, v), nil
	case []any:
		if v == nil {
			return append(dst, 0xc0), nil
		}
		return appendAnySlice(dst, v, open)
	case map[string]any:
		if v == nil {
			return append(dst, 0xc0), nil
		}
		return appendAnyMap(dst, v, open)
	}
	return appendOther(dst, v, open)
}

func appendAnySlice(dst []byte, s []any, open int) ([]byte, error) {
	dst = appendArrayHead(dst, len(s))
	err := checkDepth(open)
	for i := 0; i < len(s) && err == nil; i++ {
		if dst, err = appendAny(dst, s[i], open+1); err != nil {
			err = pathError{indexName(i), err}
		}
	}
	return dst, err
}

// appendAnyMap writes a nil map as an empty one.
func appendAnyMap(dst []byte, m map[string]any, open int) ([]byte, error) {
	dst = appendMapHead(dst, len(m))
	err := checkDepth(open)
	if err != nil {
		return dst, err
	}
	for k, v := range m {
		dst = appendString(dst, k)
		if s, ok := v.(string); ok { // the usual case
			dst = appendString(dst, s)
			continue
		}
		if dst, err = appendAny(dst, v, open+1); err != nil {
			return dst, pathError{pathName(k), err}
		}
	}
	return dst, nil
}

func indexName(i int) string { return "[" + strconv.Itoa(i) + "]" }

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
