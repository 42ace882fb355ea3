package record

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// appendCustom writes a value, v points to it, by its EncodeMsgpack or MarshalMsgpack.
func appendCustom(dst []byte, v any, open int) ([]byte, error) {
	start := len(dst)
	dst, err := marshal(dst, v)
	if err != nil {
		return dst, err
	}
	// What a method wrote may be anything.
	if _, err := verifyInside(dst[start:], open); err != nil {
		return dst, fmt.Errorf("%s wrote bad msgpack: %w", reflect.TypeOf(v).Elem(), err)
	}
	return dst, nil
}

func marshal(dst []byte, v any) ([]byte, error) {
	m, ok := v.(msgpack.CustomEncoder)
	if !ok {
		b, err := v.(msgpack.Marshaler).MarshalMsgpack()
		return append(dst, b...), err
	}
	w := encodeWriter(dst)
	enc := msgpack.GetEncoder()
	enc.Reset(&w)
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	enc.SetCustomStructTag("json")
	err := m.EncodeMsgpack(enc)
	msgpack.PutEncoder(enc)
	return w, err
}

// encodeWriter is what msgpack/v5 writes to.
type encodeWriter []byte

func (w *encodeWriter) Write(b []byte) (int, error) {
	*w = append(*w, b...)
	return len(b), nil
}

func (w *encodeWriter) WriteByte(c byte) error {
	*w = append(*w, c)
	return nil
}

func unmarshal(data []byte, v any) error {
	d, ok := v.(msgpack.CustomDecoder)
	if !ok {
		return v.(msgpack.Unmarshaler).UnmarshalMsgpack(data)
	}
	dec := msgpack.NewDecoder(bytes.NewReader(data))
	dec.SetCustomStructTag("json")
	return d.DecodeMsgpack(dec)
}
