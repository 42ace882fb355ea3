// Package conffile reads Fluent Bit's configuration files, classic (fluent-bit.conf) and YAML (fluent-bit.yaml).
//
// Where Fluent Bit refuses a file, so does Load, in words for the person who edits it. Where Fluent Bit ignores a mistake
// (a misspelt section name, say), Load refuses it too, or adds a line to Config.Warnings.
package conffile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Config is what a configuration file says, its includes and plugins_file read and its variables expanded.
type Config struct {
	File            string    // as given to Load
	Service         Section   // all [SERVICE] sections in one; Properties is empty if there is none
	Plugins         []Plugin  // libraries to load, in load order
	Inputs, Outputs []Section // in the order of the file
	Unsupported     []Section // understood, but not for the embedded engine: filters, customs, parsers, processors and so on
	Warnings        []string  // one line each, with file and line in front
}

// Plugin is one library named by plugins_file or the YAML plugins list. Path is as written: relative to the working
// directory of the process, not to the file.
type Plugin struct {
	Path string
	File string
	Line int
}

// Section is one configured section. Of a plugin's section the name property is in Name, not in Properties.
type Section struct {
	Kind       string // service, input, output; filter, custom and other singular words in Unsupported
	Name       string // the plugin's, variables expanded; empty where the kind has none
	Properties []Property
	File       string
	Line       int
}

// Property is one key and value. A key that was given a list has an entry for each element. An empty Value is what a
// plugin sees as not set (NULL).
type Property struct {
	Key   string // lower case from classic files, camelCase rewritten to snake_case from YAML
	Value string
	File  string
	Line  int
}

// Get returns the value of the first property named key, in any case, as the engine's own lookup does.
func (s Section) Get(key string) (string, bool) {
	i := slices.IndexFunc(s.Properties, func(p Property) bool { return strings.EqualFold(p.Key, key) })
	if i < 0 {
		return "", false
	}
	return s.Properties[i].Value, true
}

// Load reads the configuration file at path, YAML if its name ends in .yaml or .yml, classic otherwise. Environment
// variables are the process's own. The error names file and line.
func Load(path string) (*Config, error) {
	c, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("conffile: %w", err)
	}
	return c, nil
}

func load(path string) (*Config, error) {
	r := newReader(path, mainFile)
	if err := r.file(path); err != nil {
		return nil, err
	}
	return r.config(path)
}

// role says which file is read: the sections it may hold differ.
type role int

const (
	mainFile role = iota
	pluginsFile
)

// reader collects what a file and its includes say, before variables are expanded: an @SET counts for the whole file.
type reader struct {
	role     role
	dir      string              // of the first file
	seen     map[string]struct{} // absolute paths read so far
	sections []Section
	vars     []Property // YAML env, then @SET, in order
	plugins  []Plugin
	warnings []string
}

func newReader(path string, as role) *reader {
	return &reader{role: as, dir: filepath.Dir(path), seen: make(map[string]struct{})}
}

// file reads one file, the first or an included one.
func (r *reader) file(path string) error {
	if err := r.enter(path); err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if isYAML(path) {
		return r.yamlFile(path, text)
	}
	return r.classicFile(path, string(text))
}

// enter refuses a file that was read before, as the engine does, which also ends a recursion.
func (r *reader) enter(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, ok := r.seen[abs]; ok {
		return fmt.Errorf("%s is included twice", path)
	}
	r.seen[abs] = struct{}{}
	return nil
}

func (r *reader) warn(file string, line int, format string, args ...any) {
	r.warnings = append(r.warnings, at(file, line, format, args...).Error())
}

// at is an error with its place in front.
func at(file string, line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", file, line, fmt.Errorf(format, args...))
}

func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}

// config expands the variables and sorts the sections by kind.
func (r *reader) config(path string) (*Config, error) {
	c := &Config{File: path, Service: Section{Kind: "service"}}
	r.expand()
	for _, s := range r.sections {
		c.add(s)
	}
	fromFiles, err := r.pluginsFiles(c.Service)
	if err != nil {
		return nil, err
	}
	c.Plugins = append(fromFiles, r.plugins...) // flb_config.c: [SERVICE] is applied before the YAML plugins list
	c.Warnings = r.warnings
	return c, nil
}

func (c *Config) add(s Section) {
	switch s.Kind {
	case "service":
		c.addService(s)
	case "input":
		c.Inputs = append(c.Inputs, s)
	case "output":
		c.Outputs = append(c.Outputs, s)
	default:
		c.Unsupported = append(c.Unsupported, s)
	}
}

func (c *Config) addService(s Section) {
	if c.Service.File == "" {
		c.Service.File, c.Service.Line = s.File, s.Line
	}
	c.Service.Properties = append(c.Service.Properties, s.Properties...)
}
