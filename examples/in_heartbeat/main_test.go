package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
)

func TestCollect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond) // of virtual time
		defer cancel()
		var h heartbeat
		if err := h.Init(ctx, &plugin.Instance[config]{Conf: config{Interval: time.Second, Role: "web"}}); err != nil {
			t.Fatal(err)
		}
		ch := make(chan plugin.Event[beat])
		go func() {
			defer close(ch)
			if err := h.Collect(ctx, ch); err != nil {
				t.Error(err)
			}
		}()
		var got []beat
		for ev := range ch {
			got = append(got, ev.Record)
		}
		if len(got) != 3 || got[2].Role != "web" || got[2].Uptime != 2 {
			t.Errorf("beats = %v, want 3, of role web, the last one after 2 seconds", got)
		}
	})
}

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
