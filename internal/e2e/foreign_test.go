package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

// foreignLibrary builds the output that is written against fluent-bit-go.
func foreignLibrary(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("testdata", "fluentbitgo")
	cmd := exec.Command("go", "mod", "download")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("needs the module github.com/fluent/fluent-bit-go (run go mod download in internal/e2e/%s): %v\n%s", folder, err, out)
	}
	return library(t, folder)
}

// A library that is not ours works in the C host too, which sees what it is known to do wrong: up to 4.2.2 the
// registration struct ends where it writes its event_type.
func TestForeignLibrary(t *testing.T) {
	t.Parallel()
	needCgo(t)
	path := foreignLibrary(t)
	const fault = "fluentbitgo.so: FLBPluginRegister wrote 4 bytes past the end of struct flb_plugin_proxy_def (32 bytes) at offset 32"
	faults := map[chost.Generation][]string{"3.2": {fault}, "4.1": {fault}}
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g})
		r.faults = faults[g]
		lib, ours := r.load(path), r.load(own(t, "in_sequence"))
		outputs := []*chost.Instance{
			r.run(lib, chost.InstanceOptions{Name: "foreign.0", Properties: properties("label", "first")}),
			r.run(lib, chost.InstanceOptions{Name: "foreign.1", Properties: properties("label", "second"), Workers: 1}),
		}
		in := r.run(ours, sequence("count", "200", "tags", "a,b", "slice", "7"))
		r.untilLogged("accepted count=200")
		for _, p := range r.take() {
			to := slices.Index([]string{"a", "b"}, p.tag)
			if got := r.flush(outputs[to], p.tag, p.events); got != 1 {
				t.Errorf("Flush() = %d, want 1", got)
			}
		}
		want := append(printed("first a", sent(200, 7, "a", "b")["a"]), printed("second b", sent(200, 7, "a", "b")["b"])...)
		r.until("200 printed lines", func() bool { return r.stdout.count("n=") >= 200 })
		got := strings.Split(r.stdout.String(), "\n")
		slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:min(1, len(a))], b[:min(1, len(b))]) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("printed (-want +got):\n%s", diff)
		}
		r.exit(append(outputs, in), lib, ours)
	})
}

func printed(prefix string, numbers []int) []string {
	var all []string
	for _, n := range numbers {
		all = append(all, fmt.Sprintf("%s n=%d", prefix, n))
	}
	return all
}
