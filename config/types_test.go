package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/google/go-cmp/cmp"
)

// matcher has UnmarshalText, and an error of its own.
type matcher struct{ key, value string }

var errSelector = errors.New("no {key=value}")

func (s *matcher) UnmarshalText(text []byte) (err error) {
	body, opened := strings.CutPrefix(string(text), "{")
	body, closed := strings.CutSuffix(body, "}")
	var ok bool
	if s.key, s.value, ok = strings.Cut(body, "="); !ok || !opened || !closed {
		return fmt.Errorf("%w in %s", errSelector, text)
	}
	return nil
}

func (s *matcher) String() string { return "{" + s.key + "=" + s.value + "}" }

type columns struct {
	Time  string `json:".timestamp"`
	Input string `json:".input"`
	Limit uint8
}

type rich struct {
	Secret   config.Secret
	Secrets  []config.Secret
	Hidden   int `flb:"hidden,secret"`
	URL      *url.URL
	Value    url.URL
	URLs     []*url.URL
	Proxy    string
	Regexp   *regexp.Regexp
	Zone     *time.Location
	Level    slog.Level
	Peer     netip.AddrPort
	Selector matcher
	Time     *time.Time
	Labels   map[string]string
	Counts   map[mode]int      `flb:"counts,sep=;,kv=:"`
	Words    map[string]string `flb:"words,sep=;,kv=space"`
	Blanks   map[string]string `flb:"blanks,sep=space"`
	Tokens   map[string]config.Secret
	Columns  columns                 `flb:"columns,json"`
	Any      any                     `flb:"any,json"`
	Ptr      *columns                `flb:"ptr,json"`
	Hush     columns                 `flb:"hush,json,secret"`
	HushSel  matcher                 `flb:"hush_sel,secret"`
	Text     string                  `flb:"text,file"`
	Bytes    []byte                  `flb:"bytes,file"`
	Key      config.Secret           `flb:"key,file"`
	Document map[string]int          `flb:"document,json,file"`
	HushDoc  map[string]int          `flb:"hush_doc,json,file,secret"`
	Default  map[string]*url.URL     `default:"a=http://h"`
	Inline   string                  `flb:"inline,file" default:"inline:text"`
	Absent   string                  `flb:"absent,file" default:"/not/here"`
	Nested   struct{ APIKey string } `flb:"nested."`
}

// richFile makes files in a folder and gives a set of properties that is right except for the absent file.
func richFile(t *testing.T) config.Properties {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return config.Properties{
		"text": write("text", "a\n"), "bytes": write("bytes", "\x00\n"), "key": write("key", "hunter2\r\n"),
		"document": write("document", `{"a": 1}`), "absent": "inline:",
	}
}

