package config_test

import (
	"encoding"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/calyptia/plugin/config"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// realPlugin is one of the plugins whose configurations plugins_test.go declares.
type realPlugin struct {
	name, kind string
	typ        reflect.Type
	minimal    config.Properties // all that it needs
	cases      []realCase
	refused    string // what the plugin's own Validate says to a sample; empty for nothing
	unlike     map[string]string
}

// realCase is one section: the minimal one, and these properties.
type realCase struct {
	name string
	set  config.Properties // an empty value unsets
}

var realPlugins = []realPlugin{
	{
		name: "kinesis", kind: "output", typ: reflect.TypeFor[kinesis](),
		minimal: config.Properties{"stream": "events", "region": "eu-west-1"},
		cases: []realCase{
			{"all", config.Properties{"data_keys": "a, b", "partition_key": "kubernetes->pod_name", "endpoint": "https://kinesis.test",
				"append_newline": "yes", "time_key": "time", "time_key_format": "%s", "experimental_concurrency": "10",
				"compression": "zlib", "http_request_timeout": "30"}},
			{"required, empty", config.Properties{"stream": ""}},
			{"nothing", config.Properties{"stream": "", "region": ""}},
			{"partition key log", config.Properties{"partition_key": "log"}},
			{"path with a hole", config.Properties{"partition_key": "a->"}},
			{"time format", config.Properties{"time_key_format": "%Y-%Q"}},
			{"out of bounds", config.Properties{"experimental_concurrency": "11", "experimental_concurrency_retries": "-1"}},
			{"enumeration", config.Properties{"compression": "lz4"}},
			{"negative timeout", config.Properties{"http_request_timeout": "-1"}},
			{"no URL", config.Properties{"endpoint": "kinesis test"}},
		},
	},
	{
		name: "cloudwatch", kind: "output", typ: reflect.TypeFor[cloudwatch](),
		minimal: config.Properties{"region": "eu-west-1", "log_group_name": "$(tag[0])", "log_stream_name": "s-$(tag)"},
		cases: []realCase{
			{"all", config.Properties{"new_log_group_tags": "team=ops, stage = test", "log_retention_days": "30", "external_id": "x"}},
			{"bool off", config.Properties{"auto_create_stream": "off"}},
			{"bool no", config.Properties{"auto_create_stream": "no"}},
			{"no bool", config.Properties{"auto_create_stream": "nope"}},
			{"unit on a number", config.Properties{"log_retention_days": "30d"}},
			{"both of the group", config.Properties{"log_stream_prefix": "p-"}},
			{"none of the group", config.Properties{"log_stream_name": ""}},
			{"map without value", config.Properties{"new_log_group_tags": "team=ops,stage"}},
		},
	},
	{
		name: "newrelic", kind: "output", typ: reflect.TypeFor[newrelic](),
		minimal: config.Properties{"licenseKey": "hunter2"},
		cases: []realCase{
			{"other key", config.Properties{"licenseKey": "", "apiKey": "hunter2"}},
			{"both keys", config.Properties{"apiKey": "hunter3"}},
			{"no key", config.Properties{"licenseKey": ""}},
			{"spellings of YAML", config.Properties{"licenseKey": "", "api_key": "hunter2", "http_client_timeout": "1m"}},
			{"seconds", config.Properties{"httpClientTimeout": "2.5"}},
			{"no seconds", config.Properties{"httpClientTimeout": "5 parsecs"}},
			{"deprecated", config.Properties{"maxRecords": "10"}},
			{"enumeration", config.Properties{"compression": "none"}},
		},
	},
	{
		name: "grafana-loki", kind: "output", typ: reflect.TypeFor[loki](),
		minimal: config.Properties{},
		unlike:  map[string]string{"DqueDir": "no variables in a struct tag"},
		cases: []realCase{
			{"all", config.Properties{"url": "https://loki.test/push", "BatchWait": "3", "BatchSize": "2M", "Timeout": "1m30s",
				"Labels": `{job="x",env="y"}`, "LogLevel": "warn", "RemoveKeys": "a,b", "LineFormat": "key_value",
				"LabelMapPath": `inline:{"kubernetes":{"pod":"pod"}}`, "DropSingleKey": "no"}},
			{"labels without braces", config.Properties{"Labels": `job="x"`}},
			{"labels without quotes", config.Properties{"Labels": "{job=x}"}},
			{"two durations", config.Properties{"MinBackoff": "5s", "MaxBackoff": "1s"}},
			{"enumerations", config.Properties{"LogLevel": "loud", "LineFormat": "xml", "DqueSync": "half"}},
			{"JSON", config.Properties{"LabelMapPath": "inline:{"}},
			{"no file", config.Properties{"LabelMapPath": "/nowhere/labels.json"}},
			{"size", config.Properties{"BatchSize": "1 MB"}},
		},
	},
	{
		name: "out_clp_s3", kind: "output", typ: reflect.TypeFor[clpS3](),
		minimal: config.Properties{"s3_bucket": "logs"},
		unlike:  map[string]string{"id": "computed"},
		cases: []realCase{
			{"all", config.Properties{"role_arn": "arn:aws:iam::1:role/x", "id": "a", "use_single_key": "off", "upload_size_mb": "999",
				"time_zone": "UTC"}},
			{"too small", config.Properties{"upload_size_mb": "1"}},
			{"too large", config.Properties{"upload_size_mb": "1000"}},
			{"no such zone", config.Properties{"time_zone": "Mars/X"}},
			{"role", config.Properties{"role_arn": "role/x"}},
			{"required, empty", config.Properties{"s3_bucket": ""}},
		},
	},
	{
		name: "logzio", kind: "output", typ: reflect.TypeFor[logzio](),
		minimal: config.Properties{"logzio_token": "hunter2"},
		cases: []realCase{
			{"all", config.Properties{"headers": "X-A:1, X-B: a=b", "dedot_enabled": "ON", "dedot_new_separator": "-",
				"proxy_host": "http://proxy.test:8080", "proxy_user": "u", "proxy_pass": "hunter3", "logzio_bulk_size_mb": "9"}},
			{"separator", config.Properties{"dedot_new_separator": "."}},
			{"headers with =", config.Properties{"headers": "X-A=1"}},
			{"bulk size", config.Properties{"logzio_bulk_size_mb": "10"}},
			{"no token", config.Properties{"logzio_token": ""}},
			{"deprecated", config.Properties{"id": "1"}},
		},
	},
	{
		name: "amqp", kind: "output", typ: reflect.TypeFor[amqp](),
		minimal: config.Properties{},
		unlike:  map[string]string{"tls": "reserved"},
		cases: []realCase{
			{"all", config.Properties{"url": "amqps://u:hunter2@mq.test/v", "exchange": "logs", "tls_enabled": "on", "tls_cert_file": "c",
				"tls_key_file": "k", "no_wait": "1"}},
			{"durable yes", config.Properties{"durable": "yes"}},
			{"durable off", config.Properties{"durable": "off"}},
			{"a bad bool", config.Properties{"cloudevents": "maybe"}},
			{"half a pair", config.Properties{"tls_cert_file": "c"}},
			{"other half", config.Properties{"tls_key_file": "k"}},
			{"secret in a URL", config.Properties{"url": "amqp://u:hunter2@mq test:x/"}},
		},
	},
	{
		name: "ydb", kind: "output", typ: reflect.TypeFor[ydb](),
		minimal: config.Properties{"ConnectionURL": "grpc://ydb.test:2136/local", "TablePath": "logs",
			"Columns": `{".timestamp":"ts",".input":"input","log":"message"}`, "CredentialsToken": "hunter2"},
		refused: "no column for",
		cases: []realCase{
			{"login and password", config.Properties{"CredentialsToken": "", "CredentialsStaticLogin": "u", "CredentialsStaticPassword": "hunter3"}},
			{"login alone", config.Properties{"CredentialsToken": "", "CredentialsStaticLogin": "u"}},
			{"password alone", config.Properties{"CredentialsToken": "", "CredentialsStaticPassword": "hunter3"}},
			{"metadata off beside a token", config.Properties{"CredentialsYcMetadata": "off", "CredentialsAnonymous": "false"}},
			{"anonymous and token", config.Properties{"CredentialsAnonymous": "on"}},
			{"key and token", config.Properties{"CredentialsYcServiceAccountKey": `inline:{"id":"hunter3"}`}},
			{"no credentials", config.Properties{"CredentialsToken": ""}},
			{"anonymous off alone", config.Properties{"CredentialsToken": "", "CredentialsAnonymous": "off"}},
			{"certificates", config.Properties{"Certificates": "inline:-----BEGIN"}},
			{"certificates of no file", config.Properties{"Certificates": "/nowhere/ca.pem"}},
			{"broken columns", config.Properties{"Columns": "{"}},
			{"columns that are a list", config.Properties{"Columns": `["log"]`}},
			{"columns without timestamp", config.Properties{"Columns": `{".input":"input"}`}},
		},
	},
	{
		name: "redis", kind: "output", typ: reflect.TypeFor[redis](),
		minimal: config.Properties{},
		cases: []realCase{
			{"all", config.Properties{"Hosts": "a b:1  [::1]:6380 [::2]", "Password": "hunter2", "DB": "3", "UseTLS": "yes", "TLSSkipVerify": "0"}},
			{"no number", config.Properties{"DB": "one"}},
			{"port", config.Properties{"Hosts": "a:b"}},
			{"ports", config.Properties{"Hosts": "a:1 b:65536 c:x"}},
			{"IPv6", config.Properties{"Hosts": "[::1]:6379"}},
		},
	},
	{
		name: "beats", kind: "input", typ: reflect.TypeFor[beats](),
		minimal: config.Properties{},
		cases: []realCase{
			{"all", config.Properties{"address": "beats.test:5045", "tls_active": "on", "cert_file": "c", "key_file": "k", "ca_file": "ca"}},
			{"ca_file without tls_active", config.Properties{"ca_file": "ca"}},
			{"tls_active alone", config.Properties{"tls_active": "on"}},
			{"address", config.Properties{"address": "0.0.0.0"}},
			{"buffer size", config.Properties{"buffer_size": "0"}},
		},
	},
}

func TestRealPlugins(t *testing.T) {
	t.Parallel()
	for _, p := range realPlugins {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			plan, err := config.Compile(p.typ)
			if err != nil {
				t.Fatal(err)
			}
			if warnings, err := plan.CheckNames(p.kind); err != nil || len(warnings) > 0 {
				t.Errorf("CheckNames(%s) = %q, %v, want nothing", p.kind, warnings, err)
			}
			minimal := p.outcome(t, plan, nil)
			var b strings.Builder
			fmt.Fprintf(&b, "# minimal: %s\n%s\n", listed(p.minimal), strings.Join(minimal, "\n"))
			for _, c := range p.cases {
				fmt.Fprintf(&b, "\n# %s: %s\n%s\n", c.name, listed(c.set), strings.Join(news(minimal, p.outcome(t, plan, c.set)), "\n"))
			}
			checkGolden(t, "plugins/"+p.name+".golden", b.String())
			checkGolden(t, "plugins/"+p.name+".md.golden", plan.Schema().Markdown())
		})
	}
}

