package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin/internal/engine"
	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/calyptia/plugin/internal/fluentbit"
	"github.com/calyptia/plugin/plugintest"
)

// What a section captures in an engine has the same verdicts and sends the same requests in a test and in flbgo replay.
func TestIncident(t *testing.T) {
	t.Parallel()
	library := plugintest.Build(t, ".")
	for _, e := range []struct {
		name string
		run  func(t *testing.T, dir string, enough <-chan struct{})
	}{
		{"embedded", runEmbedded},
		{"fluent-bit", runFluentBit},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			enough := make(chan struct{})
			incident := serve(t, moody(enough))
			write(t, dir, "plugins.conf", "[PLUGINS]\n  path "+library+"\n")
			write(t, dir, "fluent-bit.conf", fmt.Sprintf(troubled, incident.URL, dir))
			e.run(t, dir, enough)
			want := strings.ReplaceAll(strings.Join(incident.requests(), ""), "hunter2", "***")
			replays(t, dir, library, want)
		})
	}
}

const troubled = `
[SERVICE]
  flush 0.2
  grace 5
  plugins_file %[2]s/plugins.conf
[INPUT]
  name dummy
  tag mixed
  dummy {"password":"hunter2","answer":"fine"}
[INPUT]
  name dummy
  tag refused
  dummy {"answer":"never"}
[INPUT]
  name dummy
  tag overload
  dummy {"answer":"later"}
[OUTPUT]
  name go_http
  match *
  endpoint %[1]s
  json_date_key false
  retry_limit no_retries
  workers 1
  go.capture incident.cbor
  go.capture_redact password
`

// moody answers as the body asks for, and closes enough once it has given all its answers; nil if nobody waits for that.
func moody(enough chan<- struct{}) func(int, http.ResponseWriter, *http.Request) {
	var mu sync.Mutex
	missing := map[int]bool{http.StatusServiceUnavailable: true, http.StatusBadRequest: true, http.StatusOK: true}
	return func(_ int, w http.ResponseWriter, r *http.Request) {
		code := http.StatusOK
		switch body, _ := io.ReadAll(r.Body); {
		case bytes.Contains(body, []byte("later")):
			code = http.StatusServiceUnavailable
		case bytes.Contains(body, []byte("never")):
			code = http.StatusBadRequest
		}
		w.WriteHeader(code)
		mu.Lock()
		defer mu.Unlock()
		if delete(missing, code); len(missing) == 0 && enough != nil {
			close(enough)
			enough = nil
		}
	}
}

func replays(t *testing.T, dir, library, want string) {
	t.Helper()
	file := filepath.Join(dir, "incident.cbor")
	inTest := serve(t, moody(nil))
	plugintest.Replay(t, open(t, inTest.URL, nil), file)
	byFlbgo := serve(t, moody(nil))
	cmd := exec.CommandContext(t.Context(), "go", "run", "../../cmd/flbgo", "replay", file, library,
		"-p", "endpoint="+byFlbgo.URL, "-p", "json_date_key=false")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), ", every verdict as in the capture") {
		t.Errorf("flbgo replay: %v:\n%s", err, out)
	}
	for name, s := range map[string]*server{"plugintest.Replay": inTest, "flbgo replay": byFlbgo} {
		if diff := cmp.Diff(want, strings.Join(s.requests(), "")); diff != "" {
			t.Errorf("requests of %s (-want +got)\n%s", name, diff)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// patience is for a run of an engine.
const patience = 30 * time.Second

func await(t *testing.T, enough <-chan struct{}) {
	t.Helper()
	select {
	case <-enough:
	case <-time.After(patience):
		t.Error("not every answer has been given")
	}
}

func runEmbedded(t *testing.T, dir string, enough <-chan struct{}) {
	conf, err := conffile.Load(filepath.Join(dir, "fluent-bit.conf"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx, conf, engine.Options{Dir: dir, Tick: 10 * time.Millisecond}) }()
	await(t, enough)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func runFluentBit(t *testing.T, dir string, enough <-chan struct{}) {
	cmd := exec.CommandContext(t.Context(), fluentbit.ForTest(t, 3, 2, 0), "-c", "fluent-bit.conf")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, enough)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
