package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

func registered(t *testing.T) *proxy.Plugin {
	t.Helper()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCollect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := registered(t).NewInput()
		if err := in.Init(&proxytest.Host{Section: "heartbeat.0", Properties: map[string]string{"role": "web"}}); err != nil {
			t.Fatal(err)
		}
		defer in.Exit()
		in.Start()
		time.Sleep(2500 * time.Millisecond) // of virtual time
		var engine proxytest.Engine
		in.Collect(engine.Append)
		if n, err := record.Count(engine.Events("")); n != 2 || err != nil {
			t.Errorf("events = %d, %v, want 2", n, err)
		}
	})
}

func TestInit(t *testing.T) {
	t.Parallel()
	err := registered(t).NewInput().Init(&proxytest.Host{Section: "heartbeat.0", Properties: map[string]string{"role": "king"}})
	if err == nil || !strings.Contains(err.Error(), "role: want web, db or cache") {
		t.Errorf("Init = %v, want an error about role", err)
	}
}
