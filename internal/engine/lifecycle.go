package engine

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/calyptia/plugin/internal/engine/chost"
)

// start initialises inputs, then outputs, each in the order of the configuration, and lets the inputs begin.
func (e *engine) start() error {
	for _, in := range e.inputs {
		e.log(slog.LevelInfo, "[input] initializing %s", in.name)
		if err := in.plugin.Init(); err != nil {
			e.log(slog.LevelError, "[input] failed initialize input %s", in.name)
			return e.refused(in.section, nil, err)
		}
	}
	for _, out := range e.outputs {
		e.log(slog.LevelInfo, "[output] initializing %s", out.name)
		if err := out.plugin.Init(); err != nil {
			e.log(slog.LevelError, "[output] failed to initialize '%s' plugin", out.name)
			return e.refused(out.section, out, err)
		}
	}
	return e.begin()
}

func (e *engine) begin() error {
	for _, out := range e.outputs {
		if err := out.plugin.Start(); err != nil {
			return fmt.Errorf("%s: %w", out.section, err)
		}
	}
	for _, in := range e.inputs {
		if err := in.plugin.Start(); err != nil {
			return fmt.Errorf("%s: %w", in.section, err)
		}
	}
	return nil
}

// refused ends a start that a section's Init failed. As in Fluent Bit, every other output gets its Exit, initialised
// or not, and no input does (proxy-abi.md section 4).
func (e *engine) refused(s *section, failed *outputSection, cause error) error {
	if errors.As(cause, new(*chost.PluginError)) { // which has a number for a reason, and the plugin has logged a better one
		cause = errors.New("the plugin refuses this section (see the lines above)")
	}
	errs := []error{fmt.Errorf("%s: %w", s, cause)}
	for _, out := range e.outputs {
		if out != failed {
			errs = append(errs, out.plugin.Exit())
		}
	}
	return errors.Join(errs...)
}

// exit ends the instances: outputs in the order of the configuration, then inputs in the reverse order.
func (e *engine) exit() {
	for _, out := range e.outputs {
		e.check(out.plugin.Exit())
	}
	for i := len(e.inputs) - 1; i >= 0; i-- {
		e.check(e.inputs[i].plugin.Exit())
	}
}
