package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// Retry limits that are no number of retries (flb_output.h).
const (
	retryForever = -1
	retryNever   = -2
)

// section is a plugin's section, split into what the engine itself reads and what the plugin gets to see.
type section struct {
	kind       string // input or output
	plugin     string // the name as the section spells it
	file       string
	line       int
	alias      string
	level      slog.Level
	properties []conffile.Property // for the plugin

	// Of inputs.
	tag        string
	memLimit   int // bytes, 0 for none
	unthreaded bool
	// Of the ring buffer of an input of a library.
	ringCapacity int // appends
	ringWindow   int // percent

	// Of outputs.
	match      match
	retryLimit int
	workers    int
}

// String says which section it is, for errors.
func (s *section) String() string {
	return fmt.Sprintf("%s %q at %s:%d", s.kind, s.plugin, s.file, s.line)
}

// setKey takes the value of a property that the engine reads.
type setKey func(*section, string) error

func accept(*section, string) error { return nil }

// The properties that a plugin never sees: flb_input_set_property and flb_output_set_property of Fluent Bit 5.1.1.
var (
	inputKeys = map[string]setKey{
		"name": accept, "routes": accept, "processors": accept,
		"tag":           func(s *section, text string) error { s.tag = text; return nil },
		"alias":         setAlias,
		"log_level":     setLevel,
		"mem_buf_limit": func(s *section, text string) (err error) { s.memLimit, err = parseSize(text); return err },
		"threaded":      setThreaded,
		"host":          accept, "port": accept, "listen": accept, "ipv6": accept,
		"log_suppress_interval": accept, "routable": accept,
		"storage.type": accept, "storage.pause_on_chunks_overlimit": accept,
		"thread.ring_buffer.capacity": setRingCapacity, "thread.ring_buffer.window": setRingWindow,
		"rate_window": accept, "rate_gate": accept, "rate_gate.max_bytes": accept, "rate_gate.max_records": accept,
		"rate_gate.backpressure": accept, "rate_gate.resume_ratio": accept,
		"tls": refuseTLS,
	}
	outputKeys = map[string]setKey{
		"name": accept, "routes": accept, "processors": accept,
		"match":       func(s *section, text string) error { s.match.wildcard = text; return nil },
		"match_regex": func(s *section, text string) (err error) { s.match.regex, err = compileRegex(text); return err },
		"alias":       setAlias,
		"log_level":   setLevel,
		"retry_limit": setRetryLimit,
		"workers":     func(s *section, text string) (err error) { s.workers, err = parseCount(text); return err },
		"host":        accept, "port": accept, "ipv6": accept,
		"log_suppress_interval": accept, "storage.total_limit_size": accept,
		"tls": refuseTLS,
	}
)

// tlsKeys follow "tls." in keys that the engine reads on both sides; outputs have more.
var (
	inputTLS = []string{"verify", "verify_client_cert", "verify_hostname", "debug", "vhost", "ca_path", "ca_file",
		"crt_file", "key_file", "key_passwd", "min_version", "max_version", "ciphers"}
	outputTLS = []string{"verify", "verify_hostname", "debug", "vhost", "ca_path", "ca_file", "crt_file", "key_file",
		"key_passwd", "min_version", "max_version", "ciphers"}
)

func init() {
	for _, k := range inputTLS {
		inputKeys["tls."+k] = accept
	}
	for _, k := range outputTLS {
		outputKeys["tls."+k] = accept
	}
}

func setAlias(s *section, text string) error {
	s.alias = text
	return nil
}

func setLevel(s *section, text string) (err error) {
	s.level, err = parseLevel(text)
	return err
}

func setThreaded(s *section, text string) error {
	on, err := parseBool(text)
	s.unthreaded = !on
	return err
}

func setRetryLimit(s *section, text string) error {
	switch strings.ToLower(text) {
	case "no_limits", "false", "off":
		s.retryLimit = retryForever
		return nil
	case "no_retries":
		s.retryLimit = retryNever
		return nil
	}
	n, err := parseCount(text)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is neither a number above 0 nor no_limits nor no_retries", text)
	}
	s.retryLimit = n
	return nil
}

func refuseTLS(_ *section, text string) error {
	if on, err := parseBool(text); on || err != nil {
		return errors.New("the plugin does not support TLS by Fluent Bit (want off)")
	}
	return nil
}

// newSection reads a section of kind input or output.
func newSection(s conffile.Section, level slog.Level) (*section, error) {
	sec := &section{kind: s.Kind, plugin: s.Name, file: s.File, line: s.Line, level: level, retryLimit: 1,
		ringCapacity: ringCapacity, ringWindow: ringWindow}
	for _, p := range s.Properties {
		if err := sec.set(p); err != nil {
			return nil, fmt.Errorf("%s: %s (line %d): %w", sec, p.Key, p.Line, err)
		}
	}
	return sec, nil
}

// set takes a property for the engine or leaves it to the plugin. One the engine reads, but without a value, goes to
// the plugin: that is what Fluent Bit does.
func (s *section) set(p conffile.Property) error {
	key := strings.ToLower(p.Key)
	set, ok := s.keys()[key]
	if ok && p.Value != "" {
		return set(s, p.Value)
	}
	taken, err := s.prefixed(key)
	if !taken {
		s.properties = append(s.properties, p)
	}
	return err
}

func (s *section) keys() map[string]setKey {
	if s.kind == "input" {
		return inputKeys
	}
	return outputKeys
}

// prefixed reports whether the key belongs to a family that the engine reads.
func (s *section) prefixed(key string) (bool, error) {
	switch {
	case strings.HasPrefix(key, "net.") && s.kind == "input":
		return true, errors.New("net. properties on an input of a plugin library crash Fluent Bit 4.0 and newer")
	case strings.HasPrefix(key, "net."), strings.HasPrefix(key, "oauth2"):
		return true, nil
	case strings.HasPrefix(key, "tls.proxy."), strings.HasPrefix(key, "tls.windows."):
		return s.kind == "output", nil
	}
	return false, nil
}
