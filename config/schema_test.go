package config_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/google/go-cmp/cmp"
)

// described has something of everything that a schema tells.
type described struct {
	Brokers []string      `flb:"brokers" validate:"required,dive,hostname_port" desc:"Where to connect"`
	Bucket  string        `flb:"s3_bucket" validate:"required,min=3,max=63"`
	Topic   string        `flb:"topic" default:"a|b" desc:"Topic | subject, in \x60code\x60; see <docs>, *this* and a __b_c"`
	Quoted  string        `flb:"quoted" default:"say \"it's\": #1"`
	Ticks   string        `flb:"ticks" default:"\x60a\x60\x60b"`
	Codec   string        `flb:"codec" default:"none" validate:"oneof=none gzip zstd"`
	Level   int           `flb:"level" default:"2" validate:"oneof=1 2 3"`
	Batch   int           `flb:"batch_size" default:"500" validate:"min=1,max=10000" desc:"Records per request"`
	Ratio   float64       `flb:"ratio" validate:"gte=0,lte=1"`
	Timeout time.Duration `flb:"timeout" default:"10s" validate:"min=1s" desc:"Per request.\nIt counts from the connect."`
	Limit   config.Size   `flb:"limit" default:"4M" validate:"max=1000000000"`
	Append  bool          `flb:"append_newline" default:"on"`
	Ports   []int         `flb:"ports,sep=space" default:"80 443" validate:"dive,min=1"`
	Three   []string      `flb:"three,sep=;" validate:"min=3"`
	Filter  *regexp.Regexp
	Peer    *netip.AddrPort
	Role    string            `flb:"role_arn" validate:"omitempty,startswith=arn:"`
	Files   map[string]int    `flb:"files,sep=;,kv=:" desc:"Limits by name"`
	Columns map[string]string `flb:"columns,json" desc:"Field to column"`
	Mapping map[string]any    `flb:"mapping,json,file"`
	CA      []byte            `flb:"ca,file"`
	Token   config.Secret     `flb:"token" default:"hunter2" validate:"required"`
	Home    *url.URL          `flb:"home,secret" default:"https://u:hunter2@localhost/" validate:"required"`
	Zone    *time.Location    `flb:"zone" default:"UTC"`
	Old     string            `flb:"old,deprecated" desc:"Use home"`
	APIKey  string            `flb:"apiKey" validate:"required_without=License,excluded_with=License"`
	License string            `flb:"licenseKey" validate:"required_without=APIKey,excluded_with=APIKey"`
	TLS     struct {
		Cert string `flb:"cert_file" validate:"required_with=Key"`
		Key  string `flb:"key_file" validate:"required_with=Cert"`
	} `flb:"go_tls."`
}

func describe[C any](t *testing.T) config.Schema {
	t.Helper()
	schema, err := config.Describe[C]()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSchemaGolden(t *testing.T) {
	t.Parallel()
	s := describe[described](t)
	for _, text := range []string{s.Markdown(), s.Classic("output", "x"), s.YAML("output", "x"), string(s.JSONSchema("output", "x"))} {
		if strings.Contains(text, "hunter") {
			t.Errorf("a secret's default is shown:\n%s", text)
		}
	}
	checkGolden(t, "schema/reference.md.golden", s.Markdown())
	checkGolden(t, "schema/output.conf.golden", s.Classic("output", "kafka"))
	checkGolden(t, "schema/input.conf.golden", s.Classic("input", "kafka"))
	checkGolden(t, "schema/output.yaml.golden", s.YAML("output", "kafka"))
	checkGolden(t, "schema/custom.yaml.golden", s.YAML("custom", "kafka"))
	checkGolden(t, "schema/output.json.golden", string(s.JSONSchema("output", "kafka")))
	checkGolden(t, "schema/input.json.golden", string(s.JSONSchema("input", "kafka")))
}

func TestDescribeMistake(t *testing.T) {
	t.Parallel()
	_, err := config.Describe[struct {
		A chan int
	}]()
	if want := "config: field struct.A: unsupported type chan int"; err == nil || err.Error() != want {
		t.Errorf("Describe() = %v, want %s", err, want)
	}
}

// load is loadSection for a text that uses no variable without a value.
func load(t *testing.T, kind, file, text string) config.Properties {
	t.Helper()
	props, warnings := loadSection(t, kind, file, text)
	if len(warnings) > 0 {
		t.Errorf("Load() warns %v, want nothing\n%s", warnings, text)
	}
	return props
}

// loadSection reads a file as the engine does, and gives the properties of its one section.
func loadSection(t *testing.T, kind, file, text string) (props config.Properties, warnings []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), file)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := conffile.Load(path)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	sections := c.Outputs
	if kind == "input" {
		sections = c.Inputs
	}
	if len(sections) != 1 {
		t.Fatalf("Load() = %d sections, want one\n%s", len(sections), text)
	}
	props = config.Properties{}
	for _, p := range sections[0].Properties {
		props[p.Key] = p.Value
	}
	return props, c.Warnings
}

