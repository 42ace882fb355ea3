package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
)

// A file is, with big-endian numbers:
//
//	magic     8 bytes  "flbstate"
//	version   2        1
//	sequence  8        1 for the first save, one more for each
//	length    4        of the payload
//	payload            the value
//	checksum  4        CRC-32C of all before it
const (
	magic       = "flbstate"
	version     = 1
	headerSize  = len(magic) + 2 + 8 + 4
	trailerSize = 4
)

// maxSize bounds files, in bytes.
const maxSize = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func seal(sequence uint64, payload []byte) ([]byte, error) {
	size := headerSize + len(payload) + trailerSize
	if size > maxSize {
		return nil, fmt.Errorf("value of %d bytes: want at most %d", len(payload), maxSize-headerSize-trailerSize)
	}
	b := append(make([]byte, 0, size), magic...)
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint64(b, sequence)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

// unseal returns what seal was given. payload aliases b.
func unseal(b []byte) (sequence uint64, payload []byte, err error) {
	switch {
	case len(b) == 0:
		return 0, nil, errors.New("empty")
	case !ours(b):
		return 0, nil, errors.New("not a checkpoint")
	case len(b) < headerSize+trailerSize:
		return 0, nil, fmt.Errorf("cut short: %d bytes", len(b))
	}
	header, rest := b[:headerSize], b[headerSize:]
	if v := binary.BigEndian.Uint16(header[len(magic):]); v != version {
		return 0, nil, fmt.Errorf("version %d, want %d", v, version)
	}
	length := uint64(binary.BigEndian.Uint32(header[headerSize-4:]))
	if want := uint64(headerSize) + length + trailerSize; uint64(len(b)) != want {
		return 0, nil, fmt.Errorf("%d bytes, want %d", len(b), want)
	}
	body := len(b) - trailerSize
	if crc32.Checksum(b[:body], castagnoli) != binary.BigEndian.Uint32(b[body:]) {
		return 0, nil, errors.New("wrong checksum")
	}
	return binary.BigEndian.Uint64(header[len(magic)+2:]), rest[:length], nil
}

// ours tells whether b may be the beginning of a file, written whole or not.
func ours(b []byte) bool {
	n := min(len(b), len(magic))
	return strings.HasPrefix(magic, string(b[:n]))
}
