package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/internal/engine/chost"
)

// replayCmd is "flbgo replay".
type replayCmd struct {
	File    string `arg:"" help:"Capture, as flbgo run --capture writes it."`
	Library string `arg:"" help:"Output plugin: its shared library (.so), or the folder of its package main, which is built."`

	Properties properties `short:"p" name:"property" placeholder:"KEY=VALUE" help:"A property of the section; once for each."`
	Section    string     `placeholder:"NAME" help:"Section of the capture to replay, if it has several."`
	Update     bool       `help:"Write the verdicts of now into the capture, for later replays to find. The exit code is then 0."`
	JSON       bool       `name:"json" help:"Print the outcome as JSON, on standard output, where the plugin then prints nothing."`
	Verbose    bool       `short:"v" help:"Show the command that builds, and the plugin's debug messages."`
}

// Help is what "flbgo replay --help" says between usage and flags.
func (*replayCmd) Help() string {
	return `The chunks of the capture are given to a new section of the plugin, in their order and one at a time, as Fluent Bit
would. What the plugin makes of each (ok, retry or error) is compared with the capture: every difference is a line on
standard error, and the exit code is 1 if there is one. So an incident becomes a test: change the plugin, replay, and once
its verdicts are as they should be, write them into the capture with --update.

Examples:

    flbgo run --capture incident.cbor .
    flbgo replay incident.cbor . -p url=http://localhost:8080 -p tls=off
    flbgo replay incident.cbor out_http.so --section http.0 --json | jq '.differences[].tag'`
}

// replayed is what came of a replay.
type replayed struct {
	Chunks      int          `json:"chunks"`
	Differences []difference `json:"differences"`
}

// difference is a chunk with another verdict than in the capture.
type difference struct {
	Item     int             `json:"item"` // of those of the section, from 1
	Time     time.Time       `json:"time"`
	Tag      string          `json:"tag"`
	Bytes    int             `json:"bytes"`
	Captured capture.Verdict `json:"captured"`
	Now      capture.Verdict `json:"now"`
}

func (d difference) String() string {
	return fmt.Sprintf("chunk %d (tag %s, %d bytes, of %s): %s in the capture, now %s",
		d.Item, d.Tag, d.Bytes, d.Time.Format(time.RFC3339Nano), d.Captured, d.Now)
}

// Run is called by kong.
func (c *replayCmd) Run(s *session) error {
	all, chosen, err := c.items()
	if err != nil {
		return err
	}
	file, remove, err := builder{verbose: c.Verbose}.library(s, c.Library)
	if err != nil {
		return err
	}
	defer remove()
	result, err := c.replay(s, file, chosen)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if c.Update && len(result.Differences) > 0 {
		if err := capture.WriteFile(c.File, all); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
	}
	return c.report(s, result)
}

func (c *replayCmd) report(s *session, r *replayed) (err error) {
	if c.JSON {
		err = writeJSON(os.Stdout, r)
	}
	for _, d := range r.Differences {
		s.term.note("%s", d)
	}
	switch n := len(r.Differences); {
	case n == 0:
		s.term.note("%s, every verdict as in the capture", counted(r.Chunks, "chunk"))
	case c.Update:
		s.term.note("%s: %s changed", c.File, counted(n, "verdict"))
	default:
		return errors.Join(err, fmt.Errorf("replay: %d of %d verdicts differ from the capture (--update writes those of now into it)", n, r.Chunks))
	}
	return err
}

// items reads the capture, and chooses those of one section.
func (c *replayCmd) items() (all []capture.Item, chosen []*capture.Item, err error) {
	all, err = capture.ReadFile(c.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, misused("replay: %w (flbgo run --capture writes one)", err)
	case err != nil:
		return nil, nil, fmt.Errorf("replay: %w", err)
	}
	var sections []string
	for i := range all {
		it := &all[i]
		if !slices.Contains(sections, it.Section) {
			sections = append(sections, it.Section)
		}
		if c.Section == "" || it.Section == c.Section {
			chosen = append(chosen, it)
		}
	}
	switch {
	case len(sections) == 0:
		return nil, nil, fmt.Errorf("replay: %s holds no chunk", c.File)
	case len(chosen) == 0:
		return nil, nil, misused("--section: %q is none of %s", c.Section, strings.Join(sections, ", "))
	case c.Section == "" && len(sections) > 1:
		return nil, nil, misused("replay: %s has several sections (want --section with one of %s)", c.File, strings.Join(sections, ", "))
	}
	return all, chosen, nil
}

// replay gives the items to a section of the library, and them its verdicts.
func (c *replayCmd) replay(s *session, file string, items []*capture.Item) (r *replayed, err error) {
	var stdout io.Writer = os.Stdout
	if c.JSON {
		stdout = s.term.w
	}
	host, err := chost.Start(s.stop, chost.Options{Log: s.log, Stdout: stdout, Stderr: s.term.w})
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(s.abort, func() { _ = host.Kill() })()
	r, err = c.through(s, host, file, items)
	closed := host.Close()
	if crash := new(chost.CrashError); errors.As(err, &crash) && errors.As(closed, &crash) {
		closed = nil // it is the same
	}
	return r, errors.Join(err, closed)
}

func (c *replayCmd) through(s *session, host *chost.Host, file string, items []*capture.Item) (*replayed, error) {
	lib, err := host.Load(file)
	if err != nil {
		return nil, fmt.Errorf("%w (flbgo check says more)", err)
	}
	if lib.Kind != chost.Output {
		return nil, fmt.Errorf("%s is an %s: chunks go to outputs", filepath.Base(file), lib.Kind)
	}
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	section := chost.InstanceOptions{Name: items[0].Section, Properties: c.Properties, LogLevel: level, Workers: 1}
	out, err := host.NewOutput(lib, section)
	if err != nil {
		return nil, err
	}
	if err := out.Init(); err != nil {
		return nil, fmt.Errorf("%w (give the section its properties with -p key=value)", err)
	}
	if err := out.Start(); err != nil {
		return nil, err
	}
	r, err := flushAll(s, out, items)
	if err != nil {
		return nil, err
	}
	return r, errors.Join(out.Exit(), host.Unload(lib))
}

func flushAll(s *session, out *chost.Instance, items []*capture.Item) (*replayed, error) {
	r := &replayed{Differences: []difference{}}
	for i, it := range items {
		code, err := out.Flush(s.stop, it.Tag, it.Chunk)
		if err != nil {
			return nil, interrupted(s.stop, err)
		}
		r.Chunks++
		if now := verdict(code); now != it.Verdict {
			r.Differences = append(r.Differences, difference{i + 1, it.Time, it.Tag, len(it.Chunk), it.Verdict, now})
			it.Verdict = now
		}
	}
	return r, nil
}

// verdict is what the engine takes a return value of Flush for (flb_macros.h).
func verdict(code int) capture.Verdict {
	switch code {
	case 1:
		return capture.OK
	case 2:
		return capture.Retry
	}
	return capture.Error
}
