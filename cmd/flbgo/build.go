package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/calyptia/plugin/cmd/flbgo/internal/doctor"
)

// buildCmd is "flbgo build".
type buildCmd struct {
	Folder string `arg:"" optional:"" help:"Folder with the plugin's package main; the current one by default."`

	Output  string `short:"o" placeholder:"FILE" help:"File to write; by default the folder's name with .so, in the folder."`
	Target  target `placeholder:"OS/ARCH" help:"System to build for, such as linux/arm64; by default this machine's. For others zig is used, or the C compiler that $$CC names."`
	GLIBC   string `name:"glibc" placeholder:"VERSION" help:"The glibc there is where Fluent Bit runs; 2.36 by default (Debian 12). If it is given and zig is installed, the library is linked against this one."`
	LDFlags string `name:"ldflags" placeholder:"FLAGS" help:"Flags of go build -ldflags, as in --ldflags=\"-X main.version=1.2.3\"."`
	Debug   bool   `help:"Keep the tables for debuggers (-ldflags has no -s -w), for a file twice as large."`
	NoLoad  bool   `help:"Do not try the library after the build: read the file only."`
	JSON    bool   `name:"json" help:"Print the findings of the check as JSON, on standard output."`
	Verbose bool   `short:"v" help:"Show the command that builds."`
}

// Help is what "flbgo build --help" says between usage and flags.
func (*buildCmd) Help() string {
	return `What runs is go build -buildmode=c-shared -trimpath -ldflags "-s -w", with CGO_ENABLED=1. Then flbgo check looks at the
library; its warnings and errors are printed, and an error makes the exit code 1.

zig (https://ziglang.org/download) is a C compiler for all systems with every glibc; nothing else needs to be installed
to build for another machine, or for an older glibc than this machine's.

Examples:

    flbgo build                                # the plugin in the current folder
    flbgo build examples/in_procstat -o build/in_procstat.so
    flbgo build --target linux/arm64 --glibc 2.28 -o in_procstat_arm64.so
    flbgo build --ldflags="-X main.version=$(git describe)"`
}

// Run is called by kong.
func (c *buildCmd) Run(s *session) error {
	dir, err := filepath.Abs(cmp.Or(c.Folder, "."))
	if err != nil {
		return err
	}
	if err := wantProgram(dir); err != nil {
		return err
	}
	file := cmp.Or(c.Output, filepath.Join(cmp.Or(c.Folder, "."), filepath.Base(dir)+".so"))
	b, err := c.builder()
	if err != nil {
		return err
	}
	output, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	if err := b.build(s, dir, output); err != nil {
		return err
	}
	return c.check(s, file)
}

func wantProgram(dir string) error {
	switch info, err := os.Stat(dir); {
	case err != nil:
		return misused("build: %w (name the folder of a plugin; flbgo new makes one)", err)
	case !info.IsDir():
		return misused("build: %s is no folder (name the folder of a plugin)", dir)
	case !isProgram(dir):
		return fmt.Errorf("build: folder %s holds no Go files of a package main (name the package main, with an empty func main() {}; "+
			"flbgo new makes a folder that builds)", dir)
	}
	return nil
}

func (c *buildCmd) builder() (builder, error) {
	b := builder{verbose: c.Verbose, flags: []string{"-trimpath"}}
	ldflags := c.LDFlags
	if !c.Debug {
		ldflags = strings.TrimSpace("-s -w " + ldflags)
	}
	if ldflags != "" {
		b.flags = append(b.flags, "-ldflags="+ldflags)
	}
	env, err := toolchain(c.Target, c.GLIBC)
	b.env = env
	return b, err
}

// check shows what flbgo check finds, but for what is fine.
func (c *buildCmd) check(s *session, file string) error {
	report, err := examine(s, file, doctor.Options{Arch: c.Target.arch(), Floor: c.GLIBC, NoLoad: c.NoLoad})
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(os.Stdout, report)
	}
	bad := *report
	bad.Findings = nil
	for _, f := range report.Findings {
		if f.Level != doctor.OK && !c.JSON {
			bad.Findings = append(bad.Findings, f)
		}
	}
	printReport(s.term.paint, s.term.w, &bad)
	if err = errors.Join(err, failures(report)); err != nil {
		return err
	}
	if info, err := os.Stat(file); err == nil {
		s.term.note("%s, %.1f MB (flbgo check %s has the details)", file, float64(info.Size())/1e6, file)
	}
	return nil
}
