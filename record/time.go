package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// maxSeconds keeps integer and float times where time.Time does not wrap.
const maxSeconds = 1 << 55

var errNoTime = errors.New("no time")

// mark tells events from the markers around groups of them.
type mark uint8

const (
	markNone mark = iota
	markStart
	markEnd
)

// eventTime is the time of an event's header, in any of the forms that
// flb_log_event_decoder_decode_timestamp takes, or float32.
func eventTime(t token) (time.Time, mark, error) {
	if t.kind != kindExt {
		tm, err := numberTime(t)
		return tm, markNone, err
	}
	if t.ext != extEventTime || len(t.data) != 8 {
		return time.Time{}, markNone, errNoTime
	}
	return eventTimeBytes(t.data)
}

// eventTimeBytes is an EventTime or a group marker, of 8 bytes.
func eventTimeBytes(b []byte) (time.Time, mark, error) {
	sec, nsec := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	switch {
	case sec == secondGroupStart && nsec == 0:
		return time.Time{}, markStart, nil
	case sec == secondGroupEnd && nsec == 0:
		return time.Time{}, markEnd, nil
	case sec >= secondGroupEnd || nsec >= 1e9:
		return time.Time{}, markNone, fmt.Errorf("EventTime of %d seconds and %d nanoseconds is out of range", sec, nsec)
	}
	return unix(int64(sec), int64(nsec)), markNone, nil
}

// numberTime is a time in seconds since 1970.
func numberTime(t token) (time.Time, error) {
	switch {
	case t.kind == kindUint && t.bits < maxSeconds:
		return unix(int64(t.bits), 0), nil
	case t.kind == kindFloat && t.float() >= 0 && t.float() < maxSeconds:
		sec, frac := math.Modf(t.float())
		return unix(int64(sec), int64(math.Round(frac*1e9))), nil
	case t.kind == kindUint || t.kind == kindInt || t.kind == kindFloat:
		return time.Time{}, fmt.Errorf("%s is out of range", t)
	}
	return time.Time{}, errNoTime
}

// extTime is a timestamp extension inside a record.
func extTime(t token) (time.Time, bool) {
	if t.ext == extEventTime {
		tm, m, err := eventTime(t)
		return tm, err == nil && m == markNone
	}
	if t.ext != extTimestamp {
		return time.Time{}, false
	}
	var sec, nsec int64
	switch len(t.data) {
	case 4:
		sec = int64(binary.BigEndian.Uint32(t.data))
	case 8:
		n := binary.BigEndian.Uint64(t.data)
		sec, nsec = int64(n&(1<<34-1)), int64(n>>34)
	case 12:
		sec, nsec = int64(binary.BigEndian.Uint64(t.data[4:])), int64(binary.BigEndian.Uint32(t.data))
	default:
		return time.Time{}, false
	}
	if nsec >= 1e9 || sec < -maxSeconds || sec >= maxSeconds {
		return time.Time{}, false
	}
	return unix(sec, nsec), true
}

// anyTime is a value inside a record, for a time.Time.
func anyTime(t token) (time.Time, error) {
	switch t.kind {
	case kindExt:
		if tm, ok := extTime(t); ok {
			return tm, nil
		}
		return time.Time{}, errNoTime
	case kindString, kindBinary:
		return time.Parse(time.RFC3339Nano, string(t.data))
	}
	return numberTime(t)
}

func unix(sec, nsec int64) time.Time { return time.Unix(sec, nsec).UTC() }
