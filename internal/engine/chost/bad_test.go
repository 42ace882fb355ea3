//go:build linux

package chost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLoadRefused(t *testing.T) {
	t.Parallel()
	notELF := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(notELF, []byte("no library"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		path string
		want PluginError
	}{
		{"no file", "/no/such.so", PluginError{Step: "dlopen", Text: "/no/such.so: cannot open shared object file: No such file or directory"}},
		{"no library", notELF, PluginError{Step: "dlopen", Text: notELF + ": file too short"}},
		{"PreRegister", bad(t, "out_bad", "pre -1"), PluginError{Step: "FLBPluginPreRegister", Code: -1, Text: "returned -1"}},
		{"Register", bad(t, "out_bad", "register -1"), PluginError{Step: "FLBPluginRegister", Code: -1, Text: "returned -1"}},
		{"no Register", bad(t, "out_bad", "", "NO_REGISTER"), PluginError{Step: "FLBPluginRegister", Text: "is not exported"}},
		{"no Init", bad(t, "out_bad", "", "NO_INIT"), PluginError{Step: "FLBPluginInit", Text: "is not exported"}},
		{"nothing set", bad(t, "out_bad", "register nothing"), PluginError{Step: "FLBPluginRegister", Text: "set proxy to 0, not 11"}},
		{"unknown type", bad(t, "out_bad", "fat"), PluginError{Step: "FLBPluginRegister", Code: 9, Text: "set type to 9, which is no plugin type"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, Options{})
			_, err := r.Load(tt.path)
			var got *PluginError
			if !errors.As(err, &got) {
				t.Fatalf("Load(%q) = %v, want a *PluginError", tt.path, err)
			}
			tt.want.Plugin = tt.path
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("Load(%q) (-want +got):\n%s", tt.path, diff)
			}
			if got := r.closed(); got != nil {
				t.Errorf("faults = %q, want none", got)
			}
		})
	}
}

func TestInitRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, bug string
		kind            Kind
		code            int
	}{
		{"output 0", "out_bad", "init 0", Output, 0},
		{"output -1", "out_bad", "init -1", Output, -1},
		{"input 0", "in_bad", "init 0", Input, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, Options{})
			i, err := r.newInstance(r.load(bad(t, tt.path, tt.bug)), tt.kind, InstanceOptions{Name: "x.0"})
			r.must(err)
			got := new(PluginError)
			if err := i.Init(); !errors.As(err, &got) || got.Step != "FLBPluginInit" || got.Code != tt.code || got.Instance != "x.0" {
				t.Errorf("Init() = %#v, want a *PluginError with code %d", err, tt.code)
			}
			if err := i.Init(); err == nil {
				t.Error("second Init() = nil, want an error")
			}
			r.must(i.Exit())
			if got := r.logged("[go proxy]: plugin 'bad' failed to initialize"); len(got) != 1 {
				t.Errorf("log = %q, want one line", got)
			}
		})
	}
}

