package e2e

import (
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/google/go-cmp/cmp"
)

// mistaken are sections of out_settings and what the engine's log says of them. NAME stands for the instance's name.
var mistaken = []struct {
	name  string
	props []string
	log   string
}{
	{
		"unknown bool", []string{"endpoint", "x", "compress", "maybe"},
		`plugin: output "NAME": config: compress: "maybe" is not a boolean (want on or off)`,
	},
	{
		"missing", []string{"compress", "off"},
		`plugin: output "NAME": config: endpoint: required, not set`,
	},
	{
		"out of range", []string{"endpoint", "x", "batch_size", "0"},
		`plugin: output "NAME": config: batch_size: "0" is too small (want 1 to 10000)`,
	},
	{
		"no number", []string{"endpoint", "x", "batch_size", "many"},
		`plugin: output "NAME": config: batch_size: "many" is not a whole number`,
	},
	{
		"two at once", []string{"endpoint", "x", "compress", "maybe", "batch_size", "10001"},
		`plugin: output "NAME": config: 2 problems` + "\n" +
			"\t" + `compress: "maybe" is not a boolean (want on or off)` + "\n" +
			"\t" + `batch_size: "10001" is too large (want 1 to 10000)`,
	},
	{
		"all at once", []string{"compress", "2", "batch_size", "-1"},
		`plugin: output "NAME": config: 3 problems` + "\n" +
			"\t" + `endpoint: required, not set` + "\n" +
			"\t" + `compress: "2" is not a boolean (want on or off)` + "\n" +
			"\t" + `batch_size: "-1" is too small (want 1 to 10000)`,
	},
}

// A section with mistakes is refused with one error that names them all. The other section of the library works.
func TestBadInput(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range mistaken {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g})
				lib := r.load(own(t, "out_settings"))
				good := r.run(lib, settings("settings.0", "Endpoint", "x", "Compress", "On", "Batch_Size", "1"))
				bad := r.section(lib, settings("settings.1", tt.props...))
				if got := refused(t, bad.Init()); got != "FLBPluginInit" {
					t.Errorf("Init() refused at %q, want FLBPluginInit", got)
				}
				want := "[go proxy]: plugin 'settings' failed to initialize"
				want = strings.ReplaceAll(tt.log, "NAME", "settings.1") + "\n" + want
				if diff := cmp.Diff("ERROR "+strings.ReplaceAll(want, "\n", "\nERROR "), r.log.String()); diff != "" {
					t.Errorf("log (-want +got):\n%s", diff)
				}
				if got := r.flush(good, "t", chunk(t, 3)); got != 1 {
					t.Errorf("Flush() = %d of the other section, want 1", got)
				}
				if got := r.log.count("INFO [settings.0] got events=3"); got != 1 {
					t.Errorf("the other section logged %d times that it got the events, want 1", got)
				}
				r.exit([]*chost.Instance{good, bad}, lib)
			})
		})
	}
}

func settings(name string, props ...string) chost.InstanceOptions {
	return chost.InstanceOptions{Name: name, Properties: properties(props...)}
}
