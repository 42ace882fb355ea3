package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
)

// server takes requests and answers the n-th one, from 0, as answer says; nil is 200 to all.
type server struct {
	*httptest.Server
	answer func(n int, w http.ResponseWriter, r *http.Request)

	mu       sync.Mutex
	headers  []http.Header
	bodies   []string
	accepted strings.Builder // bodies of requests that were answered with 200
}

func serve(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *server {
	t.Helper()
	s := &server{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// status answers with these, in order, and 200 after the last.
func status(codes ...int) func(int, http.ResponseWriter, *http.Request) {
	return func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < len(codes) && codes[n] != http.StatusOK {
			http.Error(w, "sorry", codes[n])
		}
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := decode(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	n := len(s.bodies)
	s.headers, s.bodies = append(s.headers, r.Header), append(s.bodies, body)
	s.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(body))
	seen := &seenStatus{ResponseWriter: w}
	if s.answer != nil {
		s.answer(n, seen, r)
	}
	if seen.code == 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.accepted.WriteString(body)
	}
}

type seenStatus struct {
	http.ResponseWriter
	code int
}

func (s *seenStatus) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func decode(r *http.Request) (string, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(r.Body)
		if err != nil {
			return "", err
		}
		body = unzip
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

func (s *server) took() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted.String()
}

// at is the configuration of a section that posts to endpoint.
func at(endpoint string, more map[string]string) plugintest.Properties {
	all := plugintest.Properties{"endpoint": endpoint, "json_date_key": "false", "log_level": "debug"}
	maps.Copy(all, more)
	return all
}

func open(t *testing.T, endpoint string, more map[string]string) *plugintest.OutputSection {
	t.Helper()
	return plugintest.Output(t, &output{}, at(endpoint, more))
}

// chunk has n events: {"n":0}, {"n":1} and so on.
func chunk(t *testing.T, n int) []byte {
	t.Helper()
	events := make([]any, n)
	for i := range events {
		events[i] = plugin.Message{Time: time.Unix(1527673192, 681000), Record: map[string]int{"n": i}}
	}
	return plugintest.Chunk(t, events...)
}

// lines are what events from to below to become.
func lines(from, to int) string {
	var text strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&text, `{"n":%d}`+"\n", i)
	}
	return text.String()
}

func flush(t *testing.T, out *plugintest.OutputSection, chunk []byte, want plugintest.Verdict) {
	t.Helper()
	if got := out.FlushChunk("app", chunk); got != want {
		t.Errorf("FlushChunk() = %v, want %v", got, want)
	}
}

