package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/calyptia/plugin/cmd/flbgo/internal/scaffold"
)

// newCmd is "flbgo new".
type newCmd struct {
	Kind   string `arg:"" enum:"input,output" help:"input (gets data into Fluent Bit) or output (gets it out)."`
	Name   string `arg:"" help:"What sections call the plugin, such as weather."`
	Folder string `arg:"" optional:"" help:"Folder to make; in_NAME or out_NAME by default."`

	Module  string `placeholder:"PATH" help:"Path of the Go module, such as github.com/you/in_weather; example.com/in_weather by default."`
	Library string `placeholder:"VERSION" help:"Version of github.com/calyptia/plugin to use; that of this flbgo by default."`
	Replace string `placeholder:"FOLDER" help:"Use the copy of github.com/calyptia/plugin in this folder. Dockerfile and workflow, which have no such folder, then do not build."`
	NoTidy  bool   `help:"Do not run go mod tidy, which gets the modules."`
}

// Help is what "flbgo new --help" says between usage and flags.
func (*newCmd) Help() string {
	return `The folder holds a plugin with typed properties and records (main.go), its tests, configurations of both forms,
a Dockerfile, a workflow for GitHub, and a README that says what to do next. It builds, passes its tests and runs as it is.

Examples:

    flbgo new input weather                                   # makes in_weather
    flbgo new output tickets --module github.com/you/tickets
    cd in_weather && go test ./... && flbgo run .`
}

// Run is called by kong.
func (c *newCmd) Run(s *session) error {
	p, err := c.plugin()
	if err != nil {
		return err
	}
	dir := cmp.Or(c.Folder, p.File())
	files, err := scaffold.Write(dir, p)
	if err != nil {
		return fmt.Errorf("new: %w", err)
	}
	s.term.note("%s: %s", dir, strings.Join(files, ", "))
	if c.Module == "" {
		s.term.note("its module is %s (--module gives it another path)", p.Module)
	}
	if !c.NoTidy {
		if err := tidy(s, dir); err != nil {
			return err
		}
	}
	s.term.note("next: cd %s && go test ./... && flbgo run .", dir)
	return nil
}

func (c *newCmd) plugin() (scaffold.Plugin, error) {
	p := scaffold.Plugin{Kind: c.Kind, Name: c.Name, Module: c.Module, Library: c.Library}
	if err := p.Check(); err != nil {
		return p, misused("new: %w", err)
	}
	p.Module = cmp.Or(p.Module, "example.com/"+p.File())
	if c.Replace != "" {
		folder, err := filepath.Abs(c.Replace)
		if err != nil {
			return p, err
		}
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err != nil {
			return p, misused("--replace: %w (want the folder of github.com/calyptia/plugin)", err)
		}
		p.Replace = folder
		p.Library = cmp.Or(p.Library, "v0.0.0-00010101000000-000000000000") // as go mod tidy writes it
	}
	if p.Library = cmp.Or(p.Library, release()); p.Library == "" {
		return p, misused("new: this flbgo is no release: say --library VERSION, or --replace FOLDER with the folder it is built from")
	}
	return p, nil
}

// release returns the version of this program if it can be downloaded.
func release() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Main.Version, "v") || strings.Contains(info.Main.Version, "+dirty") {
		return ""
	}
	return info.Main.Version
}

// tidy gets the modules that the plugin needs.
func tidy(s *session, dir string) error {
	cmd := exec.CommandContext(s.stop, "go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	done := s.term.step("getting modules (go mod tidy)")
	out, err := cmd.CombinedOutput()
	done(err)
	if err = explain(s.stop, err); err != nil {
		return fmt.Errorf("new: go mod tidy in %s: %w (the files are written: run it again there)\n%s", dir, err, bytes.TrimSpace(out))
	}
	return nil
}
