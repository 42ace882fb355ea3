package proxy

import (
	"errors"
	"fmt"
	"sync"
)

var errNone = errors.New("no plugin registered: call plugin.RegisterInput or plugin.RegisterOutput from init")

// registry holds the one plugin of a library, or why there is none.
type registry struct {
	plugin *Plugin
	err    error
}

var (
	registryMu sync.Mutex
	current    = &registry{err: errNone}
)

// Register makes p the plugin of this library. err is a mistake that was found in it: it is kept for the driver, which
// refuses the plugin with it. A second registration is a mistake of its own.
func Register(p *Plugin, err error) {
	registryMu.Lock()
	defer registryMu.Unlock()
	if first := current.plugin; first != nil {
		second := fmt.Errorf("%s %q: registered after %s %q: a library has one plugin", p.Kind(), p.Name, first.Kind(), first.Name)
		current.err = errors.Join(current.err, second, err)
		return
	}
	*current = registry{p, err}
}

// Registered returns the plugin of this library, or the mistakes that were made in registering it.
func Registered() (*Plugin, error) {
	registryMu.Lock()
	defer registryMu.Unlock()
	if current.err != nil {
		return nil, fmt.Errorf("plugin: %w", current.err)
	}
	return current.plugin, nil
}

var captureMu sync.Mutex

// Capture returns what register registers, and leaves the library's own registration alone. Calls wait for each other;
// Registered sees the captured registration meanwhile.
func Capture(register func()) (*Plugin, error) {
	captureMu.Lock()
	defer captureMu.Unlock()
	registryMu.Lock()
	own := current
	current = &registry{err: errNone}
	registryMu.Unlock()
	defer func() {
		registryMu.Lock()
		defer registryMu.Unlock()
		current = own
	}()
	register()
	return Registered()
}
