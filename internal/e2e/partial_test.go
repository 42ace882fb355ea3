package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every engine gives the chunks back of which a part has failed, and each event is delivered once.
func TestPartialInEngines(t *testing.T) {
	t.Parallel()
	needCgo(t)
	const count = 300
	const conf = `[SERVICE]
    flush          0.2
    plugins_file   plugins.conf
    scheduler.base 1
    scheduler.cap  2
[INPUT]
    name  sequence
    count 300
    slice 7
[OUTPUT]
    name        partial
    match       *
    path        numbers
    retry_limit no_limits
`
	forRunners(t, func(t *testing.T, r runner) {
		dir := t.TempDir()
		write(t, dir, "fluent-bit.conf", conf)
		write(t, dir, "plugins.conf", "[PLUGINS]\n    path "+own(t, "in_sequence")+"\n    path "+own(t, "out_partial")+"\n")
		file := filepath.Join(dir, "numbers")
		output, err := r.run(t, dir, func(string) bool { return hasLines(file, count) })
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, word := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		slices.Sort(got)
		if diff := diff(sent(count, 1, "")[""], got); diff != "" {
			t.Errorf("numbers (-sent +delivered):\n%s\n%s", diff, output)
		}
		if n := strings.Count(output, "chunk partly delivered"); n == 0 {
			t.Errorf("no chunk was delivered in part\n%s", output)
		}
	})
}
