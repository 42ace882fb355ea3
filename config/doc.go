// Package config binds the properties of one fluent-bit.conf section to a Go struct.
//
//	type Config struct {
//		Brokers []string      `flb:"brokers" validate:"required,dive,hostname_port" desc:"Where to connect"`
//		Timeout time.Duration `flb:"timeout" default:"10s" validate:"min=1s" desc:"Per request"`
//		Limit   config.Size   `default:"4M"` // named limit, after the field
//		TLS     TLSConfig     `flb:"tls_"`   // nested struct: tls_ is put before its names
//		conn    net.Conn      // unexported: no property
//	}
//
// # Struct tags
//
// The tag is flb:"name[,option]". The name consists of letters, digits and _ . - and compares case-insensitively, as
// the engine compares. Without a tag it is the field's name in snake_case; flb:"-" leaves the field alone. The one
// option is sep=C for lists, where C is a character or the word space. On a nested struct the name is a prefix (its
// default: the field's name in snake_case and an underscore); an embedded struct without a tag adds none. default:"text"
// stands in when the property is not set, desc:"text" documents it, and validate:"rules" is for
// github.com/go-playground/validator/v10.
//
// # Types
//
//   - string; bool as [ParseBool] reads it; every int and uint size in decimal; float32 and float64, finite only
//   - [time.Duration] as [ParseDuration] reads it; [Size] as [ParseSize] reads it
//   - any type with UnmarshalText, such as [net/netip.Addr], [regexp.Regexp] and [log/slog.Level]
//   - slices of those, but []byte: items are separated by commas (or by sep), blanks around them are dropped, and so
//     are empty items, so that "a, b," has two
//   - pointers to all of those: nil if the property is neither set nor has a default
//   - structs of all of those; a pointer to a struct stays nil unless one of its properties is set
//
// # Set, empty and default
//
// A property without a value, and a list without items, counts as not set, since the engine gives no value for an empty
// one (flb_env.c: a text that expands to nothing is dropped). Then the default is bound, or else the field stays zero.
//
// # Validation
//
// Presence rules (required, required_with, excluded_with and their family) look at what was set, not at zero values: a
// property set to 0 or off satisfies required, and a default does too. A property named in the condition of such a rule
// counts if it is set or has a default, and, being a bool, only if it is on. Nobody wrote a default, so the excluded rules
// never refuse one, and excluded_with and excluded_with_all do not count one in their condition. Rules name other
// properties by their Go fields. A property that is not set and that has a presence rule is judged by that rule alone.
//
// All other rules keep validator's meaning and judge the bound value, zero if not set: an optional property with
// validate:"min=1" and no default wants omitempty too, which skips every zero value, or a pointer, where omitempty skips
// only what is not set. On a nested struct itself no rules are allowed.
//
// A Validate() error method, with a value or a pointer receiver, on the struct or on a nested one, is called last, inner
// structs first, and only if all properties of that struct are right. An embedded struct's method is called through
// the struct that embeds it, if that has (or inherits) one, as Go's own rules have it.
package config
