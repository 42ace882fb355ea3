package record

import (
	"errors"
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

// check tells whether r is one value that may stand inside as many maps and arrays as are open.
func (r Raw) check(open int) error {
	if off, err := verifyInside(r, open); err != nil {
		return fmt.Errorf("bad msgpack at byte %d of %d: %w", off, len(r), err)
	}
	return nil
}

// verifyInside is verify for what an event is to hold.
func verifyInside(b []byte, open int) (off int, err error) {
	off, err = verify(b, engineDepth-open)
	if errors.Is(err, errDepth) {
		err = checkDepth(engineDepth)
	}
	return off, err
}
