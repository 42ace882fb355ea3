package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
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
