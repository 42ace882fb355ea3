// Package proxytest is an engine that exists in memory, for tests that drive a plugin through package proxy.
package proxytest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/metric"
)

// Host is a proxy.Host. Its fields are set before use; the log may be read at any time.
type Host struct {
	Section    string            // what Name returns
	Properties map[string]string // names in lower case
	Level      slog.Level
	OneTag     bool          // an engine that takes no tags per event
	Plugin     metric.Memory // the author's metrics
	Library    metric.Memory // the library's own

	mu  sync.Mutex
	log []string
}

func (h *Host) Name() string                     { return h.Section }
func (h *Host) LogEnabled(level slog.Level) bool { return level >= h.Level }
func (h *Host) TagsPerEvent() bool               { return !h.OneTag }

func (h *Host) Metrics(subsystem string) metric.Registry {
	if subsystem == "plugin" {
		return &h.Plugin
	}
	return &h.Library
}

func (h *Host) Property(name string) (string, bool) {
	value := h.Properties[strings.ToLower(name)]
	return value, value != ""
}

func (h *Host) Log(level slog.Level, line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, level.String()+" "+line)
}

// Lines returns the log so far, each line with its level in front.
func (h *Host) Lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.log...)
}

// Engine takes what an input delivers.
type Engine struct {
	Err error // what Append returns, if not nil; nothing is taken then

	mu      sync.Mutex
	appends []Append
}

// Append is one call of an AppendFunc.
type Append struct {
	Tag    string
	Events []byte
}

// Append is a proxy.AppendFunc.
func (e *Engine) Append(tag string, events []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Err != nil {
		return e.Err
	}
	e.appends = append(e.appends, Append{tag, append([]byte(nil), events...)})
	return nil
}

// Appends returns what was taken so far.
func (e *Engine) Appends() []Append {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Append(nil), e.appends...)
}

// Events returns the events of a tag, in order.
func (e *Engine) Events(tag string) []byte {
	var all []byte
	for _, a := range e.Appends() {
		if a.Tag == tag {
			all = append(all, a.Events...)
		}
	}
	return all
}

// Flush gives out a copy of chunk, and writes over it when it has the answer: what the plugin has kept of it is no longer
// what it was.
func Flush(out proxy.Output, tag string, chunk []byte) proxy.Verdict {
	lent := bytes.Clone(chunk)
	answers := make(chan proxy.Verdict)
	go out.Flush(tag, lent, func(v proxy.Verdict) {
		spoil(lent)
		answers <- v
	})
	return <-answers
}

// Spoil writes over memory that a plugin may not read any longer.
func (h *Host) Spoil(memory []byte) { spoil(memory) }

func spoil(memory []byte) {
	for i := range memory {
		memory[i] = 0xc1 // no msgpack
	}
}

var (
	_ proxy.Host       = (*Host)(nil)
	_ proxy.Spoiler    = (*Host)(nil)
	_ proxy.AppendFunc = (*Engine)(nil).Append
)
