// Package stream is what in_stream sends, for those who check what arrives of it.
package stream

import (
	"math/bits"
	"strconv"
)

// An Item is the record of an event: the number of its source, and that of the event within it.
type Item struct {
	Source uint8  `json:"s"`
	Seq    uint64 `json:"n"`
	Sum    uint64 `json:"sum"`
	Pad    string `json:"pad"`
}

// New returns the item of that number, whose other fields follow from it.
func New(source uint8, seq uint64) Item {
	sum := Mix(uint64(source), seq)
	return Item{source, seq, sum, pad[:sum%uint64(len(pad))]}
}

const pad = "lorem ipsum dolor sit amet"

// OK tells whether an item is as it was sent.
func (i *Item) OK() bool { return *i == New(i.Source, i.Seq) }

// Block is how many events in a row have the same tag.
const Block = 64

// Tag returns which of n tags an event has.
func Tag(source uint8, seq uint64, n int) int {
	return int(Mix(uint64(source)+1000, seq/Block) % uint64(n))
}

// TagName returns the name of a tag.
func TagName(tag int) string { return "tag" + strconv.Itoa(tag) }

// Mix hashes two numbers.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	hi, lo = bits.Mul64(hi^lo^0x2545f4914f6cdd1d, b+0x9e3779b97f4a7c15)
	return hi ^ lo
}

// A Report is one life of a source, as its section told at the end.
type Report struct {
	Source   uint8
	First    uint64 // event
	Sent     uint64 // events whose send had returned when the section began to end
	Late     uint64 // events whose send may have returned after that
	Accepted uint64 // events that the engine has taken
	Done     bool   // whether there is no more to send
}
