package record

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JSONFormat says how an event becomes JSON. Its zero value writes the record alone. It is
// a plain value, and its methods may be called concurrently.
type JSONFormat struct {
	// TimeKey names a member in front of the record's for the event's time, "" for none. The time is
	// left out of an event whose record has that key, as by the engine, whose outputs
	// call this json_date_key and have "date" as its default.
	TimeKey string

	TimeFormat TimeFormat // json_date_format of the engine's outputs; TimeDouble if not set
}

// AppendEvent appends ev as one JSON object, without a newline, to dst and returns the
// longer slice. The record is written as by [Raw.AppendJSON]; metadata and groups are not, which
// the engine's outputs add as a member __internal__.
// On error, an *[Error] with ev's index and offset, dst is returned as it was.
func (f JSONFormat) AppendEvent(dst []byte, ev *Event) ([]byte, error) {
	if f.TimeKey != "" && !f.TimeFormat.valid() {
		return dst, ev.Locate(&Error{Path: "time", Err: f.TimeFormat.unknown()})
	}
	w := jsonWriter{reader: reader{b: slices.Clip(ev.Body)}}
	m, err := w.record(f.TimeKey)
	if err != nil {
		return dst, ev.Locate(err)
	}
	dst = append(dst, '{')
	if f.TimeKey != "" && !m.wanted {
		dst = append(appendText(dst, []byte(f.TimeKey)), ':')
		dst = append(f.TimeFormat.append(dst, ev.Time), ',')
	}
	return w.members(dst, m), nil
}

// TimeFormat is how an event's time is written in JSON: json_date_format of the
// engine's outputs. It has UnmarshalText, so it may be the type of a plugin's property.
type TimeFormat uint8

// What the formats make of 2018-05-30 09:39:52.000681123 UTC.
const (
	TimeDouble      TimeFormat = iota // 1527673192.000681, seconds in 16 digits
	TimeISO8601                       // "2018-05-30T09:39:52.000681Z"
	TimeEpoch                         // 1527673192, seconds
	TimeEpochMillis                   // 1527673192000
	TimeJavaSQL                       // "2018-05-30 09:39:52.000681", for AWS Athena
)

// timeFormats are names of the engine (flb_pack.c, flb_pack_to_json_date_type).
var timeFormats = [...]string{"double", "iso8601", "epoch", "epoch_ms", "java_sql_timestamp"}

func (f TimeFormat) valid() bool { return int(f) < len(timeFormats) }

func (f TimeFormat) unknown() error { return fmt.Errorf("%s is not a time format", f) }

// String returns the engine's name of f, such as "iso8601".
func (f TimeFormat) String() string {
	if !f.valid() {
		return "TimeFormat(" + strconv.Itoa(int(f)) + ")"
	}
	return timeFormats[f]
}

// MarshalText returns the engine's name of f.
func (f TimeFormat) MarshalText() ([]byte, error) {
	if !f.valid() {
		return nil, f.unknown()
	}
	return []byte(f.String()), nil
}

// UnmarshalText takes the names that the engine takes, in upper or lower case:
// double, iso8601, epoch, epoch_ms (or epoch_millis, epoch_milliseconds) and java_sql_timestamp. Its error names no
// package: it is part of one about a property.
func (f *TimeFormat) UnmarshalText(text []byte) error {
	name := strings.ToLower(string(text))
	if name == "epoch_millis" || name == "epoch_milliseconds" {
		name = TimeEpochMillis.String()
	}
	for i, s := range timeFormats {
		if s == name {
			*f = TimeFormat(i)
			return nil
		}
	}
	last := len(timeFormats) - 1
	return fmt.Errorf("%q is not a time format (want %s or %s)", text, strings.Join(timeFormats[:last], ", "), timeFormats[last])
}

// append appends t as the engine's flb_pack_msgpack_to_json_format does.
func (f TimeFormat) append(dst []byte, t time.Time) []byte {
	switch f {
	case TimeEpoch:
		return strconv.AppendInt(dst, t.Unix(), 10)
	case TimeEpochMillis:
		return strconv.AppendInt(dst, t.UnixMilli(), 10)
	case TimeISO8601:
		return t.UTC().AppendFormat(dst, `"2006-01-02T15:04:05.000000Z"`)
	case TimeJavaSQL:
		return t.UTC().AppendFormat(dst, `"2006-01-02 15:04:05.000000"`)
	}
	return appendDouble(dst, t)
}

// appendDouble writes "%.1f" of a whole number of seconds, else "%.16g" (flb_pack.c, msgpack2json).
func appendDouble(dst []byte, t time.Time) []byte {
	sec := float64(t.Unix())
	d := sec + float64(t.Nanosecond())/1e9
	switch {
	case d == math.Trunc(d):
		return strconv.AppendFloat(dst, d, 'f', 1, 64)
	case 1<<30 <= d && d < 1<<31:
		return appendMicros(dst, uint64(sec)*1e6+micros(d-sec))
	}
	return strconv.AppendFloat(dst, d, 'g', 16, 64)
}

// micros rounds a multiple of 2^-22, which is what a double of today's seconds is, to millionths.
// That is where its 16 digits end.
func micros(f float64) uint64 {
	n := uint64(f*(1<<22)) * 1e6
	rest := n & (1<<22 - 1)
	n >>= 22
	if rest > 1<<21 || rest == 1<<21 && n&1 == 1 {
		n++
	}
	return n
}
