package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// What an expert would write for each type with nothing but append.

func appendS(dst []byte, t time.Time, r *S) ([]byte, error) {
	dst, err := appendHeader(dst, t)
	if err != nil {
		return dst, err
	}
	dst = appendString(append(dst, "\x84\xa5level"...), r.Level)
	dst = appendString(append(dst, "\xa7message"...), r.Message)
	dst = appendString(append(dst, "\xa4host"...), r.Host)
	return appendInt(append(dst, "\xa6status"...), int64(r.Status)), nil
}

func appendA(dst []byte, t time.Time, r *A) ([]byte, error) {
	dst, err := appendHeader(dst, t)
	if err != nil {
		return dst, err
	}
	dst = appendString(append(dst, "\x8c\xa6remote"...), r.Remote)
	dst = appendString(append(dst, "\xa4user"...), r.User)
	dst = appendString(append(dst, "\xa6method"...), r.Method)
	dst = appendString(append(dst, "\xa4path"...), r.Path)
	dst = appendInt(append(dst, "\xa6status"...), int64(r.Status))
	dst = appendInt(append(dst, "\xa5bytes"...), r.Bytes)
	dst = appendFloat64(append(dst, "\xa8duration"...), r.Duration)
	dst = appendString(append(dst, "\xa7referer"...), r.Referer)
	dst = appendString(append(dst, "\xaauser_agent"...), r.Agent)
	dst = appendString(append(dst, "\xa8upstream\x83\xa4addr"...), r.Upstream.Addr)
	dst = appendInt(append(dst, "\xa6status"...), int64(r.Upstream.Status))
	dst = appendFloat64(append(dst, "\xa8duration"...), r.Upstream.Duration)
	dst = appendMapHead(append(dst, "\xa6labels"...), len(r.Labels))
	for k, v := range r.Labels {
		dst = appendString(appendString(dst, k), v)
	}
	dst = appendArrayHead(append(dst, "\xa4tags"...), len(r.Tags))
	for _, v := range r.Tags {
		dst = appendString(dst, v)
	}
	return dst, nil
}

func appendM(dst []byte, t time.Time, r *M) ([]byte, error) {
	dst, err := appendHeader(dst, t)
	if err != nil {
		return dst, err
	}
	return appendAnyMap(dst, *r)
}

func appendSyslog(dst []byte, t time.Time, r *Syslog) ([]byte, error) {
	dst, err := appendHeader(dst, t)
	if err != nil {
		return dst, err
	}
	dst = appendString(append(dst, "\x88\xa8facility"...), r.Facility)
	dst = appendInt(append(dst, "\xa8severity"...), int64(r.Severity))
	dst = appendString(append(dst, "\xa4host"...), r.Host)
	dst = appendString(append(dst, "\xa5ident"...), r.Ident)
	dst = appendInt(append(dst, "\xa3pid"...), int64(r.PID))
	dst = appendString(append(dst, "\xa5msgid"...), r.MsgID)
	dst = appendUint(append(dst, "\xa8sequence"...), r.Sequence)
	return appendString(append(dst, "\xa7message"...), r.Message), nil
}

func appendMix(dst []byte, t time.Time, r *Mix) ([]byte, error) {
	dst, err := appendHeader(dst, t)
	if err != nil {
		return dst, err
	}
	dst = appendBinary(append(dst, "\x88\xa5trace"...), r.Trace)
	dst = appendString(append(dst, "\xa4name"...), r.Name)
	dst = append(dst, "\xa6parent"...)
	if r.Parent == nil {
		dst = append(dst, 0xc0)
	} else {
		dst = appendString(dst, *r.Parent)
	}
	var buf [len(time.RFC3339Nano)]byte
	dst = appendString(append(dst, "\xa7started"...), r.Started.AppendFormat(buf[:0], time.RFC3339Nano))
	if dst, err = appendAnyMap(append(dst, "\xa5attrs"...), r.Attrs); err != nil {
		return dst, err
	}
	dst = appendUint(append(dst, "\xa4code"...), uint64(r.Code))
	dst = binary.BigEndian.AppendUint32(append(dst, "\xa4load\xca"...), math.Float32bits(r.Load))
	return appendString(append(dst, "\xa7message"...), r.Message), nil
}

var errTime = errors.New("time is not between 1970 and 2106")

func appendHeader(dst []byte, t time.Time) ([]byte, error) {
	sec := t.Unix()
	if sec < 0 || sec >= groupEnd {
		return dst, errTime
	}
	dst = append(dst, "\x92\x92\xd7\x00"...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(sec)<<32|uint64(t.Nanosecond()))
	return append(dst, 0x80), nil
}

func appendAnyMap(dst []byte, m map[string]any) (_ []byte, err error) {
	dst = appendMapHead(dst, len(m))
	for k, v := range m {
		if dst, err = appendAny(appendString(dst, k), v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendAny(dst []byte, v any) (_ []byte, err error) {
	switch v := v.(type) {
	case nil:
		return append(dst, 0xc0), nil
	case string:
		return appendString(dst, v), nil
	case int64:
		return appendInt(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case float64:
		return appendFloat64(dst, v), nil
	case bool:
		if v {
			return append(dst, 0xc3), nil
		}
		return append(dst, 0xc2), nil
	case map[string]any:
		return appendAnyMap(dst, v)
	case []any:
		dst = appendArrayHead(dst, len(v))
		for _, v := range v {
			if dst, err = appendAny(dst, v); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	return dst, fmt.Errorf("no encoding for %T", v)
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	if len(s) < 32 {
		dst = append(dst, 0xa0|byte(len(s)))
	} else {
		dst = appendLongHead(dst, 0xd9, len(s))
	}
	return append(dst, s...)
}

func appendBinary(dst, b []byte) []byte { return append(appendLongHead(dst, 0xc4, len(b)), b...) }

// appendLongHead appends a length in 8, 16 or 32 bits; code is of the first.
func appendLongHead(dst []byte, code byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, code, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code+1), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code+2), uint32(n))
}

func appendMapHead(dst []byte, n int) []byte {
	if n < 16 {
		return append(dst, 0x80|byte(n))
	}
	return appendCount(dst, 0xde, n)
}

func appendArrayHead(dst []byte, n int) []byte {
	if n < 16 {
		return append(dst, 0x90|byte(n))
	}
	return appendCount(dst, 0xdc, n)
}

func appendCount(dst []byte, code byte, n int) []byte {
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(dst, code), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code+1), uint32(n))
}

func appendFloat64(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
}

func appendInt(dst []byte, v int64) []byte {
	switch {
	case v >= 0:
		return appendUint(dst, uint64(v))
	case v >= -32:
		return append(dst, byte(v))
	case v >= math.MinInt8:
		return append(dst, 0xd0, byte(v))
	case v >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(v))
}

func appendUint(dst []byte, v uint64) []byte {
	switch {
	case v <= 0x7f:
		return append(dst, byte(v))
	case v <= math.MaxUint8:
		return append(dst, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
}