func TestRichValues(t *testing.T) {
	t.Parallel()
	files := richFile(t)
	tests := []struct {
		key, value string
		get        func(rich) any
		want       any
	}{
		{"secret", "hunter2", func(r rich) any { return r.Secret.Reveal() }, "hunter2"},
		{"secrets", "a, b", func(r rich) any { return r.Secrets[1].Reveal() }, "b"},
		{"hidden", "3", func(r rich) any { return r.Hidden }, 3},
		{"url", "amqp://u:p@h:5672/x", func(r rich) any { return r.URL.String() }, "amqp://u:p@h:5672/x"},
		{"value", "http://h", func(r rich) any { return r.Value.Host }, "h"},
		{"urls", "http://a,http://b", func(r rich) any { return r.URLs[1].Host }, "b"},
		{"regexp", "^a+$", func(r rich) any { return r.Regexp.MatchString("aa") }, true},
		{"zone", "America/Toronto", func(r rich) any { return r.Zone.String() }, "America/Toronto"},
		{"zone", "UTC", func(r rich) any { return r.Zone == time.UTC }, true},
		{"level", "Warn", func(r rich) any { return r.Level }, slog.LevelWarn},
		{"peer", "[::1]:80", func(r rich) any { return r.Peer.Port() }, uint16(80)},
		{"selector", "{a=b}", func(r rich) any { return r.Selector.value }, "b"},
		{"time", "2026-01-02T03:04:05Z", func(r rich) any { return r.Time.Unix() }, int64(1767323045)},
		{"labels", " a = b=c , d= ,", func(r rich) any { return r.Labels }, map[string]string{"a": "b=c", "d": ""}},
		{"counts", "a:1;b: 2", func(r rich) any { return r.Counts }, map[mode]int{"a": 1, "b": 2}},
		{"words", "a  b c; d\te", func(r rich) any { return r.Words }, map[string]string{"a": "b c", "d": "e"}},
		{"blanks", "a=b  c=d", func(r rich) any { return r.Blanks }, map[string]string{"a": "b", "c": "d"}},
		{"labels", ", ,", func(r rich) any { return r.Labels == nil }, true},
		{"tokens", "a=b", func(r rich) any { return r.Tokens["a"].Reveal() }, "b"},
		{"columns", `{".timestamp":"t","limit":3}`, func(r rich) any { return r.Columns }, columns{Time: "t", Limit: 3}},
		{"any", `[1,"a"]`, func(r rich) any { return r.Any }, []any{1.0, "a"}},
		{"any", `null`, func(r rich) any { return r.Any }, nil},
		{"ptr", `{".input":"t"}`, func(r rich) any { return r.Ptr }, &columns{Input: "t"}},
		{"ptr", ``, func(r rich) any { return r.Ptr == nil }, true},
		{"text", files["text"], func(r rich) any { return r.Text }, "a\n"},
		{"text", "inline:inline:b", func(r rich) any { return r.Text }, "inline:b"},
		{"bytes", files["bytes"], func(r rich) any { return r.Bytes }, []byte("\x00\n")},
		{"key", files["key"], func(r rich) any { return r.Key.Reveal() }, "hunter2"},
		{"key", "inline:x", func(r rich) any { return r.Key.Reveal() }, "x"},
		{"document", files["document"], func(r rich) any { return r.Document }, map[string]int{"a": 1}},
		{"document", `{"b":2}`, func(r rich) any { return r.Document }, map[string]int{"b": 2}},
		{"document", `inline: {"b":2}`, func(r rich) any { return r.Document }, map[string]int{"b": 2}},
		{"default", ``, func(r rich) any { return r.Default["a"].Host }, "h"},
		{"inline", ``, func(r rich) any { return r.Inline }, "text"},
		{"nested.apiKey", "x", func(r rich) any { return r.Nested.APIKey }, ""},
		{"nested.api_key", "x", func(r rich) any { return r.Nested.APIKey }, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.key+"="+tt.value, func(t *testing.T) {
			t.Parallel()
			src := config.Properties{"absent": "inline:", tt.key: tt.value}
			r, err := config.Bind[rich](src)
			if err != nil {
				t.Fatalf("Bind(%v) = %v", src, err)
			}
			if diff := cmp.Diff(tt.want, tt.get(r)); diff != "" {
				t.Errorf("Bind(%v) (-want +got):\n%s", src, diff)
			}
		})
	}
}

