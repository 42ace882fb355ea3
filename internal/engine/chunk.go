package engine

import (
	"fmt"
	"sync"

	"github.com/calyptia/plugin/record"
)

// chunkLimit is the size in bytes that a chunk must exceed to be full: what is appended is never split, so a chunk may
// be larger by one append (flb_input_chunk.h).
const chunkLimit = 2048000

// maxTag is the longest tag in bytes; longer ones are cut (flb_input_chunk.c).
const maxTag = 65531

// chunk is bytes with events of one input and tag. Once taken from its store it does not change.
type chunk struct {
	name   string
	tag    string
	data   []byte
	events int   // those that a decoder sees: none after the first bytes that are no event
	broken error // why the events end before the bytes do

	tasks int // the pipeline's: deliveries that are not decided yet
}

// store holds an input's chunks: pending until the pipeline takes them, counted until it releases them. Safe for
// concurrent use.
type store struct {
	mu      sync.Mutex
	prefix  string // of chunk names
	made    int
	pending []*chunk          // in the order of their first append
	open    map[string]*chunk // the pending chunk of each tag that is not full
	bytes   int               // of all chunks not released
}

// append adds events whole to the chunk of tag. It returns the bytes held now, and what is wrong with the events, which
// are kept all the same: the engine does not look at them, and decoders stop there.
func (s *store) append(tag string, events []byte) (held int, broken error) {
	n, broken := record.Count(events)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[tag]
	if c == nil {
		c = s.newChunk(tag)
	}
	c.data = append(c.data, events...)
	if c.broken == nil {
		c.events, c.broken = c.events+n, broken
	}
	if len(c.data) > chunkLimit {
		delete(s.open, tag)
	}
	s.bytes += len(events)
	return s.bytes, broken
}

func (s *store) newChunk(tag string) *chunk {
	c := &chunk{name: fmt.Sprintf("%s#%d", s.prefix, s.made), tag: tag}
	s.made++
	s.pending = append(s.pending, c)
	if s.open == nil {
		s.open = make(map[string]*chunk)
	}
	s.open[tag] = c
	return c
}

// take returns the pending chunks, which are closed by that.
func (s *store) take() []*chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.pending
	s.pending, s.open = nil, nil
	return taken
}

// release forgets a chunk that was taken, and returns the bytes still held.
func (s *store) release(c *chunk) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= len(c.data)
	return s.bytes
}

// held returns the bytes of all chunks not released.
func (s *store) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}
