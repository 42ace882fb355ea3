package config

import (
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. Its zero value is no bytes. It is never negative when it comes from this package.
type Size int64

// sizeUnits are powers of 1000, not 1024 (flb_utils.c: flb_utils_size_to_bytes). The largest comes first.
var sizeUnits = []struct {
	suffix string
	bytes  Size
}{{"G", 1_000_000_000}, {"M", 1_000_000}, {"K", 1000}}

const errSize = reason("is not a size in bytes (want 512, 64K, 4M or 1G)")

// ParseSize reads a size as the engine does (flb_utils.c: flb_utils_size_to_bytes): decimal digits, possibly with a
// fraction, and then nothing for bytes, K or KB for 1000, M or MB for 1000², G or GB for 1000³, in any case and without a
// blank; "false" means 0. What is less than a byte is cut off. Where the engine would guess, there is an error: for a
// negative number, an exponent, or text after the number.
func ParseSize(s string) (Size, error) {
	n, err := parseSize(s)
	return n, quoted(s, err)
}

func parseSize(s string) (Size, error) {
	if strings.EqualFold(s, "false") {
		return 0, nil
	}
	number, unit := cutUnit(s)
	whole, fraction, dotted := strings.Cut(number, ".")
	if !digits(whole) || dotted && !digits(fraction) {
		return 0, errSize
	}
	if dotted {
		return scaleFloat(number, unit)
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || Size(n) > math.MaxInt64/unit {
		return 0, errSizeRange
	}
	return Size(n) * unit, nil
}

const errSizeRange = reason("is out of range (want less than 2^63 bytes)")

// scaleFloat multiplies in floating point and truncates, which is what the engine does.
func scaleFloat(number string, unit Size) (Size, error) {
	f, err := strconv.ParseFloat(number, 64)
	f *= float64(unit)
	if err != nil || f >= math.MaxInt64 {
		return 0, errSizeRange
	}
	return Size(f), nil
}

func cutUnit(s string) (number string, unit Size) {
	number = s
	if n := len(s); n >= 2 && (s[n-1] == 'B' || s[n-1] == 'b') {
		number = s[:n-1]
	}
	for _, u := range sizeUnits {
		if n := len(number); n > 0 && strings.EqualFold(number[n-1:], u.suffix) {
			return number[:n-1], u.bytes
		}
	}
	return s, 1
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// String gives the size in the largest unit that divides it: 4M, 1500K, 1234. [ParseSize] reads it back unchanged.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
