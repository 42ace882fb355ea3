package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
)

// phrase says what a rule wants, for whoever edits the file: "x" is not a URL (want http://host/path).
type phrase struct {
	complaint string // follows the value
	want      string // follows "want"; may be empty
	noun      string // what is wanted, on its own; want if empty
}

// nouns are the rules that want a kind of text, and an example.
var nouns = map[string][2]string{
	"alpha":            {"letters only", ""},
	"alphanum":         {"letters and digits only", ""},
	"ascii":            {"ASCII text", ""},
	"base64":           {"base64 text", ""},
	"boolean":          {"a boolean", "on or off"},
	"cidr":             {"an IP network", "192.0.2.0/24"},
	"cidrv4":           {"an IPv4 network", "192.0.2.0/24"},
	"cidrv6":           {"an IPv6 network", "2001:db8::/32"},
	"cron":             {"a cron expression", "*/5 * * * *"},
	"dir":              {"a folder that exists", ""},
	"dirpath":          {"a path of a folder", "/var/lib/fluent-bit/"},
	"email":            {"an email address", "name@example.com"},
	"file":             {"a file that exists", ""},
	"filepath":         {"a path of a file", "/var/log/app.log"},
	"fqdn":             {"a full domain name", "host.example.com"},
	"hexadecimal":      {"a hexadecimal number", ""},
	"hostname":         {"a host name", "host.example.com"},
	"hostname_port":    {"a host and port", "host:9092"},
	"hostname_rfc1123": {"a host name", "host.example.com"},
	"http_url":         {"an HTTP URL", "http://host/path"},
	"https_url":        {"an HTTPS URL", "https://host/path"},
	"ip":               {"an IP address", "192.0.2.1 or 2001:db8::1"},
	"ipv4":             {"an IPv4 address", "192.0.2.1"},
	"ipv6":             {"an IPv6 address", "2001:db8::1"},
	"json":             {"JSON", ""},
	"lowercase":        {"in lower case", ""},
	"mac":              {"a MAC address", "00:00:5e:00:53:01"},
	"number":           {"digits only", ""},
	"numeric":          {"a number", "0.5 or 12"},
	"port":             {"a port", "1 to 65535"},
	"printascii":       {"printable ASCII text", ""},
	"semver":           {"a version", "1.2.3"},
	"tcp_addr":         {"a TCP address", "host:9092"},
	"timezone":         {"a time zone", "Europe/Berlin"},
	"udp_addr":         {"a UDP address", "host:514"},
	"uppercase":        {"in upper case", ""},
	"uri":              {"a URI", "scheme://host/path"},
	"url":              {"a URL", "http://host/path"},
	"uuid":             {"a UUID", ""},
}

// affixes are the rules that want a piece of text in some place: what a text that breaks them does, and one that keeps
// them.
var affixes = map[string][2]string{
	"contains":      {"does not contain", "text that contains"},
	"containsany":   {"contains none of the characters", "text with one of the characters"},
	"endsnotwith":   {"ends with", "text that does not end with"},
	"endswith":      {"does not end with", "text that ends with"},
	"excludes":      {"contains", "text without"},
	"excludesall":   {"contains one of the characters", "text with none of the characters"},
	"startsnotwith": {"starts with", "text that does not start with"},
	"startswith":    {"does not start with", "text that starts with"},
}

// bounds are the rules that limit how much: the words before the limit, and whether it is an upper one.
var bounds = map[string]struct {
	words string
	upper bool
}{
	"min": {"at least", false}, "gte": {"at least", false}, "gt": {"more than", false},
	"max": {"at most", true}, "lte": {"at most", true}, "lt": {"less than", true},
}

// moreRules are the rules with words of their own, and those without a value to complain about.
var moreRules = []string{"oneof", "oneofci", "noneof", "noneofci", "len", "eq", "ne", "eq_ignore_case", "ne_ignore_case", "unique",
	"datetime", "dive", "omitempty", "omitzero", "omitnil", "isdefault"}

// ruleNames are the rules that a suggestion can name.
func ruleNames() []string {
	names := slices.Clone(moreRules)
	for _, verb := range []string{"required", "excluded"} {
		for when := range conditions {
			names = append(names, strings.TrimSuffix(verb+"_"+when, "_"))
		}
	}
	names = slices.AppendSeq(names, maps.Keys(nouns))
	names = slices.AppendSeq(names, maps.Keys(affixes))
	names = slices.AppendSeq(names, maps.Keys(bounds))
	names = slices.AppendSeq(names, maps.Keys(fieldRules))
	slices.Sort(names) // so that a suggestion does not depend on map order
	return names
}

// ruleText says what is wrong with a value that validator refused.
func (f *field) ruleText(p *Plan, s state, e validator.FieldError) string {
	rules, kind, value := f.rules, f.kind(), f.show(s.text)
	if strings.HasSuffix(e.Namespace(), "]") {
		rules, kind, value = f.items, f.scalar.kind, f.showItem(f.itemText(e))
	}
	ph := (&speaker{p, f, kind, rules}).phrase(e.Tag(), e.Param())
	switch {
	case s.origin == unset:
		return "not set (want " + cmp.Or(ph.noun, ph.want) + ")"
	case ph.want == "":
		return value + " " + ph.complaint
	}
	return value + " " + ph.complaint + " (want " + ph.want + ")"
}

