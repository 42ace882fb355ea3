package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tag is what the struct tags of one field say.
type tag struct {
	given bool   // there is a flb tag
	skip  bool   // flb:"-"
	name  string // or prefix; empty if there is no flb tag
	sep   string // between the items of a list; a blank stands for any white space; empty if not given
	def   string
	desc  string
	rules []rule // validate, up to dive
	items []rule // validate, after dive
	dive  bool
}

// rule is one rule of a validate tag, such as min=1. Rules joined by | are one rule, with alternatives.
type rule struct {
	text  string
	name  string
	param string
}

// flbOptions are the options of the flb tag.
var flbOptions = []string{"sep"}

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
	key, value, _ := strings.Cut(option, "=")
	if key != "sep" {
		return unknownOption(key, flbOptions)
	}
	if t.skip {
		return fmt.Errorf("option %q on a field that is skipped", option)
	}
	if value == "space" {
		t.sep = " "
		return nil
	}
	r, size := utf8.DecodeRuneInString(value)
	if size != len(value) || !unicode.IsPunct(r) && !unicode.IsSymbol(r) {
		return fmt.Errorf("option %q: want sep=space or one punctuation character (a comma is the default)", option)
	}
	t.sep = value
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
// http_timeout, S3Bucket gives s3_bucket.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			inWord := unicode.IsUpper(runes[i-1])
			if !inWord || i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
