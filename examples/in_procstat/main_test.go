package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

const fixture = "testdata/proc"

// open makes a section with these properties, as an engine does.
func open(t *testing.T, properties map[string]string) (proxy.Input, *proxytest.Host, error) {
	t.Helper()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	host := &proxytest.Host{Section: "procstat.0", Properties: properties}
	in := p.NewInput()
	return in, host, in.Init(host)
}

// records returns what a section has to say at first.
func records(t *testing.T, in proxy.Input) []map[string]any {
	t.Helper()
	var engine proxytest.Engine
	synctest.Wait()
	in.Collect(engine.Append)
	decoder, err := record.NewDecoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	events := record.NewScanner(engine.Events(""))
	for events.Next() {
		var r map[string]any
		if err := decoder.Decode(events.Event().Body, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// reading is the fixture as a record. The fixture has no swap.
func reading(network map[string]any) map[string]any {
	return map[string]any{
		"load": map[string]any{"1m": 0.42, "5m": 0.31, "15m": 0.25},
		"memory": map[string]any{
			"total_bytes": int64(2 << 20), "free_bytes": int64(512 << 10), "available_bytes": int64(1 << 20),
			"buffers_bytes": int64(64 << 10), "cached_bytes": int64(256 << 10),
		},
		"cpu": map[string]any{
			"count": int64(2), "user_seconds": 12.34, "nice_seconds": 0.5, "system_seconds": 6.0, "idle_seconds": 900.0,
			"iowait_seconds": 0.7, "irq_seconds": 0.08, "softirq_seconds": 0.09, "steal_seconds": 0.1,
		},
		"network": network,
	}
}

func counts(bytes, packets, errors, dropped int64) map[string]any {
	return map[string]any{"bytes": bytes, "packets": packets, "errors": errors, "dropped": dropped}
}

var (
	lo    = map[string]any{"receive": counts(300, 3, 0, 0), "transmit": counts(300, 3, 0, 0)}
	eth0  = map[string]any{"receive": counts(1000, 10, 1, 2), "transmit": counts(2000, 20, 3, 4)}
	wlan0 = map[string]any{"receive": counts(5, 1, 0, 0), "transmit": counts(6, 1, 0, 0)}
)

func TestRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		interfaces string
		want       map[string]any
	}{
		{"all but lo", "", map[string]any{"eth0": eth0, "wlan0": wlan0}},
		{"listed ones", "lo, eth0", map[string]any{"lo": lo, "eth0": eth0}},
		{"missing one", "wlan0,eth7", map[string]any{"wlan0": wlan0}},
		{"none there", "eth7", map[string]any{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, _, err := open(t, map[string]string{"proc_path": fixture, "interfaces": tt.interfaces})
				if err != nil {
					t.Fatal(err)
				}
				in.Start()
				defer in.Exit()
				if diff := cmp.Diff([]map[string]any{reading(tt.want)}, records(t, in)); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTwoSections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wants := map[string]map[string]any{"lo": {"lo": lo}, "wlan0": {"wlan0": wlan0}}
		sections := make(map[string]proxy.Input)
		for name := range wants {
			in, _, err := open(t, map[string]string{"proc_path": fixture, "interfaces": name})
			if err != nil {
				t.Fatal(err)
			}
			in.Start()
			defer in.Exit()
			sections[name] = in
		}
		for name, want := range wants {
			if diff := cmp.Diff([]map[string]any{reading(want)}, records(t, sections[name])); diff != "" {
				t.Errorf("records of the section for %s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in := new(input)
		conf := config{Interval: 10 * time.Second, ProcPath: fixture}
		if err := in.Init(ctx, &plugin.Instance[config]{Conf: conf, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		ch, done := make(chan plugin.Event[stat]), make(chan error, 1)
		start := time.Now()
		go func() { done <- in.Collect(ctx, ch) }()
		for _, want := range []time.Duration{0, 10 * time.Second, 20 * time.Second} {
			if got := (<-ch).Time.Sub(start); got != want {
				t.Errorf("record after %v, want %v", got, want)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Collect() = %v, want nil", err)
		}
	})
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		properties map[string]string
		want       string
	}{
		{"short interval", map[string]string{"interval": "1ms", "proc_path": fixture},
			`plugin: input "procstat.0": config: interval: "1ms" is too short (want at least 10ms)`},
		{"no duration", map[string]string{"interval": "often", "proc_path": fixture},
			`plugin: input "procstat.0": config: interval: "often" is not a duration (want 500ms, 10s, 1m or a number of seconds)`},
		{"no folder", map[string]string{"proc_path": "testdata/none"},
			`plugin: input "procstat.0": config: proc_path: "testdata/none" is not a folder that exists`},
		{"no proc", map[string]string{"proc_path": "testdata"},
			`plugin: input "procstat.0": open testdata/loadavg: no such file or directory`},
		{"two at once", map[string]string{"interval": "-1s", "proc_path": "testdata/none"},
			"plugin: input \"procstat.0\": config: 2 problems\n" +
				"\tinterval: \"-1s\" is too short (want at least 10ms)\n" +
				"\tproc_path: \"testdata/none\" is not a folder that exists"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := open(t, tt.properties); err == nil || err.Error() != tt.want {
				t.Errorf("Init(%v) = %v, want %s", tt.properties, err, tt.want)
			}
		})
	}
}

func TestMissingInterfaceIsLogged(t *testing.T) {
	t.Parallel()
	_, host, err := open(t, map[string]string{"proc_path": fixture, "interfaces": "eth0,eth7"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"WARN [procstat.0] interface is left out of records until it exists interface=eth7"}
	if diff := cmp.Diff(want, host.Lines()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// A reading that fails later ends Collect, which the library calls again.
func TestCollectError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(fixture)); err != nil {
		t.Fatal(err)
	}
	in := new(input)
	conf := config{Interval: time.Second, ProcPath: dir}
	if err := in.Init(t.Context(), &plugin.Instance[config]{Conf: conf, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "net", "dev")); err != nil {
		t.Fatal(err)
	}
	err := in.Collect(t.Context(), make(chan plugin.Event[stat]))
	if err == nil || !strings.Contains(err.Error(), filepath.Join("net", "dev")) {
		t.Errorf("Collect() = %v, want the error of net/dev", err)
	}
}
