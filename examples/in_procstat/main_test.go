package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin/plugintest"
)

const fixture = "testdata/proc"

func conf(more map[string]string) plugintest.Properties {
	p := plugintest.Properties{"proc_path": fixture}
	maps.Copy(p, more)
	return p
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
				in := plugintest.Input(t, &input{}, conf(map[string]string{"interfaces": tt.interfaces}))
				in.Collect()
				if diff := cmp.Diff([]map[string]any{reading(tt.want)}, plugintest.Records[map[string]any](in)); diff != "" {
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
		sections := make(map[string]*plugintest.InputSection)
		for name := range wants {
			sections[name] = plugintest.Input(t, &input{}, conf(map[string]string{"interfaces": name}))
		}
		for name, want := range wants {
			sections[name].Collect()
			got := plugintest.Records[map[string]any](sections[name])
			if diff := cmp.Diff([]map[string]any{reading(want)}, got); diff != "" {
				t.Errorf("records of the section for %s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in := plugintest.Input(t, &input{}, conf(map[string]string{"interval": "10s"}))
		in.Run(25 * time.Second)
		var got []time.Duration
		for _, ev := range plugintest.Events[map[string]any](in) {
			got = append(got, ev.Time.Sub(start))
		}
		if diff := cmp.Diff([]time.Duration{0, 10 * time.Second, 20 * time.Second}, got); diff != "" {
			t.Errorf("times of records (-want +got):\n%s", diff)
		}
	})
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		conf map[string]string
		want string
	}{
		{"short interval", map[string]string{"interval": "1ms"},
			`plugin: input "procstat.0": config: interval: "1ms" is too short (want at least 10ms)`},
		{"no duration", map[string]string{"interval": "often"},
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
			if err := plugintest.InputError(t, &input{}, conf(tt.conf)); err.Error() != tt.want {
				t.Errorf("Init(%v) = %v, want %s", tt.conf, err, tt.want)
			}
		})
	}
}

func TestMissingInterfaceIsLogged(t *testing.T) {
	t.Parallel()
	in := plugintest.Input(t, &input{}, conf(map[string]string{"interfaces": "eth0,eth7"}))
	want := []string{"WARN [procstat.0] interface is left out of records until it exists interface=eth7"}
	if diff := cmp.Diff(want, in.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// A reading that fails ends Collect, which the library calls again.
func TestCollectError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(fixture)); err != nil {
			t.Fatal(err)
		}
		in := plugintest.Input(t, &input{}, plugintest.Properties{"proc_path": dir})
		in.Collect()
		dev := filepath.Join(dir, "net", "dev")
		if err := os.Rename(dev, dev+".gone"); err != nil {
			t.Fatal(err)
		}
		in.Run(1500 * time.Millisecond)
		if !in.Logged("net/dev: no such file") {
			t.Errorf("log = %q, want the error of net/dev", in.Log())
		}
		if err := os.Rename(dev+".gone", dev); err != nil {
			t.Fatal(err)
		}
		in.WaitFor(2)
	})
}

var setup = plugintest.Setup{Conf: conf(map[string]string{"interval": "10ms"}), Virtual: true}

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.InputConformance(t, &input{}, setup)
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup)
}
