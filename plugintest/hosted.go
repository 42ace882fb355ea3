package plugintest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
)

// hostTick is what hosts take for the second between two turns.
const hostTick = 10 * time.Millisecond

// hosted is a library in a C host of its own. Its plugin is the library's, as if it were one of this process.
type hosted struct {
	library *library
	t       testing.TB
	host    *chost.Host
	lib     *chost.Library
	told    bool // of what was done to the host

	mu     sync.Mutex
	logs   map[string]*proxytest.Host // of sections, by name
	inputs map[chost.InstanceID]*hostedInput
	part   []byte   // of a line that is printed
	other  []string // lines of no section
}

// start ends the test if the library cannot be loaded.
func (l *library) start(t testing.TB) *hosted {
	t.Helper()
	h := &hosted{library: l, t: t, logs: make(map[string]*proxytest.Host), inputs: make(map[chost.InstanceID]*hostedInput)}
	var err error
	h.host, err = chost.Start(t.Context(), chost.Options{Tick: hostTick, Log: h.log, Append: h.append, Stdout: io.Discard, Stderr: h})
	if err != nil {
		t.Fatalf("plugintest: %v", err)
	}
	h.lib, err = h.host.Load(l.file)
	if err == nil && h.lib.Kind != chost.Input && h.lib.Kind != chost.Output {
		err = fmt.Errorf("%s: its kind is %v (want input or output)", l.file, h.lib.Kind)
	}
	if err != nil {
		h.end()
		t.Fatalf("plugintest: %v\n%s", err, strings.Join(h.other, "\n"))
	}
	return h
}

// end closes the host and keeps what was done to it.
func (h *hosted) end() {
	if err := h.host.Close(); err != nil && !h.told {
		h.library.mu.Lock()
		defer h.library.mu.Unlock()
		h.library.damages = append(h.library.damages, damage{h.t.Name(), err})
	}
	if h.t.Failed() && len(h.other) > 0 {
		h.t.Logf("printed by %s:\n%s", h.library.file, strings.Join(h.other, "\n"))
	}
}

// configured is a new section as setup says.
func (h *hosted) configured(t testing.TB, p *proxy.Plugin) (*common, error) {
	s, err := sectionOf(h.library.setup.Conf, p.Kind(), p.Name)
	if err != nil {
		return nil, fmt.Errorf("plugintest: %w", err)
	}
	s.name = p.Name
	return newCommon(t, p, s), nil
}

func (h *hosted) newInput(t testing.TB) (*InputSection, error) {
	c, err := h.configured(t, &proxy.Plugin{Name: h.lib.Name, NewInput: func() proxy.Input { return &hostedInput{in: h} }})
	return &InputSection{common: c}, err
}

func (h *hosted) newOutput(t testing.TB) (*OutputSection, error) {
	c, err := h.configured(t, &proxy.Plugin{Name: h.lib.Name, NewOutput: func() proxy.Output { return &hostedOutput{in: h} }})
	return &OutputSection{common: c}, err
}

// options are what the engine keeps of a section and what it shows the plugin, under a name by which its lines are known.
func (h *hosted) options(section *proxytest.Host) (o chost.InstanceOptions) {
	h.mu.Lock()
	defer h.mu.Unlock()
	section.Section = fmt.Sprint(h.lib.Name, ".", len(h.logs))
	h.logs[section.Section] = section
	o.Name, o.LogLevel = section.Section, section.Level
	o.Workers, _ = strconv.Atoi(section.Properties["workers"])
	for _, name := range slices.Sorted(maps.Keys(section.Properties)) {
		if _, _, engines := config.Reserved(h.lib.Kind.String(), name); !engines || strings.HasPrefix(name, "go.") {
			o.Properties = append(o.Properties, chost.Property{Key: name, Value: section.Properties[name]})
		}
	}
	return o
}

