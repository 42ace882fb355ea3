package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// appendEvent appends an event in the engine's own form, [[EventTime, {}], record].
func appendEvent(dst []byte, t time.Time, body []byte) []byte {
	dst = append(dst, 0x92, 0x92, 0xd7, 0x00)
	dst = binary.BigEndian.AppendUint32(dst, uint32(t.Unix()))
	dst = binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
	dst = append(dst, 0x80)
	return append(dst, body...)
}

// msgpackObject makes a msgpack map of a JSON object, in the order of its keys.
func msgpackObject(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var b bytes.Buffer
	err := packValue(msgpack.NewEncoder(&b), d)
	if err == nil {
		_, err = d.Token()
	}
	switch {
	case !errors.Is(err, io.EOF) && err != nil:
		return nil, fmt.Errorf("%s is not a JSON object: %w", cut(text), err)
	case err == nil:
		return nil, fmt.Errorf("%s holds more than a JSON object", cut(text))
	case b.Len() == 0 || !isMap(b.Bytes()[0]):
		return nil, fmt.Errorf("%s is not a JSON object", cut(text))
	}
	return b.Bytes(), nil
}

// cut quotes the beginning of a text.
func cut(text []byte) string {
	if len(text) > 60 {
		return fmt.Sprintf("%q...", text[:60])
	}
	return fmt.Sprintf("%q", text)
}

// packValue copies the next JSON value.
func packValue(to *msgpack.Encoder, from *json.Decoder) error {
	token, err := from.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return packAll(to, from, v)
	case json.Number:
		return packNumber(to, v)
	}
	return to.Encode(token)
}

// packAll copies an object or array up to its end; their sizes, which msgpack has in front, are known only then.
func packAll(to *msgpack.Encoder, from *json.Decoder, open json.Delim) error {
	var b bytes.Buffer
	inner, n := msgpack.NewEncoder(&b), 0
	for ; from.More(); n++ {
		if err := packValue(inner, from); err != nil {
			return err
		}
	}
	if _, err := from.Token(); err != nil {
		return err
	}
	head := to.EncodeArrayLen
	if open == '{' {
		head, n = to.EncodeMapLen, n/2
	}
	if err := head(n); err != nil {
		return err
	}
	_, err := to.Writer().Write(b.Bytes())
	return err
}

func packNumber(to *msgpack.Encoder, n json.Number) error {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return to.EncodeInt(i)
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return to.EncodeUint(u)
	}
	f, err := n.Float64()
	if err != nil {
		return err
	}
	return to.EncodeFloat64(f)
}

func isMap(code byte) bool {
	return msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32
}

func isArray(code byte) bool {
	return msgpcode.IsFixedArray(code) || code == msgpcode.Array16 || code == msgpcode.Array32
}

// appendFields appends the fields of a record, which package record has checked, as `"key":value` with commas between
// and, unless first, before. Their order is the record's. Bytes are written as text, NaN and infinities as
// null, times in RFC 3339, other extensions as hex digits.
func appendFields(dst []byte, first bool, body []byte) []byte {
	w := jsonWriter{dst: dst, d: msgpack.NewDecoder(bytes.NewReader(body))}
	n, _ := w.d.DecodeMapLen()
	w.fields(n, first)
	return w.dst
}

// jsonWriter writes msgpack values as JSON. Errors of d cannot occur on bytes that are checked, and end as null.
type jsonWriter struct {
	dst []byte
	d   *msgpack.Decoder
}

func (w *jsonWriter) fields(n int, first bool) {
	for i := range n {
		if i > 0 || !first {
			w.dst = append(w.dst, ',')
		}
		w.key()
		w.dst = append(w.dst, ':')
		w.value()
	}
}

// key writes a key that is no string as the text of its JSON.
func (w *jsonWriter) key() {
	start := len(w.dst)
	w.value()
	if key := w.dst[start:]; len(key) == 0 || key[0] != '"' {
		w.dst = appendString(w.dst[:start], string(key))
	}
}

func (w *jsonWriter) value() {
	code, _ := w.d.PeekCode()
	switch {
	case isMap(code):
		n, _ := w.d.DecodeMapLen()
		w.dst = append(w.dst, '{')
		w.fields(n, true)
		w.dst = append(w.dst, '}')
	case isArray(code):
		w.array()
	default:
		w.scalar(code)
	}
}

func (w *jsonWriter) array() {
	n, _ := w.d.DecodeArrayLen()
	w.dst = append(w.dst, '[')
	for i := range n {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.value()
	}
	w.dst = append(w.dst, ']')
}

func (w *jsonWriter) scalar(code byte) {
	switch {
	case msgpcode.IsString(code) || msgpcode.IsBin(code):
		b, _ := w.d.DecodeBytes()
		w.dst = appendString(w.dst, string(b))
	case msgpcode.IsExt(code):
		w.ext()
	case code == msgpcode.Float || code == msgpcode.Double:
		f, _ := w.d.DecodeFloat64()
		w.dst = appendFloat(w.dst, f)
	case code == msgpcode.Uint64:
		n, _ := w.d.DecodeUint64()
		w.dst = strconv.AppendUint(w.dst, n, 10)
	case code == msgpcode.True || code == msgpcode.False:
		b, _ := w.d.DecodeBool()
		w.dst = strconv.AppendBool(w.dst, b)
	case code == msgpcode.Nil:
		_ = w.d.DecodeNil()
		w.dst = append(w.dst, "null"...)
	default:
		n, _ := w.d.DecodeInt64()
		w.dst = strconv.AppendInt(w.dst, n, 10)
	}
}

func (w *jsonWriter) ext() {
	kind, size, _ := w.d.DecodeExtHeader()
	b := make([]byte, max(size, 0))
	_ = w.d.ReadFull(b)
	if kind == 0 && len(b) == 8 { // Fluent Bit's EventTime
		t := time.Unix(int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:])))
		w.dst = t.UTC().AppendFormat(w.dst, `"`+time.RFC3339Nano+`"`)
		return
	}
	w.dst = appendString(w.dst, hex.EncodeToString(b))
}

// appendFloat keeps a point or an exponent, so that a float stays one.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return append(dst, text...)
}

// appendString appends a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