// What a plugin damages without crashing. Each runs a whole life: load, two flushes, exit, unload.
func TestFaults(t *testing.T) {
	t.Parallel()
	const def32 = "FLBPluginRegister wrote 4 bytes past the end of struct flb_plugin_proxy_def (32 bytes) at offset 32"
	for _, tt := range []struct {
		bug  string
		want map[Generation][]string // nil key: all others
	}{
		{"none", nil},
		{"event_type", map[Generation][]string{"3.2": {def32}, "4.1": {def32}}},
		{"config_map", map[Generation][]string{
			"3.2": {"FLBPluginRegister wrote 8 bytes past the end of struct flb_plugin_proxy_def (32 bytes) at offset 40"},
			"4.1": {"FLBPluginRegister wrote 8 bytes past the end of struct flb_plugin_proxy_def (32 bytes) at offset 40"},
			"5.0": {"FLBPluginRegister wrote 8 bytes past the end of struct flb_plugin_proxy_def (40 bytes) at offset 40"},
		}},
		{"before def", map[Generation][]string{"": {"FLBPluginRegister wrote 1 bytes before the start of struct flb_plugin_proxy_def (SIZE bytes) at offset -20"}}},
		{"past context", map[Generation][]string{"": {"FLBPluginInit wrote 8 bytes past the end of struct flb_plugin_proxy_context (16 bytes) at offset 16"}}},
		{"past tag", map[Generation][]string{"": {
			"FLBPluginFlushCtx wrote 1 bytes past the end of tag (2 bytes) at offset 2",
			"FLBPluginFlushCtx wrote 1 bytes past the end of tag (2 bytes) at offset 2",
		}}},
		{"old tag", map[Generation][]string{"": {"FLBPluginFlushCtx wrote 1 bytes to freed tag (2 bytes) at offset 0"}}},
		{"late def", map[Generation][]string{"": {"dlclose wrote 8 bytes to freed struct flb_plugin_proxy_def (SIZE bytes) at offset 16"}}},
		{"late context", map[Generation][]string{"": {"FLBPluginUnregister wrote 8 bytes to freed struct flb_plugin_proxy_context (16 bytes) at offset 0"}}},
		{"late instance", map[Generation][]string{"": {"FLBPluginUnregister called output_get_property with an instance that is not alive"}}},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g Generation) {
				r := start(t, Options{Generation: g})
				path := bad(t, "out_bad", tt.bug)
				live(r, path)
				want, ok := tt.want[g]
				if !ok {
					want = tt.want[""]
				}
				size := map[Generation]string{"3.2": "32", "4.1": "32", "5.0": "40", "5.1.1": "48"}[g]
				var full []string
				for _, w := range want {
					full = append(full, filepath.Base(path)+": "+strings.Replace(w, "SIZE", size, 1))
				}
				if diff := cmp.Diff(full, r.closed()); diff != "" {
					t.Errorf("faults (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func live(r *rig, path string) {
	r.t.Helper()
	lib := r.load(path)
	o := r.output(lib, "bad.0", 0)
	r.flush(o, "t", "one")
	r.flush(o, "t", "two")
	r.must(o.Exit())
	r.must(r.Unload(lib))
}

func TestFaultsInEngineFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bug, want string
	}{
		{"context proxy", "FLBPluginInit changed 8 bytes of struct flb_plugin_proxy_context (16 bytes) at offset 8, which are the engine's"},
		{"api", "FLBPluginInit changed 8 bytes of struct flb_api (72 bytes) at offset 32, which are the engine's"},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			t.Parallel()
			r := start(t, Options{})
			r.output(r.load(bad(t, "out_bad", tt.bug)), "bad.0", 0)
			faults := r.closed()
			if len(faults) != 1 || !sameButCount(faults[0], tt.want) {
				t.Errorf("faults = %q, want %q", faults, tt.want)
			}
		})
	}
}

// Bytes that a pointer shares with the one it replaces do not count.
func sameButCount(got, want string) bool {
	_, got, _ = strings.Cut(got, " bytes of ")
	_, want, _ = strings.Cut(want, " bytes of ")
	name, _, _ := strings.Cut(want, " at offset")
	return strings.HasPrefix(got, name)
}

func TestFaultyInputs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, bug string
		g         Generation
		want      []string
		stdout    string
	}{
		{"return of 5", "none", "5.1.1", nil, "cleanups 1\n"},
		{"collect -1", "collect -1", "5.1.1", nil, "cleanups 0\n"},
		{"behind the size parameter", "past len", "5.1.1", []string{"FLBPluginInputCallback wrote 8 bytes past the end of size parameter (8 bytes) at offset 8"}, "cleanups 1\n"},
		{"collector's field", "coll_fd", "5.1.1", []string{"FLBPluginInit changed 8 bytes of struct flb_plugin_input_proxy_context (24 bytes) at offset 0, which are the engine's"}, "cleanups 1\n"},
		{"collector's field in the old layout", "coll_fd", "3.2", nil, "cleanups 1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, Options{Generation: tt.g})
			path := bad(t, "in_bad", tt.bug)
			i := r.input(r.load(path), "bad.0")
			r.must(i.Start())
			if tt.bug == "collect -1" {
				waitFor(t, func() bool { return len(r.logged("collect returned -1")) > 0 })
			} else {
				<-r.events
			}
			r.must(i.Exit())
			var want []string
			for _, w := range tt.want {
				want = append(want, filepath.Base(path)+": "+w)
			}
			got := r.closed()
			if len(want) == 1 && len(got) == 1 && sameButCount(got[0], want[0]) {
				got = want
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if got := r.stdout.String(); got != tt.stdout {
				t.Errorf("stdout = %q, want %q", got, tt.stdout)
			}
		})
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		runtime.Gosched()
	}
}

