package metric

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// check makes a family that Prometheus can read, and says what had to be changed for that.
func check(kind Kind, name, description string, bounds []float64, labelNames []string) (f *family, problems []string) {
	warn := func(format string, args ...any) {
		problems = append(problems, "metric "+quote(name)+": "+fmt.Sprintf(format, args...))
	}
	legal := legalName(name, true)
	if legal != name {
		warn("the name becomes %s (want letters, digits, _ and :, and no digit first)", quote(legal))
	}
	if kind == KindCounter && !strings.HasSuffix(legal, "_total") {
		warn("names of counters end in _total")
	}
	if description == "" {
		description = legal
	}
	labels, ofLabels := legalLabels(kind, name, labelNames)
	fitting := legalBounds(bounds)
	if kind == KindHistogram && len(fitting) == 0 { // the engine takes none without
		fitting = DefaultBuckets
	}
	if len(fitting) != len(bounds) || !slices.Equal(fitting, bounds) {
		warn("the buckets %v become %v (want finite bounds in increasing order)", bounds, fitting)
	}
	f = newFamily(kind, legal, description, fitting, labels)
	f.ofLabels = ofLabels
	return f, problems
}

// legalName replaces what Prometheus does not take in a name.
func legalName(name string, colon bool) string {
	legal := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || colon && r == ':' {
			return r
		}
		return '_'
	}, name)
	if legal == "" || legal[0] >= '0' && legal[0] <= '9' {
		legal = "_" + legal
	}
	return legal
}

func legalLabels(kind Kind, name string, labelNames []string) (legal, problems []string) {
	for _, label := range labelNames {
		fit := legalLabel(label, kind, legal)
		if fit != label {
			problems = append(problems, fmt.Sprintf("metric %q: the label %q becomes %q (want letters, digits and _, no digit and no __ first, "+
				"none twice, no le of a histogram)", name, label, fit))
		}
		legal = append(legal, fit)
	}
	return legal, problems
}

func legalLabel(label string, kind Kind, others []string) string {
	legal := legalName(label, false)
	if trimmed := strings.TrimLeft(legal, "_"); strings.HasPrefix(legal, "__") {
		legal = "_" + trimmed
	}
	if legal == "le" && kind == KindHistogram {
		legal = "le_"
	}
	for slices.Contains(others, legal) {
		legal += "_"
	}
	return legal
}

func legalBounds(bounds []float64) []float64 {
	fitting := slices.DeleteFunc(slices.Clone(bounds), func(b float64) bool { return math.IsNaN(b) || math.IsInf(b, 0) })
	slices.Sort(fitting)
	return slices.Compact(fitting)
}

func quote(s string) string { return strconv.Quote(s) }