func checkText(t *testing.T, what, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// checkLog wants one line above the level debug, with text in it.
func checkLog(t *testing.T, out *plugintest.OutputSection, text string) {
	t.Helper()
	var found []string
	for _, line := range out.Log() {
		if !strings.HasPrefix(line, "DEBUG") {
			found = append(found, line)
		}
	}
	if len(found) != 1 || !strings.Contains(found[0], text) {
		t.Errorf("log = %q, want one line with %s", found, text)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		properties map[string]string
		header     map[string]string
		body       string
	}{
		{"default", nil, map[string]string{"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Authorization": ""},
			`{"n":0}` + "\n"},
		{"plain", map[string]string{"compress": "none"}, map[string]string{"Content-Encoding": ""}, `{"n":0}` + "\n"},
		{"date", map[string]string{"json_date_key": "at", "json_date_format": "iso8601"}, nil,
			`{"at":"2018-05-30T09:39:52.000681Z","n":0}` + "\n"},
		{"headers", map[string]string{"headers": "x-scope: a:b, Content-Type: application/json"},
			map[string]string{"X-Scope": "a:b", "Content-Type": "application/json"}, `{"n":0}` + "\n"},
		{"basic", map[string]string{"http_user": "Aladdin", "http_passwd": "open sesame"},
			map[string]string{"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, `{"n":0}` + "\n"},
		{"bearer", map[string]string{"bearer_token": "open sesame"},
			map[string]string{"Authorization": "Bearer open sesame"}, `{"n":0}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			out := open(t, s.URL, tt.properties)
			flush(t, out, chunk(t, 1), plugintest.OK)
			checkText(t, "body", tt.body, s.took())
			for name, want := range tt.header {
				if got := s.headers[0].Get(name); got != want {
					t.Errorf("header %s = %q, want %q", name, got, want)
				}
			}
			for _, line := range out.Log() {
				if strings.Contains(line, "sesame") || strings.Contains(line, "a:b") {
					t.Errorf("log has a secret: %s", line)
				}
			}
		})
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	var host atomic.Value
	s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { host.Store(r.Host) })
	out := open(t, s.URL, map[string]string{"headers": "Host: logs.example"})
	flush(t, out, chunk(t, 1), plugintest.OK)
	if got := host.Load(); got != "logs.example" {
		t.Errorf("host = %v, want logs.example", got)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code int
		want plugintest.Verdict
		log  string
	}{
		{200, plugintest.OK, ""},
		{201, plugintest.OK, ""},
		{204, plugintest.OK, ""},
		{301, plugintest.Retry, `301 Moved Permanently to http://other.example/, and redirects are not followed`},
		{307, plugintest.Retry, `307 Temporary Redirect to http://other.example/, and redirects are not followed`},
		{304, plugintest.Retry, `304 Not Modified`},
		{400, plugintest.Error, `1 events refused: 400 Bad Request: \"sorry`},
		{401, plugintest.Error, `401 Unauthorized: \"sorry`},
		{404, plugintest.Error, `404 Not Found: \"sorry`},
		{408, plugintest.Retry, `408 Request Timeout: \"sorry`},
		{413, plugintest.Error, `413 Request Entity Too Large: \"sorry`},
		{429, plugintest.Retry, `429 Too Many Requests, Retry-After 120: \"sorry`},
		{500, plugintest.Retry, `500 Internal Server Error: \"sorry`},
		{503, plugintest.Retry, `503 Service Unavailable, Retry-After 120: \"sorry`},
		{599, plugintest.Retry, `599`},
	} {
		t.Run(fmt.Sprint(tt.code), func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				switch tt.code {
				case 301, 307:
					w.Header().Set("Location", "http://other.example/")
				case 429, 503:
					w.Header().Set("Retry-After", "120")
				}
				w.WriteHeader(tt.code)
				if tt.code >= 400 {
					fmt.Fprint(w, "sorry", strings.Repeat("!", 1000))
				}
			})
			out := open(t, s.URL, nil)
			flush(t, out, chunk(t, 1), tt.want)
			if tt.log == "" {
				return
			}
			checkLog(t, out, tt.log)
			if lines := out.Log(); len(lines[len(lines)-1]) > 500 {
				t.Errorf("log has a line of %d bytes, want the beginning of the answer", len(lines[len(lines)-1]))
			}
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		size string
		want []string
	}{
		{"one request", "64", []string{lines(0, 8)}},
		{"just too small", "63", []string{lines(0, 7), lines(7, 8)}},
		{"three in each", "31", []string{lines(0, 3), lines(3, 6), lines(6, 8)}},
		{"events are larger", "1", []string{lines(0, 1), lines(1, 2), lines(2, 3), lines(3, 4), lines(4, 5), lines(5, 6), lines(6, 7), lines(7, 8)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			out := open(t, s.URL, map[string]string{"batch_bytes": tt.size})
			flush(t, out, chunk(t, 8), plugintest.OK)
			if diff := cmp.Diff(tt.want, s.requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// Each request has two events. After a failure only what has not been answered for is sent when the chunk comes back.
func TestPartly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		answers  []int
		verdicts []plugintest.Verdict
		took     string
		refused  float64
	}{
		{"first", []int{503}, []plugintest.Verdict{plugintest.Retry, plugintest.OK}, lines(0, 8), 0},
		{"in the middle", []int{200, 503}, []plugintest.Verdict{plugintest.Retry, plugintest.OK}, lines(0, 8), 0},
		{"twice", []int{200, 503, 200, 429}, []plugintest.Verdict{plugintest.Retry, plugintest.Retry, plugintest.OK}, lines(0, 8), 0},
		{"last", []int{200, 200, 200, 500}, []plugintest.Verdict{plugintest.Retry, plugintest.OK}, lines(0, 8), 0},
		{"refused", []int{200, 400}, []plugintest.Verdict{plugintest.Error}, lines(0, 2) + lines(4, 8), 2},
		{"refused, then unavailable", []int{400, 200, 503}, []plugintest.Verdict{plugintest.Retry, plugintest.OK}, lines(2, 8), 2},
		{"refused when it comes back", []int{503, 200, 422}, []plugintest.Verdict{plugintest.Retry, plugintest.Error}, lines(0, 2) + lines(4, 8), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, status(tt.answers...))
			out := open(t, s.URL, map[string]string{"batch_bytes": "20"})
			for _, want := range tt.verdicts {
				flush(t, out, chunk(t, 8), want)
			}
			checkText(t, "accepted", tt.took, s.took())
			if got := out.Metric("refused_events_total"); got != tt.refused {
				t.Errorf("refused_events_total = %v, want %v", got, tt.refused)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil)
		s.Close()
		out := open(t, s.URL, nil)
		flush(t, out, chunk(t, 1), plugintest.Retry)
		checkLog(t, out, "connection refused")
	})
	t.Run("timeout", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		out := open(t, s.URL, map[string]string{"timeout": "20ms"})
		flush(t, out, chunk(t, 1), plugintest.Retry)
		checkLog(t, out, "context deadline exceeded")
	})
	t.Run("Flush has no more time", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		out := open(t, s.URL, map[string]string{"go.flush_timeout": "20ms"})
		flush(t, out, chunk(t, 1), plugintest.Retry)
		checkLog(t, out, "context deadline exceeded")
	})
	t.Run("the section exits", func(t *testing.T) {
		t.Parallel()
		arrived := make(chan struct{})
		s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
		out := open(t, s.URL, nil)
		go func() { <-arrived; out.Exit() }()
		flush(t, out, chunk(t, 1), plugintest.Retry)
		checkLog(t, out, "context canceled")
	})
	t.Run("the connection breaks", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		out := open(t, s.URL, nil)
		flush(t, out, chunk(t, 1), plugintest.Retry)
		checkLog(t, out, "EOF")
	})
}

func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	s := &server{answer: status(503, 400)}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	out := open(t, s.URL, nil)
	for _, want := range []plugintest.Verdict{plugintest.Retry, plugintest.Error, plugintest.OK, plugintest.OK} {
		flush(t, out, chunk(t, 1), want)
	}
	if got := opened.Load(); got != 1 {
		t.Errorf("connections = %d, want 1", got)
	}
}

func TestConcurrentChunks(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	out := open(t, s.URL, map[string]string{"batch_bytes": "20"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { flush(t, out, chunk(t, 8), plugintest.OK) })
	}
	wg.Wait()
	if got, want := len(s.took()), 8*len(lines(0, 8)); got != want {
		t.Errorf("accepted = %d bytes, want %d", got, want)
	}
}

func TestBrokenChunkIsGivenUp(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	out := open(t, s.URL, nil)
	flush(t, out, append(chunk(t, 1), 0xc1), plugintest.Error)
	checkLog(t, out, "event 1 at byte")
	checkText(t, "accepted", "", s.took())
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		endpoint   string
		properties map[string]string
		want       string
	}{
		{"no endpoint", "", nil, `config: endpoint: required, not set`},
		{"no scheme of HTTP", "ftp://x", nil, `config: endpoint: scheme "ftp" (want http or https)`},
		{"no header", "http://x", map[string]string{"headers": "a b: c"}, `config: headers: "a b" cannot be a header, or not with this value`},
		{"no password", "http://x", map[string]string{"http_user": "a"}, `config: http_passwd: required when http_user is set`},
		{"no certificate", "https://x", map[string]string{"tls_ca_file": "inline:none"}, `tls_ca_file: has no PEM certificate`},
		{"no key", "https://x", map[string]string{"tls_cert_file": "inline:none"}, `config: tls_key_file: required when tls_cert_file is set`},
		{"no pair", "https://x", map[string]string{"tls_cert_file": "inline:none", "tls_key_file": "inline:none"},
			`tls_cert_file, tls_key_file: tls: failed to find any PEM data in certificate input`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := `plugin: output "go_http.0": ` + tt.want
			if err := plugintest.OutputError(t, &output{}, at(tt.endpoint, tt.properties)); err.Error() != want {
				t.Errorf("Init(%v) = %v, want %s", tt.properties, err, want)
			}
		})
	}
}

func setup(t *testing.T) plugintest.Setup {
	s := serve(t, nil)
	return plugintest.Setup{Conf: at(s.URL, nil), Delivered: func() []byte { return []byte(s.took()) }}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.OutputConformance(t, &output{}, setup(t))
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup(t))
}