// uncomment takes away the # in front of properties.
func uncomment(text string) string {
	return regexp.MustCompile(`(?m)^( +)#([^ ])`).ReplaceAllString(text, "$1$2")
}

// samples are the samples of one section, in both forms.
func samples(s config.Schema, kind string) map[string]string {
	return map[string]string{"s.conf": s.Classic(kind, "x"), "s.yaml": s.YAML(kind, "x")}
}

// checkSamples loads the samples of C and binds them: as printed, and with every property that is commented out set.
func checkSamples[C any](t *testing.T, kind string) {
	t.Helper()
	s := describe[C](t)
	for file, text := range samples(s, kind) {
		if problem := problems[C](load(t, kind, file, text)); problem != "" {
			t.Errorf("Bind(%s) = %s, want no error\n%s", file, problem, text)
		}
		all := load(t, kind, file, uncomment(text))
		for _, p := range slices.DeleteFunc(slices.Clone(s.Properties), func(p config.Property) bool { return p.Deprecated }) {
			got, ok := all.Lookup(yamlSpelling(file, p.Name))
			if !ok || p.HasDefault && !p.Secret && !p.Required && got != p.Default {
				t.Errorf("%s sets %s to %q, want %q", file, p.Name, got, p.Default)
			}
		}
	}
}

// yamlSpelling is the key that the engine makes of a name in YAML.
func yamlSpelling(file, name string) string {
	if file == "s.conf" || strings.Contains(name, "_") || name[0] < 'a' {
		return name
	}
	return regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(name, func(c string) string { return "_" + strings.ToLower(c) })
}

func TestSamplesLoad(t *testing.T) {
	t.Parallel()
	checkSamples[described](t, "output")
	checkSamples[described](t, "input")
}

// ruled has rules that want an example of their own.
type ruled struct {
	File   string        `validate:"required,endswith=.log"`
	Mail   string        `validate:"required,email"`
	At     string        `validate:"required,contains=@"`
	Either string        `validate:"required,ip|uuid"`
	Port   uint16        `validate:"required,port"`
	Wait   time.Duration `validate:"required,min=1m,max=2m"`
	Limit  config.Size   `validate:"required,max=1000"`
	Ratio  float64       `validate:"required,gt=0,lt=2"`
	Level  slog.Level    `validate:"required"`
	Net    netip.Prefix  `validate:"required"`
	Modes  []string      `validate:"required,min=2,dive,oneof=a b"`
	Long   string        `validate:"required,len=3"`
	After  uint16        `validate:"omitempty,gtfield=Port"`
}

func TestRuledSchema(t *testing.T) {
	t.Parallel()
	checkSamples[ruled](t, "output")
	s := describe[ruled](t)
	checkGolden(t, "schema/ruled.md.golden", s.Markdown())
	checkGolden(t, "schema/ruled.conf.golden", s.Classic("output", "ruled"))
}

func TestSampleBindsDefaults(t *testing.T) {
	t.Parallel()
	type Config struct {
		Bucket string        `validate:"required"`
		Wait   time.Duration `default:"10s"`
		Names  []string      `default:"a,b"`
		Note   string        `default:"it's: #1"`
		On     bool          `default:"yes"`
	}
	for file, text := range samples(describe[Config](t), "output") {
		want := Config{"BUCKET", 10 * time.Second, []string{"a", "b"}, "it's: #1", true}
		for _, text := range []string{text, uncomment(text)} {
			got, err := config.Bind[Config](load(t, "output", file, text))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("Bind(%s) = %v (-want +got):\n%s\n%s", file, err, diff, text)
			}
		}
	}
}

func TestInexpressibleDefaults(t *testing.T) {
	t.Parallel()
	type Config struct {
		Text  string `default:"a\nb: '"`
		Blank string `default:" a  b "`
	}
	s := describe[Config](t)
	if got := s.Classic("output", "x"); !strings.Contains(got, "# text has a default that this form of the file cannot express\n") {
		t.Errorf("Classic() = %s, want a remark", got)
	}
	text := s.YAML("output", "x")
	if want := "# blank has a default that this form of the file cannot express\n"; !strings.Contains(text, want) {
		t.Errorf("YAML() = %s, want %s", text, want)
	}
	if got, want := s.Markdown(), "| `\" a  b \"` |"; !strings.Contains(got, want) {
		t.Errorf("Markdown() = %s, want %s", got, want)
	}
	got, err := config.Bind[Config](load(t, "output", "s.yaml", uncomment(text)))
	if want := "a\nb: '"; err != nil || got.Text != want {
		t.Errorf("Bind(YAML()) = %q, %v, want %q", got.Text, err, want)
	}
}

