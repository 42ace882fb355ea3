package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/plugintest"
)

func TestBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &heartbeat{}, plugintest.Properties{"interval": "1s", "role": "web"})
		in.Run(2500 * time.Millisecond) // of virtual time
		got := plugintest.Records[beat](in)
		if len(got) != 3 || got[2].Role != "web" || got[2].Uptime != 2 {
			t.Errorf("beats = %v, want 3, of role web, the last one after 2 seconds", got)
		}
	})
}

func TestRoleIsRequired(t *testing.T) {
	err := plugintest.InputError(t, &heartbeat{}, plugintest.Classic(`
[INPUT]
    Name  heartbeat
    Role  king
`))
	if want := `plugin: input "heartbeat.0": config: role: "king" is not one of web, db, cache`; err.Error() != want {
		t.Errorf("Init() = %v, want %s", err, want)
	}
}

var setup = plugintest.Setup{Conf: plugintest.Properties{"role": "web", "interval": "10ms"}, Virtual: true}

func TestConformance(t *testing.T) { plugintest.InputConformance(t, &heartbeat{}, setup) }

func TestLibraryConformance(t *testing.T) {
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup)
}
