package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/record"
)

func chunk(t *testing.T) (events []byte) {
	t.Helper()
	encoder, err := record.NewEncoder[map[string]any]()
	if err != nil {
		t.Fatal(err)
	}
	r := map[string]any{"message": "hello"}
	if events, err = encoder.Append(nil, &record.Header{Time: time.Unix(1, 0)}, &r, 0); err != nil {
		t.Fatal(err)
	}
	return events
}

func open(t *testing.T, address string) proxy.Output {
	t.Helper()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	out := p.NewOutput()
	if err := out.Init(&proxytest.Host{Section: "lines.0", Properties: map[string]string{"address": address}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Exit)
	return out
}

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
	if v := proxytest.Flush(open(t, server.Addr().String()), "app", chunk(t)); v != proxy.OK {
		t.Errorf("Flush = %v, want %v", v, proxy.OK)
	}
	if diff := cmp.Diff(`{"date":"1970-01-01T00:00:01.000000Z","message":"hello"}`+"\n", <-got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	_ = server.Close()
	if v := proxytest.Flush(open(t, server.Addr().String()), "app", chunk(t)); v != proxy.Retry {
		t.Errorf("Flush without a server = %v, want %v", v, proxy.Retry)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	err = p.NewOutput().Init(&proxytest.Host{Section: "lines.0", Properties: map[string]string{"timeout": "soon"}})
	want := "address: required, not set"
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `timeout: "soon" is not a duration`) {
		t.Errorf("Init = %v, want both problems", err)
	}
}
