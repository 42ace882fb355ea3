package chost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Host is a running host process. Its methods may be called concurrently.
type Host struct {
	o         Options
	reloading atomic.Bool
	lastID    atomic.Uint32

	requests *os.File
	slots    *os.File
	stderr   *tail
	kill     func() error
	pid      int
	grace    time.Duration

	writeMu sync.Mutex

	mu      sync.Mutex
	pending map[uint32]chan *message
	faults  []Fault

	closing   atomic.Bool
	serving   sync.WaitGroup
	appends   sync.WaitGroup
	done      chan struct{} // closed when the process has ended and err is set
	err       error         // why calls fail after done
	closeOnce sync.Once
	closeErr  error
}

// How long the process may take to end after it was asked, and its output to end after that.
const (
	closeGrace  = 5 * time.Second
	outputGrace = 2 * time.Second
)

func newHost(o Options, path string) (*Host, error) {
	h := &Host{o: o, grace: closeGrace, stderr: &tail{to: o.Stderr}}
	h.pending, h.done = map[uint32]chan *message{}, make(chan struct{})
	p, err := openPipes()
	if err != nil {
		return nil, err
	}
	cmd := h.command(path, p)
	exited, err := run(cmd)
	p.closeChild()
	if err != nil {
		p.closeParent()
		return nil, err
	}
	h.requests, h.slots, h.kill, h.pid = p.requestsW, p.slots, cmd.Process.Kill, cmd.Process.Pid
	h.serving.Go(func() { h.serve(p.repliesR, exited) })
	return h, nil
}

// Pipes of the host's file descriptors 3, 4 and 5.
type pipes struct {
	requestsR, requestsW, repliesR, repliesW, slots *os.File
}

func openPipes() (p pipes, err error) {
	defer func() {
		if err != nil {
			p.closeChild()
			p.closeParent()
		}
	}()
	if p.requestsR, p.requestsW, err = os.Pipe(); err != nil {
		return p, err
	}
	if p.repliesR, p.repliesW, err = os.Pipe(); err != nil {
		return p, err
	}
	if p.slots, err = os.CreateTemp("", "chost-slots-"); err != nil {
		return p, err
	}
	return p, os.Remove(p.slots.Name())
}

// Closing a nil *os.File is a harmless error.
func (p pipes) closeChild()  { p.requestsR.Close(); p.repliesW.Close() }
func (p pipes) closeParent() { p.requestsW.Close(); p.repliesR.Close(); p.slots.Close() }

func (h *Host) command(path string, p pipes) *exec.Cmd {
	hot := "0"
	if h.o.HotReload {
		hot = "1"
	}
	cmd := exec.Command(path, string(h.o.Generation), strconv.FormatInt(h.o.Tick.Microseconds(), 10), hot)
	cmd.Dir = h.o.Dir
	// The engine empties ring buffers every quarter of a second, or as this variable says (flb_engine.c).
	cmd.Env = append(os.Environ(), fmt.Sprintf("FLB_DEV_RB_MS=%d", max(1, (h.o.Tick/4).Milliseconds())))
	if sanitized() {
		cmd.Env = append(cmd.Env, "ASAN_OPTIONS="+sanitizerOptions+":"+os.Getenv("ASAN_OPTIONS"))
	}
	cmd.Stdout, cmd.Stderr = h.stderr, h.stderr
	if h.o.Stdout != nil {
		cmd.Stdout = h.o.Stdout
	}
	cmd.ExtraFiles = []*os.File{p.requestsR, p.repliesW, p.slots}
	cmd.SysProcAttr = sysProcAttr()
	cmd.WaitDelay = outputGrace
	return cmd
}

// run starts cmd and delivers the end of the process. It keeps a thread for as long: Linux kills the
// host when the thread that started it ends.
func run(cmd *exec.Cmd) (<-chan *os.ProcessState, error) {
	started, exited := make(chan error, 1), make(chan *os.ProcessState, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			exited <- cmd.ProcessState
		}
	}()
	return exited, <-started
}

func (h *Host) nextID() uint32 { return h.lastID.Add(1) }

