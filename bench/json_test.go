package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

// toJSON is one way from a chunk to lines of JSON.
type toJSON struct {
	codec string
	run   func(dst, chunk []byte) ([]byte, error)
}

func jsonCodecs() []toJSON {
	return slices.Concat(oursJSON(), []toJSON{{"msgpack-v5", msgpackJSON()}}, fluentBitGoJSON())
}

// msgpackJSON decodes each record to a map, with one decoder, and gives it to encoding/json.
func msgpackJSON() func(dst, chunk []byte) ([]byte, error) {
	var rd bytes.Reader
	decoder := msgpack.NewDecoder(&rd)
	decoder.UseLooseInterfaceDecoding(true)
	return func(dst, chunk []byte) ([]byte, error) {
		buf := bytes.NewBuffer(dst)
		encoder := newJSONEncoder(buf)
		for rd.Reset(chunk); rd.Len() > 0; {
			_, i, err := readHeader(chunk, len(chunk)-rd.Len())
			if err != nil {
				return dst, err
			}
			if _, err := rd.Seek(int64(i), io.SeekStart); err != nil {
				return dst, err
			}
			m, err := decoder.DecodeMap()
			if err != nil {
				return dst, err
			}
			if err := encoder.Encode(m); err != nil {
				return dst, err
			}
		}
		return buf.Bytes(), nil
	}
}

func newJSONEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

func BenchmarkJSON(b *testing.B) {
	a := newShapeA()
	a.forget()
	for _, c := range jsonCodecs() {
		b.Run("shape=A/codec="+c.codec, func(b *testing.B) {
			var dst []byte
			perRecord(b, chunkLen, func(n int) (err error) {
				dst, err = c.run(dst[:0], a.chunk[:a.ends[n-1]])
				return err
			})
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	a := newShapeA()
	for _, c := range jsonCodecs() {
		lines, err := c.run(nil, a.chunk)
		if err != nil {
			t.Errorf("%s: run() error = %v", c.codec, err)
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(lines))
		for i, want := range a.want {
			var got A
			if err := decoder.Decode(&got); err != nil {
				t.Errorf("%s: line %d: %v", c.codec, i, err)
				break
			}
			if diff := cmp.Diff(want.Record, &got); diff != "" {
				t.Errorf("%s: line %d: mismatch (-want +got):\n%s", c.codec, i, diff)
			}
		}
		if n := bytes.Count(lines, []byte("\n")); n != chunkLen || decoder.More() {
			t.Errorf("%s: run() = %d lines, want %d", c.codec, n, chunkLen)
		}
	}
}
