package config

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// mask stands for a secret in everything that is printed.
const mask = "***"

// Secret is a text that is not for printing, such as a password or a token. Every verb of fmt, slog, JSON and any other
// encoder that uses MarshalText give *** instead, also for one that is not set; so does every message of this package.
// Two secrets are == if their texts are. The zero value is the empty text. It is safe for concurrent use.
type Secret struct {
	text unique.Handle[string] // a pointer within, so that printing by reflection finds an address and no text
}

// NewSecret makes a secret, for tests and for configurations that are made without properties.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal gives the text.
func (s Secret) Reveal() string {
	if s == (Secret{}) {
		return ""
	}
	return s.text.Value()
}

// Equal says whether the texts are the same, for github.com/google/go-cmp.
func (s Secret) Equal(other Secret) bool { return s == other }

// String gives ***.
func (Secret) String() string { return mask }

// GoString gives ***.
func (Secret) GoString() string { return mask }

// Format writes *** for every verb.
func (Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, mask) }

// LogValue gives ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText gives ***, so that no encoder writes the text. What it writes cannot be read back.
func (Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// UnmarshalText takes text, so that a secret can be inside a property with the option json.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
