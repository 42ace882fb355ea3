package bench

import (
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
		},
	}
}

func oursDecode[R any]() decodeFunc {
	decoder := must(record.NewDecoder[R]())
	return func(chunk []byte, yield yieldFunc) error {
		s := record.NewScanner(chunk)
		for s.Next() {
			ev := s.Event()
			var r R
			if err := decoder.Decode(ev.Body, &r); err != nil {
				return err
			}
			if yield != nil {
				yield(ev.Time, &r)
			}
		}
		return s.Err()
	}
}

func oursJSON() []toJSON { return nil }
