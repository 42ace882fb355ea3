package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/fluentbit"
)

// runCmd is "flbgo run".
type runCmd struct {
	Folder string `arg:"" optional:"" help:"Folder with a fluent-bit.conf or fluent-bit.yaml, in which the run then works; the current one by default."`

	Config  string        `short:"c" placeholder:"FILE" help:"Configuration file to run, in the current folder, or in the file's own if only that one has the plugins."`
	For     time.Duration `placeholder:"TIME" help:"Stop gracefully after this time, such as 5s or 10m, counted from when the inputs have started (the start of Fluent Bit, if that runs). Without it, Ctrl-C stops."`
	Engine  string        `enum:"embedded,fluent-bit" default:"embedded" help:"What runs the configuration: the embedded engine, which is for development and tests, or an installed Fluent Bit ($$FLUENT_BIT, or else fluent-bit in PATH, or else /opt/fluent-bit/bin/fluent-bit)."`
	NoBuild bool          `help:"Load the plugins' libraries as they are."`
	Metrics string        `placeholder:"ADDRESS" help:"Serve the plugins' metrics as Prometheus reads them, at /metrics and Fluent Bit's own /api/v2/metrics/prometheus of an address such as :2021 or localhost:2021. For the embedded engine."`
	Watch   bool          `short:"w" help:"Build and start anew whenever a Go file of the plugins or the configuration changes. For the embedded engine."`
	Capture string        `placeholder:"FILE" help:"Write every chunk that an output gets, and what becomes of it, into a file for flbgo replay. For the embedded engine."`
	Redact  []string      `placeholder:"KEY" help:"Hide the values of these keys in the capture, wherever in a record they are."`
	Limit   size          `name:"capture-limit" placeholder:"SIZE" help:"Size of the capture at most, such as 20M; 64M by default."`
	Verbose bool          `short:"v" help:"Show the commands that build, and the engine's debug messages."`

	Layout generation    `placeholder:"VERSION" group:"Tests of the embedded engine:" help:"Release of Fluent Bit whose memory layouts the plugins meet: 3.2, 4.1, 5.0 or 5.1.1, the default."`
	Tick   time.Duration `placeholder:"TIME" group:"Tests of the embedded engine:" help:"What the engine takes for a second."`
}

// Help is what "flbgo run --help" says between usage and flags.
func (*runCmd) Help() string {
	return `The configuration names the plugins' libraries (.so files), in a plugins_file or in the list plugins of a YAML file.
A library whose folder holds a Go program is built first. Records of the stdout output appear on standard output as
JSON lines, all else on standard error. Ctrl-C stops gracefully, a second one at once.

The embedded engine has the inputs dummy and stdin, the outputs stdout, file and null, and those of libraries. The same
files run in Fluent Bit when it is started in the same folder.

Examples:

    flbgo run examples/in_procstat             # the plugin in this folder
    flbgo run --for 5s examples/in_procstat    # for five seconds
    flbgo run -c fluent-bit.conf | jq .message # a file; records into jq
    flbgo run --metrics :2021 examples/in_dummy  # and in another terminal: curl localhost:2021/metrics
    flbgo run --watch .                        # anew at every change of its files
    flbgo run --capture x.cbor --redact password,token .
    flbgo run --engine fluent-bit .            # in the real Fluent Bit`
}

// Validate is called by kong when the flags are set.
func (r *runCmd) Validate() error {
	switch {
	case r.Folder != "" && r.Config != "":
		return errors.New("either FOLDER or --config, not both")
	case r.For < 0:
		return fmt.Errorf("--for: %v is negative", r.For)
	case r.Tick < 0:
		return fmt.Errorf("--tick: %v is negative", r.Tick)
	case r.Engine != "embedded" && (r.Layout != "" || r.Tick != 0):
		return errors.New("--layout and --tick are for the embedded engine")
	case r.Engine != "embedded" && r.Metrics != "":
		return errors.New("--metrics is for the embedded engine: Fluent Bit serves metrics itself, with http_server on in [SERVICE], " +
			"at port 2020 and /api/v2/metrics/prometheus")
	case r.Watch && (r.Engine != "embedded" || r.NoBuild):
		return errors.New("--watch is for the embedded engine, and builds")
	case r.Engine != "embedded" && r.Capture != "":
		return errors.New("--capture is for the embedded engine: in Fluent Bit a plugin of this library does it itself, with go.capture FILE in its [OUTPUT]")
	case r.Capture == "" && (len(r.Redact) > 0 || r.Limit != 0):
		return errors.New("--redact and --capture-limit are for --capture")
	case r.Capture != "" && r.Watch:
		return errors.New("either --capture or --watch: every start begins the file anew")
	case r.Metrics != "":
		if _, _, err := net.SplitHostPort(r.Metrics); err != nil {
			return fmt.Errorf("--metrics: %w (want an address such as :2021 or localhost:2021)", err)
		}
	}
	return nil
}

// generation is a chost.Generation as a flag.
type generation string

func (g *generation) UnmarshalText(text []byte) error {
	if !slices.Contains(chost.Generations, chost.Generation(text)) {
		return fmt.Errorf("%q is none of %v", text, chost.Generations)
	}
	*g = generation(text)
	return nil
}

// size is a number of bytes as a flag, in the form of a property; 0 if it is not set.
type size int64

func (n *size) UnmarshalText(text []byte) error {
	bytes, err := config.ParseSize(string(text))
	if err == nil && bytes < 1 {
		err = fmt.Errorf("%q is less than a byte", text)
	}
	*n = size(bytes)
	return err
}

// Run is called by kong.
func (r *runCmd) Run(s *session) error {
	start := r.embedded
	if r.Watch {
		start = r.watch
	}
	if r.Capture != "" { // before the working directory changes
		file, err := filepath.Abs(r.Capture)
		if err != nil {
			return err
		}
		r.Capture = file
	}
	if r.Engine == "fluent-bit" {
		path, err := fluentbit.Find(os.Getenv("FLUENT_BIT"), fluentbit.Packaged) // before the working directory changes
		if err != nil {
			return fmt.Errorf("%w; --engine embedded does without", err)
		}
		start = func(s *session, w *workspace) error { return r.fluentBit(s, w, path) }
	}
	w, err := r.open(s)
	if err != nil {
		return err
	}
	return start(s, w)
}

func (r *runCmd) open(s *session) (w *workspace, err error) {
	if r.Config != "" {
		w, err = openFile(r.Config)
	} else {
		w, err = openFolder(cmp.Or(r.Folder, "."))
	}
	if err == nil {
		s.term.note("%s in %s", w.conf.File, w.dir)
	}
	return w, err
}

func (r *runCmd) builder() builder { return builder{off: r.NoBuild, verbose: r.Verbose} }
