package record

import (
	"errors"
	"net/netip"

	"github.com/vmihailenco/msgpack/v5"
)

// celsius is written by EncodeMsgpack, with a pointer receiver.
type celsius float64

func (c *celsius) EncodeMsgpack(enc *msgpack.Encoder) error {
	return enc.Encode(map[string]int{"millis": int(*c * 1000)})
}

func (c *celsius) DecodeMsgpack(dec *msgpack.Decoder) error {
	var m map[string]int
	err := dec.Decode(&m)
	*c = celsius(m["millis"]) / 1000
	return err
}

// blob is written by MarshalMsgpack and keeps the bytes that it is decoded from.
type blob []byte

func (b blob) MarshalMsgpack() ([]byte, error) { return b, nil }

func (b *blob) UnmarshalMsgpack(data []byte) error {
	*b = data
	return nil
}

// level is a number that is text on the wire.
type level int

func (l level) MarshalText() ([]byte, error) { return []byte([]string{"debug", "info"}[l]), nil }

func (l *level) UnmarshalText(b []byte) error {
	switch string(b) {
	case "debug":
		*l = 0
	case "info":
		*l = 1
	default:
		return errors.New("unknown level")
	}
	return nil
}

// packed has a binary form only.
type packed struct{ n byte }

func (p packed) MarshalBinary() ([]byte, error) { return []byte{p.n}, nil }

func (p *packed) UnmarshalBinary(b []byte) error {
	p.n = b[0] // panics on empty binary
	return nil
}

// fragile panics in all of its methods.
type fragile struct{ X int }

func (fragile) EncodeMsgpack(*msgpack.Encoder) error  { panic("at the disco") }
func (*fragile) DecodeMsgpack(*msgpack.Decoder) error { panic(errors.New("at the disco")) }

// liar writes what is no msgpack.
type liar struct{ bytes string }

func (l liar) MarshalMsgpack() ([]byte, error) { return []byte(l.bytes), nil }

type customs struct {
	Temp   celsius
	Blob   blob
	Level  level
	Packed packed
	Addr   netip.Addr
	Ptr    *celsius
	Nil    *level
}
