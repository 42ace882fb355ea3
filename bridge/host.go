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
	"sync/atomic"
	"time"
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

	levels atomic.Int32 // the engine's number of the last level that is logged, 0 after the exit

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
	for level := C.int(levelError); level <= levelTrace && C.flbgo_log_check(&h.engine, level) != 0; level++ {
		h.levels.Store(int32(level))
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
	h.levels.Store(0)
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

// LogEnabled does not ask the engine, which has fixed the levels of its sections before it initialises them: a line that is
// not logged is to cost next to nothing.
func (h *host) LogEnabled(level slog.Level) bool { return int32(engineLevel(level)) <= h.levels.Load() }

func (h *host) Log(level slog.Level, line string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return
	}
	text := newString(line)
	defer free(unsafe.Pointer(text))
	if C.flbgo_log_line(h.engine.log_print, engineLevel(level), text) != 0 {
		overdue.expect(maxWait)
	}
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
	C.flbgo_log_waiting() // a turn of many appends may take a second
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

// maxWait is how long a line of a Go thread waits for one of the engine's: those of inputs come every second.
const maxWait = 1050 * time.Millisecond

// overdue writes lines that have waited too long from a thread of Go's: the engine has them on standard error then.
var overdue timer

// timer is set while lines wait.
type timer struct{ set atomic.Bool }

func (t *timer) expect(wait time.Duration) {
	if t.set.CompareAndSwap(false, true) {
		time.AfterFunc(wait, t.fire)
	}
}

func (t *timer) fire() {
	left := time.Duration(C.flbgo_log_overdue(C.int64_t(maxWait)))
	t.set.Store(false)
	if left > 0 {
		t.expect(left)
	} else if C.flbgo_log_count() > 0 { // since then
		t.expect(maxWait)
	}
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
