package chost

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// Frames are: u32 length of what follows, u8 type, u32 id, payload; little-endian. Strings are a u32
// length, the bytes, and towards the host a NUL. Keep in step with c/frames.h.
const (
	reqLoad uint8 = iota + 1
	reqUnload
	reqNew
	reqInit
	reqStart
	reqPause
	reqResume
	reqFlush
	reqExit
	reqQuit
	reqAnswer
	reqRearm
	reqAsk
)

const (
	repOK uint8 = iota + 1
	repError
	repAppend
	repLog
	repFault
	repMetric
)

const headLen = 9

// A frame is a request being built.
type frame struct {
	head []byte
	tail []byte // written after head, without a copy
}

func newFrame(request uint8) *frame {
	f := &frame{head: make([]byte, headLen, 64)}
	f.head[4] = request
	return f
}

func (f *frame) u32(v uint32) *frame {
	f.head = binary.LittleEndian.AppendUint32(f.head, v)
	return f
}

func (f *frame) bool(v bool) *frame {
	if v {
		return f.u32(1)
	}
	return f.u32(0)
}

func (f *frame) str(s string) *frame {
	f.u32(uint32(len(s)))
	f.head = append(f.head, s...)
	f.head = append(f.head, 0)
	return f
}

// bulk ends the frame with bytes that are not copied. A tail of no bytes is one too.
func (f *frame) bulk(b []byte) *frame {
	f.u32(uint32(len(b)))
	if f.tail = b; b == nil {
		f.tail = []byte{}
	}
	return f
}

var errTooLarge = errors.New("chost: chunk of 4 GiB or more")

func (f *frame) writeTo(w io.Writer, id uint32) error {
	n := len(f.head) - 4 + len(f.tail)
	if f.tail != nil {
		n++
	}
	if int64(n) > 1<<32-1 {
		return errTooLarge
	}
	binary.LittleEndian.PutUint32(f.head, uint32(n))
	binary.LittleEndian.PutUint32(f.head[5:], id)
	if _, err := w.Write(f.head); err != nil || f.tail == nil {
		return err
	}
	if _, err := w.Write(f.tail); err != nil {
		return err
	}
	_, err := w.Write([]byte{0})
	return err
}

// A message is a frame from the host. Reading past its end sets err and gives zeros.
type message struct {
	typ  uint8
	id   uint32
	data []byte
	err  error
}

var errShortMessage = errors.New("chost: short message from the host")

func readMessage(r io.Reader) (*message, error) {
	var head [headLen]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < headLen-4 {
		return nil, errShortMessage
	}
	m := &message{typ: head[4], id: binary.LittleEndian.Uint32(head[5:]), data: make([]byte, n-(headLen-4))}
	_, err := io.ReadFull(r, m.data)
	return m, err
}

func (m *message) take(n uint64) []byte {
	if m.err != nil || uint64(len(m.data)) < n {
		m.err = errShortMessage
		return nil
	}
	b := m.data[:n]
	m.data = m.data[n:]
	return b
}

func (m *message) u8() uint8 {
	if b := m.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (m *message) u32() uint32 {
	if b := m.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (m *message) u64() uint64 {
	if b := m.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (m *message) f64() float64 { return math.Float64frombits(m.u64()) }

func (m *message) i32() int    { return int(int32(m.u32())) }
func (m *message) int() int    { return int(int64(m.u64())) }
func (m *message) str() string { return string(m.take(uint64(m.u32()))) }
