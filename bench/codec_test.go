package bench

import (
	"iter"
	"time"

	"github.com/calyptia/plugin/record"
)

// shape is a type of record with all that is measured on it.
type shape struct {
	name   string
	codecs []codec
	want   []decoded  // the events
	chunk  []byte     // the events encoded, for decoding
	ends   []int      // of the chunk's events
	read   decodeFunc // yields records that may be kept; what others write or read is compared with it
}

// decoded is an event as a codec yields it.
type decoded struct {
	Time   time.Time
	Record any
}

// codec is one way to write and read the records of a shape.
type codec struct {
	name    string
	encode  encodeFunc // nil if the codec cannot
	decodes []decode
}

// encodeFunc appends the first n events of the ring to dst.
type encodeFunc func(dst []byte, n int) ([]byte, error)

// decode is one way to read a chunk.
type decode struct {
	strings string // what the record's memory is: see the README
	run     decodeFunc
}

// decodeFunc reads all events of chunk. Those who want to see them pass a yield, which gets a pointer to
// the record, or fluent-bit-go's map, that is valid until yield returns.
type decodeFunc func(chunk []byte, yield yieldFunc) error

type yieldFunc func(t time.Time, record any)

// lastTime makes every codec pay for the times that it reads.
var lastTime time.Time

// The kinds of memory that a decoded record is made of.
const (
	safe     = "safe"     // all new
	reused   = "reused"   // strings are new, maps and slices those of the record before
	borrowed = "borrowed" // strings alias the chunk, maps and slices those of the record before
)

// newShapes yields one shape after the other, with codecs made anew, since most of them are for one goroutine. What is
// measured shares the heap, and so the garbage collector, with as little as possible: no other shape.
func newShapes() iter.Seq[shape] {
	return func(yield func(shape) bool) {
		for _, newShape := range []func() shape{newShapeS, newShapeA, newShapeM, newShapeSyslog, newShapeMix} {
			if !yield(newShape()) {
				return
			}
		}
	}
}

// forget lets go of the records, which only decoding does without.
func (s *shape) forget() {
	s.want = nil
	for i := range s.codecs {
		s.codecs[i].encode = nil
	}
}

func newShapeS() shape {
	all := events(chunkLen, newS)
	return newShape("S", all, ours(all), hand(all, appendS, nextS), msgpCodec(all), msgpackV5(all), ugorji(all),
		fluentBitGo(all))
}

func newShapeA() shape {
	all := events(chunkLen, newA)
	return newShape("A", all, ours(all), hand(all, appendA, nextA), msgpCodec(all, resetA), msgpackV5(all, resetA),
		ugorji(all, resetA), fluentBitGo(all))
}

func newShapeM() shape {
	all := events(chunkLen, newM)
	s := newShape("M", all, ours(all), hand(all, appendM, nextM), msgpMap(all), msgpackV5(all), ugorji(all), fluentBitGo(all))
	s.chunk, s.ends = encoded(events(chunkLen, newA)) // the same records, keys in one order as most sources have them
	return s
}

func newShapeSyslog() shape {
	all := events(chunkLen, newSyslog)
	return newShape("Syslog", all, ours(all), hand(all, appendSyslog, nextSyslog), msgpCodec(all), msgpackV5(all), ugorji(all),
		fluentBitGo(all))
}

func newShapeMix() shape {
	all := events(chunkLen, newMix)
	return newShape("Mix", all, ours(all), hand(all, appendMix, nextMix), msgpCodec(all, resetMix), encodeOnly(msgpackV5(all)),
		encodeOnly(ugorji(all)), fluentBitGo(all))
}

// encodeOnly is for codecs that read times from their own extension alone, not from text.
func encodeOnly(c codec) codec {
	c.decodes = nil
	return c
}

// resetA empties a record whose map and slice are used again.
func resetA(r *A) {
	clear(r.Labels)
	*r = A{Labels: r.Labels, Tags: r.Tags[:0]}
}

func resetMix(r *Mix) {
	clear(r.Attrs)
	*r = Mix{Attrs: r.Attrs}
}

func newShape[R any](name string, all []event[R], codecs ...codec) shape {
	s := shape{name: name, codecs: codecs, read: oursKept[R]()}
	for i := range all {
		s.want = append(s.want, decoded{all[i].time, &all[i].record})
	}
	s.chunk, s.ends = encoded(all)
	return s
}

// encoded makes a chunk, with the library's encoder.
func encoded[R any](all []event[R]) (chunk []byte, ends []int) {
	encoder := must(record.NewEncoder[R]())
	for i := range all {
		chunk = must(encoder.Append(chunk, &record.Header{Time: all[i].time}, &all[i].record, 0))
		ends = append(ends, len(chunk))
	}
	return chunk, ends
}

// decodings makes a decode of each kind of memory that there is a reset for.
func decodings[R any](run func(reset func(*R)) decodeFunc, resets []func(*R)) []decode {
	all := []decode{{safe, run(func(r *R) { *r = *new(R) })}}
	for _, reset := range resets {
		all = append(all, decode{reused, run(reset)})
	}
	return all
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
