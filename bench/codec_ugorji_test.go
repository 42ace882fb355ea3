package bench

import (
	"reflect"

	ugorjicodec "github.com/ugorji/go/codec"
)

// ugorji is ugorji/go/codec with one handle, encoder and decoder for all records; the event's header is by hand.
func ugorji[R any](all []event[R], resets ...func(*R)) codec {
	h := new(ugorjicodec.MsgpackHandle)
	h.WriteExt = true
	h.RawToString = true
	h.MapType = reflect.TypeFor[map[string]any]()
	var out []byte
	encoder := ugorjicodec.NewEncoderBytes(new([]byte), h)
	return codec{
		name: "ugorji",
		encode: func(dst []byte, n int) (_ []byte, err error) {
			for i := range n {
				if dst, err = appendHeader(dst, all[i].time); err != nil {
					return dst, err
				}
				out = dst[len(dst):] // room behind the batch, which makes the append below all but free
				encoder.ResetBytes(&out)
				if err = encoder.Encode(&all[i].record); err != nil {
					return dst, err
				}
				dst = append(dst, out...)
			}
			return dst, nil
		},
		decodes: decodings(func(reset func(*R)) decodeFunc { return ugorjiDecode(h, reset) }, resets),
	}
}

func ugorjiDecode[R any](h *ugorjicodec.MsgpackHandle, reset func(*R)) decodeFunc {
	var r R
	decoder := ugorjicodec.NewDecoderBytes(nil, h)
	return func(chunk []byte, yield yieldFunc) error {
		for len(chunk) > 0 {
			t, i, err := readHeader(chunk, 0)
			if err != nil {
				return err
			}
			chunk = chunk[i:]
			reset(&r)
			decoder.ResetBytes(chunk)
			if err := decoder.Decode(&r); err != nil {
				return err
			}
			chunk = chunk[decoder.NumBytesRead():]
			if yield != nil {
				yield(t, &r)
			}
		}
		return nil
	}
}
