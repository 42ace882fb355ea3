package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tag is what the struct tags of one field say.
type tag struct {
	given bool   // there is a flb tag
	skip  bool   // flb:"-"
	name  string // or prefix; empty if there is no flb tag
	options
	def   string
	desc  string
	rules []rule // validate, up to dive
	items []rule // validate, after dive
	dive  bool
}

// options are those of the flb tag.
type options struct {
	sep        string   // between items or pairs; a blank stands for any white space; empty if not given
	kv         string   // between a key and its value; the same
	json       bool     // the value is JSON
	file       bool     // the value is a path of the text that counts, or inline: and the text
	secret     bool     // the value is for no one to see
	deprecated bool     // to set it gives a warning
	used       []string // the options that the tag has
}

// rule is one rule of a validate tag, such as min=1. Rules joined by | are one rule, with alternatives.
type rule struct {
	text  string
	name  string
	param string
}

var optionNames = []string{"sep", "kv", "json", "file", "secret", "deprecated"}

func parseTag(st reflect.StructTag) (tag, error) {
	t := tag{def: st.Get("default"), desc: st.Get("desc")}
	if err := t.parseRules(st.Get("validate")); err != nil {
		return tag{}, err
	}
	text, ok := st.Lookup("flb")
	if !ok {
		return t, nil
	}
	t.given = true
	name, options, more := strings.Cut(text, ",")
	if err := t.setName(name); err != nil || !more {
		return t, err
	}
	for option := range strings.SplitSeq(options, ",") {
		if err := t.setOption(option); err != nil {
			return tag{}, err
		}
	}
	return t, nil
}

func (t *tag) setName(name string) error {
	t.name, t.skip = name, name == "-"
	switch bad := strings.IndexFunc(name, notInName); {
	case name == "":
		return errors.New("empty name")
	case bad >= 0:
		r, _ := utf8.DecodeRuneInString(name[bad:])
		return fmt.Errorf("name %q: %q is not a letter, a digit, _ . or -", name, r)
	}
	return nil
}

func notInName(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-", r)
}

func (t *tag) setOption(option string) error {
	key, value, valued := strings.Cut(option, "=")
	flag := t.flag(key)
	switch {
	case !slices.Contains(optionNames, key):
		return unknownOption(key, optionNames)
	case t.skip:
		return fmt.Errorf("option %q on a field that is skipped", option)
	case slices.Contains(t.used, key):
		return fmt.Errorf("option %q twice", key)
	case flag != nil && valued:
		return fmt.Errorf("option %q: %s takes no value", option, key)
	}
	t.used = append(t.used, key)
	if flag == nil {
		return t.setSeparator(option, key, value)
	}
	*flag = true
	return nil
}

// flag is the option called key, or nil if that takes a value.
func (o *options) flag(key string) *bool {
	return map[string]*bool{"json": &o.json, "file": &o.file, "secret": &o.secret, "deprecated": &o.deprecated}[key]
}

func (o *options) setSeparator(option, key, value string) error {
	separator := map[string]*string{"sep": &o.sep, "kv": &o.kv}[key]
	if value == "space" {
		*separator = " "
		return nil
	}
	r, size := utf8.DecodeRuneInString(value)
	if value == "" || size != len(value) || !unicode.IsPunct(r) && !unicode.IsSymbol(r) {
		const usage = "option %q: want %s=space or one punctuation character (%s is the default)"
		return fmt.Errorf(usage, option, key, map[string]string{"sep": "a comma", "kv": "="}[key])
	}
	*separator = value
	return nil
}

func (t *tag) parseRules(text string) error {
	if text == "" || text == "-" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, param, _ := strings.Cut(part, "=")
		r := rule{text: part, name: name, param: unescape(param)}
		switch {
		case name == "":
			return fmt.Errorf("validate:%q has an empty option", text)
		case name == "dive" && t.dive:
			return errors.New("dive twice: there are no lists of lists")
		case name == "dive":
			t.dive = true
		case t.dive:
			t.items = append(t.items, r)
		default:
			t.rules = append(t.rules, r)
		}
	}
	return nil
}

// unescape undoes what validator's struct tags need for a comma and a bar in a parameter.
func unescape(param string) string {
	return strings.NewReplacer("0x2C", ",", "0x7C", "|").Replace(param)
}

func unknownOption(word string, known []string) error {
	if near := nearest(word, known); near != "" {
		return fmt.Errorf("unknown option %q; did you mean %q?", word, near)
	}
	if near := nearest(word, ruleNames()); near != "" {
		return fmt.Errorf("unknown option %q; did you mean validate:%q?", word, near)
	}
	return fmt.Errorf("unknown option %q", word)
}

// nearest finds the known word that at most two typing mistakes separate from word, or "".
func nearest(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts inserted, dropped and replaced bytes (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// snakeCase splits a Go name before each word and in front of the last capital of an initialism: HTTPTimeout gives
// http_timeout, S3Bucket gives s3_bucket. An initialism keeps its plural: URLs gives urls.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			inWord := unicode.IsUpper(runes[i-1])
			if !inWord || startsWord(runes[i+1:]) {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// startsWord says whether a capital in front of rest is the first letter of a word, and not the last of an initialism.
func startsWord(rest []rune) bool {
	plural := len(rest) > 0 && rest[0] == 's' && (len(rest) == 1 || unicode.IsUpper(rest[1]))
	return len(rest) > 0 && unicode.IsLower(rest[0]) && !plural
}
