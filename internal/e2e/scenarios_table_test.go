//go:build unix

package e2e

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/fluentbit"
	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the README's table of engines anew; with an engine, the column of its release")

const readme = "../../README.md"

// The README has the table between these.
const tableBegin, tableEnd = "<!-- engines -->\n", "<!-- /engines -->"

// engines is the README's table: what came of each scenario, by row, in each release.
type engines map[fluentbit.Release]map[string]string

// cell is the outcome of a scenario that is limited as l says.
func cell(l *limit, failed bool) string {
	switch {
	case failed:
		return "**fails**"
	case l == nil:
		return "yes"
	}
	return fmt.Sprintf("%s (%d)", cmp.Or(l.word, "no"), slices.Index(notes(), l.note)+1)
}

// notes are those under the table.
func notes() (all []string) {
	for _, sc := range scenarios {
		for _, l := range sc.limits {
			if !slices.Contains(all, l.note) {
				all = append(all, l.note)
			}
		}
	}
	return all
}

// readEngines splits the README at its table.
func readEngines(t *testing.T) (before, table, after string) {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(text), tableBegin)
	table, after, ended := strings.Cut(rest, tableEnd)
	if !begun || !ended {
		t.Fatalf("%s has no table between %s and %s", readme, tableBegin, tableEnd)
	}
	return before + tableBegin, table, tableEnd + after
}

func parseEngines(table string) engines {
	all := make(engines)
	var columns []fluentbit.Release
	for line := range strings.Lines(table) {
		cells := splitRow(line)
		if columns == nil {
			for _, text := range cells[1:] {
				r := parseRelease(text)
				columns, all[r] = append(columns, r), make(map[string]string)
			}
			continue
		}
		for i, r := range columns {
			if len(cells) == len(columns)+1 {
				all[r][cells[0]] = cells[i+1]
			}
		}
	}
	return all
}

// splitRow returns the cells of a line of the table, of which it has at least one.
func splitRow(line string) []string {
	cells := strings.Split(strings.Trim(line, "\n"), "|")
	if len(cells) < 3 {
		return []string{""}
	}
	cells = cells[1 : len(cells)-1]
	for i, text := range cells {
		cells[i] = strings.TrimSpace(text)
	}
	return cells
}

var releaseNumber = regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)$`)

func parseRelease(text string) (r fluentbit.Release) {
	if m := releaseNumber.FindStringSubmatch(text); m != nil {
		for i := range r {
			r[i], _ = strconv.Atoi(m[i+1]) // digits, as matched
		}
	}
	return r
}

func (e engines) String() string {
	var b strings.Builder
	releases := e.releases()
	b.WriteString("| scenario |")
	for _, r := range releases {
		fmt.Fprintf(&b, " %v |", r)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(releases)) + "\n")
	for _, sc := range scenarios {
		fmt.Fprintf(&b, "| %s |", sc.row)
		for _, r := range releases {
			fmt.Fprintf(&b, " %s |", e[r][sc.row])
		}
		b.WriteString("\n")
	}
	for i, note := range notes() {
		fmt.Fprintf(&b, "\n(%d) %s\n", i+1, note)
	}
	return b.String()
}

func (e engines) releases() (all []fluentbit.Release) {
	for r := range e {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b fluentbit.Release) int { return slices.Compare(a[:], b[:]) })
	return all
}

// compare holds a release's column against what has been played now, or writes that.
func compare(t *testing.T, release fluentbit.Release, played map[string]string) {
	t.Helper()
	before, table, after := readEngines(t)
	all := parseEngines(table)
	if *update {
		if all[release] == nil {
			all[release] = make(map[string]string)
		}
		for row, cell := range played {
			all[release][row] = cell
		}
		writeEngines(t, before, all, after)
		return
	}
	for row, cell := range played {
		if want, ok := all[release][row]; ok && cell != want {
			t.Errorf("%s: %s: %q for %v, which was %q now (-update writes it anew)", readme, row, want, release, cell)
		}
	}
}

func writeEngines(t *testing.T, before string, all engines, after string) {
	t.Helper()
	if err := os.WriteFile(readme, []byte(before+all.String()+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The README's table has the scenarios that there are, what their limits are, and an outcome for each.
func TestScenariosTable(t *testing.T) {
	before, table, after := readEngines(t)
	all := parseEngines(table)
	if *update {
		writeEngines(t, before, all, after)
		return
	}
	if diff := gocmp.Diff(all.String(), table); diff != "" {
		t.Errorf("%s: table (-scenarios +README; -update writes it anew):\n%s", readme, diff)
	}
	for _, r := range all.releases() {
		for _, sc := range scenarios {
			if all[r][sc.row] == "" {
				t.Errorf("%s: %s: no outcome for %v; run TestScenarios with FLUENT_BIT and -update", readme, sc.row, r)
			}
		}
	}
}
