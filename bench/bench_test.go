package bench

import (
	"runtime"
	"testing"
)

// Every benchmark counts records: ns/op, B/record and allocs/record are of one record.

func BenchmarkEncode(b *testing.B) {
	for s := range newShapes() {
		for _, c := range s.codecs {
			if c.encode == nil {
				continue
			}
			b.Run("shape="+s.name+"/codec="+c.name, func(b *testing.B) { benchmarkEncode(b, c) })
		}
	}
}

func benchmarkEncode(b *testing.B, c codec) {
	var dst []byte
	perRecord(b, ringLen, func(n int) (err error) {
		dst, err = c.encode(dst[:0], n)
		return err
	})
}

func BenchmarkDecode(b *testing.B) {
	for s := range newShapes() {
		s.forget()
		for _, c := range s.codecs {
			for _, d := range c.decodes {
				b.Run("shape="+s.name+"/codec="+c.name+"/strings="+d.strings, func(b *testing.B) {
					perRecord(b, chunkLen, func(n int) error { return d.run(s.chunk[:s.ends[n-1]], nil) })
				})
			}
		}
	}
}

// perRecord has run work on b.N records, at most batch at a time. Allocations are counted as fractions, since one a chunk
// is what the goals are about.
func perRecord(b *testing.B, batch int, run func(n int) error) {
	if err := run(batch); err != nil { // buffers grow
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for left := b.N; left > 0; left -= batch {
		if err := run(min(left, batch)); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N), "B/record")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N), "allocs/record")
}
