// Package config binds the properties of one fluent-bit.conf section to a Go struct.
//
//	type Config struct {
//		Brokers []string          `flb:"brokers" validate:"required,dive,hostname_port" desc:"Where to connect"`
//		Timeout time.Duration     `flb:"timeout" default:"10s" validate:"min=1s" desc:"Per request"`
//		Limit   config.Size       `default:"4M"` // named limit, after the field
//		Token   config.Secret     `flb:"token,file" desc:"File with the token"`
//		Labels  map[string]string `flb:"labels" desc:"a=b,c=d, added to every record"`
//		TLS     TLSConfig         `flb:"tls_"` // nested struct: tls_ is put before its names
//		conn    net.Conn          // unexported: no property
//	}
//
// # Struct tags
//
// The tag is flb:"name[,option]...". The name consists of letters, digits and _ . - and compares case-insensitively, as
// the engine compares. Without a tag it is the field's name in snake_case; flb:"-" leaves the field alone. On a nested
// struct the name is a prefix (its default: the field's name in snake_case and an underscore); an embedded struct without
// a tag adds none. default:"text" stands in when the property is not set, desc:"text" documents it, and
// validate:"rules" is for github.com/go-playground/validator/v10. The options are
//
//   - sep=C, for lists and maps: what is between items, one punctuation character or the word space; else a comma
//   - kv=C, for maps: what is between a key and its value, likewise; else =
//   - json, for any type: the value is JSON, as encoding/json reads it; a key without a field is refused
//   - file, for string, []byte, [Secret] and with json: the value is the path of a file with the text that counts, at most
//     16 MiB, or inline: and the text itself, which JSON that starts with { or [ can do without. It is read once, by Bind.
//     A secret loses the line break at its end
//   - secret, for any type: the value is treated as that of a [Secret] in messages, though Go code can print it
//   - deprecated, for any type: [Plan.Warnings] names the property if it is set
//
// # Types
//
//   - string; bool as [ParseBool] reads it; every int and uint size in decimal; float32 and float64, finite only
//   - [time.Duration] as [ParseDuration] reads it; [Size] as [ParseSize] reads it
//   - [Secret], which is never printed
//   - *url.URL and url.URL: absolute and with a host; messages do not show the password
//   - *regexp.Regexp; *time.Location, by its name; [log/slog.Level]: debug, info, warn or error
//   - [net/netip.Addr], [net/netip.AddrPort] and any other type with UnmarshalText
//   - slices of those, but []byte: items are separated by commas (or by sep), blanks around them are dropped, and so
//     are empty items, so that "a, b," has two
//   - maps of strings to those: pairs such as a=b are separated as items are; a value may be empty, a key cannot, and
//     cannot come twice
//   - pointers to all of those: nil if the property is neither set nor has a default
//   - structs of all of those; a pointer to a struct stays nil unless one of its properties is set
//
// # Set, empty and default
//
// A property without a value, and a list or map without items, counts as not set, since the engine gives no value for an
// empty one (flb_env.c: a text that expands to nothing is dropped). Then the default is bound, or else the field stays zero.
//
// # Names
//
// In YAML the engine rewrites a key that starts in lower case and has no underscore: apiKey becomes api_key
// (flb_config_format.c: flb_cf_key_translate). So a property that is not set under its own name is looked for under the
// one that the engine makes of it, and no other property can have that one. Names that the engine keeps for itself are
// for [Plan.CheckNames] to find.
//
// # Validation
//
// Presence rules (required, required_with, excluded_with and their family) look at what was set, not at zero values: a
// property set to 0 or off satisfies required, and a default does too. A property named in the condition of such a rule
// counts if it is set or has a default, and, being a bool, only if it is on. Nobody wrote a default, so the excluded rules
// never refuse one, and excluded_with and excluded_with_all do not count one in their condition. Rules name other
// properties by their Go fields. A property that is not set and that has a presence rule is judged by that rule alone.
//
// Groups of properties are made of them:
//
//   - exactly one of A and B: required_without=B,excluded_with=B on A
//   - exactly one of A, B and C: required_without_all=B C,excluded_with=B C on A, excluded_with=C on B
//   - both or neither: required_with=B on A, required_with=A on B
//   - only with a switch: excluded_unless=TLS true; needed with it: required_if=TLS true
//
// All other rules keep validator's meaning and judge the bound value, zero if not set: an optional property with
// validate:"min=1" and no default wants omitempty too, which skips every zero value, or a pointer, where omitempty skips
// only what is not set. A Secret, a URL and every other struct that is one property is judged by its text. On a nested
// struct itself no rules are allowed. In what the option json reads, validate tags are as validator has them, so that
// required refuses zero values.
//
// A Validate() error method, with a value or a pointer receiver, on the struct or on a nested one, is called last, inner
// structs first, and only if all properties of that struct are right. An embedded struct's method is called through
// the struct that embeds it, if that has (or inherits) one, as Go's own rules have it. The type of a property with the
// option json may have one too.
//
// # What is not printed
//
// No message, [Problem] or result of [Plan.Effective] has the value of a Secret or of a property with the option secret,
// nor the password of anything that looks like a URL: *** is there instead. What a Validate method returns is printed as it
// is.
package config
