package capture

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/fxamacker/cbor/v2"
)

// maxItem is the most that is read of one item.
const maxItem = 256 << 20

// decoding returns how items are read. It has no error, which a test would show.
func decoding() cbor.DecMode {
	mode, _ := cbor.DecOptions{
		DupMapKey:          cbor.DupMapKeyEnforcedAPF,
		ByteStringToString: cbor.ByteStringToStringAllowed,
		MaxNestedLevels:    4,
		MaxArrayElements:   16,
		MaxMapPairs:        64,
	}.DecMode()
	return mode
}

// Read returns the items of a capture in order. An error, which names the byte where its item begins, is the last thing
// that it yields.
func Read(r io.Reader) iter.Seq2[Item, error] { return read(r, maxItem) }

func read(r io.Reader, most int64) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		bounded := &bounded{r: r}
		dec := decoding().NewDecoder(bounded)
		for n := 0; ; n++ {
			start := dec.NumBytesRead()
			bounded.left = most
			it, err := next(dec)
			if err == io.EOF {
				return
			}
			if err != nil {
				err = fmt.Errorf("capture: item %d at byte %d: %w", n, start, err)
			}
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

func next(dec *cbor.Decoder) (Item, error) {
	var w wire
	if err := dec.Decode(&w); err != nil {
		return Item{}, err
	}
	return w.item()
}

var errItemTooLarge = errors.New("too large")

// bounded ends a read that goes on for longer than left allows.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errItemTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
