package plugintest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/calyptia/plugin/internal/proxy"
)

// Config is the configuration of one section: [Properties], [Classic], [YAML] or [Each]. nil is one without properties.
type Config interface {
	// section returns the one of that kind; name is the plugin's, where the library has registered one.
	section(kind, name string) (section, error)
}

// section is a section as configured.
type section struct {
	name       string // the plugin's, "" if it does not say
	properties map[string]string
}

// Properties are a section's by name. Names compare without case. As the engine does since 5.1.1, a section refuses
// properties that its plugin does not have, unless that is an untyped one.
type Properties map[string]string

func (p Properties) section(string, string) (section, error) { return section{properties: p}, nil }

// Classic is the text of a fluent-bit.conf that has a section of the plugin. Other sections of the text play no part.
type Classic string

func (c Classic) section(kind, name string) (section, error) {
	return fromText("fluent-bit.conf", string(c), kind, name)
}

// YAML is the text of a fluent-bit.yaml that has a section of the plugin. Other sections of the text play no part.
type YAML string

func (y YAML) section(kind, name string) (section, error) {
	return fromText("fluent-bit.yaml", string(y), kind, name)
}

// Each gives every section a configuration of its own, such as a file that only one can have open. It is called once
// for each.
type Each func() Config

func (e Each) section(kind, name string) (section, error) { return sectionOf(e(), kind, name) }

func sectionOf(c Config, kind, name string) (section, error) {
	if c == nil {
		return section{}, nil
	}
	return c.section(kind, name)
}

func fromText(file, text, kind, name string) (s section, err error) {
	dir, err := os.MkdirTemp("", "plugintest")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return s, err
	}
	c, err := conffile.Load(path)
	if err != nil {
		return s, errors.New(strings.ReplaceAll(err.Error(), path, file))
	}
	return choose(map[string][]conffile.Section{"input": c.Inputs, "output": c.Outputs}[kind], kind, name)
}

// choose takes the only section, or of several the only one of that name.
func choose(all []conffile.Section, kind, name string) (section, error) {
	if len(all) > 1 {
		all = slices.DeleteFunc(all, func(s conffile.Section) bool { return !strings.EqualFold(s.Name, name) })
	}
	if len(all) != 1 {
		return section{}, fmt.Errorf("%d sections of %s %q, want 1", len(all), kind, name)
	}
	s := section{all[0].Name, make(map[string]string)}
	for _, p := range slices.Backward(all[0].Properties) { // the engine finds the first of those with one name
		s.properties[strings.ToLower(p.Key)] = p.Value
	}
	return s, nil
}

// checkNames refuses properties that neither the plugin nor the engine has.
func (s section) checkNames(p *proxy.Plugin) error {
	known := func(name string) bool {
		_, _, engines := config.Reserved(p.Kind(), name)
		return engines && !strings.HasPrefix(name, "go.") || slices.ContainsFunc(p.Plans, func(plan *config.Plan) bool {
			return slices.ContainsFunc(plan.Properties(), func(p config.Property) bool { return strings.EqualFold(p.Name, name) })
		})
	}
	var problems []error
	for name := range s.properties {
		if p.Plans != nil && !known(strings.ToLower(name)) {
			problems = append(problems, fmt.Errorf("unknown configuration property %q", name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}
