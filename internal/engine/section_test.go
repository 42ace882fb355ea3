package engine

import (
	"log/slog"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/google/go-cmp/cmp"
)

// What proxy-abi.md section 9 says a plugin sees, and does not see, of its section.
func TestPropertiesForThePlugin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, key, value string
		seen                   bool
	}{
		{"tag", "input", "Tag", "x", false},
		{"tag of an output", "output", "tag", "x", true},
		{"match", "output", "match", "x", false},
		{"match of an input", "input", "match", "x", true},
		{"retry_limit of an input", "input", "retry_limit", "5", true},
		{"workers of an input", "input", "workers", "5", true},
		{"workers", "output", "workers", "5", false},
		{"listen", "input", "listen", "x", false},
		{"listen of an output", "output", "listen", "x", true},
		{"mem_buf_limit of an output", "output", "mem_buf_limit", "5M", true},
		{"storage.type of an output", "output", "storage.type", "x", true},
		{"alias", "input", "alias", "x", false},
		{"empty alias", "input", "alias", "", true},
		{"active", "input", "active", "x", true},
		{"path", "output", "path", "x", true},
		{"net. of an output", "output", "net.keepalive", "on", false},
		{"oauth2", "input", "oauth2.client", "x", false},
		{"tls off", "input", "tls", "off", false},
		{"tls.verify", "output", "tls.verify", "off", false},
		{"tls.verify_client_cert", "input", "tls.verify_client_cert", "off", false},
		{"tls.verify_client_cert of an output", "output", "tls.verify_client_cert", "off", true},
		{"unknown tls.", "output", "tls.color", "red", true},
		{"tls.proxy.", "output", "tls.proxy.x", "y", false},
		{"tls.proxy. of an input", "input", "tls.proxy.x", "y", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := conffile.Property{Key: tt.key, Value: tt.value}
			s, err := newSection(conffile.Section{Kind: tt.kind, Name: "x", Properties: []conffile.Property{p}}, slog.LevelInfo)
			if err != nil {
				t.Fatal(err)
			}
			var want []conffile.Property
			if tt.seen {
				want = append(want, p)
			}
			if diff := cmp.Diff(want, s.properties); diff != "" {
				t.Errorf("%s %s %q: properties (-want +got):\n%s", tt.kind, tt.key, tt.value, diff)
			}
		})
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want int
		ok   bool
	}{
		{"0", 0, true}, {"1500", 1500, true}, {"5K", 5000, true}, {"5kb", 5000, true}, {"1.5M", 1500000, true}, {"2GB", 2e9, true},
		{"false", 0, true}, {"", 0, false}, {"M", 0, false}, {"5T", 0, false}, {"-1", 0, false}, {"NaN", 0, false},
	}
	for _, tt := range tests {
		got, err := parseSize(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("parseSize(%q) = %d, %v, want %d, ok %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}

func TestService(t *testing.T) {
	t.Parallel()
	var ignored []string
	s, err := newService(conffile.Section{Properties: []conffile.Property{
		{Key: "flush", Value: "0.5"}, {Key: "Grace", Value: "-1"}, {Key: "log_level", Value: "Trace"},
		{Key: "flush", Value: "2"}, {Key: "HTTP_Server", Value: "on"}, {Key: "hot_reload", Value: "on"}, {Key: "grace"},
	}}, 10*time.Millisecond, func(p conffile.Property) { ignored = append(ignored, p.Key) })
	if err != nil {
		t.Fatal(err)
	}
	want := service{second: 10 * time.Millisecond, flush: 20 * time.Millisecond, grace: -time.Second, level: levelTrace,
		base: 5, cap: 2000, hotReload: true}
	if *s != want {
		t.Errorf("newService = %+v, want %+v", *s, want)
	}
	if diff := cmp.Diff([]string{"HTTP_Server"}, ignored); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
}
