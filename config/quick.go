package config

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// quickFunc is a property's rules, judged without validator, which takes most of the time of a binding. It says true
// only if validator would find nothing wrong; otherwise validator judges the whole struct, and finds the words.
type quickFunc func(b *binding, v reflect.Value) bool

// quickRules makes the quickFunc of f, or nil if there is a rule that only validator knows.
func (p *Plan) quickRules(f *field) quickFunc {
	if len(f.items) > 0 || f.json {
		return nil
	}
	var tests []quickFunc
	optional := false
	for i, r := range f.rules {
		if i == 0 && r.text == "omitempty" {
			optional = true
			continue
		}
		test := p.quickRule(f, r)
		if test == nil || strings.Contains(r.text, "|") {
			return nil
		}
		tests = append(tests, test)
	}
	return func(b *binding, v reflect.Value) bool {
		switch {
		case optional && v.IsZero():
			return true
		case f.pointer && v.IsNil():
			return false
		case f.pointer:
			v = v.Elem()
		}
		for _, test := range tests {
			if !test(b, v) {
				return false
			}
		}
		return true
	}
}

func (p *Plan) quickRule(f *field, r rule) quickFunc {
	if r.name == "oneof" && f.typ.Kind() == reflect.String {
		words := splitWords(r.param)
		return func(_ *binding, v reflect.Value) bool { return slices.Contains(words, v.String()) }
	}
	if name, ok := strings.CutSuffix(r.name, "field"); ok && quickOrders[name] != nil {
		return p.quickField(f, r, quickOrders[name])
	}
	if holds := quickOrders[r.name]; holds != nil && r.name != "eq" {
		return quickBound(f.typ, r.param, holds)
	}
	return nil
}

// quickOrders say whether a rule about a limit holds, given how a value compares with the limit.
var quickOrders = map[string]func(order int) bool{
	"eq":  func(order int) bool { return order == 0 },
	"min": func(order int) bool { return order >= 0 },
	"gte": func(order int) bool { return order >= 0 },
	"gt":  func(order int) bool { return order > 0 },
	"max": func(order int) bool { return order <= 0 },
	"lte": func(order int) bool { return order <= 0 },
	"lt":  func(order int) bool { return order < 0 },
}

// quickField compares with another property of the same struct and type.
func (p *Plan) quickField(f *field, r rule, holds func(int) bool) quickFunc {
	o, err := p.resolve(f, r)
	if err != nil || len(o.fields) != 1 {
		return nil
	}
	other := &p.fields[o.fields[0]]
	if other.group != f.group || other.pointer || other.typ != f.typ || !reflect.Zero(f.typ).CanInt() {
		return nil
	}
	return func(b *binding, v reflect.Value) bool {
		return holds(cmp.Compare(v.Int(), b.root.FieldByIndex(other.index).Int()))
	}
}

// quickBound reads limits as validator does, which takes a length for a text or a list.
func quickBound(t reflect.Type, param string, holds func(int) bool) quickFunc {
	zero := reflect.Zero(t)
	n, err := strconv.ParseInt(param, 0, 64)
	if d, bad := time.ParseDuration(param); bad == nil && t == reflect.TypeFor[time.Duration]() {
		n, err = int64(d), nil
	}
	switch {
	case t.Kind() == reflect.Float64:
		limit, err := strconv.ParseFloat(param, 64)
		return unless(err, func(_ *binding, v reflect.Value) bool { return holds(cmp.Compare(v.Float(), limit)) })
	case zero.CanUint():
		limit, err := strconv.ParseUint(param, 0, 64)
		return unless(err, func(_ *binding, v reflect.Value) bool { return holds(cmp.Compare(v.Uint(), limit)) })
	case zero.CanInt():
		return unless(err, func(_ *binding, v reflect.Value) bool { return holds(cmp.Compare(v.Int(), n)) })
	case t.Kind() == reflect.String:
		return unless(err, func(_ *binding, v reflect.Value) bool {
			return holds(cmp.Compare(int64(utf8.RuneCountInString(v.String())), n))
		})
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map:
		return unless(err, func(_ *binding, v reflect.Value) bool { return holds(cmp.Compare(int64(v.Len()), n)) })
	}
	return nil
}

func unless(err error, test quickFunc) quickFunc {
	if err != nil {
		return nil
	}
	return test
}

// quick says whether all rules that can be judged without validator hold.
func (b *binding) quick() bool {
	for i := range b.plan.fields {
		f := &b.plan.fields[i]
		if f.quick != nil && !b.absent[f.group] && !f.quick(b, b.root.FieldByIndex(f.index)) {
			return false
		}
	}
	return true
}
