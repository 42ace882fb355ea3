package e2e

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/fluentbit"
)

// The engine of 5.1.1 refuses what the plugin does not have; older ones have no list of it, and nothing is written past
// their struct.
func TestUnknownProperty(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		name  string
		props []string
		log   string
	}{
		{"unknown", []string{"endpoint", "x", "batchsize", "5"},
			"[config] settings: unknown configuration property 'batchsize'. The following properties are allowed: endpoint, compress, batch_size, lineColor, line_color, go.flush_timeout, go.capture, go.capture_limit, and go.capture_redact."},
		{"twice", []string{"endpoint", "x", "Endpoint", "y"},
			"[config] settings: configuration property 'endpoint' is set 2 times"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g})
				lib := r.load(own(t, "out_settings"))
				i := r.section(lib, settings("settings.0", tt.props...))
				err := i.Init()
				if g != "5.1.1" {
					r.must(err)
				} else if got := refused(t, err); got != "config_map" || r.log.count(tt.log) != 1 {
					t.Errorf("Init() refused at %q, log %q, want config_map, %q", got, r.log, tt.log)
				}
				r.exit([]*chost.Instance{i}, lib)
			})
		})
	}
}

// A list is not given to an engine that exports nothing to find its layout with.
func TestUnknownPropertyWithoutSymbols(t *testing.T) {
	t.Parallel()
	needCgo(t)
	r := start(t, chost.Options{HideSymbols: true})
	lib := r.load(own(t, "out_settings"))
	i := r.run(lib, settings("settings.0", "endpoint", "x", "batchsize", "5"))
	r.exit([]*chost.Instance{i}, lib)
}

// An untyped plugin may have any property.
func TestAnyPropertyOfAnUntypedPlugin(t *testing.T) {
	t.Parallel()
	needCgo(t)
	r := start(t, chost.Options{})
	lib := r.load(example(t, "in_dummy"))
	i := r.run(lib, chost.InstanceOptions{Name: "x.0", Properties: properties("foo", "bar", "anything", "goes")})
	r.exit([]*chost.Instance{i}, lib)
}

// In YAML the engine makes line_color of lineColor, in the section as it is handed over, but not in the plugin's list.
func TestCamelCaseInYAML(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forRunners(t, func(t *testing.T, r runner) {
		dir := t.TempDir()
		write(t, dir, "fluent-bit.yaml", `
plugins:
  - `+own(t, "out_settings")+`
pipeline:
  inputs:
    - name: dummy
  outputs:
    - name: settings
      match: '*'
      endpoint: x
      lineColor: purple
`)
		output, err := r.run(t, dir, func(string) bool { return false })
		want := `plugin: output "settings.0": config: lineColor: "purple" is not one of red, green`
		if err == nil || !strings.Contains(output, want) {
			t.Errorf("run = %v, output %s, want an error and %q", err, output, want)
		}
	})
}

// What Fluent Bit prints of a plugin, and of a property that it does not have.
func TestHelpOfFluentBit(t *testing.T) {
	t.Parallel()
	needCgo(t)
	path := fluentbit.ForTest(t, 5, 1, 1)
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"help of an output", []string{"-e", own(t, "out_settings"), "-o", "settings", "-h"},
			[]string{"endpoint", "Where events would go", "batch_size", "Events at a time", "> default: 500, type: integer"}},
		{"help of an input", []string{"-e", example(t, "in_procstat"), "-i", "procstat", "-h"},
			[]string{"interval", "Time from one record to the next", "> default: 1s, type: time", "go.buffer_limit", "> default: 32M, type: size"}},
		{"unknown property", []string{"-e", own(t, "out_settings"), "-i", "dummy", "-o", "settings", "-p", "endpoint=x", "-p", "batchsize=5"},
			[]string{"unknown configuration property 'batchsize'. The following properties are allowed: endpoint, compress, batch_size, lineColor, line_color, go.flush_timeout, go.capture, go.capture_limit, and go.capture_redact."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(within(t))
			defer cancel()
			output, _ := exec.CommandContext(ctx, path, tt.args...).CombinedOutput() // help and refusal end it by themselves
			for _, want := range tt.want {
				if !strings.Contains(string(output), want) {
					t.Errorf("output = %s, want %q in it", output, want)
				}
			}
		})
	}
}
