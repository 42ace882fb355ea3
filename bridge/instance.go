//go:build cgo

package bridge

import (
	"slices"
	"sync"

	"github.com/calyptia/plugin/internal/proxy"
)

// instance is one section between its Init and its Exit: an input or an output. Its methods may be called on nil, which
// is what the engine's calls without an Init find.
type instance struct {
	handle uintptr
	thread uint64
	host   *host
	input  proxy.Input
	output proxy.Output

	workers sync.Once     // its warning
	exited  chan struct{} // closed at the exit
}

// instances are those that the engine has initialised and not exited, keyed by the handle that the engine's context
// holds, never "the current one": in a hot reload old and new ones live side by side.
//
// Callbacks without a context are found by their thread: all of an input run on the thread that ran its Init. With
// "threaded off" all inputs share one, and such a callback concerns all of them; they exit in the reverse order of
// their Init.
var instances struct {
	sync.Mutex
	last     uintptr
	byHandle map[uintptr]*instance
	byThread map[uint64][]*instance // inputs in the order of their Init
}

// add gives i its handle.
func add(i *instance) {
	instances.Lock()
	defer instances.Unlock()
	if instances.byHandle == nil {
		instances.byHandle = make(map[uintptr]*instance)
		instances.byThread = make(map[uint64][]*instance)
	}
	instances.last++
	i.handle = instances.last
	instances.byHandle[i.handle] = i
	if i.input != nil {
		instances.byThread[i.thread] = append(instances.byThread[i.thread], i)
	}
}

// remove returns false if i is gone already.
func remove(i *instance) bool {
	instances.Lock()
	defer instances.Unlock()
	if instances.byHandle[i.handle] != i {
		return false
	}
	delete(instances.byHandle, i.handle)
	rest := slices.DeleteFunc(instances.byThread[i.thread], func(other *instance) bool { return other == i })
	if instances.byThread[i.thread] = rest; len(rest) == 0 {
		delete(instances.byThread, i.thread)
	}
	return true
}

func find(handle uintptr) *instance {
	instances.Lock()
	defer instances.Unlock()
	return instances.byHandle[handle]
}

// here returns the inputs of the calling thread.
func here() []*instance {
	instances.Lock()
	defer instances.Unlock()
	return slices.Clone(instances.byThread[thread()])
}

func eachHere(f func(*instance)) {
	for _, i := range here() {
		f(i)
	}
}

// collectHere serves a callback that does not say for which input it is. It has room for one result: where there is no
// append function, the next input waits for the next turn.
func collectHere(result func([]byte)) {
	returned := false
	for _, i := range here() {
		if returned {
			return
		}
		i.collect(func(events []byte) {
			returned = len(events) > 0
			result(events)
		})
	}
}

func newestHere() *instance {
	all := here()
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func (i *instance) start() { i.input.Start() }

// maxResult is how many bytes a collect callback returns, and a little more. The engine appends them as one.
const maxResult = 32 << 20

// collect hands over what the input has buffered: through the engine's append function, or else as the callback's result.
func (i *instance) collect(result func([]byte)) {
	if i == nil || i.input == nil {
		return
	}
	i.input.Start() // engines before v2.2.0 have no pre-run
	if i.host.TagsPerEvent() {
		i.input.Collect(i.host.append)
		return
	}
	var events []byte
	i.input.Collect(func(_ string, piece []byte) error {
		if len(events) >= maxResult {
			return proxy.ErrLater
		}
		events = append(events, piece...)
		return nil
	})
	result(events)
}

func (i *instance) pause() {
	if i.host.TagsPerEvent() {
		i.input.Pause(i.host.append)
		return
	}
	i.input.Pause(func(string, []byte) error { return errNoAppend })
}

func (i *instance) resume() { i.input.Resume() }

func (i *instance) flush(tag string, chunk []byte, answer func(proxy.Verdict)) {
	if i == nil || i.output == nil {
		logEarly(levelError, "plugin: flush of tag "+tag+" for an output that is not initialised")
		answer(proxy.Retry)
		return
	}
	i.output.Flush(tag, chunk, answer)
}

// warnOfWorkers is called at a flush, since an output's Init cannot know them: the engine keeps the property to itself.
func (i *instance) warnOfWorkers(none bool) {
	if i == nil {
		return
	}
	i.workers.Do(func() {
		if w := workersWarning(none, hotReload()); w != "" {
			i.host.warn(w)
		}
	})
}

// workersWarning knows that releases up to 5.1.1 start the workers of a Go output twice (flb_plugin_proxy.c, flb_output.c),
// and that those they forget read freed memory after a reload: 2 to 4 reloads ended in a crash.
func workersWarning(none, hotReload bool) string {
	const waits = "workers is not set, or 0: all of Fluent Bit waits while this output's Flush runs"
	switch {
	case none && hotReload:
		return waits + " (with hot_reload on, workers would crash it: want a Flush that is quick)"
	case none:
		return waits + " (want workers 1 or more)"
	case hotReload:
		return "workers and hot_reload: Fluent Bit starts the workers of a Go output twice, and may crash after a reload (want workers 0, or hot_reload off)"
	}
	return ""
}

// exit ends the instance. The engine frees what host calls into as soon as this has returned.
func (i *instance) exit() {
	if i == nil || !remove(i) {
		return
	}
	defer i.host.close()
	close(i.exited)
	if i.input != nil {
		i.input.Exit()
		return
	}
	defer closeOutput()
	i.output.Exit()
}
