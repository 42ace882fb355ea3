package main

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
)

func TestFlush(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		defer close(got)
		if conn, err := server.Accept(); err == nil {
			text, _ := io.ReadAll(conn)
			got <- string(text)
		}
	}()
	out := plugintest.Output(t, &lines{}, plugintest.Properties{"address": server.Addr().String()})
	event := plugin.Event[map[string]any]{Time: time.Unix(1, 0), Record: map[string]any{"message": "hello"}}
	if v := out.Flush("app", event); v != plugintest.OK {
		t.Errorf("Flush() = %v, want %v", v, plugintest.OK)
	}
	if diff := cmp.Diff(`{"date":"1970-01-01T00:00:01.000000Z","message":"hello"}`+"\n", <-got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	_ = server.Close()
	if v := out.Flush("app", event); v != plugintest.Retry {
		t.Errorf("Flush() without a server = %v, want %v", v, plugintest.Retry)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	err := plugintest.OutputError(t, &lines{}, plugintest.Properties{"timeout": "soon"})
	want := "plugin: output \"lines.0\": config: 2 problems\n" +
		"\taddress: required, not set\n" +
		"\ttimeout: \"soon\" is not a duration (want 500ms, 10s, 1m or a number of seconds)"
	if err.Error() != want {
		t.Errorf("Init() = %v, want %s", err, want)
	}
}
