package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
)

// libraries are the codecs beside ours and the code by hand, in the order of the table's columns.
var libraries = []string{"msgp", "msgpack-v5", "ugorji", "fluent-bit-go"}

// row is a line of the table: a benchmark of ours, and the one to compare for each codec.
type row struct {
	title string
	ours  string
	other func(codec string) string
}

var rows = []row{
	encodeRow("S"), encodeRow("A"), encodeRow("M"), encodeRow("Syslog"), encodeRow("Mix"),
	decodeRow("S"), decodeRow("A"), decodeRow("M"), decodeRow("Syslog"), decodeRow("Mix"),
	borrowedRow("S"), borrowedRow("A"), borrowedRow("Syslog"),
	{"A to JSON lines", jsonName("ours"), jsonName},
}

func encodeRow(shape string) row {
	return row{"encode " + shape, encodeName(shape, "ours"), func(codec string) string { return encodeName(shape, codec) }}
}

func decodeRow(shape string) row {
	return row{"decode " + shape, decodeName(shape, "ours", "safe"), func(codec string) string { return decodeName(shape, codec, memory(codec)) }}
}

// borrowedRow is what aliases the chunk and reuses the record: ours and the code by hand.
func borrowedRow(shape string) row {
	return row{"decode " + shape + ", borrowed", decodeName(shape, "ours", "borrowed"),
		func(codec string) string { return decodeName(shape, codec, "borrowed") }}
}

func memory(codec string) string {
	if codec == "hand" {
		return "borrowed" // it has no other
	}
	return "safe"
}

// markdown is the table: our time and allocations, and how many times as long the others take.
func markdown(r *results) string {
	var b strings.Builder
	b.WriteString("| one record | ours | by hand | msgp, generated | msgpack/v5 | ugorji | fluent-bit-go |\n")
	b.WriteString("|---|---:|" + strings.Repeat("---:|", 1+len(libraries)) + "\n")
	for _, row := range rows {
		if math.IsNaN(r.median(row.ours, seconds)) {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s |", row.title, ourCell(r, row.ours))
		for _, codec := range append([]string{"hand"}, libraries...) {
			fmt.Fprintf(&b, " %s |", ratioCell(r.ratio(row.other(codec), row.ours)))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%s\nMedians of %d runs, %s, %s/%s, %s.\n", legend, r.runs(), r.cpu, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return b.String()
}

const legend = `S: 3 strings and an int. A: 12 fields of an access log, with maps. M: A as map[string]any. Syslog, Mix: not tuned on.
The others: how many times as long. Decoded records are new and safe to keep; those by hand and "borrowed" ones alias the
chunk and reuse their maps and slices.`

func ourCell(r *results, name string) string {
	cell := duration(r.median(name, seconds))
	if n := r.median(name, allocs); n >= 0.05 { // less is per chunk, or a pool that was emptied
		cell += fmt.Sprintf(", %.3g allocs", n)
	}
	return cell
}

func duration(s float64) string {
	ns := s * 1e9
	switch {
	case ns < 100:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 999.5:
		return fmt.Sprintf("%.0f ns", ns)
	}
	return fmt.Sprintf("%.2f µs", ns/1e3)
}

func ratioCell(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case v < 9.95:
		return fmt.Sprintf("%.1f x", v)
	}
	return fmt.Sprintf("%.0f x", v)
}

// The table stands between these lines of the README.
const (
	begin = "<!-- bench -->\n"
	end   = "<!-- /bench -->\n"
)

func updateFile(name, table string) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, ok := replaceTable(string(old), table)
	if !ok {
		return fmt.Errorf("%s: no lines %q and %q in this order", name, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if bytes.Equal(old, []byte(text)) {
		return nil
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

func replaceTable(text, table string) (string, bool) {
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	return before + begin + table + end + after, ok && ok2
}
