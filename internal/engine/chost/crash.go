package chost

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
)

// A CrashError says how the host process died, and what its plugins were doing.
type CrashError struct {
	Signal  string // such as "SIGSEGV"; empty if the process exited
	Status  int    // exit status, if it exited
	Cause   string // what the address of a bad access means; empty if unknown
	Address uint64 // of a bad access
	Calls   []Call // in progress, the one that crashed first if it is known
	Stderr  string // end of what the process printed
}

// A Call is a callback that a thread of the host was in.
type Call struct {
	Thread   string
	Plugin   string // file name
	Instance string
	Func     string
	Crashed  bool // this call's thread received the signal
}

// String returns the function, the library, the instance and the thread.
func (c Call) String() string {
	who := c.Plugin
	if c.Instance != "" {
		who += ", " + c.Instance
	}
	return fmt.Sprintf("%s (%s, thread %s)", c.Func, who, c.Thread)
}

// Error returns the signal, the calls in progress and the end of what was printed.
func (e *CrashError) Error() string {
	var b strings.Builder
	if e.Signal != "" {
		b.WriteString("chost: host died of " + e.Signal)
	} else {
		fmt.Fprintf(&b, "chost: host exited with status %d", e.Status)
	}
	if e.Cause != "" {
		b.WriteString(", " + e.Cause)
	}
	b.WriteString(callsText(e.Calls))
	if s := strings.TrimSpace(e.Stderr); s != "" {
		b.WriteString("\n\t" + strings.ReplaceAll(s, "\n", "\n\t"))
	}
	return b.String()
}

func callsText(calls []Call) string {
	if len(calls) == 0 {
		return ""
	}
	if calls[0].Crashed {
		calls = calls[:1]
	}
	texts := make([]string, len(calls))
	for i, c := range calls {
		texts[i] = c.String()
	}
	return " in " + strings.Join(texts, ", ")
}

func (h *Host) crash(state *os.ProcessState) *CrashError {
	e := &CrashError{Status: state.ExitCode(), Stderr: h.stderr.String()}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Signal = signalName(ws.Signal())
	}
	if recorded := e.readSlots(h.slots); !recorded && e.Signal == "SIGSEGV" {
		e.Cause = noStack
	}
	return e
}

func (h *Host) inProgress() string {
	var e CrashError
	e.readSlots(h.slots)
	return callsText(e.Calls)
}

// The layout of the shared file: one record of the crash, then one per thread. Keep in step with
// c/slots.c.
const (
	slotLen   = 256
	slotCount = 255
)

// The host's handler records every SIGSEGV, unless the kernel finds no room on the stack to run it.
const noStack = "having no stack left"

var causes = [...]string{
	"",
	"writing to the chunk, which is read-only",
	"reading past the end of the chunk",
	"having overflowed the coroutine's stack",
	"reading a chunk whose flush has returned",
}

// readSlots reports whether the host recorded a fatal signal.
func (e *CrashError) readSlots(r io.ReaderAt) (recorded bool) {
	b := make([]byte, slotLen*(slotCount+1))
	if n, _ := r.ReadAt(b, 0); n < len(b) {
		return false
	}
	crashed := slotCount
	recorded = binary.LittleEndian.Uint32(b) != 0
	if recorded {
		crashed = int(binary.LittleEndian.Uint32(b[4:]))
		e.Address = binary.LittleEndian.Uint64(b[8:])
		e.Cause = causes[binary.LittleEndian.Uint32(b[16:])%uint32(len(causes))]
	}
	for i := range slotCount {
		if c, ok := parseSlot(b[slotLen*(i+1):][:slotLen]); ok {
			c.Crashed = i == crashed
			e.add(c)
		}
	}
	return recorded
}

func (e *CrashError) add(c Call) {
	e.Calls = append(e.Calls, c)
	if c.Crashed {
		last := len(e.Calls) - 1
		e.Calls[0], e.Calls[last] = e.Calls[last], e.Calls[0]
	}
}

func parseSlot(b []byte) (Call, bool) {
	used, inCall := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	c := Call{Thread: cstr(b[8:24]), Func: cstr(b[24:72]), Plugin: cstr(b[72:192]), Instance: cstr(b[192:256])}
	return c, used != 0 && inCall != 0
}

func cstr(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

var signalNames = map[syscall.Signal]string{
	syscall.SIGABRT: "SIGABRT",
	syscall.SIGBUS:  "SIGBUS",
	syscall.SIGFPE:  "SIGFPE",
	syscall.SIGILL:  "SIGILL",
	syscall.SIGKILL: "SIGKILL",
	syscall.SIGSEGV: "SIGSEGV",
	syscall.SIGTERM: "SIGTERM",
}

func signalName(s syscall.Signal) string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	return s.String()
}

// tailLen holds the first lines of a Go panic, or most of a short one.
const tailLen = 16 << 10

// A tail passes on what is written and keeps its end.
type tail struct {
	to  io.Writer
	mu  sync.Mutex
	buf []byte
}

// Write never fails: the plugin must not feel that nobody listens.
func (t *tail) Write(p []byte) (int, error) {
	_, _ = t.to.Write(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailLen; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