// FuzzSampleValue: what a sample sets is what the file's reader gives back.
func FuzzSampleValue(f *testing.F) {
	for _, text := range []string{"a", "it's: #1", "'", "\"", "a\nb", "-", "- a", "{a: b}", "[a]", "on", "0x1F", "null", "~", "&a", "*a", "!a", "%a",
		"@a", "a #b", "#a", "a: b", "a:", "\\t", "?", "| a", "> a", "é", "\u2028", "\ufeff", "\x00", "\x7f", "=", "<<"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text != strings.TrimSpace(text) || text == "" || strings.Contains(text, "${") || !utf8.ValidString(text) {
			t.Skip("the engine trims and expands values")
		}
		s := config.Schema{Properties: []config.Property{{Name: "p", Kind: "text", Type: "string", Default: text, HasDefault: true}}}
		for file, sample := range samples(s, "output") {
			if strings.Contains(sample, "cannot express") {
				continue
			}
			if got := load(t, "output", file, uncomment(sample))["p"]; got != text {
				t.Errorf("%s sets %q, want %q", file, got, text)
			}
		}
	})
}

func TestDescribeNested(t *testing.T) {
	t.Parallel()
	type creds struct {
		User string        `validate:"required"`
		Wait time.Duration `default:"1s" validate:"min=1s"`
	}
	type Config struct {
		common
		Auth  *creds
		Proxy creds `flb:"proxy."`
	}
	s := describe[*Config](t)
	checkGolden(t, "schema/nested.md.golden", s.Markdown())
	n := parseJSONSchema(t, s.JSONSchema("output", "x"))
	if diff := cmp.Diff([]string{"name", "proxy.user"}, n.Required); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
	for file, text := range samples(s, "output") {
		got, err := config.Bind[*Config](load(t, "output", file, text))
		want := &Config{common: common{"x"}, Proxy: creds{"PROXY_USER", time.Second}}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Config{})); err != nil || diff != "" {
			t.Errorf("Bind(%s) = %v (-want +got):\n%s\n%s", file, err, diff, text)
		}
	}
}

type common struct {
	Host string `flb:"server" default:"x"`
}

func TestJoin(t *testing.T) {
	t.Parallel()
	type own struct {
		Limit config.Size `flb:"go.buffer_limit" default:"32M" validate:"min=1"`
	}
	s := config.Join(describe[described](t), describe[own](t))
	if got := s.Classic("output", "x"); !strings.Contains(got, "#go.buffer_limit   32M\n") || !strings.Contains(got, " host:9092\n") {
		t.Errorf("Classic() = %s, want properties of both", got)
	}
}

// jsonNode is as much of a JSON Schema as this package writes.
type jsonNode struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Const                any
	Enum                 []any
	Pattern              string
	MinLength, MaxLength *int
	Minimum, Maximum     *float64
	AnyOf                []jsonNode
	Default              any
	WriteOnly            bool
	Properties           map[string]jsonNode
	PatternProperties    map[string]jsonNode
	AdditionalProperties *bool
	Required             []string
	Defs                 map[string]jsonNode `json:"$defs"`
}

// allows judges a value by the keywords that this package writes.
func (n *jsonNode) allows(root *jsonNode, v any) bool {
	if name, ok := strings.CutPrefix(n.Ref, "#/$defs/"); ok {
		def := root.Defs[name]
		return def.allows(root, v)
	}
	if n.Enum != nil && !slices.Contains(n.Enum, v) || n.Const != nil && n.Const != v || !n.allowsType(v) {
		return false
	}
	switch v := v.(type) {
	case string:
		if n.MinLength != nil && len(v) < *n.MinLength || n.MaxLength != nil && len(v) > *n.MaxLength {
			return false
		}
		if n.Pattern != "" && !regexp.MustCompile(n.Pattern).MatchString(v) {
			return false
		}
	case float64:
		if n.Minimum != nil && v < *n.Minimum || n.Maximum != nil && v > *n.Maximum {
			return false
		}
	}
	return n.AnyOf == nil || slices.ContainsFunc(n.AnyOf, func(a jsonNode) bool { return a.allows(root, v) })
}

func (n *jsonNode) allowsType(v any) bool {
	types, ok := n.Type.([]any)
	if !ok {
		types = []any{n.Type}
	}
	name := map[string]bool{}
	switch v := v.(type) {
	case string:
		name["string"] = true
	case bool:
		name["boolean"] = true
	case float64:
		name["number"], name["integer"] = true, v == float64(int64(v))
	case []any:
		name["array"] = true
	case map[string]any:
		name["object"] = true
	}
	return n.Type == nil || slices.ContainsFunc(types, func(t any) bool { return name[t.(string)] })
}

