package record

import (
	"bytes"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	b.Run("S", func(b *testing.B) { benchAppend(b, smallRecord()) })
	b.Run("A", func(b *testing.B) { benchAppend(b, access(1)) })
	b.Run("map", func(b *testing.B) {
		benchAppend(b, map[string]any{"level": "info", "service": "checkout", "message": "order accepted", "count": 1234})
	})
}

func benchAppend[R any](b *testing.B, r R) {
	enc, err := NewEncoder[R]()
	if err != nil {
		b.Fatal(err)
	}
	h := Header{Time: corpusTime}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = enc.Append(dst[:0], &h, &r, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkDecode(b *testing.B) {
	b.Run("S", func(b *testing.B) { benchDecode[small](b, encodedBody(b, smallRecord())) })
	b.Run("S as any", func(b *testing.B) { benchDecode[any](b, encodedBody(b, smallRecord())) })
	b.Run("A", func(b *testing.B) { benchDecode[accessLog](b, encodedBody(b, access(1))) })
}

func benchDecode[R any](b *testing.B, body []byte) {
	dec, err := NewDecoder[R]()
	if err != nil {
		b.Fatal(err)
	}
	var r R
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := dec.Decode(body, &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	b.Run("S", func(b *testing.B) { benchScan(b, encoded(b, nil, Header{Time: corpusTime}, smallRecord())) })
	b.Run("A", func(b *testing.B) { benchScan(b, encoded(b, nil, Header{Time: corpusTime}, access(1))) })
}

func benchScan(b *testing.B, event []byte) {
	const events = 256
	chunk := bytes.Repeat(event, events)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner(chunk)
		for s.Next() {
		}
		if s.Event().Index != 0 || s.Err() != nil || s.count != events {
			b.Fatal(s.Err())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}

func TestAllocations(t *testing.T) {
	chunk := bytes.Repeat(encoded(t, nil, Header{Time: corpusTime}, smallRecord()), 64)
	if n := testing.AllocsPerRun(100, func() { _, _ = Count(chunk) }); n > 0 {
		t.Errorf("Count() allocates %v times, want 0", n)
	}
	enc, err := NewEncoder[small]()
	if err != nil {
		t.Fatal(err)
	}
	h, r, dst := Header{Time: corpusTime}, smallRecord(), make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { _, _ = enc.Append(dst, &h, &r, 0) }); n > 0 && !raceEnabled {
		t.Errorf("Append() allocates %v times, want 0", n)
	}
}
