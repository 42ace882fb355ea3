//go:build cgo

package bench

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
	"github.com/fluent/fluent-bit-go/output"
)

// fluentBitGo is fluent-bit-go's encoder, used as its README does, but with one encoder for all records and with pointers
// to them, which saves it a copy; and its decoder, which reads records to map[any]any and strings to []byte.
func fluentBitGo[R any](all []event[R]) codec {
	encoder := input.NewEncoder()
	return codec{
		name: "fluent-bit-go",
		encode: func(dst []byte, n int) ([]byte, error) {
			for i := range n {
				packed, err := encoder.Encode([]any{input.FLBTime{Time: all[i].time}, &all[i].record})
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

func fluentBitGoJSON() []toJSON { return []toJSON{{"fluent-bit-go", appendFluentBitGoJSON}} }

// appendFluentBitGoJSON converts its maps as plugins do: encoding/json takes neither map[any]any nor text in []byte.
func appendFluentBitGoJSON(dst, chunk []byte) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	encoder := newJSONEncoder(buf)
	var failed error
	err := fluentBitGoDecode(chunk, func(_ time.Time, r any) {
		if err := encoder.Encode(forJSON(r)); err != nil {
			failed = err
		}
	})
	return buf.Bytes(), errors.Join(err, failed)
}

func forJSON(v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case map[any]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[jsonKey(k)] = forJSON(e)
		}
		return m
	case []any:
		for i, e := range v {
			v[i] = forJSON(e)
		}
	}
	return v
}

func jsonKey(k any) string {
	if s, ok := k.(string); ok {
		return s
	}
	return fmt.Sprint(forJSON(k))
}
