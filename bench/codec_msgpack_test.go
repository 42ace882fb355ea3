package bench

import (
	"bytes"
	"io"

	"github.com/vmihailenco/msgpack/v5"
)

// msgpackV5 is vmihailenco/msgpack/v5 with one encoder and one decoder for all records; the event's header is by hand.
func msgpackV5[R any](all []event[R], resets ...func(*R)) codec {
	return codec{
		name:    "msgpack-v5",
		encode:  msgpackEncode(all),
		decodes: decodings(msgpackDecode[R], resets),
	}
}

func msgpackEncode[R any](all []event[R]) encodeFunc {
	var buf bytes.Buffer
	encoder := msgpack.NewEncoder(&buf)
	encoder.SetCustomStructTag("json")
	encoder.UseCompactInts(true)
	return func(dst []byte, n int) ([]byte, error) {
		buf = *bytes.NewBuffer(dst) // the encoder writes to it directly
		for i := range n {
			head, err := appendHeader(buf.AvailableBuffer(), all[i].time)
			if err != nil {
				return dst, err
			}
			buf.Write(head)
			if err := encodeMsgpack(encoder, &all[i].record); err != nil {
				return dst, err
			}
		}
		return buf.Bytes(), nil
	}
}

// encodeMsgpack takes the library's direct way for maps.
func encodeMsgpack(encoder *msgpack.Encoder, r any) error {
	if m, ok := r.(*M); ok {
		return encoder.EncodeMap(*m)
	}
	return encoder.Encode(r)
}

func msgpackDecode[R any](reset func(*R)) decodeFunc {
	var r R
	var rd bytes.Reader // the decoder reads from it directly
	decoder := msgpack.NewDecoder(&rd)
	decoder.SetCustomStructTag("json")
	decoder.UseLooseInterfaceDecoding(true)
	return func(chunk []byte, yield yieldFunc) error {
		for rd.Reset(chunk); rd.Len() > 0; {
			start := len(chunk) - rd.Len()
			t, i, err := readHeader(chunk, start)
			if err != nil {
				return err
			}
			if _, err := rd.Seek(int64(i), io.SeekStart); err != nil {
				return err
			}
			reset(&r)
			if err := decodeMsgpack(decoder, &r); err != nil {
				return err
			}
			if yield != nil {
				yield(t, &r)
			}
		}
		return nil
	}
}

func decodeMsgpack(decoder *msgpack.Decoder, r any) (err error) {
	if m, ok := r.(*M); ok {
		*m, err = decoder.DecodeMap()
		return err
	}
	return decoder.Decode(r)
}
