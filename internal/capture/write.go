package capture

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// Limits of a Writer whose Options say nothing.
const (
	DefaultMaxFile  = 64e6
	DefaultMaxChunk = 4e6
)

// Options bound what a capture holds. The zero value has the defaults and leaves records as they are.
type Options struct {
	MaxFile  int64 // bytes of the file; DefaultMaxFile if 0
	MaxChunk int   // bytes of a chunk; DefaultMaxChunk if 0

	// Redact lists keys whose values are hidden, wherever in an event they are, compared without case. Below such a key
	// strings and binary are "***", numbers 0 and extensions nil, so that records keep their types.
	Redact []string
}

// ErrLeftOut is wrapped by the error of an item that is not captured because of the Options. Nothing is wrong with the
// capture.
var ErrLeftOut = errors.New("left out of the capture")

// Writer writes a capture. Its methods may be called concurrently.
type Writer struct {
	options  Options
	keys     map[string]bool // to redact, in lower case
	encoding cbor.EncMode

	mu   sync.Mutex
	w    io.Writer
	left int64 // bytes
	err  error // of w: half an item may be written, so that nothing can follow
}

// NewWriter returns a Writer that writes to w, each item in one call. A file should be its owner's alone (0600): records
// may hold secrets.
func NewWriter(w io.Writer, o Options) *Writer {
	if o.MaxFile == 0 {
		o.MaxFile = DefaultMaxFile
	}
	if o.MaxChunk == 0 {
		o.MaxChunk = DefaultMaxChunk
	}
	keys := make(map[string]bool)
	for _, key := range o.Redact {
		keys[strings.ToLower(key)] = true
	}
	return &Writer{options: o, keys: keys, encoding: encoding(), w: w, left: o.MaxFile}
}

// encoding returns how items are written. It is no variable, so that a library which never captures is linked without the
// code. It has no error, which a test would show.
func encoding() cbor.EncMode {
	mode, _ := cbor.EncOptions{Time: cbor.TimeRFC3339Nano, TimeTag: cbor.EncTagRequired}.EncMode()
	return mode
}

// Write appends an item, whose memory it does not keep. An error that is ErrLeftOut is about this item alone; after any
// other, all later calls fail as well.
func (w *Writer) Write(it Item) error {
	if size, most := len(it.Chunk), w.options.MaxChunk; size > most {
		return fmt.Errorf("capture: chunk of %d bytes %w: more than %d", size, ErrLeftOut, most)
	}
	if len(w.keys) > 0 {
		it.Chunk = redact(it.Chunk, w.keys)
	}
	b, err := w.encoding.Marshal(it.wire())
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return w.append(b)
}

func (w *Writer) append(item []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if int64(len(item)) > w.left {
		return fmt.Errorf("capture: item of %d bytes %w: it would hold more than %d", len(item), ErrLeftOut, w.options.MaxFile)
	}
	n, err := w.w.Write(item)
	w.left -= int64(n)
	if err != nil {
		w.err = fmt.Errorf("capture: %w", err)
	}
	return w.err
}