func TestMissingCallbacks(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	o := r.output(r.load(bad(t, "out_bad", "", "NO_FLUSH")), "o", 0)
	if _, err := o.Flush(t.Context(), "t", nil); err == nil || !strings.Contains(err.Error(), "o: FLBPluginFlush is not exported") {
		t.Errorf("Flush() = %v, want FLBPluginFlush is not exported", err)
	}
	i := r.input(r.load(bad(t, "in_bad", "", "NO_COLLECT")), "i")
	if err := i.Start(); err == nil || !strings.Contains(err.Error(), "i: FLBPluginInputCallback is not exported") {
		t.Errorf("Start() = %v, want FLBPluginInputCallback is not exported", err)
	}
}

// The Init struct is one per library: later it holds the last instance's values.
func TestInitStructIsShared(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	lib := r.load(bad(t, "out_bad", "init struct"))
	first := r.output(lib, "first", 0, Property{"who", "first"})
	r.output(lib, "last", 0, Property{"who", "last"})
	r.flush(first, "t", "x")
	if diff := cmp.Diff([]string{"who last"}, r.logged("who ")); diff != "" {
		t.Errorf("property through the saved pointer (-want +got):\n%s", diff)
	}
}

func TestFreedTagIsPoisoned(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	o := r.output(r.load(bad(t, "out_bad", "old tag")), "o", 0)
	r.flush(o, "t", "x")
	r.flush(o, "t", "x")
	if diff := cmp.Diff([]string{"old tag a5"}, r.logged("old tag")); diff != "" {
		t.Errorf("tag after the flush (-want +got):\n%s", diff)
	}
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bug    string
		want   CrashError
		stderr string
	}{
		{"write chunk", CrashError{Signal: "SIGSEGV", Status: -1, Cause: "writing to the chunk, which is read-only"}, ""},
		{"over-read", CrashError{Signal: "SIGSEGV", Status: -1, Cause: "reading past the end of the chunk"}, ""},
		{"old chunk", CrashError{Signal: "SIGSEGV", Status: -1, Cause: "reading a chunk whose flush has returned"}, ""},
		{"abort", CrashError{Signal: "SIGABRT", Status: -1}, "no way on\n"},
		{"exit", CrashError{Status: 3}, ""},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g Generation) {
				r := start(t, Options{Generation: g})
				path := bad(t, "out_bad", tt.bug)
				o := r.output(r.load(path), "bad.0", 0)
				_, err := o.Flush(t.Context(), "t", []byte("one"))
				if err == nil {
					_, err = o.Flush(t.Context(), "t", []byte("two"))
				}
				got := new(CrashError)
				if !errors.As(err, &got) {
					t.Fatalf("Flush() = %v, want a *CrashError", err)
				}
				want := tt.want
				want.Stderr = tt.stderr
				want.Calls = []Call{{"flb-pipeline", filepath.Base(path), "bad.0", "FLBPluginFlushCtx", want.Signal != ""}}
				want.Address = got.Address
				if diff := cmp.Diff(&want, got); diff != "" {
					t.Errorf("crash (-want +got):\n%s", diff)
				}
				if err := o.Exit(); !errors.As(err, &got) {
					t.Errorf("Exit() after the crash = %v, want a *CrashError", err)
				}
				if err := r.Close(); !errors.As(err, &got) {
					t.Errorf("Close() after the crash = %v, want a *CrashError", err)
				}
			})
		})
	}
}

