package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/calyptia/plugin/cmd/flbgo/internal/doctor"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/proxy"
)

// docsCmd is "flbgo docs".
type docsCmd struct {
	Plugin string `arg:"" optional:"" help:"Shared library (.so) of the plugin, or the folder of its package main, which is built; the current one by default."`

	Format  string `enum:"markdown,classic,yaml,schema" default:"markdown" help:"What to print: the properties as a page in Markdown, a sample of a section in the classic form or in YAML, or its JSON Schema: one of ${enum}."`
	JSON    bool   `name:"json" help:"Print all as one JSON object, on standard output."`
	Output  string `short:"o" placeholder:"DIR" help:"Write properties.md, sample.conf, sample.yaml and schema.json into this folder instead, which is made if need be."`
	Verbose bool   `short:"v" help:"Show the command that builds, and all that the plugin logs."`
}

// Help is what "flbgo docs --help" says between usage and flags.
func (*docsCmd) Help() string {
	return `What is printed comes from the config struct that is compiled into the library: its struct tags are the reference, so that
code and documentation cannot differ. The library is loaded in a process of its own, where it registers its plugin; no
section is opened. In the samples, what must be set is set, and all else is a comment.

The schema is for editors and CI: it checks a section of a fluent-bit.yaml. The JSON object has the keys kind, name,
description, markdown, classic, yaml and schema; of an untyped plugin, which tells no properties, the first three.

Examples:

    flbgo docs                                  # the plugin in the current folder
    flbgo docs in_procstat.so --format yaml > fluent-bit.yaml
    flbgo docs examples/in_tail --output reference
    flbgo docs --json in_procstat.so | jq '.schema.required'`
}

// pageOf names the file of a reference that a format prints.
var pageOf = map[string]string{
	"markdown": "properties.md",
	"classic":  "sample.conf",
	"yaml":     "sample.yaml",
	"schema":   "schema.json",
}

// Run is called by kong.
func (c *docsCmd) Run(s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	file, remove, err := builder{verbose: c.Verbose}.library(s, cmp.Or(c.Plugin, "."))
	if err != nil {
		return err
	}
	defer remove()
	r, err := c.reference(s, file)
	if err == nil {
		err = c.show(s, r)
	}
	if err != nil {
		return fmt.Errorf("docs: %w", err)
	}
	return nil
}

func (c *docsCmd) check() error {
	switch info, err := os.Stat(c.Output); {
	case c.JSON && c.Format != "markdown":
		return misused("either --format or --json, not both")
	case c.Output == "":
		return nil
	case c.JSON || c.Format != "markdown":
		return misused("either --output or a format to print, not both")
	case err == nil && !info.IsDir():
		return misused("--output: %s is no folder", c.Output)
	}
	return nil
}

// show prints what is asked for, or writes all.
func (c *docsCmd) show(s *session, r *proxy.Reference) error {
	switch {
	case c.JSON:
		return writeJSON(os.Stdout, r)
	case !r.Typed():
		return untyped(r)
	case c.Output != "":
		return writePages(s, c.Output, r.Pages())
	}
	_, err := os.Stdout.WriteString(r.Pages()[pageOf[c.Format]])
	return err
}

func untyped(r *proxy.Reference) error {
	who := fmt.Sprintf("%s %q", r.Kind, r.Name)
	if r.Description != "" {
		who += " (" + r.Description + ")"
	}
	return fmt.Errorf("%s is untyped: it takes any property, and only its code tells which "+
		"(an Init with *plugin.Instance[C], where C is a config struct, has them documented; --json prints what is known)", who)
}

func writePages(s *session, dir string, pages map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(pages))
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(pages[name]), 0o644); err != nil {
			return err
		}
	}
	s.term.note("%s: %s", dir, strings.Join(names, ", "))
	return nil
}

// reference loads the library in a process of its own, and asks it.
func (c *docsCmd) reference(s *session, file string) (*proxy.Reference, error) {
	host, err := chost.Start(s.stop, chost.Options{
		Log: func(level slog.Level, line string) {
			if c.Verbose || level >= slog.LevelWarn {
				s.log(level, line)
			}
		},
		Stderr: s.term.w, // and what it prints on standard output, which is for the reference
	})
	if err != nil {
		return nil, interrupted(s.stop, err)
	}
	defer func() { _ = host.Close() }() // whatever else is wrong with it is for flbgo check
	defer context.AfterFunc(s.stop, func() { _ = host.Kill() })()
	r, err := describe(host, file)
	return r, interrupted(s.stop, err)
}

func describe(host *chost.Host, file string) (*proxy.Reference, error) {
	lib, err := host.Load(file)
	if err != nil {
		return nil, fmt.Errorf("%w (flbgo check says more)", err)
	}
	r, err := doctor.Reference(host, lib)
	if errors.Is(err, doctor.ErrNoReference) {
		return nil, fmt.Errorf("%s %w: %s %q is made with an older release of github.com/calyptia/plugin, or without it "+
			"(build it with the release that this flbgo is of, or a newer one)", filepath.Base(file), err, lib.Kind, lib.Name)
	}
	return r, err
}
