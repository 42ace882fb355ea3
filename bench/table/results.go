package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// Units as benchfmt has them.
const (
	seconds = "sec/op"
	allocs  = "allocs/record"
)

// results are what benchmarks measured.
type results struct {
	values map[key][]float64
	cpu    string
}

// key is a benchmark, as in Encode/shape=S/codec=ours, and a unit.
type key struct{ name, unit string }

func parse(r io.Reader) (*results, error) {
	all := &results{values: map[key][]float64{}}
	reader := benchfmt.NewReader(r, "output")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			all.add(rec)
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	if len(all.values) == 0 && reader.Err() == nil {
		return nil, errors.New("no benchmarks in the output")
	}
	return all, reader.Err()
}

func (r *results) add(res *benchfmt.Result) {
	base, parts := res.Name.Parts()
	name := string(base)
	for _, p := range parts {
		if p[0] == '/' { // the last part is -GOMAXPROCS
			name += string(p)
		}
	}
	for _, v := range res.Values {
		k := key{name, v.Unit}
		r.values[k] = append(r.values[k], v.Value)
	}
	r.cpu = res.GetConfig("cpu")
}

// runs is how often every benchmark was run, at least.
func (r *results) runs() int {
	least := math.MaxInt
	for _, v := range r.values {
		least = min(least, len(v))
	}
	return least
}

// median is NaN for what was not measured.
func (r *results) median(name, unit string) float64 { return median(r.values[key{name, unit}]) }

// ratio is how many times as long a takes as b: the median of the rounds' ratios, since both halves of one are measured
// within seconds and meet the same load.
func (r *results) ratio(a, b string) float64 {
	x, y := r.values[key{a, seconds}], r.values[key{b, seconds}]
	if len(x) != len(y) {
		return math.NaN()
	}
	ratios := make([]float64, len(x))
	for i := range x {
		ratios[i] = x[i] / y[i]
	}
	return median(ratios)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds) // it sorts them
	return benchmath.AssumeNothing.Summary(sample, 0.95).Center
}

func encodeName(shape, codec string) string { return "Encode/shape=" + shape + "/codec=" + codec }

func decodeName(shape, codec, strings string) string {
	return fmt.Sprintf("Decode/shape=%s/codec=%s/strings=%s", shape, codec, strings)
}

func jsonName(codec string) string { return "JSON/shape=A/codec=" + codec }

func sendName(way string, records int) string {
	return fmt.Sprintf("Send/shape=S/way=%s/records=%d", way, records)
}
