package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/calyptia/plugin/config"
	"github.com/google/go-cmp/cmp"
)

// kept are the names that engine 5.1.1 keeps, by kind (proxy-abi.md section 9).
var kept = map[string]string{
	"input": `name routes processors tag alias host port listen ipv6 log_level log_suppress_interval routable mem_buf_limit
		storage.type storage.pause_on_chunks_overlimit threaded thread.ring_buffer.capacity thread.ring_buffer.window rate_window
		rate_gate rate_gate.max_bytes rate_gate.max_records rate_gate.backpressure rate_gate.resume_ratio tls tls.verify
		tls.verify_client_cert tls.key_passwd net.keepalive oauth2 oauth2.enable telemetry`,
	"output": `name routes processors match match_regex alias host port ipv6 log_level log_suppress_interval retry_limit workers
		storage.total_limit_size tls tls.verify tls.proxy.verify tls.windows.certstore_name net.keepalive oauth2.token_url`,
	"custom": `name routes processors alias log_level net.dns.mode`,
}

func TestReserved(t *testing.T) {
	t.Parallel()
	for kind, names := range kept {
		for name := range strings.FieldsSeq(names + " go.buffer_limit") {
			for _, spelling := range []string{name, strings.ToUpper(name)} {
				reason, instead, ok := config.Reserved(kind, spelling)
				if !ok || reason == "" {
					t.Errorf("Reserved(%s, %s) = false, want true", kind, spelling)
				}
				if _, _, again := config.Reserved(kind, instead); again || instead == "" {
					t.Errorf("Reserved(%s, %s) suggests %q, want a free name", kind, spelling, instead)
				}
			}
		}
	}
}

func TestNotReserved(t *testing.T) {
	t.Parallel()
	// What the engine shows to plugins of one kind although it keeps it from others, and names that look alike.
	free := map[string]string{
		"input":  "match retry_limit workers match_regex storage.total_limit_size active condition path proxy net network use_tls tls_verify LogLevel",
		"output": "listen mem_buf_limit storage.type routable tag threaded rate_window telemetry tags hosts named godot go",
		"custom": "host port tls tls.verify match tag oauth2",
	}
	for kind, names := range free {
		for name := range strings.FieldsSeq(names) {
			if reason, _, ok := config.Reserved(kind, name); ok {
				t.Errorf("Reserved(%s, %s) = %s, want false", kind, name, reason)
			}
		}
	}
}

func TestReservedThroughYAML(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"logLevel": true, "memBufLimit": true, "LogLevel": false, "loglevel": false} {
		if _, _, got := config.Reserved("input", name); got != want {
			t.Errorf("Reserved(input, %s) = %v, want %v", name, got, want)
		}
	}
}

func TestReservedSuggestions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"tls": "use_tls", "TLS.Verify": "TLS_Verify", "host": "server", "oauth2.token_url": "auth_token_url", "storage.type": "storage_type",
		"routable": "plugin_routable", "go.limit": "go_limit", "": "",
	} {
		if _, got, _ := config.Reserved("input", name); got != want {
			t.Errorf("Reserved(input, %q) suggests %q, want %q", name, got, want)
		}
	}
}