// log gives a line to the section whose name it has in front.
func (h *hosted) log(level slog.Level, line string) {
	name, _, _ := strings.Cut(strings.TrimPrefix(line, "["), "]")
	h.mu.Lock()
	defer h.mu.Unlock()
	if section := h.logs[name]; section != nil {
		section.Log(level, line)
	} else {
		h.other = append(h.other, level.String()+" "+line)
	}
}

// Write takes standard error, where lines go that no thread of the host's has come for. Their level is in brackets.
func (h *hosted) Write(b []byte) (int, error) {
	h.part = append(h.part, b...)
	for {
		line, rest, whole := bytes.Cut(h.part, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		h.part = rest
		name, text, _ := strings.Cut(strings.TrimPrefix(string(line), "["), "] ")
		if level, ok := levels[strings.TrimSpace(name)]; ok {
			h.log(level, text)
		} else {
			h.log(slog.LevelInfo, string(line))
		}
	}
}

// append takes events on one of the host's threads, until the next Collect.
func (h *hosted) append(input chost.InstanceID, tag string, events []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	in := h.inputs[input]
	if in != nil {
		in.queue = append(in.queue, proxytest.Append{Tag: tag, Events: bytes.Clone(events)})
	}
	return in != nil
}

// did notes what became of a call of a section's.
func (h *hosted) did(section *proxytest.Host, err error) {
	var crash *chost.CrashError
	switch {
	case err == nil || errors.Is(err, chost.ErrClosed):
	case errors.As(err, &crash): // the last check tells
		section.Log(slog.LevelError, err.Error())
	default:
		h.t.Errorf("plugintest: %v", err)
	}
}

// hostedInput is a section of an input that lives in a host.
type hostedInput struct {
	in       *hosted
	section  *proxytest.Host
	instance *chost.Instance
	queue    []proxytest.Append // what the host was given; of in.mu
}

func (i *hostedInput) Init(host proxy.Host) (err error) {
	i.section = host.(*proxytest.Host)
	if i.instance, err = i.in.host.NewInput(i.in.lib, i.in.options(i.section)); err != nil {
		return err
	}
	i.in.mu.Lock()
	i.in.inputs[i.instance.ID()] = i
	i.in.mu.Unlock()
	return i.instance.Init()
}

func (i *hostedInput) Start() { i.in.did(i.section, i.instance.Start()) }

func (i *hostedInput) Collect(give proxy.AppendFunc) {
	i.in.mu.Lock()
	queue := i.queue
	i.queue = nil
	i.in.mu.Unlock()
	for _, a := range queue {
		_ = give(a.Tag, a.Events)
	}
}

func (i *hostedInput) Pause(give proxy.AppendFunc) {
	i.in.did(i.section, i.instance.Pause())
	i.Collect(give)
}

func (i *hostedInput) Resume() { i.in.did(i.section, i.instance.Resume()) }

func (i *hostedInput) Exit() { i.in.did(i.section, i.instance.Exit()) }

// hostedOutput is a section of an output that lives in a host.
type hostedOutput struct {
	in       *hosted
	section  *proxytest.Host
	instance *chost.Instance
}

func (o *hostedOutput) Init(host proxy.Host) (err error) {
	o.section = host.(*proxytest.Host)
	if o.instance, err = o.in.host.NewOutput(o.in.lib, o.in.options(o.section)); err != nil {
		return err
	}
	if err := o.instance.Init(); err != nil {
		return err
	}
	return o.instance.Start()
}

func (o *hostedOutput) Flush(tag string, chunk []byte, answer func(proxy.Verdict)) {
	code, err := o.instance.Flush(context.Background(), tag, chunk)
	o.in.did(o.section, err)
	if err != nil {
		code = int(proxy.Error)
	}
	answer(proxy.Verdict(code))
}

func (o *hostedOutput) Exit() { o.in.did(o.section, o.instance.Exit()) }

var (
	_ proxy.Input  = (*hostedInput)(nil)
	_ proxy.Output = (*hostedOutput)(nil)
)