// refused names the first thing in a section that the schema does not allow, or "".
func (n *jsonNode) refused(section map[string]any) string {
	for _, name := range n.Required {
		if _, ok := section[name]; !ok {
			return name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(section)) {
		p, ok := n.Properties[name]
		if !ok && !strings.HasPrefix(name, "go.") || ok && !p.allows(n, section[name]) {
			return name
		}
	}
	return ""
}

func parseJSONSchema(t *testing.T, text []byte) *jsonNode {
	t.Helper()
	var n jsonNode
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if n.Type != "object" || n.AdditionalProperties == nil || *n.AdditionalProperties {
		t.Errorf("JSONSchema(): type %v, additionalProperties %v, want an object that is closed", n.Type, n.AdditionalProperties)
	}
	for name, p := range n.Properties {
		if p.Default != nil && !p.allows(&n, p.Default) {
			t.Errorf("JSONSchema(): %s does not allow its default %v", name, p.Default)
		}
	}
	return &n
}

func TestJSONSchema(t *testing.T) {
	t.Parallel()
	n := parseJSONSchema(t, describe[described](t).JSONSchema("output", "kafka"))
	if diff := cmp.Diff([]string{"name", "brokers", "s3_bucket", "three"}, n.Required); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
	for _, name := range []string{"token", "home"} {
		if p := n.Properties[name]; !p.WriteOnly || p.Default != nil {
			t.Errorf("%s: writeOnly %t, default %v, want true and none", name, p.WriteOnly, p.Default)
		}
	}
	tests := []struct {
		name  string
		key   string
		value any
		want  bool
	}{
		{"engine's", "match", "*", true},
		{"engine's, of inputs", "tag", "x", false},
		{"engine's, no use", "tls", "on", false},
		{"library's", "go.buffer_limit", "1M", true},
		{"other name", "name", "redis", false},
		{"misspelt", "brokerss", "a:1", false},
		{"text", "topic", "t", true},
		{"text as a number", "topic", 7., true},
		{"array", "brokers", []any{"a:1", "b:1"}, false},
		{"map", "topic", map[string]any{}, false},
		{"short", "s3_bucket", "ab", false},
		{"long", "s3_bucket", strings.Repeat("a", 64), false},
		{"variable", "s3_bucket", "${B}", true},
		{"variable for a number", "batch_size", "${N}", true},
		{"number", "batch_size", 10000., true},
		{"number as text", "batch_size", "10", true},
		{"number, too large", "batch_size", 10001., false},
		{"number, fraction", "batch_size", 1.5, false},
		{"number, no number", "batch_size", "many", false},
		{"one of", "codec", "gzip", true},
		{"one of, other", "codec", "lz4", false},
		{"one of numbers", "level", 2., true},
		{"one of numbers as text", "level", "2", true},
		{"one of numbers, other", "level", 4., false},
		{"bool", "append_newline", true, true},
		{"bool as text", "append_newline", "OFF", true},
		{"bool as number", "append_newline", 0., true},
		{"bool, other number", "append_newline", 2., false},
		{"bool, other text", "append_newline", "maybe", false},
		{"duration", "timeout", "1m30s", true},
		{"duration in seconds", "timeout", 1.5, true},
		{"duration, too short", "timeout", 0.5, false},
		{"duration, other", "timeout", "5 parsecs", false},
		{"size", "limit", "4M", true},
		{"size in bytes", "limit", 4096., true},
		{"size, too large", "limit", 2e9, false},
		{"size, other", "limit", "4 apples", false},
		{"secret", "token", "s3cret", true},
		{"JSON", "columns", `{"a":"b"}`, true},
		{"JSON as a map", "columns", map[string]any{"a": "b"}, false},
		{"map", "files", "a:1;b:2", true},
		{"map as a map", "files", map[string]any{"a": 1.}, false},
		{"file", "ca", "/etc/ca.pem", true},
		{"list", "ports", "80 443", true},
		{"list of one", "ports", 80., true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			section := map[string]any{"name": "kafka", "brokers": "a:1", "s3_bucket": "bucket", "three": "a;b;c", tt.key: tt.value}
			if got := n.refused(section) == ""; got != tt.want {
				t.Errorf("schema allows %s: %v = %t, want %t", tt.key, tt.value, got, tt.want)
			}
		})
	}
}

func TestMarkdownWithoutProperties(t *testing.T) {
	t.Parallel()
	s, err := config.Describe[struct{}]()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Markdown(), "No properties.\n"; got != want {
		t.Errorf("Markdown() = %q, want %q", got, want)
	}
}