func TestCheckNames(t *testing.T) {
	t.Parallel()
	type Config struct {
		Window int `flb:"rate_window"`
		Gate   struct {
			Bytes int `flb:"max_bytes"`
		} `flb:"rate_gate."`
		Workers int
	}
	type TLS struct{ TLS bool }
	type Net struct {
		Net struct{ Keepalive bool } `flb:"net."`
	}
	type Own struct {
		Limit int `flb:"go.buffer_limit"`
	}
	type Level struct {
		LogLevel string `flb:"logLevel"`
	}
	const engine = "is kept by the engine for its own use"
	warnings := []string{
		`struct tag on Config.Window: "rate_window" ` + engine + ` (inputs) from 5.1.0 on: never reaches a plugin; call it plugin_rate_window`,
		`struct tag on Config.Gate.Bytes: "rate_gate.max_bytes" ` + engine +
			` (inputs) from 5.1.0 on: never reaches a plugin; call it rate_gate_max_bytes`,
	}
	tests := []struct {
		name     string
		typ      reflect.Type
		kind     string
		warnings []string
		want     string
	}{
		{"some engines", reflect.TypeFor[Config](), "input", warnings, ""},
		{"other kind", reflect.TypeFor[Config](), "custom", nil, ""},
		{"one of several", reflect.TypeFor[Config](), "output", nil,
			`struct tag on Config.Workers: "workers" ` + engine + ` (outputs): never reaches a plugin; call it concurrency`},
		{"tls", reflect.TypeFor[TLS](), "output", nil,
			`struct tag on TLS.TLS: "tls" ` + engine + ` (inputs and outputs): never reaches a plugin; call it use_tls`},
		{"prefix", reflect.TypeFor[Net](), "input", nil, `struct tag on Net.Net.Keepalive: "net.keepalive" ` + engine +
			` (inputs, outputs and customs): never reaches a plugin, and stops the engine in an input; call it net_keepalive`},
		{"the library's", reflect.TypeFor[Own](), "input", nil, `struct tag on Own.Limit: "go.buffer_limit" is kept by this library ` +
			`for its own properties (go.*); call it go_buffer_limit`},
		{"through YAML", reflect.TypeFor[Level](), "input", nil, `struct tag on Level.LogLevel: "logLevel" ` + engine +
			` (inputs, outputs and customs): never reaches a plugin; call it verbosity`},
		{"no kind", reflect.TypeFor[Own](), "filter", nil, `kind "filter" is none of input, output, custom`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := config.Compile(tt.typ)
			if err != nil {
				t.Fatal(err)
			}
			warnings, err := plan.CheckNames(tt.kind)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(tt.warnings, warnings); diff != "" || text != tt.want {
				t.Errorf("CheckNames(%s) = %v, want %s; warnings (-want +got):\n%s", tt.kind, err, tt.want, diff)
			}
		})
	}
}

func TestYAMLNames(t *testing.T) {
	t.Parallel()
	type Config struct {
		APIKey string `flb:"apiKey"`
		Tenant string `flb:"TenantID"`
		URL    string `flb:"my_URL"`
		Snake  string `flb:"snake_case"`
	}
	tests := []struct {
		name string
		src  config.Properties
		want Config
	}{
		{"as declared", config.Properties{"apiKey": "a", "TenantID": "t", "my_URL": "u", "snake_case": "s"}, Config{"a", "t", "u", "s"}},
		{"classic", config.Properties{"apikey": "a", "tenantid": "t", "my_url": "u"}, Config{"a", "t", "u", ""}},
		{"YAML", config.Properties{"api_key": "a", "TenantID": "t", "my_url": "u"}, Config{"a", "t", "u", ""}},
		{"both", config.Properties{"api_key": "a", "apiKey": "b"}, Config{APIKey: "b"}},
		{"one empty", config.Properties{"api_key": "a", "apiKey": ""}, Config{APIKey: "a"}},
		{"only what starts in lower case", config.Properties{"tenant_i_d": "t", "_tenant_i_d": "t"}, Config{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Bind[Config](tt.src)
			if err != nil || got != tt.want {
				t.Errorf("Bind(%v) = %+v, %v, want %+v", tt.src, got, err, tt.want)
			}
		})
	}
}

func TestYAMLCollisions(t *testing.T) {
	t.Parallel()
	type Config struct {
		A string `flb:"apiKey"`
		B string `flb:"Api_Key"`
	}
	type Reverse struct {
		A string `flb:"api_key"`
		B string `flb:"apiKey"`
	}
	for want, typ := range map[string]reflect.Type{
		`struct tag on Config.B: name "Api_Key" is what the engine makes of that of Config.A in YAML`:               reflect.TypeFor[Config](),
		`struct tag on Reverse.B: name "apiKey": in YAML the engine makes it "api_key", which is that of Reverse.A`: reflect.TypeFor[Reverse](),
	} {
		if _, err := config.Compile(typ); err == nil || err.Error() != want {
			t.Errorf("Compile(%v) = %v, want %s", typ, err, want)
		}
	}
}