// outcome binds the minimal section with set, and gives the error, or a line for each field.
func (p *realPlugin) outcome(t *testing.T, plan *config.Plan, set config.Properties) []string {
	t.Helper()
	section := maps.Clone(p.minimal)
	maps.Copy(section, set)
	v, err := plan.Bind(section)
	if err != nil {
		if strings.Contains(err.Error(), "hunter") {
			t.Errorf("Bind(%v) = %v, want no secret in it", section, err)
		}
		return []string{err.Error()}
	}
	return fieldLines("", v)
}

// fieldLines prints a struct, a line a field.
func fieldLines(path string, v reflect.Value) (lines []string) {
	for i := range v.NumField() {
		name, f := path+v.Type().Field(i).Name, v.Field(i)
		if nested := f.Kind() == reflect.Struct && f.Type().PkgPath() == v.Type().PkgPath(); nested && !isText(f) {
			lines = append(lines, fieldLines(name+".", f)...)
			continue
		}
		lines = append(lines, name+" = "+printed(f.Interface()))
	}
	return lines
}

func isText(v reflect.Value) bool {
	return reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func printed(v any) string {
	switch v := v.(type) {
	case config.Secret:
		return "secret " + strconv.Quote(v.Reveal())
	case fmt.Formatter, fmt.Stringer:
		return fmt.Sprintf("%v", v)
	}
	return strings.TrimPrefix(fmt.Sprintf("%#v", v), "config_test.")
}

// news are the lines of got that base lacks.
func news(base, got []string) []string {
	lines := slices.DeleteFunc(got, func(line string) bool { return slices.Contains(base, line) })
	if len(lines) == 0 {
		return []string{"(the same)"}
	}
	return lines
}

func listed(props config.Properties) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(props)) {
		list = append(list, k+"="+props[k])
	}
	return strings.Join(list, " ; ")
}