func TestRichErrors(t *testing.T) {
	t.Parallel()
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 16<<20+1); err != nil {
		t.Fatal(err)
	}
	const (
		notURL  = ` is not a URL (want scheme://host/path)`
		notFile = ` is not a file that can be read`
		notJSON = ` is not JSON as wanted`
	)
	tests := []struct{ key, value, want string }{
		{"hidden", "hunter2", `*** is not a whole number`},
		{"url", "localhost:3100", `"localhost:3100"` + notURL},
		{"url", "/path", `"/path"` + notURL},
		{"url", "http://", `"http://"` + notURL},
		{"url", "http://:80", `"http://:80"` + notURL},
		{"url", "unix:///run/x", `"unix:///run/x"` + notURL},
		{"url", "amqp://u:hunter2%@h", `"amqp://u:***@h"` + notURL},
		{"url", "amqp://u:hunter2/#@h:x", `"amqp://u:***@h:x"` + notURL},
		{"url", "amqp://u:hunter2 and@h:x", `"amqp://u:***@h:x"` + notURL},
		{"url", "amqp:u:hunter2@h", `"***@h"` + notURL},
		{"urls", "http://a,b", `item "b"` + notURL},
		{"regexp", "a(", `"a(" is not a regular expression: missing closing ) in "a("`},
		{"zone", "Mars/X", `"Mars/X" is not a time zone that this machine knows (want UTC, Local or a name such as Europe/Berlin)`},
		{"level", "loud", `"loud" is not a log level (want debug, info, warn or error)`},
		{"peer", "a:80", `"a:80" is not an IP address and port (want 192.0.2.1:9092 or [2001:db8::1]:9092)`},
		{"selector", "a", `"a" is not valid: no {key=value} in a`},
		{"hush_sel", "hunter2", `*** is not valid`},
		{"labels", "a=b,c", `item "c" is not a pair (want key=value)`},
		{"labels", "=b", `item "=b" is not a pair (want key=value)`},
		{"labels", "a=b,a=c", `item "a=c" has the key of another pair`},
		{"counts", "a:x", `item "a:x" is not a whole number`},
		{"words", "ab", `item "ab" is not a pair (want key value)`},
		{"tokens", "hunter2", `item *** is not a pair (want key=value)`},
		{"columns", `{`, `"{"` + notJSON + `: it ends too early`},
		{"columns", `{"x":1}`, `"{\"x\":1}"` + notJSON + `: unknown field "x"`},
		{"columns", `{"limit":256}`, `"{\"limit\":256}"` + notJSON + `: Limit: number 256, want integer from 0 to 255`},
		{"columns", `[]`, `"[]"` + notJSON + `: array, want object`},
		{"document", `{"a":1.5}`, `"{\"a\":1.5}"` + notJSON + `: number 1.5, want integer`},
		{"columns", `{".input":[]}`, `"{\".input\":[]}"` + notJSON + `: .input: array, want string`},
		{"columns", `{} {}`, `"{} {}" is not JSON: there is more after the value`},
		{"columns", `a`, `"a"` + notJSON + `: invalid character 'a' looking for beginning of value`},
		{"hush", `{"hunter2":1}`, `***` + notJSON},
		{"text", "/not/here", `"/not/here"` + notFile + `: no such file or directory`},
		{"text", large, fmt.Sprintf(`%q is a file of more than 16 MiB`, large)},
		{"bytes", "/", `"/"` + notFile + `: is a directory`},
		{"key", "hunter2", `***` + notFile},
		{"document", `{"a":"b"}`, `"{\"a\":\"b\"}"` + notJSON + `: string, want integer`},
		{"hush_doc", `{"hunter2":"b"}`, `***` + notJSON},
		{"absent", "", `"/not/here"` + notFile + `: no such file or directory`},
	}
	for _, tt := range tests {
		t.Run(tt.key+"="+tt.value, func(t *testing.T) {
			t.Parallel()
			src := config.Properties{"absent": "inline:", tt.key: tt.value}
			_, err := config.Bind[rich](src)
			if want := "config: " + tt.key + ": " + tt.want; err == nil || err.Error() != want {
				t.Errorf("Bind(%v) = %v, want %s", src, err, want)
			}
			if text := deepText(err); strings.Contains(text, "hunter2") {
				t.Errorf("Bind(%v) = %s, want no secret", src, text)
			}
		})
	}
}

// deepText is all that an error tells: its text, its fields and its causes.
func deepText(err error) string {
	text := fmt.Sprintf("%v %#v", err, err)
	var e *config.Error
	if errors.As(err, &e) {
		for _, p := range e.Problems {
			text += fmt.Sprintf("%+v %#v", p, p)
		}
	}
	return text
}

