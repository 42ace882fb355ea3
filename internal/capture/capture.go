// Package capture keeps what an engine has flushed to outputs, and what became of it, so that it can be replayed.
//
// A capture is a CBOR sequence (RFC 8742) of items, each a map with text keys: any CBOR tool prints it as diagnostic
// notation. A process that dies in the middle of an item leaves the ones before it readable.
package capture

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// What items say of themselves.
const (
	version   = 1
	kindFlush = "flush"
)

// Item is one flush of a chunk.
type Item struct {
	Time    time.Time // when the chunk was given to the output
	Section string    // the output's name or alias
	Tag     string
	Chunk   []byte // events, as package record reads them
	Verdict Verdict
}

// Verdict is what became of a chunk.
type Verdict string

const (
	OK    Verdict = "ok"    // delivered
	Retry Verdict = "retry" // to be delivered again
	Error Verdict = "error" // given up
)

// wire is an item in the file.
type wire struct {
	Version int       `cbor:"version"`
	Time    time.Time `cbor:"time"`
	Kind    string    `cbor:"kind"`
	Section text      `cbor:"section"`
	Tag     text      `cbor:"tag"`
	Verdict Verdict   `cbor:"verdict"`
	Chunk   []byte    `cbor:"chunk"`
}

// text is a text string, or a byte string if it is no UTF-8, which the engine lets tags be.
type text string

// MarshalCBOR is called by package cbor.
func (t text) MarshalCBOR() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return cbor.Marshal(string(t))
	}
	return cbor.Marshal([]byte(t))
}

func (it *Item) wire() wire {
	return wire{version, it.Time.UTC(), kindFlush, text(it.Section), text(it.Tag), it.Verdict, it.Chunk}
}

func (w *wire) item() (Item, error) {
	switch {
	case w.Version != version:
		return Item{}, fmt.Errorf("version %d, want %d", w.Version, version)
	case w.Kind != kindFlush:
		return Item{}, fmt.Errorf("kind %q, want %q", w.Kind, kindFlush)
	}
	switch w.Verdict {
	case OK, Retry, Error:
		return Item{w.Time, string(w.Section), string(w.Tag), w.Chunk, w.Verdict}, nil
	}
	return Item{}, fmt.Errorf("verdict %q, want %q, %q or %q", w.Verdict, OK, Retry, Error)
}
