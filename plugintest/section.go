package plugintest

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/metric"
)

// Registered returns what the library under test has registered, which is what Fluent Bit finds in it. The test ends if
// that is nothing, or a mistake was made.
func Registered(t testing.TB) (kind, name string) {
	t.Helper()
	registering.Lock()
	defer registering.Unlock()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	return p.Kind(), p.Name
}

// registering is held while the library's own registration is looked at or out of the way.
var registering sync.Mutex

// private registers a value privately, under the name of the section if it has one, else of the library's own plugin, or
// else of the value's type.
func private(kind string, value any, conf Config, register func(name string)) (*proxy.Plugin, section, error) {
	registering.Lock()
	defer registering.Unlock()
	name := ""
	if own, err := proxy.Registered(); err == nil && own.Kind() == kind {
		name = own.Name
	}
	s, err := sectionOf(conf, kind, name)
	if err != nil {
		return nil, s, fmt.Errorf("plugintest: %w", err)
	}
	for _, n := range []string{name, strings.ToLower(typeName(value)), "plugin"} {
		if s.name == "" {
			s.name = n
		}
	}
	p, err := proxy.Capture(func() { register(s.name) })
	return p, s, err
}

func typeName(value any) string {
	t := reflect.TypeOf(value)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	name, _, _ := strings.Cut(t.Name(), "[") // of a generic type
	return name
}

// common is what sections of both kinds have.
type common struct {
	t       testing.TB
	plugin  *proxy.Plugin
	conf    section
	label   string // of the goroutines that run the plugin, if anybody looks for it
	virtual bool   // made in a bubble of synctest
	host    *proxytest.Host
	before  []string // log lines of the sections that this one has replaced
}

func newCommon(t testing.TB, p *proxy.Plugin, s section) *common {
	c := &common{t: t, plugin: p, conf: s, virtual: settle()}
	c.host = c.newHost()
	t.Cleanup(func() {
		if lines := c.Log(); t.Failed() && len(lines) > 0 {
			t.Logf("log of %s:\n%s", c.host.Name(), strings.Join(lines, "\n"))
		}
	})
	return c
}

func (c *common) newHost() *proxytest.Host {
	h := &proxytest.Host{Section: c.conf.name + ".0", Properties: make(map[string]string)}
	for name, value := range c.conf.properties {
		h.Properties[strings.ToLower(name)] = value
	}
	if alias := h.Properties["alias"]; alias != "" {
		h.Section = alias
	}
	h.Level = levels[strings.ToLower(h.Properties["log_level"])] // info if not set
	return h
}

// levels are the engine's log_level; off is above all.
var levels = map[string]slog.Level{
	"off": slog.LevelError + 1, "error": slog.LevelError, "warn": slog.LevelWarn, "info": slog.LevelInfo,
	"debug": slog.LevelDebug, "trace": slog.LevelDebug - 4,
}

// run calls f so that goroutines that it starts can be told from others.
func (c *common) run(f func()) {
	if c.label == "" {
		f()
		return
	}
	pprof.Do(context.Background(), pprof.Labels(labelKey, c.label), func(context.Context) { f() })
}

// renew replaces the engine of a section that has exited.
func (c *common) renew() {
	c.before = c.Log()
	c.host = c.newHost()
}

// initialize runs an Init as the engine does, which looks at the names of properties first.
func (c *common) initialize(init func(proxy.Host) error) (err error) {
	if err := c.conf.checkNames(c.plugin); err != nil {
		return fmt.Errorf("plugin: %s %q: %w", c.plugin.Kind(), c.host.Name(), err)
	}
	c.run(func() { err = init(c.host) })
	return err
}

// Log returns the lines that the section has logged so far, each as its level, its name in brackets and its text. Lines
// below the property log_level, info if that is not set, are left out.
func (c *common) Log() []string { return slices.Concat(c.before, c.host.Lines()) }

// Logged tells whether a line of the log has this text in it.
func (c *common) Logged(text string) bool {
	return slices.ContainsFunc(c.Log(), func(line string) bool { return strings.Contains(line, text) })
}

// Metrics returns every series of the section's metrics: the author's by their names, the library's own with go_input_ or
// go_output_ in front, as Fluent Bit shows them after fluentbit_plugin_ and fluentbit_.
func (c *common) Metrics() []metric.Series {
	library := c.host.Library.Snapshot()
	for i := range library {
		library[i].Name = "go_" + c.plugin.Kind() + "_" + library[i].Name
	}
	return append(c.host.Plugin.Snapshot(), library...)
}

// Metric returns the value of one series of a counter or gauge, or the sum of a histogram, by a name as in
// [InputSection.Metrics]. It is 0 of what the plugin has not used.
func (c *common) Metric(name string, labelValues ...string) float64 {
	for _, s := range c.Metrics() {
		if s.Name == name && slices.Equal(s.LabelValues, labelValues) {
			return s.Value
		}
	}
	return 0
}

// settle waits until nothing more happens, if it is called in a bubble of synctest, and tells whether it is.
func settle() (virtual bool) {
	defer func() {
		if r := recover(); r != nil && r != "goroutine is not in a bubble" { // runtime/synctest.go has no way to ask
			panic(r)
		}
	}()
	synctest.Wait()
	return true
}
