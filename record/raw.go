package record

import (
	"fmt"
	"reflect"
)

// Raw is one msgpack value as bytes. As a record it is a map, and is copied
// to and from events without decoding; as a field it may be any value.
//
// A Raw that is decoded aliases the chunk: it must not be changed, and it is valid
// only as long as the chunk is, which for an output is until its Flush returns. A Raw that
// is encoded is checked, and copied; nil is an empty record, and a nil field.
type Raw []byte

var rawType = reflect.TypeFor[Raw]()

// check tells whether r is one value of at most depth levels.
func (r Raw) check(depth int) error {
	if off, err := verify(r, depth); err != nil {
		return fmt.Errorf("bad msgpack at byte %d of %d: %w", off, len(r), err)
	}
	return nil
}
