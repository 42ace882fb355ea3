package capture

import (
	"bytes"
	"errors"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// maxDepth is how deep package record reads.
const maxDepth = 128

// unused begins no msgpack value.
const unused = 0xc1

// redact returns a copy of chunk with the values of some keys hidden; all else is the same to the byte. What cannot be read
// as an event cannot be searched for keys either: from there on the copy is one byte that cannot be read.
func redact(chunk []byte, keys map[string]bool) []byte {
	src := bytes.NewReader(chunk)
	r := &redactor{keys: keys, chunk: chunk, src: src, dec: msgpack.NewDecoder(src)}
	for src.Len() > 0 {
		whole := len(r.out)
		if err := r.value(false, 0); err != nil {
			return append(r.out[:whole], unused)
		}
		r.copy(r.at())
	}
	return r.out
}

// redactor is a redact at work.
type redactor struct {
	keys   map[string]bool // in lower case
	chunk  []byte
	src    *bytes.Reader // of chunk; the decoder reads no further than it needs
	dec    *msgpack.Decoder
	out    []byte
	copied int // bytes of chunk that are in out, or that something else is there for
}

// at is where in the chunk the next value begins.
func (r *redactor) at() int { return len(r.chunk) - r.src.Len() }

func (r *redactor) copy(to int) {
	r.out = append(r.out, r.chunk[r.copied:to]...)
	r.copied = to
}

var errTooDeep = errors.New("nested too deeply")

func (r *redactor) value(secret bool, depth int) error {
	code, err := r.dec.PeekCode()
	switch {
	case err != nil:
		return err
	case depth > maxDepth:
		return errTooDeep
	case msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32:
		return r.members(secret, depth)
	case msgpcode.IsFixedArray(code) || code == msgpcode.Array16 || code == msgpcode.Array32:
		return r.elements(secret, depth)
	}
	return r.scalar(secret, code)
}

func (r *redactor) scalar(secret bool, code byte) error {
	start := r.at()
	if err := r.dec.Skip(); err != nil || !secret {
		return err
	}
	r.copy(start)
	r.out = append(r.out, hidden(code, r.chunk[start:r.at()])...)
	r.copied = r.at()
	return nil
}

func (r *redactor) members(secret bool, depth int) error {
	n, err := r.dec.DecodeMapLen()
	for ; n > 0 && err == nil; n-- {
		var known bool
		if known, err = r.key(depth); err == nil {
			err = r.value(secret || known, depth+1)
		}
	}
	return err
}

// key tells whether the next key is among the ones to redact.
func (r *redactor) key(depth int) (known bool, err error) {
	code, err := r.dec.PeekCode()
	if err != nil {
		return false, err
	}
	if !msgpcode.IsString(code) && !msgpcode.IsBin(code) {
		return false, r.value(false, depth+1)
	}
	key, err := r.dec.DecodeString()
	return r.keys[strings.ToLower(key)], err
}

func (r *redactor) elements(secret bool, depth int) error {
	n, err := r.dec.DecodeArrayLen()
	for ; n > 0 && err == nil; n-- {
		err = r.value(secret, depth+1)
	}
	return err
}

// hidden is what stands for a value that is no map or array.
func hidden(code byte, value []byte) []byte {
	switch {
	case msgpcode.IsString(code):
		return []byte("\xa3***")
	case msgpcode.IsBin(code):
		return []byte("\xc4\x03***")
	case msgpcode.IsFixedNum(code) || code >= msgpcode.Uint8 && code <= msgpcode.Int64:
		return []byte{0}
	case code == msgpcode.Float || code == msgpcode.Double:
		return []byte{msgpcode.Float, 0, 0, 0, 0}
	case msgpcode.IsExt(code):
		return []byte{msgpcode.Nil}
	}
	return value // nil or a boolean
}