func TestTextErrorIsACause(t *testing.T) {
	t.Parallel()
	_, err := config.Bind[rich](config.Properties{"selector": "a", "absent": "inline:"})
	if !errors.Is(err, errSelector) {
		t.Errorf("errors.Is(%v, errSelector) = false, want true", err)
	}
}

func TestOptionMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tag  string
		typ  reflect.Type
		want string
	}{
		{"a,jsn", reflect.TypeFor[any](), `unknown option "jsn"; did you mean "json"?`},
		{"a,secrets", reflect.TypeFor[string](), `unknown option "secrets"; did you mean "secret"?`},
		{"a,json,json", reflect.TypeFor[any](), `option "json" twice`},
		{"a,json=1", reflect.TypeFor[any](), `option "json=1": json takes no value`},
		{"a,kv==", reflect.TypeFor[[]string](), `option "kv" on a property that is no map`},
		{"a,kv=", reflect.TypeFor[map[string]int](), `option "kv=": want kv=space or one punctuation character (= is the default)`},
		{"a,sep==", reflect.TypeFor[map[string]int](), `options sep and kv are both "="`},
		{"a,json,sep=;", reflect.TypeFor[[]string](), `option "sep" on a property that is no list`},
		{"a,file", reflect.TypeFor[int](), `option "file" does not suit type int (want string, []byte or config.Secret, or the option json too)`},
		{"a,file", reflect.TypeFor[[]string](), `option "file" does not suit type []string (want string, []byte or config.Secret, or the option json too)`},
		{"a,file", reflect.TypeFor[Based](), `option "file" on a nested struct; put it on its properties`},
		{"a,secret", reflect.TypeFor[Based](), `option "secret" on a nested struct; put it on its properties`},
	}
	for _, tt := range tests {
		t.Run(tt.tag+" "+tt.typ.String(), func(t *testing.T) {
			t.Parallel()
			field := reflect.StructField{Name: "A", Type: tt.typ, Tag: reflect.StructTag(`flb:"` + tt.tag + `"`)}
			_, err := config.Compile(reflect.StructOf([]reflect.StructField{field}))
			if want := "struct tag on struct.A: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("Compile() = %v, want %s", err, want)
			}
		})
	}
}

func TestSecretDefaultIsNotShown(t *testing.T) {
	t.Parallel()
	type Config struct {
		Pin int `flb:"pin,secret" default:"hunter2"`
	}
	_, err := config.Compile(reflect.TypeFor[Config]())
	const want = "struct tag on Config.Pin: default *** is not a whole number"
	if err == nil || err.Error() != want {
		t.Errorf("Compile() = %v, want %s", err, want)
	}
}

func TestEffective(t *testing.T) {
	t.Parallel()
	plan, err := config.Compile(reflect.TypeFor[rich]())
	if err != nil {
		t.Fatal(err)
	}
	src := richFile(t)
	maps.Copy(src, config.Properties{
		"secret": "hunter2", "secrets": "hunter2", "hidden": "7", "url": "amqp://u:hunter2@h/", "value": "http://h",
		"urls": "http://a:hunter2@b,http://c", "proxy": "http://u:hunter2@h", "regexp": "^a", "zone": "UTC", "level": "warn",
		"peer": "[::1]:80", "selector": "{a=b}", "labels": "b=2, a=1", "counts": "b:1;a:2", "tokens": "a=hunter2",
		"columns": `{".input":"i"}`, "hush": `{".input":"hunter2"}`,
	})
	v, err := plan.Bind(src)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range plan.Effective(v) {
		if value := a.Value.String(); value != "" {
			got[a.Key] = value
		}
	}
	want := map[string]string{
		"secret": "***", "secrets": "***", "hidden": "***", "url": "amqp://u:***@h/", "value": "http://h",
		"urls": "http://a:***@b,http://c", "proxy": "http://u:***@h", "regexp": "^a", "zone": "UTC", "level": "WARN",
		"peer": "[::1]:80", "selector": "{a=b}", "labels": "a=1,b=2", "counts": "a:2;b:1", "tokens": "***",
		"columns": `{".timestamp":"",".input":"i","Limit":0}`, "hush": "***", "any": "null", "document": `{"a":1}`,
		"text": "2 bytes", "bytes": "2 bytes", "key": "***", "default": "a=http://h", "inline": "4 bytes", "absent": "0 bytes",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Effective() (-want +got):\n%s", diff)
	}
}

