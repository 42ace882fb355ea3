package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/calyptia/plugin/cmd/flbgo/internal/doctor"
	"github.com/calyptia/plugin/internal/engine/chost"
)

// checkCmd is "flbgo check".
type checkCmd struct {
	File string `arg:"" help:"Shared library (.so) to examine."`

	Properties properties `short:"p" name:"property" placeholder:"KEY=VALUE" help:"A property of the section that is opened; once for each."`
	GLIBC      string     `name:"glibc" placeholder:"VERSION" help:"The glibc there is where Fluent Bit runs. The default, 2.36, is that of the official images of Fluent Bit 3.1 to 4.2.0 (Debian 12), and newer ones have 2.41; 2.28 is that of RHEL 8, 2.31 that of Debian 11."`
	NoLoad     bool       `help:"Read the file only: run nothing of it."`
	JSON       bool       `name:"json" help:"Print the findings as JSON, on standard output."`
}

// Help is what "flbgo check --help" says between usage and flags.
func (*checkCmd) Help() string {
	return `The file is read first, without running any of it: is it a shared library of this machine, with the functions that
Fluent Bit calls, and does it need no newer glibc than there will be? Then it is loaded in a process that treats it as
Fluent Bit does: it registers its plugin, says what properties that has, and a section is opened, paused or given a chunk
without events, and closed. Begin and end of the plugin's own work run in that, so pass properties that do no harm.

Every finding is one line on standard output: ok, warning or error, and what to do about it. The exit code is 1 if there
is an error.

Examples:

    flbgo check in_procstat.so
    flbgo check --glibc 2.28 out_file.so -p path=/tmp/events
    flbgo check --no-load --json in_procstat.so | jq '.findings[] | select(.level == "error")'`
}

// Run is called by kong.
func (c *checkCmd) Run(s *session) error {
	o := doctor.Options{Floor: c.GLIBC, Properties: c.Properties, NoLoad: c.NoLoad}
	report, err := examine(s, c.File, o)
	if err != nil {
		return err
	}
	if c.JSON {
		return errors.Join(writeJSON(os.Stdout, report), failures(report))
	}
	printReport(paintFor(os.Stdout), os.Stdout, report)
	return failures(report)
}

func examine(s *session, file string, o doctor.Options) (*doctor.Report, error) {
	report, err := doctor.Check(s.stop, file, o)
	switch {
	case errors.Is(err, doctor.ErrVersion):
		return nil, misused("--glibc: %w", err)
	case err != nil:
		return nil, misused("check: %w (build it with flbgo build)", err)
	case s.stop.Err() != nil:
		return nil, errors.New("interrupted")
	}
	return report, nil
}

func failures(r *doctor.Report) error {
	switch n := r.Count(doctor.Error); n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("check of %s: 1 error", r.File)
	default:
		return fmt.Errorf("check of %s: %d errors", r.File, n)
	}
}

var levelColours = map[doctor.Level]string{doctor.OK: green, doctor.Warning: yellow, doctor.Error: red}

// printReport prints what is fine first and what is worst last, where the eye is.
func printReport(paint func(colour, text string) string, w io.Writer, r *doctor.Report) {
	for _, level := range []doctor.Level{doctor.OK, doctor.Warning, doctor.Error} {
		for _, f := range r.Findings {
			if f.Level != level {
				continue
			}
			text, more, _ := strings.Cut(f.Text, "\n")
			if f.Advice != "" {
				text += " (" + f.Advice + ")"
			}
			fmt.Fprintf(w, "%s %-8s  %s\n", paint(levelColours[level], fmt.Sprintf("%-7s", level)), f.Check, text)
			for line := range strings.Lines(more) {
				fmt.Fprintf(w, "%18s%s\n", "", strings.TrimSuffix(line, "\n"))
			}
		}
	}
}

// paintFor colours what goes to a terminal.
func paintFor(f *os.File) func(colour, text string) string { return newTerminal(f).paint }

// properties are a section's, as flags.
type properties []chost.Property

// UnmarshalText is called by kong, for each flag.
func (p *properties) UnmarshalText(text []byte) error {
	key, value, ok := strings.Cut(string(text), "=")
	if key = strings.TrimSpace(key); !ok || key == "" {
		return fmt.Errorf("%q is no property (want key=value)", cmp.Or(string(text), "nothing"))
	}
	*p = append(*p, chost.Property{Key: key, Value: value})
	return nil
}