// itemText is the item, or pair, that validator refused.
func (f *field) itemText(e validator.FieldError) string {
	text := fmt.Sprint(e.Value())
	if _, key, ok := strings.Cut(strings.TrimSuffix(e.Namespace(), "]"), f.path+"["); ok && f.mapped {
		return key + f.kv + text
	}
	return text
}

// speaker finds words for the rules of one property, or of the items of a list.
type speaker struct {
	plan  *Plan
	field *field
	kind  kind
	rules []rule
}

func (s *speaker) phrase(name, param string) phrase {
	if strings.Contains(name, "|") {
		return s.either(name)
	}
	if noun, ok := nouns[name]; ok {
		return phrase{"is not " + noun[0], noun[1], noun[0]}
	}
	if affix, ok := affixes[name]; ok {
		param = strconv.Quote(param)
		return phrase{affix[0] + " " + param, "", affix[1] + " " + param}
	}
	if words, ok := fieldRules[name]; ok {
		o, _ := s.plan.resolve(s.field, rule{name: name, param: param})
		return phrase{"is not allowed", words + " " + cmp.Or(o.name, param), ""}
	}
	if _, ok := bounds[name]; ok {
		return s.bound(name, param)
	}
	return s.other(name, param)
}

// either is for rules joined by |.
func (s *speaker) either(text string) phrase {
	var wants []string
	for _, r := range alternatives(text) {
		ph := s.phrase(r.name, r.param)
		wants = append(wants, cmp.Or(ph.noun, ph.want))
	}
	return phrase{"is not allowed", strings.Join(wants, " or "), ""}
}

func (s *speaker) other(name, param string) phrase {
	switch name {
	case "oneof", "oneofci":
		noun := "one of " + strings.Join(splitWords(param), ", ")
		return phrase{"is not " + noun, "", noun}
	case "noneof", "noneofci":
		return phrase{"is not allowed", "none of " + strings.Join(splitWords(param), ", "), ""}
	case "len":
		return s.exactly(param)
	case "eq", "eq_ignore_case":
		if s.kind == kindList {
			return s.exactly(param)
		}
		return phrase{"is not allowed", s.literal(param), ""}
	case "ne", "ne_ignore_case":
		return phrase{"is not allowed", "anything but " + s.literal(param), ""}
	case "unique":
		return phrase{"has an item twice", "", "no item twice"}
	case "datetime":
		return phrase{"is not a date or time", "the form " + param, "a date or time"}
	}
	text := strconv.Quote(strings.TrimSuffix(name+"="+param, "="))
	return phrase{"breaks the rule " + text, "", "what the rule " + text + " allows"}
}

func (s *speaker) exactly(param string) phrase {
	complaint := "is not allowed"
	switch s.kind {
	case kindText:
		complaint = "has the wrong length"
	case kindList:
		complaint = "has the wrong number of items"
	}
	return phrase{complaint, "exactly " + s.amount(param), ""}
}

// tooLittle and tooMuch are what a value outside of a bound is.
var (
	tooLittle = map[kind]string{kindText: "is too short", kindDuration: "is too short", kindList: "has too few items"}
	tooMuch   = map[kind]string{kindText: "is too long", kindDuration: "is too long", kindList: "has too many items"}
)

// bound is for limits. Where an inclusive one has a counterpart, the range is given.
func (s *speaker) bound(name, param string) phrase {
	b := bounds[name]
	complaint := cmp.Or(tooLittle[s.kind], "is too small")
	if b.upper {
		complaint = cmp.Or(tooMuch[s.kind], "is too large")
	}
	low, high := s.param("min", "gte"), s.param("max", "lte")
	if low == "" || high == "" || name == "gt" || name == "lt" {
		return phrase{complaint, b.words + " " + s.amount(param), ""}
	}
	return phrase{complaint, s.plain(low) + " to " + s.amount(high), ""}
}

// param gives the parameter of the first of the property's rules with one of these names.
func (s *speaker) param(names ...string) string {
	for _, r := range s.rules {
		if slices.Contains(names, r.name) {
			return r.param
		}
	}
	return ""
}

// amount is a limit with its unit.
func (s *speaker) amount(param string) string {
	unit := map[kind]string{kindText: " character", kindList: " item"}[s.kind]
	if unit != "" && param != "1" {
		unit += "s"
	}
	return s.plain(param) + unit
}

// plain is a limit as the file would have it: validator takes plain numbers for bytes and, for durations, nanoseconds.
func (s *speaker) plain(param string) string {
	n, err := strconv.ParseInt(param, 0, 64)
	switch {
	case err != nil:
		return param
	case s.kind == kindSize:
		return Size(n).String()
	case s.kind == kindDuration:
		return time.Duration(n).String()
	}
	return param
}

// literal is a value that a rule names.
func (s *speaker) literal(param string) string {
	if s.kind == kindText {
		return strconv.Quote(param)
	}
	return s.plain(param)
}
