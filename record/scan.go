package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Scanner splits a chunk into events. It decodes headers but not records.
//
//	s := record.NewScanner(chunk)
//	for s.Next() {
//		ev := s.Event()
//		…
//	}
//	if err := s.Err(); err != nil {
//		…
//	}
//
// Both event forms, every encoding of times (EventTime, integers and floats
// of seconds) and non-minimal msgpack are read. Group markers are no events: what
// they carry is the Group of the events between them.
//
// A Scanner is for one goroutine. It holds the chunk, which must not change meanwhile.
type Scanner struct {
	d     decodeState
	count int // events so far
	err   error

	// The event, as places in the chunk. Event makes one of them.
	start, body, end int // end is 0 while there is none
	sec              int64
	nsec             int32
	metadata         int // 0 for none

	// The group, if there is one.
	inGroup              bool
	group                *Group // nil until the first of its events is made
	identity, attributes int    // places of the maps that are made into it; 0 for none
}

// NewScanner returns a Scanner that stands before the first event of chunk.
func NewScanner(chunk []byte) *Scanner {
	return &Scanner{d: decodeState{reader: reader{b: chunk}, chunk: chunk, boxes: boxes{use: true}}}
}

// Next moves on to the next event. It reports false at the end of the chunk
// and at bytes that are no event, which [Scanner.Err] tells apart. There is no way past
// the latter: the engine's own decoder stops there as well.
func (s *Scanner) Next() bool {
	if !s.begin() {
		return false
	}
	if _, err := s.d.rawMap(""); err != nil {
		return s.broken(err)
	}
	return s.complete()
}

// Event returns the event that the last call of Next, or of [Decoder.Next], moved to. Its Body may alias
// the chunk; the rest of it is safe to keep.
func (s *Scanner) Event() Event {
	if s.end == 0 {
		return Event{}
	}
	if s.inGroup && s.group == nil {
		s.group = &Group{Metadata: s.d.mapAt(s.identity), Attributes: s.d.mapAt(s.attributes)}
	}
	return Event{
		Header: Header{Time: unix(s.sec, int64(s.nsec)), Metadata: s.d.mapAt(s.metadata)},
		Body:   s.d.chunk[s.body:s.end:s.end],
		Group:  s.group,
		Index:  s.count - 1,
		Offset: s.start,
	}
}

// Err returns the *[Error] that ended the scan, nil at the chunk's end.
func (s *Scanner) Err() error { return s.err }

// begin moves to the record of the next event. Group markers are read on the way.
func (s *Scanner) begin() bool {
	s.end = 0
	for s.err == nil && s.d.off < len(s.d.b) {
		s.start = s.d.off
		sec, nsec, ok := usualHeader(s.d.b[s.start:])
		if ok {
			s.d.off += usualSize
			s.sec, s.nsec, s.metadata = int64(sec), int32(nsec), 0
		} else if marker, err := s.otherHeader(); err != nil {
			return s.broken(err)
		} else if marker {
			continue
		}
		s.body = s.d.off
		return true
	}
	return false
}

// otherHeader reads any header, and all of a group marker.
func (s *Scanner) otherHeader() (marker bool, err *Error) {
	h, err := s.d.header()
	if err != nil {
		return false, err
	}
	if h.mark == markNone {
		s.sec, s.nsec, s.metadata = h.time.Unix(), int32(h.time.Nanosecond()), h.metadata
		return false, nil
	}
	s.inGroup, s.group = h.mark == markStart, nil
	s.identity, s.attributes = h.metadata, s.d.off
	_, err = s.d.rawMap("")
	return true, err
}

// complete is called behind the record.
func (s *Scanner) complete() bool {
	s.end = s.d.off
	s.count++
	return true
}

// broken ends the scan at the event that was begun.
func (s *Scanner) broken(err *Error) bool {
	err.Index, err.Offset = s.count, s.start
	s.err = err
	return false
}

// Count returns the number of events in chunk. If it holds bytes that are no
// event, that is the number of events before them, and an *[Error].
func Count(chunk []byte) (n int, err error) {
	s := NewScanner(chunk)
	for s.Next() {
	}
	return s.count, s.err
}

// header is an event up to its record, checked but not decoded.
type header struct {
	time     time.Time
	mark     mark
	metadata int // where it is; 0 if it is empty, or there is none
}

// A usual header is one of engines since 2.1: a fixext8 EventTime, and empty metadata.
const (
	usualHead = "\x92\x92\xd7\x00"
	usualSize = len(usualHead) + 8 + 1
)

// usualHeader reads what most events begin with.
func usualHeader(b []byte) (sec, nsec uint32, ok bool) {
	if len(b) < usualSize || string(b[:4]) != usualHead || b[12] != 0x80 {
		return 0, 0, false
	}
	sec, nsec = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	return sec, nsec, sec < secondGroupEnd && nsec < 1e9
}

func (r *reader) header() (h header, err *Error) {
	v2, err := r.timed(&h)
	if err != nil || !v2 {
		return h, err
	}
	h.metadata = r.off
	m, err := r.rawMap("metadata")
	if len(m) == 1 {
		h.metadata = 0
	}
	return h, err
}

// timed reads an event up to its time, and tells which form it has.
func (r *reader) timed(h *header) (v2 bool, err *Error) {
	if err := r.pair("an event [header, record]"); err != nil {
		return false, err
	}
	if r.atArray() {
		v2 = true
		if err := r.pair("a header [time, metadata]"); err != nil {
			return v2, err
		}
	}
	h.time, h.mark, err = r.eventTime()
	return v2, err
}

// pair reads the head of an array of two.
func (r *reader) pair(noun string) *Error {
	t, err := r.next()
	if err != nil {
		return &Error{Err: err}
	}
	if t.kind != kindArray || t.n != 2 {
		return &Error{Err: fmt.Errorf("%s is not %s", t, noun)}
	}
	return nil
}

func (r *reader) atArray() bool {
	ahead := *r
	t, err := ahead.next()
	return err == nil && t.kind == kindArray
}

func (r *reader) eventTime() (time.Time, mark, *Error) {
	t, err := r.next()
	if err != nil {
		return time.Time{}, markNone, &Error{Path: "time", Err: err}
	}
	tm, m, err := eventTime(t)
	if errors.Is(err, errNoTime) {
		err = fmt.Errorf("%s is not a time", t)
	}
	return located(tm, m, err)
}

// located says that err is in the time.
func located(tm time.Time, m mark, err error) (time.Time, mark, *Error) {
	if err != nil {
		return tm, m, &Error{Path: "time", Err: err}
	}
	return tm, m, nil
}

// rawMap checks a map and returns its bytes.
func (r *reader) rawMap(path string) ([]byte, *Error) {
	start := r.off
	if start < len(r.b) && r.b[start] == 0x80 {
		r.off++
		return r.b[start:r.off:r.off], nil
	}
	t, err := r.next()
	if err == nil && t.kind != kindMap {
		return nil, &Error{Path: path, Err: fmt.Errorf("%s is not a map", t)}
	}
	if err == nil {
		err = r.skip(t.children(), maxDepth-1)
	}
	if err != nil {
		return nil, &Error{Path: join(path, pathTo(r.b[start:], r.off-start)), Err: err}
	}
	return r.b[start:r.off:r.off], nil
}
