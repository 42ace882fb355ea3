package record

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// encodeCustom writes a value by its EncodeMsgpack or MarshalMsgpack.
func encodeCustom(e *encodeState, v reflect.Value) error {
	if !v.CanAddr() {
		v = addressable(v)
	}
	start := len(e.dst)
	if err := e.marshal(v.Addr().Interface()); err != nil {
		return err
	}
	// What a method wrote may be anything.
	if _, err := verify(e.dst[start:], engineDepth-e.depth); err != nil {
		return fmt.Errorf("%s wrote bad msgpack: %w", v.Type(), err)
	}
	return nil
}

func (e *encodeState) marshal(v any) error {
	m, ok := v.(msgpack.CustomEncoder)
	if !ok {
		b, err := v.(msgpack.Marshaler).MarshalMsgpack()
		e.dst = append(e.dst, b...)
		return err
	}
	enc := msgpack.GetEncoder()
	enc.Reset((*encodeWriter)(e))
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	enc.SetCustomStructTag("json")
	err := m.EncodeMsgpack(enc)
	msgpack.PutEncoder(enc)
	return err
}

// encodeWriter is what msgpack/v5 writes to.
type encodeWriter encodeState

func (w *encodeWriter) Write(b []byte) (int, error) {
	w.dst = append(w.dst, b...)
	return len(b), nil
}

func (w *encodeWriter) WriteByte(c byte) error {
	w.dst = append(w.dst, c)
	return nil
}

// decodeCustom fills a value by its DecodeMsgpack or UnmarshalMsgpack. The method
// sees a copy of this one value's bytes, whatever it does with them.
func decodeCustom(r *reader, v reflect.Value) error {
	start := r.off
	if err := r.skip(1, maxDepth); err != nil {
		return err
	}
	data := bytes.Clone(r.b[start:r.off])
	return attempt(start, func() error { return unmarshal(data, v.Addr().Interface()) })
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
