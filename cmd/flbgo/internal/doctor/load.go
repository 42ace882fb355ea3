package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/proxy"
)

// trial is a library in the C host.
type trial struct {
	*examination
	host *chost.Host
	said said
}

// load runs the library as Fluent Bit does, as far as a section without events goes.
func (e *examination) load(ctx context.Context) {
	path, err := filepath.Abs(e.File)
	if err != nil {
		e.fail("load", err.Error(), "")
		return
	}
	t := &trial{examination: e}
	takeAll := func(chost.InstanceID, string, []byte) bool { return true }
	t.host, err = chost.Start(ctx, chost.Options{Log: t.said.line, Append: takeAll, Stdout: &t.said, Stderr: &t.said})
	if err != nil {
		e.warn("load", "not loaded: "+err.Error(), "run flbgo check on Linux with a C compiler")
		return
	}
	late := time.AfterFunc(e.options.Timeout, func() { _ = t.host.Kill() })
	interrupted := context.AfterFunc(ctx, func() { _ = t.host.Kill() })
	t.run(path)
	inTime := late.Stop()
	interrupted()
	t.end(t.host.Close(), inTime)
}

func (t *trial) run(path string) {
	lib, err := t.host.Load(path)
	if err != nil {
		t.refused(err)
		return
	}
	t.well("register", fmt.Sprintf("%s %q: %s", lib.Kind, lib.Name, orNothing(lib.Description)))
	if lib.Kind != chost.Input && lib.Kind != chost.Output {
		t.warn("register", "its kind is "+lib.Kind.String()+", which is not tried here", "")
		return
	}
	t.schema(lib)
	if t.section(lib) {
		t.unload(lib)
	}
}

// well is for a step that went well, though not if the library warns.
func (t *trial) well(check, text string) {
	said := t.said.take()
	if strings.Contains(said, "\n[warn]") || strings.Contains(said, "\n[error]") {
		t.warn(check, text+", and warns"+said, "see the lines of the log")
		return
	}
	t.ok(check, "%s%s", text, said)
}

func orNothing(description string) string {
	if description == "" {
		return "(no description)"
	}
	return description
}

// refused is about a library that is not loaded, or registers nothing.
func (t *trial) refused(err error) {
	refusal := new(chost.PluginError)
	if !errors.As(err, &refusal) {
		return // a crash, of which the end tells
	}
	if refusal.Step == "dlopen" {
		t.fail("load", "it cannot be loaded: "+refusal.Text, t.adviceOnLoading(refusal.Text))
		return
	}
	why := t.said.take()
	t.fail("register", fmt.Sprintf("%s %s%s", refusal.Step, refusal.Text, why), adviceOn(why))
}

func (t *trial) adviceOnLoading(why string) string {
	if strings.Contains(why, "static TLS") {
		return moreTLS
	}
	return "see that the libraries it needs are there: ldd " + t.File
}

// adviceOn knows the mistakes that package plugin logs.
func adviceOn(why string) string {
	switch {
	case strings.Contains(why, "no plugin registered"):
		return "call plugin.RegisterInput or plugin.RegisterOutput from an init function of package main"
	case strings.Contains(why, "a library has one plugin"):
		return "make a library of each plugin: one package main, one Register call"
	case strings.Contains(why, "is kept by"):
		return "give the property another name: Fluent Bit keeps this one for itself"
	case why == "":
		return "make FLBPluginRegister return 0; nothing was logged"
	}
	return "correct it, and build again"
}

// section opens and closes a section; false says that the library is not to be called any more.
func (t *trial) section(lib *chost.Library) bool {
	i, err := t.instance(lib)
	if err != nil {
		return false
	}
	err = i.Init()
	switch {
	case err == nil:
		t.well("init", fmt.Sprintf("a section %s starts", t.withProperties()))
		return t.exit(lib, i)
	case errors.As(err, new(*chost.PluginError)):
		t.initRefused(err)
		return i.Exit() == nil
	}
	return false
}

