package bridge

/*
#include <stdlib.h>
#include "engine.h"
*/
import "C"

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"unsafe"

	"github.com/calyptia/plugin/internal/proxy"
)

var (
	errNoAppend = errors.New("this engine takes events only when it collects them")
	errRefused  = errors.New("refused by flb_input_log_append")
	errExited   = errors.New("the section has exited")
)

// Levels of the engine's log (flb_log.h).
const (
	levelError = 1 + iota
	levelWarn
	levelInfo
	levelDebug
	levelTrace
)

// host is the engine as one instance sees it. The engine frees what it calls into after the instance's exit, so that
// every call holds mu and none is made once closed.
type host struct {
	name    string
	metrics metrics

	mu     sync.RWMutex
	closed bool
	engine C.struct_flbgo_engine
}

// newHost copies what it needs of the struct given to FLBPluginInit.
func newHost(p *proxy.Plugin, plugin unsafe.Pointer) *host {
	h := &host{name: p.Name}
	C.flbgo_open(plugin, typeOf(p), &h.engine)
	if name := C.flbgo_name(&h.engine); name != nil {
		h.name = C.GoString(name)
	}
	return h
}

func typeOf(p *proxy.Plugin) C.int {
	if p.NewInput != nil {
		return C.FLBGO_TYPE_INPUT
	}
	return C.FLBGO_TYPE_OUTPUT
}

func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.metrics.free()
}

func (h *host) Name() string { return h.name }

func (h *host) Property(name string) (string, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return "", false
	}
	key := newString(name)
	defer free(unsafe.Pointer(key))
	value := C.flbgo_property(&h.engine, key)
	if value == nil {
		return "", false
	}
	return C.GoString(value), true
}

func (h *host) LogEnabled(level slog.Level) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return !h.closed && C.flbgo_log_check(&h.engine, engineLevel(level)) != 0
}

func (h *host) Log(level slog.Level, line string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return
	}
	text := newString(line)
	defer free(unsafe.Pointer(text))
	C.flbgo_log(&h.engine, engineLevel(level), text)
}

// warn is for what bridge itself has to say.
func (h *host) warn(text string) {
	if h.LogEnabled(slog.LevelWarn) {
		h.Log(slog.LevelWarn, "["+h.name+"] "+text)
	}
}

func (h *host) TagsPerEvent() bool { return C.flbgo_can_append() != 0 }

// append is a proxy.AppendFunc, for the input's own thread.
func (h *host) append(tag string, events []byte) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return errExited
	}
	text := newString(tag)
	defer free(unsafe.Pointer(text))
	data := unsafe.Pointer(unsafe.SliceData(events))
	if C.flbgo_append(&h.engine, text, C.size_t(len(tag)), data, C.size_t(len(events))) != 0 {
		return errRefused
	}
	return nil
}

func engineLevel(level slog.Level) C.int {
	switch {
	case level >= slog.LevelError:
		return levelError
	case level >= slog.LevelWarn:
		return levelWarn
	case level >= slog.LevelInfo:
		return levelInfo
	case level >= slog.LevelDebug:
		return levelDebug
	}
	return levelTrace
}

// logEarly writes to the log of an engine that has not initialised an instance, one line a line.
func logEarly(level C.int, text string) {
	for line := range strings.Lines(text) {
		c := newString(strings.TrimRight(line, "\n"))
		C.flbgo_log_early(level, c)
		free(unsafe.Pointer(c))
	}
}

func thread() uint64 { return uint64(C.flbgo_thread()) }
