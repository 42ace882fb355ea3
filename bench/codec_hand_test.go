package bench

import "time"

// hand is code for one type: see hand_encode_test.go and hand_decode_test.go.
func hand[R any](
	all []event[R],
	appendEvent func([]byte, time.Time, *R) ([]byte, error),
	next func([]byte, int, *R) (time.Time, int, error),
) codec {
	return codec{
		name: "hand",
		encode: func(dst []byte, n int) (_ []byte, err error) {
			for i := range n {
				if dst, err = appendEvent(dst, all[i].time, &all[i].record); err != nil {
					return dst, err
				}
			}
			return dst, nil
		},
		decodes: []decode{{borrowed, handDecode(next)}},
	}
}

func handDecode[R any](next func([]byte, int, *R) (time.Time, int, error)) decodeFunc {
	var r R
	return func(chunk []byte, yield yieldFunc) error {
		for i := 0; i < len(chunk); {
			t, after, err := next(chunk, i, &r)
			if err != nil {
				return err
			}
			i = after
			if lastTime = t; yield != nil {
				yield(t, &r)
			}
		}
		return nil
	}
}
