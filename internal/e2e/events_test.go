package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// A line is an event as the go_file output writes it. Numbers keep their text.
type line struct {
	Date   time.Time      `json:"date"`
	Tag    string         `json:"tag"`
	Record map[string]any `json:"record"`
}

func parseLines(t testing.TB, text []byte) []line {
	t.Helper()
	var all []line
	for dec := newDecoder(text); ; {
		var l line
		switch err := dec.Decode(&l); {
		case err == io.EOF:
			return all
		case err != nil:
			t.Fatalf("line %d: %v", len(all)+1, err)
		}
		all = append(all, l)
	}
}

func newDecoder(text []byte) *json.Decoder {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec
}

func readLines(t testing.TB, path string) []line {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parseLines(t, text)
}

// decode reads events of the v2 form without the help of package record, and turns them into the lines that they are to
// become.
func decode(t testing.TB, tag string, events []byte) []line {
	t.Helper()
	var all []line
	for dec := msgpack.NewDecoder(bytes.NewReader(events)); ; {
		at, body, err := decodeEvent(dec)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("event %d of %q: %v", len(all), tag, err)
		}
		l := line{Date: at.UTC(), Tag: tag}
		text, err := json.Marshal(body)
		if err == nil {
			err = newDecoder(text).Decode(&l.Record)
		}
		if err != nil {
			t.Fatalf("event %d of %q: %v", len(all), tag, err)
		}
		all = append(all, l)
	}
}

// decodeEvent reads [[time, metadata], record].
func decodeEvent(dec *msgpack.Decoder) (at time.Time, body map[string]any, err error) {
	if n, err := dec.DecodeArrayLen(); err != nil || n != 2 {
		return at, nil, orLength(err, n) // io.EOF between events
	}
	if n, err := dec.DecodeArrayLen(); err != nil || n != 2 {
		return at, nil, orLength(err, n)
	}
	if at, err = decodeTime(dec); err != nil {
		return at, nil, err
	}
	if _, err = dec.DecodeMap(); err != nil {
		return at, nil, err
	}
	body, err = dec.DecodeMap()
	return at, body, err
}

func orLength(err error, n int) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("array of %d, want 2", n)
}

// decodeTime reads Fluent Bit's EventTime: extension 0 of seconds and nanoseconds, 32 bits each, big-endian.
func decodeTime(dec *msgpack.Decoder) (time.Time, error) {
	id, size, err := dec.DecodeExtHeader()
	if err != nil || id != 0 || size != 8 {
		return time.Time{}, fmt.Errorf("extension %d of %d bytes, want 0 of 8: %w", id, size, err)
	}
	var b [8]byte
	if err := dec.ReadFull(b[:]); err != nil {
		return time.Time{}, err
	}
	seconds := int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	nanos := int64(b[4])<<24 | int64(b[5])<<16 | int64(b[6])<<8 | int64(b[7])
	return time.Unix(seconds, nanos), nil
}

// chunk is n events of the v2 form, made without the help of package record.
func chunk(t testing.TB, n int) []byte {
	t.Helper()
	var events bytes.Buffer
	enc := msgpack.NewEncoder(&events)
	for i := range n {
		events.WriteString("\x92\x92\xd7\x00\x66\x00\x00\x00\x00\x00\x00\x01\x80")
		if err := enc.Encode(map[string]int{"n": i}); err != nil {
			t.Fatal(err)
		}
	}
	return events.Bytes()
}
