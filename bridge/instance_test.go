//go:build cgo

package bridge

import (
	"runtime"
	"testing"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/google/go-cmp/cmp"
)

// recorder is an input and an output that writes down its calls.
type recorder struct {
	proxy.Input
	name  string
	calls *[]string
}

func (r recorder) Exit() { *r.calls = append(*r.calls, r.name+" exit") }

func (r recorder) Start() { *r.calls = append(*r.calls, r.name+" start") }

// addHere adds an input of the calling thread, as an Init on it does.
func addHere(name string, calls *[]string) *instance {
	i := &instance{thread: thread(), host: &host{name: name}, input: recorder{name: name, calls: calls}, exited: make(chan struct{})}
	add(i)
	return i
}

func TestCallbacksWithoutContext(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var calls []string
	addHere("a", &calls)
	addHere("b", &calls)
	elsewhere := make(chan *instance)
	go func() {
		runtime.LockOSThread() // a thread of its own, which ends with this goroutine
		elsewhere <- addHere("c", &calls)
	}()
	c := <-elsewhere

	FLBPluginInputPreRun(0)
	flbgoExit()
	flbgoExit()
	flbgoExit() // none of this thread is left
	c.exit()
	want := []string{"a start", "b start", "b exit", "a exit", "c exit"}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	if len(instances.byHandle) != 0 || len(instances.byThread) != 0 {
		t.Errorf("instances = %v, %v after all have exited, want none", instances.byHandle, instances.byThread)
	}
}

func TestExitHappensOnce(t *testing.T) {
	var calls []string
	i := addHere("a", &calls)
	i.exit()
	i.exit()
	if diff := cmp.Diff([]string{"a exit"}, calls); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	if !i.host.closed {
		t.Error("the host is open after the exit")
	}
}

func TestCallsWithoutInit(t *testing.T) {
	flbgoExitCtx(nil)
	flbgoExit()
	FLBPluginInputPause()
	FLBPluginInputResume()
	FLBPluginInputPreRun(1)
	FLBPluginInputCleanupCallback(nil)
	flbgoUnregister(nil)
	if got := FLBPluginInputCallbackCtx(nil, nil, nil); got != 1 {
		t.Errorf("FLBPluginInputCallbackCtx without an instance = %d, want 1", got)
	}
	(*instance)(nil).flush("t", nil, func(got proxy.Verdict) {
		if got != proxy.Retry {
			t.Errorf("flush without an instance = %v, want %v", got, proxy.Retry)
		}
	})
}

func TestClosedHost(t *testing.T) {
	h := &host{}
	h.close()
	h.Log(0, "x")
	if _, ok := h.Property("x"); ok || h.LogEnabled(0) {
		t.Error("a closed host answers")
	}
	if err := h.append("t", []byte("x")); err == nil {
		t.Error("a closed host takes events")
	}
}

func TestGuard(t *testing.T) {
	guard("FLBPluginTest", func() { panic("expected in this test") })
}
