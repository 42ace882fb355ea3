package bench

import (
	"time"

	"github.com/calyptia/plugin/record"
)

func ours[R any](all []event[R]) codec {
	encoder := must(record.NewEncoder[R]())
	return codec{
		name: "ours",
		encode: func(dst []byte, n int) (_ []byte, err error) {
			for i := range n {
				h := record.Header{Time: all[i].time}
				if dst, err = encoder.Append(dst, &h, &all[i].record, 0); err != nil {
					return dst, err
				}
			}
			return dst, nil
		},
		decodes: []decode{
			{safe, oursDecode[R]()},
			{reused, oursDecode[R](record.ReuseRecord())},
			{borrowed, oursDecode[R](record.ReuseRecord(), record.BorrowStrings())},
		},
	}
}

func oursDecode[R any](options ...record.DecodeOption) decodeFunc {
	decoder := must(record.NewDecoder[R](options...))
	var r R
	return func(chunk []byte, yield yieldFunc) error {
		s := record.NewScanner(chunk)
		for {
			more, err := decoder.Next(s, &r)
			if !more {
				return s.Err()
			}
			if err != nil {
				return err
			}
			if lastTime = s.Event().Time; yield != nil {
				yield(lastTime, &r)
			}
		}
	}
}

// oursKept yields records that stay as they are.
func oursKept[R any]() decodeFunc {
	decode := oursDecode[R]()
	return func(chunk []byte, yield yieldFunc) error {
		return decode(chunk, func(t time.Time, r any) {
			kept := *r.(*R)
			yield(t, &kept)
		})
	}
}

func oursJSON() []toJSON { return []toJSON{{"ours", appendOursJSON}} }

func appendOursJSON(dst, chunk []byte) (_ []byte, err error) {
	s := record.NewScanner(chunk)
	for s.Next() {
		if dst, err = record.Raw(s.Event().Body).AppendJSON(dst); err != nil {
			return dst, err
		}
		dst = append(dst, '\n')
	}
	return dst, s.Err()
}
