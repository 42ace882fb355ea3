package record

import (
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
	r     reader
	event Event
	group *Group
	count int // events so far
	err   error
}

// NewScanner returns a Scanner that stands before the first event of chunk.
func NewScanner(chunk []byte) *Scanner { return &Scanner{r: reader{b: chunk}} }

// Next moves on to the next event. It reports false at the end of the chunk
// and at bytes that are no event, which [Scanner.Err] tells apart. There is no way past
// the latter: the engine's own decoder stops there as well.
func (s *Scanner) Next() bool {
	s.event = Event{}
	for {
		start := s.r.off
		f, ok := s.frame()
		if !ok {
			return false
		}
		if f.mark != markNone {
			s.group = newGroup(f)
			continue
		}
		s.event = Event{
			Header: Header{Time: f.time, Metadata: decodeMap(f.metadata)},
			Body:   f.body,
			Group:  s.group,
			Index:  s.count,
			Offset: start,
		}
		s.count++
		return true
	}
}

// Event returns the event that the last call of Next moved to. Its Body aliases
// the chunk; the rest of it is safe to keep.
func (s *Scanner) Event() Event { return s.event }

// Err returns the *[Error] that ended the scan, nil at the chunk's end.
func (s *Scanner) Err() error { return s.err }

// Count returns the number of events in chunk. If it holds bytes that are no
// event, that is the number of events before them, and an *[Error].
func Count(chunk []byte) (int, error) {
	s := Scanner{r: reader{b: chunk}}
	for {
		f, ok := s.frame()
		if !ok {
			return s.count, s.err
		}
		if f.mark == markNone {
			s.count++
		}
	}
}

// frame reads the next event or group marker, if there is one.
func (s *Scanner) frame() (frame, bool) {
	if s.err != nil || s.r.off == len(s.r.b) {
		return frame{}, false
	}
	start := s.r.off
	f, err := s.r.frame()
	if err != nil {
		err.Index, err.Offset = s.count, start
		s.err = err
		return frame{}, false
	}
	return f, true
}

func newGroup(f frame) *Group {
	if f.mark == markEnd {
		return nil
	}
	return &Group{Metadata: decodeMap(f.metadata), Attributes: decodeMap(f.body)}
}

// frame is an event's parts, checked but not decoded.
type frame struct {
	time     time.Time
	mark     mark
	metadata []byte // nil in the legacy form
	body     []byte
}

func (r *reader) frame() (f frame, err *Error) {
	v2, err := r.header(&f)
	if err == nil && v2 {
		f.metadata, err = r.rawMap("metadata")
	}
	if err == nil {
		f.body, err = r.rawMap("")
	}
	return f, err
}

// header reads an event up to its time, and tells which form it has.
func (r *reader) header(f *frame) (v2 bool, err *Error) {
	if b := r.b[r.off:]; len(b) >= 12 && string(b[:4]) == usualHead {
		r.off += 12
		f.time, f.mark, err = located(eventTimeBytes(b[4:12]))
		return true, err
	}
	if err := r.pair("an event [header, record]"); err != nil {
		return false, err
	}
	if r.atArray() {
		v2 = true
		if err := r.pair("a header [time, metadata]"); err != nil {
			return v2, err
		}
	}
	f.time, f.mark, err = r.eventTime()
	return v2, err
}

// usualHead begins events of engines since 2.1, up to the bytes of a fixext8 EventTime.
const usualHead = "\x92\x92\xd7\x00"

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
