package config

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"
)

// kind says which words suit a value in a message.
type kind uint8

const (
	kindText kind = iota
	kindBool
	kindNumber
	kindDuration
	kindSize
	kindList
)

// scalar is how one Go type is read from the text of a property, or of one item of a list.
type scalar struct {
	kind   kind
	word   string // the type, for whoever edits the file
	decode decodeFunc
}

// decodeFunc stores text in dst, which is settable. Its error says what is wrong and what is allowed, but not the text.
type decodeFunc func(dst reflect.Value, text string) error

var (
	secretType = reflect.TypeFor[Secret]()
	timeType   = reflect.TypeFor[time.Time]()
	textType   = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// scalarOf is the whole table of scalar types.
func scalarOf(t reflect.Type) (scalar, bool) {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return scalar{kindDuration, "duration", decodeDuration}, true
	case reflect.TypeFor[Size]():
		return scalar{kindSize, "size", decodeSize}, true
	case secretType:
		return scalar{kindText, "secret", decodeText}, true
	case reflect.TypeFor[url.URL](), reflect.TypeFor[*url.URL]():
		return scalar{kindText, "url", decodeURL}, true
	case reflect.TypeFor[regexp.Regexp](), reflect.TypeFor[*regexp.Regexp]():
		return scalar{kindText, "regexp", decodeRegexp}, true
	case reflect.TypeFor[*time.Location]():
		return scalar{kindText, "time zone", decodeLocation}, true
	case reflect.TypeFor[slog.Level]():
		return scalar{kindText, "log level", decodeAs("is not a log level (want debug, info, warn or error)")}, true
	case reflect.TypeFor[netip.Addr]():
		return scalar{kindText, typeWord(t), decodeAs("is not an IP address (want 192.0.2.1 or 2001:db8::1)")}, true
	case reflect.TypeFor[netip.AddrPort]():
		return scalar{kindText, typeWord(t), decodeAs("is not an IP address and port (want 192.0.2.1:9092 or [2001:db8::1]:9092)")}, true
	}
	if reflect.PointerTo(t).Implements(textType) {
		return scalar{kindText, typeWord(t), decodeText}, true
	}
	switch t.Kind() {
	case reflect.String:
		return scalar{kindText, "string", decodeString}, true
	case reflect.Bool:
		return scalar{kindBool, "bool", decodeBool}, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return scalar{kindNumber, "integer", decodeInt}, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return scalar{kindNumber, "integer", decodeUint}, true
	case reflect.Float32, reflect.Float64:
		return scalar{kindNumber, "number", decodeFloat}, true
	}
	return scalar{}, false
}

// typeWord turns the name of a type into a word for documentation: AddrPort is an addr port.
func typeWord(t reflect.Type) string {
	if t.Name() == "" {
		return "text"
	}
	return strings.ReplaceAll(snakeCase(t.Name()), "_", " ")
}

func decodeString(dst reflect.Value, text string) error {
	dst.SetString(text)
	return nil
}

func decodeBool(dst reflect.Value, text string) error {
	v, err := parseBool(text)
	dst.SetBool(v)
	return err
}

func decodeInt(dst reflect.Value, text string) error {
	bits := dst.Type().Bits()
	v, err := strconv.ParseInt(text, 10, bits)
	if errors.Is(err, strconv.ErrRange) {
		limit := int64(math.MaxInt64) >> (64 - bits)
		return reason(fmt.Sprintf("is out of range (want %d to %d)", -limit-1, limit))
	}
	if err != nil {
		return reason("is not a whole number")
	}
	dst.SetInt(v)
	return nil
}

func decodeUint(dst reflect.Value, text string) error {
	bits := dst.Type().Bits()
	v, err := strconv.ParseUint(text, 10, bits)
	if errors.Is(err, strconv.ErrRange) {
		return reason(fmt.Sprintf("is out of range (want 0 to %d)", uint64(math.MaxUint64)>>(64-bits)))
	}
	if err != nil {
		return reason("is not a whole number from 0 up")
	}
	dst.SetUint(v)
	return nil
}

func decodeFloat(dst reflect.Value, text string) error {
	v, err := strconv.ParseFloat(text, dst.Type().Bits())
	switch {
	case errors.Is(err, strconv.ErrRange):
		return reason("is out of range for a number")
	case err != nil || math.IsInf(v, 0) || math.IsNaN(v):
		return reason("is not a number (want 0.5 or 12)")
	}
	dst.SetFloat(v)
	return nil
}

func decodeDuration(dst reflect.Value, text string) error {
	v, err := parseDuration(text)
	dst.SetInt(int64(v))
	return err
}

func decodeSize(dst reflect.Value, text string) error {
	v, err := parseSize(text)
	dst.SetInt(int64(v))
	return err
}

func decodeText(dst reflect.Value, text string) error {
	if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		return &invalid{"is not valid", err}
	}
	return nil
}

// decodeAs is for types with UnmarshalText whose errors are not for whoever edits the file.
func decodeAs(complaint reason) decodeFunc {
	return func(dst reflect.Value, text string) error {
		if decodeText(dst, text) != nil {
			return complaint
		}
		return nil
	}
}

// setPointed stores *v in dst, or v if dst is a pointer.
func setPointed(dst, v reflect.Value) {
	if dst.Kind() != reflect.Pointer {
		v = v.Elem()
	}
	dst.Set(v)
}

// decodeURL gives no cause: the error of package url contains the URL, and so its password.
func decodeURL(dst reflect.Value, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" {
		return reason("is not a URL (want scheme://host/path)")
	}
	setPointed(dst, reflect.ValueOf(u))
	return nil
}

func decodeRegexp(dst reflect.Value, text string) error {
	re, err := regexp.Compile(text)
	if err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) {
			err = fmt.Errorf("%s in %s", bad.Code, show(bad.Expr))
		}
		return &invalid{"is not a regular expression", err}
	}
	setPointed(dst, reflect.ValueOf(re))
	return nil
}

func decodeLocation(dst reflect.Value, text string) error {
	zone, err := time.LoadLocation(text)
	if err != nil {
		return reason("is not a time zone that this machine knows (want UTC, Local or a name such as Europe/Berlin)")
	}
	dst.Set(reflect.ValueOf(zone))
	return nil
}

// ParseBool reads on, true, yes and 1, or off, false, no and 0, in any case, and nothing else. The digits are an addition
// to what the engine reads for its own options (flb_utils.c: flb_utils_bool).
func ParseBool(s string) (bool, error) {
	v, err := parseBool(s)
	return v, quoted(s, err)
}

func parseBool(s string) (bool, error) {
	for _, word := range []string{"on", "true", "yes", "1"} {
		if strings.EqualFold(s, word) {
			return true, nil
		}
	}
	for _, word := range []string{"off", "false", "no", "0"} {
		if strings.EqualFold(s, word) {
			return false, nil
		}
	}
	return false, reason("is not a boolean (want on or off)")
}

// ParseDuration reads a duration in Go's form (500ms, 1h30m) or a plain number, possibly with a fraction, of seconds.
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	return d, quoted(s, err)
}

func parseDuration(s string) (time.Duration, error) {
	if strings.Trim(s, "+-.0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, reason("is not a duration (want 500ms, 10s, 1m or a number of seconds)")
	}
	return d, nil
}

// quoted puts the text in front of a decoder's error, for use outside of a binding.
func quoted(text string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("config: %s %w", show(text), err)
}
