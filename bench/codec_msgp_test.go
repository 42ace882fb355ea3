package bench

import "github.com/tinylib/msgp/msgp"

// generated is what tinylib/msgp makes for a type R.
type generated[R any] interface {
	*R
	msgp.Marshaler
	msgp.Unmarshaler
}

// msgpCodec gives the record to msgp's generated methods; the event's header is written by hand.
func msgpCodec[R any, P generated[R]](all []event[R], resets ...func(*R)) codec {
	return msgpWith(all, resets,
		func(dst []byte, r *R) ([]byte, error) { return P(r).MarshalMsg(dst) },
		func(b []byte, r *R) ([]byte, error) { return P(r).UnmarshalMsg(b) })
}

// msgpMap uses what msgp has for maps without a type.
func msgpMap(all []event[M]) codec {
	return msgpWith(all, []func(*M){func(r *M) { clear(*r) }},
		func(dst []byte, r *M) ([]byte, error) { return msgp.AppendMapStrIntf(dst, *r) },
		func(b []byte, r *M) (rest []byte, err error) {
			*r, rest, err = msgp.ReadMapStrIntfBytes(b, *r)
			return rest, err
		})
}

func msgpWith[R any](
	all []event[R],
	resets []func(*R),
	marshal func([]byte, *R) ([]byte, error),
	unmarshal func([]byte, *R) ([]byte, error),
) codec {
	return codec{
		name: "msgp",
		encode: func(dst []byte, n int) (_ []byte, err error) {
			for i := range n {
				if dst, err = appendHeader(dst, all[i].time); err != nil {
					return dst, err
				}
				if dst, err = marshal(dst, &all[i].record); err != nil {
					return dst, err
				}
			}
			return dst, nil
		},
		decodes: decodings(func(reset func(*R)) decodeFunc { return msgpDecode(unmarshal, reset) }, resets),
	}
}

func msgpDecode[R any](unmarshal func([]byte, *R) ([]byte, error), reset func(*R)) decodeFunc {
	var r R
	return func(chunk []byte, yield yieldFunc) error {
		for len(chunk) > 0 {
			t, i, err := readHeader(chunk, 0)
			if err != nil {
				return err
			}
			reset(&r)
			if chunk, err = unmarshal(chunk[i:], &r); err != nil {
				return err
			}
			if yield != nil {
				yield(t, &r)
			}
		}
		return nil
	}
}