// 24 KB of frames fit the stack of the newest generation only.
func TestCoroutineStack(t *testing.T) {
	t.Parallel()
	forGenerations(t, func(t *testing.T, g Generation) {
		r := start(t, Options{Generation: g})
		o := r.output(r.load(bad(t, "out_bad", "deep")), "bad.0", 0)
		_, err := o.Flush(t.Context(), "t", []byte("x"))
		crash := new(CrashError)
		fits := g == "5.1.1" || !strings.HasPrefix(hostArch(t), "x86_64")
		if fits && err != nil {
			t.Errorf("Flush() = %v, want nil", err)
		}
		if !fits && (!errors.As(err, &crash) || crash.Signal != "SIGSEGV" || !strings.Contains(err.Error(), "stack")) {
			t.Errorf("Flush() = %v, want a SIGSEGV about the stack", err)
		}
	})
}

func hostArch(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("uname", "-m").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestCloseCutsOffAHangingExit(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	o := r.output(r.load(bad(t, "out_bad", "hang")), "bad.0", 0)
	exit := make(chan error)
	go func() { exit <- o.Exit() }()
	waitFor(t, func() bool { return r.inProgress() != "" })
	if err := r.Close(); err != nil {
		t.Errorf("Close() = %v, want nil: the main thread does not hang", err)
	}
	if err := <-exit; !errors.Is(err, ErrClosed) {
		t.Errorf("Exit() = %v, want %v", err, ErrClosed)
	}
	if err := o.Init(); !errors.Is(err, ErrClosed) {
		t.Errorf("Init() after Close = %v, want %v", err, ErrClosed)
	}
}

func TestCloseKillsAHangingHost(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	r.grace = 50 * time.Millisecond
	path := bad(t, "out_bad", "hang in Register")
	load := make(chan error)
	go func() {
		_, err := r.Load(path)
		load <- err
	}()
	waitFor(t, func() bool { return r.inProgress() != "" })
	want := fmt.Sprintf("chost: host did not end within 50ms in FLBPluginRegister (%s, thread fluent-bit)", filepath.Base(path))
	if err := r.Close(); err == nil || err.Error() != want {
		t.Errorf("Close() = %v, want %v", err, want)
	}
	if err := <-load; err == nil {
		t.Error("Load() = nil, want an error")
	}
}

// A driver that is killed takes its host along.
func TestHostDiesWithItsDriver(t *testing.T) {
	t.Parallel()
	needCompiler(t)
	driver := exec.Command(os.Args[0])
	driver.Env = append(os.Environ(), driverEnv+"=1")
	out, err := driver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := driver.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, err = fmt.Fscan(out, &pid)
	_ = driver.Process.Kill()
	_ = driver.Wait()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !running(pid) })
}

// running is false for a zombie too, which whoever adopted it has yet to collect.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// What AddressSanitizer finds, on the coroutine of a flush too, ends the host and is told.
func TestSanitizer(t *testing.T) {
	t.Parallel()
	if !sanitized() {
		t.Skip("needs a host with AddressSanitizer (set CHOST_ASAN=1)")
	}
	forGenerations(t, func(t *testing.T, g Generation) {
		r := start(t, Options{Generation: g})
		o := r.output(r.load(bad(t, "out_bad", "heap overflow")), "bad.0", 0)
		_, err := o.Flush(t.Context(), "t", []byte("one"))
		got := new(CrashError)
		if !errors.As(err, &got) || got.Signal != "SIGABRT" || !strings.Contains(got.Stderr, "heap-buffer-overflow") ||
			!strings.Contains(got.Stderr, "FLBPluginFlushCtx") {
			t.Errorf("Flush() = %v, want a *CrashError with a heap-buffer-overflow", err)
		}
	})
}