// TestRealSamples loads what the schemas of the plugins print.
func TestRealSamples(t *testing.T) {
	t.Parallel()
	for _, p := range realPlugins {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			plan, err := config.Compile(p.typ)
			if err != nil {
				t.Fatal(err)
			}
			for file, text := range samples(plan.Schema(), p.kind) {
				_, err := plan.Bind(load(t, p.kind, file, text))
				if got := fmt.Sprint(err); got != "<nil>" && (p.refused == "" || !strings.Contains(got, p.refused)) {
					t.Errorf("Bind(%s) = %s, want nil or %s\n%s", file, got, p.refused, text)
				}
				load(t, p.kind, file, uncomment(text))
			}
		})
	}
}

// TestRealJSONSchemas shows the mistakes that nobody sees at the level of a value: a key that does not exist, a YAML array.
// That the engine refuses the first, hands over one element of the second and takes the first of two values for one key
// is tested where files are read (internal/engine/conffile) and with the engine itself (internal/e2e).
func TestRealJSONSchemas(t *testing.T) {
	t.Parallel()
	for _, p := range realPlugins {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			plan, err := config.Compile(p.typ)
			if err != nil {
				t.Fatal(err)
			}
			n := parseJSONSchema(t, plan.Schema().JSONSchema(p.kind, p.name))
			section := map[string]any{"name": p.name, "log_level": "debug", "alias": "a"}
			for k, v := range p.minimal {
				section[k] = v
			}
			if got := n.refused(section); got != "" {
				t.Errorf("schema refuses %s of %v, want nothing", got, section)
			}
			first := plan.Properties()[0].Name
			for key, value := range map[string]any{"durablee": "on", first: []any{"a", "b"}} {
				wrong := maps.Clone(section)
				wrong[key] = value
				if got := n.refused(wrong); got != key {
					t.Errorf("schema refuses %q of %v, want %s", got, wrong, key)
				}
			}
		})
	}
}

