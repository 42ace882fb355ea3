package record

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Header is what an event carries beside its record.
type Header struct {
	Time     time.Time      // from 1970 to 2106; UTC when read, any zone when written
	Metadata map[string]any // nil for none
}

// Group is the OpenTelemetry-style group that encloses events. The events of a
// group share one Group, so it must not be changed.
type Group struct {
	Metadata   map[string]any // what identifies the group: schema, resource and scope ids; nil for none
	Attributes map[string]any // what its events have in common: resource and scope; nil for none
}

// Event is one event of a chunk, its record not yet decoded.
type Event struct {
	Header
	Body   []byte // the record, one msgpack map that was checked; may alias the chunk
	Group  *Group // nil outside of groups
	Index  int    // place among the chunk's events, from 0; group markers do not count
	Offset int    // of the event's first byte in the chunk
}

// Locate adds ev's index and offset to an error of [Decoder.Decode].
func (ev *Event) Locate(err error) error {
	if err == nil {
		return nil
	}
	located := Error{Err: err}
	var e *Error
	if errors.As(err, &e) {
		located = *e
	}
	located.Index, located.Offset = ev.Index, ev.Offset
	return &located
}

// Error is an event that cannot be read or written. It is the only type of
// error that encoding, decoding and scanning return.
type Error struct {
	Index  int    // place among the chunk's or the slice's events, -1 if not known
	Offset int    // of the event's first byte in the chunk, -1 if not known
	Path   string // the field, as in "status.codes[2]"; "time" and "metadata" in the header; "" for the event itself
	Err    error  // wraps io.ErrUnexpectedEOF where bytes are missing
}

// Error has the form `record: event 17 at byte 2048: status.code: string "ok" into int`.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("record: ")
	if e.Index >= 0 {
		b.WriteString("event " + strconv.Itoa(e.Index))
		if e.Offset >= 0 {
			b.WriteString(" at byte " + strconv.Itoa(e.Offset))
		}
		b.WriteString(": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Ext is a msgpack extension that has no Go type.
type Ext struct {
	Type int8
	Data []byte
}

// Extension types that are times.
const (
	extEventTime = 0  // Fluent Bit's: u32 seconds, u32 nanoseconds
	extTimestamp = -1 // msgpack's
)

// EventTime seconds from here on are taken: flb_log_event_decoder.c reads
// 0xfffffffe and 0xffffffff as group end and start, and refuses them with nanoseconds.
const (
	secondGroupEnd   = 0xfffffffe
	secondGroupStart = 0xffffffff
)

// appendHeader appends the head of an event, with empty metadata.
func appendHeader(dst []byte, sec int64, nsec int) []byte {
	dst = append(dst, "\x92\x92\xd7\x00secsnsec\x80"...)
	binary.BigEndian.PutUint64(dst[len(dst)-9:], uint64(sec)<<32|uint64(nsec))
	return dst
}
