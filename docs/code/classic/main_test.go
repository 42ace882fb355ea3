package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/plugintest"
)

func TestCollect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &heartbeat{}, plugintest.Properties{"role": "web"})
		in.Run(2500 * time.Millisecond) // of virtual time
		if got := plugintest.Records[map[string]any](in); len(got) != 2 || got[1]["uptime_seconds"] != 2.0 {
			t.Errorf("records = %v, want 2, the last one after 2 seconds", got)
		}
	})
}

func TestInit(t *testing.T) {
	t.Parallel()
	err := plugintest.InputError(t, &heartbeat{}, plugintest.Properties{"role": "king"})
	if want := `plugin: input "heartbeat.0": role: want web, db or cache`; err.Error() != want {
		t.Errorf("Init() = %v, want %s", err, want)
	}
}
