package conffile

import (
	"fmt"
	"os"
	"strings"
)

// pluginsFiles reads the files that plugins_file properties of the service name.
func (r *reader) pluginsFiles(service Section) ([]Plugin, error) {
	var plugins []Plugin
	for _, p := range service.Properties {
		if !strings.EqualFold(p.Key, "plugins_file") || p.Value == "" {
			continue
		}
		found, err := r.pluginsFile(p.Value)
		if err != nil {
			return nil, at(p.File, p.Line, "plugins_file %s: %w", p.Value, err)
		}
		plugins = append(plugins, found...)
	}
	return plugins, nil
}

func (r *reader) pluginsFile(name string) ([]Plugin, error) {
	path, err := r.find(name)
	if err != nil {
		return nil, err
	}
	sub := newReader(path, pluginsFile)
	if err := sub.file(path); err != nil {
		return nil, err
	}
	sub.pathsOfSections()
	r.warnings = append(r.warnings, sub.warnings...)
	return sub.plugins, nil
}

// find returns where a file is: as given, or else in the main file's directory (flb_plugin.c).
func (r *reader) find(name string) (string, error) {
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	path := within(r.dir, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no such file, neither as given nor as %s", path)
	}
	return path, nil
}

// pathsOfSections takes the Path keys of [PLUGINS] sections; the engine ignores all else in such a file.
func (r *reader) pathsOfSections() {
	for _, s := range r.sections {
		if s.Kind != "plugins" {
			r.warn(s.File, s.Line, "only [PLUGINS] sections of a plugins file are read")
			continue
		}
		for _, p := range s.Properties {
			r.plugin(p)
		}
	}
}

func (r *reader) plugin(p Property) {
	if p.Key != "path" {
		r.warn(p.File, p.Line, "key %q of [PLUGINS] is ignored (want path)", p.Key)
		return
	}
	if strings.Contains(p.Value, "${") {
		r.warn(p.File, p.Line, "variables in the path of a plugin are not expanded")
	}
	r.plugins = append(r.plugins, Plugin{Path: p.Value, File: p.File, Line: p.Line})
}
