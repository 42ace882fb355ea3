package config_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/calyptia/plugin/config"
)

// nested holds secrets in every place that printing may reach.
type nested struct {
	Token  config.Secret
	hidden config.Secret
	ptr    *config.Secret
	List   []config.Secret
	Map    map[string]config.Secret
	Any    any
	inner  struct{ deep config.Secret }
}

func newNested(text string) nested {
	s := config.NewSecret(text)
	n := nested{s, s, &s, []config.Secret{s}, map[string]config.Secret{"k": s}, s, struct{ deep config.Secret }{s}}
	return n
}

func TestSecretVerbs(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	secret := config.NewSecret(text)
	for _, flags := range []string{"", "#", "+", "-", " ", "0", "20", ".3", "#+20.3"} {
		for verb := ' '; verb < 0x7f; verb++ {
			format := "%" + flags + string(verb)
			for _, v := range []any{secret, &secret, newNested(text), []any{secret}} {
				if got := fmt.Sprintf(format, v); leaks(got, text) {
					t.Errorf("Sprintf(%q, %T) = %s, want no secret", format, v, got)
				}
			}
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		if got := fmt.Sprintf(format, secret); got != "***" {
			t.Errorf("Sprintf(%q) = %s, want ***", format, got)
		}
	}
}

// leaks says whether text is in got, as it is or in hexadecimal.
func leaks(got, text string) bool {
	got = strings.ToLower(got)
	hex := fmt.Sprintf("%x", text)
	spaced := strings.TrimSpace(fmt.Sprintf("% x", text))
	return strings.Contains(got, text) || strings.Contains(got, hex) || strings.Contains(got, spaced)
}

func TestSecretEncoders(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	n := newNested(text)
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "secret", n.Token, "pointer", n.ptr, "nested", n, "map", n.Map)
	}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		type document struct {
			Token config.Secret
			List  []config.Secret
		}
		data, err := encode(document{n.Token, n.List})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	if err := json.NewEncoder(&out).Encode(map[config.Secret]int{n.Token: 1}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); leaks(got, text) || strings.Count(got, "***") < 10 {
		t.Errorf("encoded:\n%s\nwant *** for every secret", got)
	}
}

func TestSecretValue(t *testing.T) {
	t.Parallel()
	a, b := config.NewSecret("x"), config.NewSecret(strings.Clone("x"))
	if a != b || !a.Equal(b) || a == config.NewSecret("y") || config.NewSecret("") != (config.Secret{}) {
		t.Error("secrets do not compare as their texts")
	}
	if got := a.Reveal() + (config.Secret{}).Reveal(); got != "x" {
		t.Errorf("Reveal() = %q, want x", got)
	}
	if got := a.String() + a.GoString(); got != "******" {
		t.Errorf("String and GoString = %q, want ******", got)
	}
	var fromJSON config.Secret
	if err := json.Unmarshal([]byte(`"x"`), &fromJSON); err != nil || fromJSON != a {
		t.Errorf("Unmarshal() = %q, %v, want x", fromJSON.Reveal(), err)
	}
}

func FuzzSecret(f *testing.F) {
	f.Add("hunter2 is long", "%+v")
	f.Fuzz(func(t *testing.T, text, format string) {
		if len(text) < 8 || strings.Contains(fmt.Sprintf(format, config.Secret{}), text) {
			t.Skip("too short to be told from other output, or in the format itself")
		}
		if got := fmt.Sprintf(format, config.NewSecret(text)); strings.Contains(got, text) {
			t.Errorf("Sprintf(%q) = %q, want no secret", format, got)
		}
	})
}
