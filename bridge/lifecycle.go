package bridge

/*
#include <stdlib.h>
#include "configmap.h"
#include "engine.h"
#include "flush.h"
#include "signals.h"
*/
import "C"

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"unsafe"

	"github.com/calyptia/plugin/internal/proxy"
)

// guard keeps panics from the engine, whose process they would end. All calls of the engine's come through it.
func guard(symbol string, f func()) {
	C.flbgo_mend_signals() // faults are to be panics
	defer func() {
		if r := recover(); r != nil {
			logEarly(levelError, fmt.Sprintf("plugin: %s panicked: %v\n%s", symbol, r, debug.Stack()))
		}
		C.flbgo_log_waiting()
	}()
	f()
}

// registration owns the strings that a registration struct points to. The engine copies the name but keeps the
// description's address for --help.
type registration struct{ name, description *C.char }

// registrations are keyed by their struct: a hot reload makes the new one before it ends the old one.
var registrations struct {
	sync.Mutex
	byDef map[unsafe.Pointer]registration
}

func register(def unsafe.Pointer) bool {
	p, err := proxy.Registered()
	if err != nil {
		logEarly(levelError, err.Error())
		return false
	}
	r := registration{newString(p.Name), newString(p.Description)}
	C.flbgo_register(def, typeOf(p), C.int(p.Flags), r.name, r.description)
	if p.Plans != nil {
		C.flbgo_properties_give(def, properties(p))
	}
	registrations.Lock()
	defer registrations.Unlock()
	if registrations.byDef == nil {
		registrations.byDef = make(map[unsafe.Pointer]registration)
	}
	registrations.byDef[def] = r
	return true
}

// unregister does nothing the second time: v1.9.0 to v2.0.6 call it from every instance's exit.
func unregister(def unsafe.Pointer) {
	registrations.Lock()
	defer registrations.Unlock()
	r := registrations.byDef[def]
	delete(registrations.byDef, def)
	free(unsafe.Pointer(r.name))
	free(unsafe.Pointer(r.description))
}

// open makes an instance of what FLBPluginInit was given.
func open(plugin unsafe.Pointer) bool {
	p, err := proxy.Registered()
	if err != nil {
		logEarly(levelError, err.Error())
		return false
	}
	i := &instance{thread: thread(), host: newHost(p, plugin), exited: make(chan struct{})}
	if err := i.init(p); err != nil {
		i.host.logLines(slog.LevelError, err.Error())
		i.host.close()
		return false
	}
	add(i)
	if i.output != nil && C.flbgo_open_output() != 0 {
		go serve()
	}
	C.flbgo_set_context(&i.host.engine, C.uintptr_t(i.handle))
	i.host.pushMetrics()
	go i.tend()
	return true
}

func (i *instance) init(p *proxy.Plugin) error {
	if p.NewInput != nil {
		i.input = p.NewInput()
		return i.input.Init(i.host)
	}
	i.output = p.NewOutput()
	return i.output.Init(i.host)
}

func (h *host) logLines(level slog.Level, text string) {
	for line := range strings.Lines(text) {
		h.Log(level, strings.TrimRight(line, "\n"))
	}
}

// serve answers flushes, for as long as there are outputs.
func serve() {
	for {
		var more C.int
		flush := C.flbgo_next_flush(&more)
		if flush == nil {
			return
		}
		if more != 0 {
			go serve()
		}
		deliver(flush)
	}
}

func closeOutput() { C.flbgo_close_output() }

func servers() int { return int(C.flbgo_servers()) }

// hotReload tells whether the engine may reload, as it said before it ran the first section.
func hotReload() bool { return C.flbgo_hot_reload() != 0 }

// deliver answers the flush once, also if it is our own code that panics.
func deliver(flush *C.struct_flbgo_flush) {
	var once sync.Once
	answer := func(v proxy.Verdict) { once.Do(func() { C.flbgo_answer_flush(flush, C.int(v)) }) }
	ended := false
	guard("FLBPluginFlushCtx", func() {
		i := find(uintptr(flush.handle))
		i.warnOfWorkers(flush.on_pipeline != 0)
		i.flush(C.GoString(flush.tag), unsafe.Slice((*byte)(flush.data), int(flush.size)), answer)
		ended = true
	})
	if !ended {
		answer(proxy.Retry)
	}
}

// returnTo gives events back as the result of a collect callback. The cleanup callback frees them.
func returnTo(data *unsafe.Pointer, size *C.size_t) func([]byte) {
	return func(events []byte) {
		if len(events) > 0 {
			*data, *size = newBytes(events), C.size_t(len(events))
		}
	}
}
