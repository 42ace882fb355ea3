package config

import (
	"fmt"
	"slices"
	"strings"
)

// keepers are the kinds of plugin for which the engine keeps a name.
type keepers uint8

const (
	inputs keepers = 1 << iota
	outputs
	customs
)

var keeperOf = map[string]keepers{"input": inputs, "output": outputs, "custom": customs}

// String gives them in words: inputs and outputs.
func (k keepers) String() string {
	var words []string
	for i, word := range []string{"inputs", "outputs", "customs"} {
		if k&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	text := strings.Join(words, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " and" + text[i+1:]
	}
	return text
}

// reservation is a name, or the beginning of names if it ends with *, that the engine keeps, so that a plugin never sees
// the property (flb_input.c, flb_output.c, flb_custom.c: the set_property functions of 5.1.1).
type reservation struct {
	name    string
	kinds   keepers
	since   string // the engine's first release to keep it, if only some do: then it is a warning
	instead string // a free name; if empty, one is made from the name
}

var reservations = []reservation{
	{name: "name", kinds: inputs | outputs | customs, instead: "title"},
	{name: "routes", kinds: inputs | outputs | customs},
	{name: "processors", kinds: inputs | outputs | customs},
	{name: "alias", kinds: inputs | outputs | customs, instead: "label"},
	{name: "log_level", kinds: inputs | outputs | customs, instead: "verbosity"},
	{name: "log_suppress_interval", kinds: inputs | outputs},
	{name: "host", kinds: inputs | outputs, instead: "server"},
	{name: "port", kinds: inputs | outputs, instead: "server_port"},
	{name: "ipv6", kinds: inputs | outputs, instead: "use_ipv6"},
	{name: "tls", kinds: inputs | outputs, instead: "use_tls"},
	{name: "tls.*", kinds: inputs | outputs},
	{name: "net.*", kinds: inputs | outputs | customs},
	{name: "oauth2*", kinds: inputs | outputs},
	{name: "tag", kinds: inputs, instead: "event_tag"},
	{name: "listen", kinds: inputs, instead: "address"},
	{name: "routable", kinds: inputs},
	{name: "mem_buf_limit", kinds: inputs, instead: "buffer_size"},
	{name: "storage.type", kinds: inputs},
	{name: "storage.pause_on_chunks_overlimit", kinds: inputs},
	{name: "threaded", kinds: inputs},
	{name: "telemetry", kinds: inputs},
	{name: "match", kinds: outputs, instead: "pattern"},
	{name: "match_regex", kinds: outputs, instead: "pattern"},
	{name: "retry_limit", kinds: outputs, instead: "max_retries"},
	{name: "workers", kinds: outputs, instead: "concurrency"},
	{name: "storage.total_limit_size", kinds: outputs},
	{name: "thread.ring_buffer.capacity", kinds: inputs, since: "4.1.0"},
	{name: "thread.ring_buffer.window", kinds: inputs, since: "4.1.0"},
	{name: "rate_window", kinds: inputs, since: "5.1.0"},
	{name: "rate_gate", kinds: inputs, since: "5.1.0"},
	{name: "rate_gate.max_bytes", kinds: inputs, since: "5.1.0"},
	{name: "rate_gate.max_records", kinds: inputs, since: "5.1.0"},
	{name: "rate_gate.backpressure", kinds: inputs, since: "5.1.0"},
	{name: "rate_gate.resume_ratio", kinds: inputs, since: "5.1.0"},
}

// ownPrefix starts the names of the library's own properties.
const ownPrefix = "go."

// findReservation gives the entry that keeps name from plugins of some kinds, or nil. Names compare without case. A key of YAML
// counts as what the engine makes of it.
func findReservation(kinds keepers, name string) *reservation {
	for _, spelling := range []string{strings.ToLower(name), yamlName(name)} {
		i := slices.IndexFunc(reservations, func(r reservation) bool {
			prefix, open := strings.CutSuffix(r.name, "*")
			return r.kinds&kinds != 0 && (spelling == r.name || open && strings.HasPrefix(spelling, prefix))
		})
		if i >= 0 {
			return &reservations[i]
		}
	}
	return nil
}

func (r *reservation) reason() string {
	text := "is kept by the engine for its own use (" + r.kinds.String() + ")"
	if r.since != "" {
		text += " from " + r.since + " on"
	}
	if r.name == "net.*" && r.kinds&inputs != 0 {
		return text + ": never reaches a plugin, and stops the engine in an input"
	}
	return text + ": never reaches a plugin"
}

// suggest gives a free name in the place of name.
func (r *reservation) suggest(name string) string {
	if r.instead != "" {
		return r.instead
	}
	if r.name == "oauth2*" {
		name = "auth" + name[len("oauth2"):]
	}
	if strings.Contains(name, ".") {
		return strings.ReplaceAll(name, ".", "_")
	}
	return "plugin_" + strings.ToLower(name)
}

// Reserved says whether name cannot be that of a property of a plugin of that kind (input, output or custom), why, as
// what follows the name in a sentence, and which name could be taken instead. Names that only some engines keep count
// as well. It may be called concurrently.
func Reserved(kind, name string) (reason, suggestion string, ok bool) {
	if name == "" {
		return "", "", false
	}
	if rest, own := strings.CutPrefix(strings.ToLower(name), ownPrefix); own {
		return "is kept by this library for its own properties (" + ownPrefix + "*)", "go_" + rest, true
	}
	if r := findReservation(keeperOf[kind], name); r != nil {
		return r.reason(), r.suggest(name), true
	}
	return "", "", false
}

// CheckNames looks for names that the engine, or this library, keeps for itself. It is called once per plugin, when the
// plugin registers; kind is input, output or custom. Names that only some engines keep are warnings, for the log. An
// error, about the first other one, is in the form of those of [Compile], and comes without warnings.
func (p *Plan) CheckNames(kind string) (warnings []string, err error) {
	if keeperOf[kind] == 0 {
		return nil, fmt.Errorf("kind %q is none of input, output, custom", kind)
	}
	for i := range p.fields {
		f := &p.fields[i]
		reason, instead, ok := Reserved(kind, f.name)
		if !ok {
			continue
		}
		err := p.tagError(f.path, fmt.Errorf("%q %s; call it %s", f.name, reason, instead))
		if r := findReservation(keeperOf[kind], f.name); r == nil || r.since == "" {
			return nil, err
		}
		warnings = append(warnings, err.Error())
	}
	return warnings, nil
}