type column struct {
	Name string `json:"name" validate:"required"`
	Size int    `json:"size" validate:"max=9"`
}

type table struct {
	Columns []column      `json:"columns" validate:"min=1,dive"`
	Wait    time.Duration `validate:"omitempty,min=1000"`
	Next    *table        `json:"next"`
	Odd     bool
}

func (t *table) Validate() error {
	if t.Odd {
		return errSelector
	}
	return nil
}

func TestInsideJSON(t *testing.T) {
	t.Parallel()
	type Config struct {
		Table *table            `flb:"table,json"`
		List  []column          `flb:"list,json" validate:"max=2"`
		Map   map[string]column `flb:"map,json"`
		Login struct {
			Tokens []config.Secret `validate:"dive,min=8"`
		} `flb:"login,json"`
	}
	tests := []struct{ key, value, want string }{
		{"table", `{"columns":[{"name":"a"}],"next":{"columns":[{"name":"b"}]}}`, ``},
		{"table", `{}`, `"{}" is not JSON as wanted: columns: "[]" has too few items (want at least 1 item)`},
		{"table", `{"columns":[{}]}`, `"{\"columns\":[{}]}" is not JSON as wanted: columns[0].name is required`},
		{"table", `{"columns":[{"name":"a","size":10}]}`,
			`"{\"columns\":[{\"name\":\"a\",\"size\":10}]}" is not JSON as wanted: columns[0].size: "10" is too large (want at most 9)`},
		{"table", `{"columns":[{"name":"a"}],"Odd":true}`,
			`"{\"columns\":[{\"name\":\"a\"}],\"Odd\":true}" is not JSON as wanted: no {key=value}`},
		{"list", `[{"name":""}]`, `"[{\"name\":\"\"}]" is not JSON as wanted: name is required`},
		{"list", `[{},{},{}]`, `"[{},{},{}]" has too many items (want at most 2 items)`},
		{"login", `{"tokens":["correct horse"]}`, ``},
		{"login", `{"tokens":["hunter2"]}`, `*** is not JSON as wanted`},
		{"map", `{"a":{}}`, `"{\"a\":{}}" is not JSON as wanted: name is required`},
	}
	for _, tt := range tests {
		t.Run(tt.key+"="+tt.value, func(t *testing.T) {
			t.Parallel()
			if tt.want != "" {
				tt.want = tt.key + ": " + tt.want
			}
			if got := problems[Config](config.Properties{tt.key: tt.value}); got != tt.want {
				t.Errorf("Bind(%s=%s) = %s, want %s", tt.key, tt.value, got, tt.want)
			}
		})
	}
}

func TestInsideJSONMistakes(t *testing.T) {
	t.Parallel()
	type inner struct {
		Name string `validate:"requird"`
	}
	type Config struct {
		Inner map[string][]*inner `flb:"inner,json"`
	}
	type Whole struct {
		Any any `flb:"any,json" validate:"min=1"`
	}
	for want, typ := range map[string]reflect.Type{
		`struct tag on Config.Inner: validate in type config_test.inner, which is read as JSON: ` +
			`Undefined validation function 'requird' on field 'Name'`: reflect.TypeFor[Config](),
		`struct tag on Whole.Any: option "min=1" does not suit type interface {}, which is read as JSON`: reflect.TypeFor[Whole](),
	} {
		if _, err := config.Compile(typ); err == nil || err.Error() != want {
			t.Errorf("Compile(%v) = %v, want %s", typ, err, want)
		}
	}
}
