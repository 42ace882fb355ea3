//go:build cgo

package bench

import (
	"errors"
	"time"
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
	"github.com/fluent/fluent-bit-go/output"
)

// fluentBitGo is fluent-bit-go's encoder, used as its README does but for one encoder for all records, and its decoder,
// which reads records to map[any]any and strings to []byte.
func fluentBitGo[R any](all []event[R]) codec {
	encoder := input.NewEncoder()
	return codec{
		name: "fluent-bit-go",
		encode: func(dst []byte, n int) ([]byte, error) {
			for i := range n {
				packed, err := encoder.Encode([]any{input.FLBTime{Time: all[i].time}, all[i].record})
				if err != nil {
					return dst, err
				}
				dst = append(dst, packed...)
			}
			return dst, nil
		},
		decodes: []decode{{safe, fluentBitGoDecode}},
	}
}

func fluentBitGoDecode(chunk []byte, yield yieldFunc) error {
	decoder := output.NewDecoder(unsafe.Pointer(unsafe.SliceData(chunk)), len(chunk))
	for {
		code, ts, r := output.GetRecord(decoder)
		if code == -1 {
			return nil // its end of the chunk, and of what it cannot read
		}
		if code != 0 {
			return errors.New("no record")
		}
		if yield != nil {
			yield(fluentBitGoTime(ts), r)
		}
	}
}

func fluentBitGoTime(ts any) time.Time {
	t, _ := ts.(output.FLBTime)
	return t.Time
}