// TestUnsetVariable: the engine makes an empty text of a variable that is not set.
func TestUnsetVariable(t *testing.T) {
	t.Parallel()
	const text = "[OUTPUT]\n    name kinesis\n    region ${FLB_TEST_REGION:-eu-west-1}\n    stream x${FLB_TEST_UNSET}\n    log_key ${FLB_TEST_UNSET}\n"
	props, _ := loadSection(t, "output", "v.conf", text)
	got, err := config.Bind[kinesis](props)
	if err != nil || got.Region != "eu-west-1" || got.Stream != "x" || got.LogKey != "" {
		t.Errorf("Bind(%v) = %+v, %v, want the variables' values", props, got, err)
	}
	props, _ = loadSection(t, "output", "v.conf", strings.Replace(text, " x$", " $", 1))
	if got, want := problems[kinesis](props), "stream: required, not set"; got != want {
		t.Errorf("Bind(%v) = %s, want %s", props, got, want)
	}
}

// TestRealReservedNames: what two plugins of today call properties that never reach them.
func TestRealReservedNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind string
		typ        reflect.Type
		want       string
	}{
		{"amqp", "output", reflect.TypeFor[struct {
			TLS bool `flb:"tls" default:"false"`
		}](), `struct tag on struct.TLS: "tls" is kept by the engine for its own use (inputs and outputs): never reaches a plugin; call it use_tls`},
		{"beats", "input", reflect.TypeFor[struct {
			Listen string `flb:"listen" default:"0.0.0.0"`
		}](), `struct tag on struct.Listen: "listen" is kept by the engine for its own use (inputs): never reaches a plugin; call it address`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := config.Compile(tt.typ)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := plan.CheckNames(tt.kind); err == nil || err.Error() != tt.want {
				t.Errorf("CheckNames(%s) = %v, want %s", tt.kind, err, tt.want)
			}
		})
	}
}

// listedPlugin is a plugin as testdata/plugins.yaml has it.
type listedPlugin struct {
	Plugin, Kind string
	Keys         []struct {
		Name   string
		Type   string
		Req    bool
		Def    *string
		Secret bool
		Values []string
	}
}

// TestRealPluginsAreComplete compares the structs with the list of what the plugins have today.
func TestRealPluginsAreComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/plugins.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var plugins []listedPlugin
	if err := yaml.Unmarshal(text, &plugins); err != nil {
		t.Fatal(err)
	}
	if len(plugins) != len(realPlugins) {
		t.Fatalf("testdata/plugins.yaml has %d plugins, want %d", len(plugins), len(realPlugins))
	}
	for i, l := range plugins {
		p := realPlugins[i]
		plan, err := config.Compile(p.typ)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]config.Property{}
		for _, prop := range plan.Properties() {
			known[prop.Name] = prop
		}
		for _, k := range l.Keys {
			if p.unlike[k.Name] != "" {
				continue
			}
			want := config.Property{Name: k.Name, Required: k.Req && k.Def == nil, Values: k.Values, Secret: k.Secret || strings.Contains(k.Type, "secret")}
			if k.Def != nil {
				want.Default = *k.Def
			}
			prop := known[k.Name]
			got := config.Property{Name: prop.Name, Required: prop.Required, Values: prop.Values, Secret: prop.Secret, Default: prop.Default}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (-listed +declared):\n%s", p.name, k.Name, diff)
			}
		}
	}
}
