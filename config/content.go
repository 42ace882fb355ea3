package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"reflect"
	"strings"
)

// decodeJSON reads one JSON value and refuses what the type has no field for, so that a misspelt key is not ignored.
func decodeJSON(dst reflect.Value, text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(dst.Addr().Interface())
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			return reason("is not JSON: there is more after the value")
		}
		return nil
	}
	return &invalid{errJSON, jsonCause(err)}
}

const errJSON = reason("is not JSON as wanted")

// jsonCause takes Go's words out of an error of package json.
func jsonCause(err error) error {
	var form *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	case errors.As(err, &form):
		field := form.Field
		if field != "" {
			field += ": "
		}
		return fmt.Errorf("%s%s, want %s", field, form.Value, jsonWord(form.Type))
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: "); ok {
		return errors.New(text)
	}
	return err
}

// jsonWord is what a type wants, in the words of JSON.
func jsonWord(t reflect.Type) string {
	switch kind := t.Kind(); kind {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.String, reflect.Bool:
		return kind.String()
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("integer from 0 to %d", uint64(math.MaxUint64)>>(64-t.Bits()))
	}
	return "integer"
}

// inline marks content that stands in the place of a path.
const inline = "inline:"

// fileSize bounds the content of a file, since a property may name any.
const fileSize = 16 << 20

// isInline says whether text is content and no path. JSON needs no mark.
func (f *field) isInline(text string) bool {
	return strings.HasPrefix(text, inline) || f.json && strings.HasPrefix(text, "{") || f.json && strings.HasPrefix(text, "[")
}

// fromFile makes a decoder of the file's content out of one of the content.
func (f *field) fromFile(decode decodeFunc) decodeFunc {
	return func(dst reflect.Value, text string) error {
		content, err := strings.TrimPrefix(text, inline), error(nil)
		if !f.isInline(text) {
			content, err = readFile(text)
		}
		if err != nil {
			return err
		}
		if dst.Type() == secretType {
			content = strings.TrimSuffix(strings.TrimSuffix(content, "\n"), "\r")
		}
		return decode(dst, content)
	}
}

func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", unreadable(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	var content bytes.Buffer
	if _, err := content.ReadFrom(io.LimitReader(file, fileSize+1)); err != nil {
		return "", unreadable(err)
	}
	if content.Len() > fileSize {
		return "", reason("is a file of more than 16 MiB")
	}
	return content.String(), nil
}

func unreadable(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err // without the path, which the message has
	}
	return &invalid{"is not a file that can be read", err}
}

func decodeBytes(dst reflect.Value, text string) error {
	dst.SetBytes([]byte(text))
	return nil
}
