package record

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
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

func appendFloat32(dst []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, 0xca), math.Float32bits(v))
}

func appendFloat64(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	switch n := len(s); {
	case n < 32:
		dst = append(dst, 0xa0|byte(n))
	case n <= math.MaxUint8:
		dst = append(dst, 0xd9, byte(n))
	default:
		dst = appendLength(dst, 0xda, n)
	}
	return append(dst, s...)
}

func appendBinary(dst, b []byte) []byte {
	if len(b) <= math.MaxUint8 {
		dst = append(dst, 0xc4, byte(len(b)))
	} else {
		dst = appendLength(dst, 0xc5, len(b))
	}
	return append(dst, b...)
}

func appendArrayHead(dst []byte, n int) []byte {
	if n < 16 {
		return append(dst, 0x90|byte(n))
	}
	return appendLength(dst, 0xdc, n)
}

func appendMapHead(dst []byte, n int) []byte {
	if n < 16 {
		return append(dst, 0x80|byte(n))
	}
	return appendLength(dst, 0xde, n)
}

// appendLength appends the code of a 16-bit length, or the next one for 32 bits.
func appendLength(dst []byte, code byte, n int) []byte {
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(dst, code), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code+1), uint32(n))
}

func appendTime(dst []byte, t time.Time) []byte {
	var buf [len(time.RFC3339Nano)]byte
	return appendString(dst, t.AppendFormat(buf[:0], time.RFC3339Nano))
}

func appendExt(dst []byte, x Ext) []byte {
	switch n := len(x.Data); {
	case n == 1 || n == 2 || n == 4 || n == 8 || n == 16:
		dst = append(dst, 0xd4+byte(slices.Index([]int{1, 2, 4, 8, 16}, n)))
	case n <= math.MaxUint8:
		dst = append(dst, 0xc7, byte(n))
	default:
		dst = appendLength(dst, 0xc8, n)
	}
	return append(append(dst, byte(x.Type)), x.Data...)
}
