package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

const (
	atMost  = "at most"
	atLeast = "at least"
)

// goal is something that the library promises, and how it is measured.
type goal struct {
	text  string
	value func(*results) float64
	bound string
	limit float64
	unit  string
}

// goals are those of the record package. Ratios are of times.
var goals = []goal{
	times("encode S: ours / by hand", encodeName("S", "ours"), encodeName("S", "hand"), atMost, 1.4),
	times("encode A: ours / by hand", encodeName("A", "ours"), encodeName("A", "hand"), atMost, 1.3),
	count("encode S: allocations", encodeName("S", "ours"), 0),
	count("encode A: allocations", encodeName("A", "ours"), 0),
	times("encode A: msgp / ours", encodeName("A", "msgp"), encodeName("A", "ours"), atLeast, 1),
	times("encode S: fluent-bit-go / ours", encodeName("S", "fluent-bit-go"), encodeName("S", "ours"), atLeast, 15),
	times("encode A: fluent-bit-go / ours", encodeName("A", "fluent-bit-go"), encodeName("A", "ours"), atLeast, 8),

	times("decode S, safe strings: ours / by hand, aliasing", decodeName("S", "ours", "reused"), decodeName("S", "hand", "borrowed"), atMost, 2.5),
	times("decode A, safe strings: ours / by hand, aliasing", decodeName("A", "ours", "reused"), decodeName("A", "hand", "borrowed"), atMost, 1.8),
	stringAllocs("decode S, safe strings: allocations a chunk for strings", "S"),
	stringAllocs("decode A, safe strings: allocations a chunk for strings", "A"),
	times("decode S, borrowed strings: ours / by hand, aliasing", decodeName("S", "ours", "borrowed"), decodeName("S", "hand", "borrowed"), atMost, 1),
	times("decode A, borrowed strings: ours / by hand, aliasing", decodeName("A", "ours", "borrowed"), decodeName("A", "hand", "borrowed"), atMost, 1),
	times("decode S, safe strings: fluent-bit-go / ours", decodeName("S", "fluent-bit-go", "safe"), decodeName("S", "ours", "safe"), atLeast, 25),
	times("decode S, safe strings: msgpack/v5 / ours", decodeName("S", "msgpack-v5", "safe"), decodeName("S", "ours", "safe"), atLeast, 4),

	times("decode map[string]any: fluent-bit-go / ours", decodeName("M", "fluent-bit-go", "safe"), decodeName("M", "ours", "safe"), atLeast, 4),
	fastestLibrary("encode map[string]any: the fastest other library / ours", "M", atLeast, 1),

	times("chunk to JSON lines: msgpack/v5 and encoding/json / ours", jsonName("msgpack-v5"), jsonName("ours"), atLeast, 5),
	count("chunk to JSON lines: allocations a record", jsonName("ours"), 0),

	{"send S one at a time through a running section", func(r *results) float64 {
		return r.median(sendName("section", 1), seconds) * 1e9
	}, atMost, 300, " ns"},
	times("send S in slices of 64: section / bare encode", sendName("section", 64), sendName("encode", 1), atMost, 1.5),
}

// chunkLen is the number of events of the chunk that is decoded.
const chunkLen = 256

func times(text, a, b, bound string, limit float64) goal {
	return goal{text, func(r *results) float64 { return r.ratio(a, b) }, bound, limit, "x"}
}

func count(text, name string, limit float64) goal {
	// One a chunk, or a sync.Pool that a collection has emptied, is not one a record.
	return goal{text, func(r *results) float64 { return math.Floor(r.median(name, allocs)*100) / 100 }, atMost, limit, ""}
}

// stringAllocs counts what safe strings allocate on top of borrowed ones.
func stringAllocs(text, shape string) goal {
	return goal{text, func(r *results) float64 {
		more := r.median(decodeName(shape, "ours", "reused"), allocs) - r.median(decodeName(shape, "ours", "borrowed"), allocs)
		return math.Round(more * chunkLen)
	}, atMost, 1, ""}
}

func fastestLibrary(text, shape, bound string, limit float64) goal {
	return goal{text, func(r *results) float64 {
		least := math.NaN()
		for _, c := range libraries {
			if v := r.ratio(encodeName(shape, c), encodeName(shape, "ours")); !(v >= least) {
				least = v
			}
		}
		return least
	}, bound, limit, "x"}
}

func (g goal) met(v float64) bool {
	return g.bound == atMost && v <= g.limit || g.bound == atLeast && v >= g.limit
}

// printGoals reports whether all are met; what was not measured is not.
func printGoals(w io.Writer, r *results) bool {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	missed := 0
	for _, g := range goals {
		v := g.value(r)
		verdict := "met"
		switch {
		case math.IsNaN(v):
			verdict = "not measured"
			missed++
		case !g.met(v):
			verdict = "NOT MET"
			missed++
		}
		fmt.Fprintf(tab, "%s\t%s\t%s %s\t%s\n", verdict, amount(v, g.unit), g.bound, amount(g.limit, g.unit), g.text)
	}
	tab.Flush()
	fmt.Fprintf(w, "\n%d of %d goals met\n", len(goals)-missed, len(goals))
	return missed == 0
}

func amount(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case v == math.Trunc(v) || v >= 100:
		return fmt.Sprintf("%.0f%s", v, unit)
	}
	return fmt.Sprintf("%.2f%s", v, unit)
}
