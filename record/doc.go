// Package record converts between Go values and Fluent Bit log events.
//
// A chunk, which is what an input hands to the engine and what an output
// gets from it, is a run of events one after the other, each a msgpack array:
//
//	[[time, metadata], record]   the form since Fluent Bit 2.1, and the one written here
//	[time, record]               the legacy form, read as well
//
// An [Encoder] appends values to a chunk. A [Scanner] splits a chunk into
// events without decoding their records, and a [Decoder] makes Go values of them.
//
// # Records in Go
//
// A record is a struct, a pointer to a struct, a map with string keys, a [Raw], or an
// interface such as any that holds one of these. For encoding it may also be a slice of
// those, each element of which is an event of its own. A type with the methods of
// msgpack.CustomEncoder or msgpack.Marshaler (and, for decoding, their counterparts) may be a
// record of any kind, as long as what it writes is a map.
//
// A type is compiled once, to a list of its fields' offsets, keys and kinds, and encoding allocates
// nothing. Structs are written about twice as fast as maps.
//
// # Struct tags
//
// A field is named by `msgpack:"name"`, else by `json:"name"`, else as in Go. The
// name "-" leaves it out. Options follow after commas:
//
//	omitempty   not written if false, 0, "", nil, of length 0, or if its IsZero method says so
//	inline      the fields of a struct become fields of the struct around it
//	noinline    an embedded struct becomes a field by its type's name
//	alias:name  a second name that is accepted when decoding
//
// An embedded struct without a name is inlined; its fields are left out
// while an embedded pointer is nil. Of two fields with one name the outer one
// wins; two at one depth are an error. Other options, such as
// omitzero, are ignored.
//
// # What Go values become
//
//   - Integers take the shortest msgpack form; a time.Duration is an integer of nanoseconds.
//   - A time.Time is a string in RFC 3339 form with nanoseconds. (Fluent Bit
//     prints msgpack's timestamp extension as escaped bytes and drops it in OpenTelemetry conversions.)
//   - []byte and [n]byte are msgpack binary.
//   - nil pointers, interfaces, slices and maps inside a record are nil. A nil
//     map as the record is an empty record; a nil pointer or interface as the record is an error.
//   - Map keys may be strings or integers (written in decimal); like a range over it, a map is written in no
//     order, structs in the order of their fields.
//   - A type of one's own is written by the first of these that it has, with a value or pointer receiver:
//     EncodeMsgpack, MarshalMsgpack, MarshalText (a string), MarshalBinary (binary), Error (a string).
//   - Anything else, such as a channel or a function, is an error: when the
//     Encoder is made if the type shows it, else when the value is met.
//
// Fluent Bit before 4.1 reads at most 32 levels of nesting, the event's own
// included: 31 in a record, 30 in metadata. Whatever is deeper, and so a cyclic value too, is an error.
//
// # What msgpack values become
//
// Without a type to fill (any, and the values of map[string]any), strings are
// string, integers int64 (uint64 above its range), floats float64, binary []byte,
// maps map[string]any, arrays []any. Timestamps (Fluent Bit's EventTime and
// msgpack's) are time.Time in UTC, other extensions [Ext]. A map key that is no string takes its string
// form; of equal keys the last one counts.
//
// A field of a given type takes:
//
//   - any integer or float type: every number that it can hold. A float with a fraction
//     does not fit an integer; a whole one does, since filters in Lua turn integers into floats.
//   - string and []byte: strings and binary.
//   - time.Time: timestamps, strings in RFC 3339 form, and numbers of seconds since 1970.
//   - an array: at most as many elements as it has; the rest is zero.
//   - a type of one's own: what its DecodeMsgpack, UnmarshalMsgpack,
//     UnmarshalText or UnmarshalBinary makes of it, the first that it has. A panic there is an error.
//
// nil leaves the zero value, and so does a key that is missing. Keys that a struct does
// not have are skipped. Anything else is an [Error] that names the field.
//
// # Memory
//
// What is decoded is safe to keep. All strings and []byte of a chunk that is read with [Decoder.Next]
// are parts of one copy of it, made at its first event, so a small one that is kept keeps the whole copy:
// strings.Clone what is kept for long. [BorrowStrings] and [ReuseRecord] give this up for speed, and a [Raw]
// always aliases the chunk.
//
// Records of one stream tend to have their keys in one order. Next learns it and then compares each key
// with the one that it expects, so a Scanner that is used for a whole chunk is faster than one for each event.
//
// # Safety
//
// Bytes are never trusted: lengths and counts are bounded by the bytes at hand
// and nesting by 128 levels before anything is allocated.
package record