func (t *trial) exit(lib *chost.Library, i *chost.Instance) bool {
	if err := i.Start(); err != nil {
		return false
	}
	work := t.flush
	if lib.Kind == chost.Input {
		work = t.pause
	}
	if !work(i) {
		return false
	}
	if err := i.Exit(); err != nil && !errors.As(err, new(*chost.PluginError)) {
		return false
	}
	t.ok("exit", "the section ends%s", t.said.take())
	return true
}

// pause has an input do what the engine does to it when memory is short.
func (t *trial) pause(i *chost.Instance) bool {
	if i.Pause() != nil || i.Resume() != nil {
		return false
	}
	t.well("pause", "a pause, and its end")
	return true
}

// flush gives an output what does no harm at its destination.
func (t *trial) flush(i *chost.Instance) bool {
	verdict, err := i.Flush(context.Background(), "flbgo.check", nil) // which ends with the host
	if err != nil {
		return false
	}
	if verdict != int(proxy.OK) {
		t.warn("flush", fmt.Sprintf("a chunk without events is not delivered, its verdict is %v%s", proxy.Verdict(verdict), t.said.take()),
			"see that the destination of these properties is there")
		return true
	}
	t.well("flush", "a chunk without events is delivered")
	return true
}

func (t *trial) instance(lib *chost.Library) (*chost.Instance, error) {
	o := chost.InstanceOptions{Name: lib.Name + ".0", Properties: t.options.Properties, LogLevel: slog.LevelInfo}
	if lib.Kind == chost.Input {
		return t.host.NewInput(lib, o)
	}
	o.Workers = 1
	return t.host.NewOutput(lib, o)
}

func (t *trial) withProperties() string {
	if len(t.options.Properties) == 0 {
		return "without properties"
	}
	return "with these properties"
}

func (t *trial) initRefused(err error) {
	why := t.said.take()
	switch {
	case strings.Contains(why, "panicked"):
		t.fail("init", "it panics when a section starts"+why, "correct what the stack shows")
	case len(t.options.Properties) > 0:
		t.fail("init", "it refuses a section with these properties"+why, "correct the properties")
	case why == "":
		t.warn("init", "it refuses a section without properties, and does not say why", "log the reason, or pass properties with -p key=value")
	default:
		t.ok("init", "it refuses a section without properties, as it may (pass some with -p key=value), and says%s", why)
	}
}

func (t *trial) unload(lib *chost.Library) {
	if err := t.host.Unload(lib); err != nil && errors.As(err, new(*chost.PluginError)) {
		t.fail("exit", err.Error(), "see FLBPluginUnregister")
	}
}

// end tells what the host saw.
func (t *trial) end(err error, inTime bool) {
	crash, faults := new(chost.CrashError), new(chost.FaultError)
	if errors.As(err, &faults) {
		for _, f := range faults.Faults {
			t.fail("memory", f.String(), "a Fluent Bit of this release may crash, at once or later")
		}
	}
	switch {
	case !inTime:
		t.fail("load", fmt.Sprintf("it did not come back within %v", t.options.Timeout), "let Init return, and do the work in Collect or Flush")
	case errors.As(err, &crash):
		t.fail("load", crash.Error(), "Fluent Bit would have crashed")
	case err != nil && len(faults.Faults) == 0:
		t.fail("exit", err.Error(), "let Collect and Close return when their context is done")
	case len(faults.Faults) == 0:
		t.ok("memory", "nothing of the host's was damaged")
	}
}

// said is what a library logged and printed, a line each.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) line(level slog.Level, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.text, "[%s] %s\n", strings.ToLower(level.String()), strings.TrimSuffix(line, "\n"))
}

// Write takes what is printed.
func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// maxSaid is how many lines of a library are shown at a time.
const maxSaid = 20

// take returns what was said since the last time, as lines to follow a text.
func (s *said) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	lines := strings.Split(strings.TrimSpace(s.text.String()), "\n")
	s.text.Reset()
	for i, line := range lines {
		if i == maxSaid {
			fmt.Fprintf(&b, "\n... %d more lines", len(lines)-i)
			break
		}
		if line != "" {
			b.WriteString("\n" + line)
		}
	}
	return b.String()
}