// call sends a request and waits for its reply, which is an error of the plugin or a message.
func (h *Host) call(ctx context.Context, f *frame, plugin, instance string) (*message, error) {
	if h.closing.Load() {
		return nil, ErrClosed
	}
	m, err := h.exchange(ctx, f)
	if err != nil || m.typ == repOK {
		return m, err
	}
	e := &PluginError{Plugin: plugin, Instance: instance, Step: m.str(), Code: m.i32(), Text: m.str()}
	return nil, errors.Join(m.err, e)
}

func (h *Host) exchange(ctx context.Context, f *frame) (*message, error) {
	id, reply := h.nextID(), make(chan *message, 1)
	h.mu.Lock()
	h.pending[id] = reply
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.pending, id)
		h.mu.Unlock()
	}()
	if err := h.send(f, id); err != nil {
		return nil, err
	}
	select {
	case m := <-reply:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.done:
	}
	select {
	case m := <-reply: // it came just before the end
		return m, nil
	default:
		return nil, h.err
	}
}

// send writes a frame. A pipe that broke means that the host is dead, or is about to be.
func (h *Host) send(f *frame, id uint32) error {
	h.writeMu.Lock()
	err := f.writeTo(h.requests, id)
	h.writeMu.Unlock()
	if err == nil || errors.Is(err, errTooLarge) {
		return err
	}
	<-h.done
	return h.err
}

// serve reads the host's messages until it ends, and then says why it did.
func (h *Host) serve(replies *os.File, exited <-chan *os.ProcessState) {
	err := h.read(bufio.NewReaderSize(replies, 1<<16))
	if err != io.EOF {
		_ = h.kill()
	}
	state := <-exited
	h.err = ErrClosed
	if !h.closing.Load() || !state.Success() {
		h.err = h.crash(state)
	}
	close(h.done)
	h.appends.Wait()
	replies.Close()
	h.requests.Close()
	h.slots.Close()
}

func (h *Host) read(r io.Reader) error {
	for {
		m, err := readMessage(r)
		if err != nil {
			return err
		}
		switch m.typ {
		case repAppend:
			h.appends.Go(func() { h.append(m) })
		case repLog:
			level := slogLevel(m.u32())
			h.o.Log(level, m.str())
		case repFault:
			h.addFault(m)
		case repMetric:
			h.metric(m)
		default:
			h.deliver(m)
		}
	}
}

func (h *Host) deliver(m *message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if reply, ok := h.pending[m.id]; ok {
		reply <- m
		delete(h.pending, m.id)
	}
}

func (h *Host) append(m *message) {
	input := InstanceID(m.u32())
	tag := m.str()
	taken := m.err == nil && h.o.Append(input, tag, m.data)
	_ = h.send(newFrame(reqAnswer).bool(taken), m.id)
}

func (h *Host) addFault(m *message) {
	f := Fault{Kind: FaultKind(m.u8()), Plugin: m.str(), Func: m.str(), What: m.str()}
	f.Size, f.Offset, f.Bytes = m.int(), m.int(), m.int()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, f)
}

// Done is closed when the process has ended, be it by Close or by a crash.
func (h *Host) Done() <-chan struct{} { return h.done }

// Kill ends the process as kill -9 does: nothing of it runs any more. Calls then return a *CrashError, and so does
// Close. An error says that it had ended before.
func (h *Host) Kill() error { return h.kill() }

// Faults returns the violations so far.
func (h *Host) Faults() []Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.faults)
}

func (h *Host) close() error {
	h.closing.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), h.grace)
	defer cancel()
	_, _ = h.exchange(ctx, newFrame(reqQuit))
	var late error
	select {
	case <-h.done:
	case <-ctx.Done():
		late = fmt.Errorf("chost: host did not end within %v%s", h.grace, h.inProgress())
		_ = h.kill()
	}
	h.serving.Wait()
	return errors.Join(late, h.result(late != nil))
}

// result is what Close reports once the process has ended.
func (h *Host) result(killed bool) error {
	var errs []error
	if crash := new(CrashError); errors.As(h.err, &crash) && !killed {
		errs = append(errs, crash)
	}
	if faults := h.Faults(); len(faults) > 0 {
		errs = append(errs, &FaultError{Faults: faults})
	}
	return errors.Join(errs...)
}
