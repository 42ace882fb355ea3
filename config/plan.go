package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// Plan is a struct type, compiled: what [Plan.Bind] does for each property, and what [Plan.Properties] tells. It is
// immutable and safe for concurrent use.
type Plan struct {
	typ    reflect.Type // as given to Compile: root, or a pointer to it
	root   reflect.Type
	fields []field             // the properties, in declaration order
	groups []group             // the structs: the root first, then each one before those inside it
	checks *validator.Validate // all rules; nil if there are none
	rest   *validator.Validate // the rules of fields without quick; nil if there are none
}

// field is one property.
type field struct {
	name     string // in fluent-bit.conf
	yaml     string // what the engine makes of name in YAML; empty if that is the same but for case
	path     string // in Go, below the root: TLS.CertFile
	index    []int  // from the root
	group    int
	typ      reflect.Type // without the pointer, unless that is a scalar itself, such as *url.URL
	pointer  bool
	list     bool
	mapped   bool
	options         // sep and kv are set where they apply; secret also for a type that is
	scalar   scalar // of the value, or of each item or map value
	def      string
	desc     string
	rules    []rule // what validator checks on the property, for the words of messages
	items    []rule // the same, on each item of a list
	presence []presence
	quick    quickFunc // rules; nil if there are none, or if only validator knows one of them
}

// group is one struct: the root or a nested one.
type group struct {
	prefix    string // in fluent-bit.conf
	path      string // in Go, with a dot at its end; empty for the root
	index     []int  // from the root
	parent    int
	first     int // its properties, and those of the structs inside it, are fields[first:end]
	end       int
	pointer   bool // nil unless a property is set
	validates bool // has a Validate method
}

var compiled sync.Map // reflect.Type to *outcome

type outcome struct {
	plan *Plan
	err  error
}

// Compile makes the plan of t, a struct or a pointer to one. It is called once per plugin, when the plugin registers;
// the outcome, also an error, is cached per type. An error is a mistake of the author in the struct: it names the field, the
// mistake and, where one can be guessed, the right spelling. It has no package prefix.
func Compile(t reflect.Type) (*Plan, error) {
	if known, ok := compiled.Load(t); ok {
		return known.(*outcome).plan, known.(*outcome).err
	}
	plan, err := compile(t)
	kept, _ := compiled.LoadOrStore(t, &outcome{plan, err})
	return kept.(*outcome).plan, kept.(*outcome).err
}

func compile(t reflect.Type) (*Plan, error) {
	root := t
	if t != nil && t.Kind() == reflect.Pointer {
		root = t.Elem()
	}
	if root == nil || root.Kind() != reflect.Struct {
		return nil, fmt.Errorf("configuration type %v: not a struct", t)
	}
	c := &compiler{plan: &Plan{typ: t, root: root}, names: map[string]string{}, aliases: map[string]string{}, rules: map[reflect.Type]map[string]string{}}
	if err := c.structs(root, group{parent: -1, validates: validates(root)}); err != nil {
		return nil, err
	}
	if err := c.compileRules(); err != nil {
		return nil, err
	}
	return c.plan, nil
}

// compiler walks a struct type and fills a plan.
type compiler struct {
	plan    *Plan
	open    []reflect.Type                     // the structs that the walk is in
	names   map[string]string                  // lower-case name to Go path
	aliases map[string]string                  // lower-case name that YAML makes of another to Go path
	parents []reflect.Type                     // by field: the struct that it is in
	waits   [][]rule                           // by field: its presence rules, until all names are known
	rules   map[reflect.Type]map[string]string // struct type to field name to what validator is to check there
}

// structs adds the group g, whose type is t, and everything in it.
func (c *compiler) structs(t reflect.Type, g group) error {
	if slices.Contains(c.open, t) {
		return c.fieldErrorf(strings.TrimSuffix(g.path, "."), "type %v contains itself", t)
	}
	c.open = append(c.open, t)
	c.rules[t] = map[string]string{}
	id := len(c.plan.groups)
	g.first = len(c.plan.fields)
	c.plan.groups = append(c.plan.groups, g)
	for i := range t.NumField() {
		if err := c.field(t, i, id); err != nil {
			return err
		}
	}
	c.open = c.open[:len(c.open)-1]
	c.plan.groups[id].end = len(c.plan.fields)
	if id > 0 && c.plan.groups[id].end == g.first {
		return c.fieldErrorf(strings.TrimSuffix(g.path, "."), "unsupported type %v", t)
	}
	return nil
}

func (c *compiler) field(parent reflect.Type, i, group int) error {
	sf := parent.Field(i)
	path := c.plan.groups[group].path + sf.Name
	t, err := parseTag(sf.Tag)
	if err != nil {
		return c.tagError(path, err)
	}
	typ, pointer := sf.Type, false
	if typ.Kind() == reflect.Pointer {
		typ, pointer = typ.Elem(), true
	}
	f := field{path: path, group: group, typ: typ, pointer: pointer, options: t.options, def: t.def, desc: t.desc}
	f.index = append(slices.Clone(c.plan.groups[group].index), i)
	switch embedded := sf.Anonymous && typ.Kind() == reflect.Struct; {
	case !sf.IsExported() && !embedded:
		return c.unexported(path, t)
	case t.skip:
		c.rules[parent][sf.Name] = "-"
		return c.skipped(path, t)
	case f.setType(sf.Type):
		return c.property(parent, sf, f, t)
	case typ.Kind() == reflect.Struct:
		return c.nested(sf, f, t)
	}
	return c.fieldErrorf(path, "unsupported type %v", sf.Type)
}

func (c *compiler) unexported(path string, t tag) error {
	if t.given && !t.skip {
		return c.tagError(path, errors.New("the field is not exported, so it cannot be set"))
	}
	return nil
}

func (c *compiler) skipped(path string, t tag) error {
	if t.def != "" || len(t.rules)+len(t.items) > 0 {
		return c.tagError(path, errors.New(`default or validate on a field that flb:"-" skips`))
	}
	return nil
}

// property adds f to the plan.
func (c *compiler) property(parent reflect.Type, sf reflect.StructField, f field, t tag) error {
	f.name = t.name
	if !t.given {
		f.name = snakeCase(sf.Name)
	}
	f.name = c.plan.groups[f.group].prefix + f.name
	if err := f.checkOptions(); err != nil {
		return c.tagError(f.path, err)
	}
	if err := c.claim(f.name, f.path); err != nil {
		return c.tagError(f.path, err)
	}
	f.yaml = yamlName(f.name)
	if err := f.checkDefault(); err != nil {
		return c.tagError(f.path, err)
	}
	waits, err := f.splitRules(t)
	if err != nil {
		return c.tagError(f.path, err)
	}
	c.rules[parent][sf.Name] = f.checked()
	c.waits = append(c.waits, waits)
	c.parents = append(c.parents, parent)
	c.plan.fields = append(c.plan.fields, f)
	return nil
}

// claim takes a name. Names compare without case, as in the engine (flb_kv.c: strncasecmp).
func (c *compiler) claim(name, path string) error {
	if strings.IndexFunc(name, notInName) >= 0 {
		return fmt.Errorf("name %q: want letters, digits, _ . and - only", name)
	}
	lower, alias := strings.ToLower(name), yamlName(name)
	if other, ok := c.names[lower]; ok {
		return fmt.Errorf("name %q is that of %s too", name, c.goName(other))
	}
	if other, ok := c.aliases[lower]; ok {
		return fmt.Errorf("name %q is what the engine makes of that of %s in YAML", name, c.goName(other))
	}
	if other, ok := c.names[alias]; ok {
		return fmt.Errorf("name %q: in YAML the engine makes it %q, which is that of %s", name, alias, c.goName(other))
	}
	c.names[lower] = path
	if alias != "" {
		c.aliases[alias] = path
	}
	return nil
}

// nested adds the struct at f as a group.
func (c *compiler) nested(sf reflect.StructField, f field, t tag) error {
	switch {
	case len(t.rules)+len(t.items) > 0:
		return c.tagError(f.path, errors.New("validate on a nested struct; put the rules on its properties"))
	case t.def != "":
		return c.tagError(f.path, errors.New("default on a nested struct; put defaults on its properties"))
	case t.sep != "":
		return c.tagError(f.path, fmt.Errorf("option %q on a property that is no list", "sep"))
	case len(t.used) > 0:
		return c.tagError(f.path, fmt.Errorf("option %q on a nested struct; put it on its properties", t.used[0]))
	}
	if sf.Anonymous && f.pointer {
		return c.fieldErrorf(f.path, "an embedded pointer; embed the struct itself")
	}
	outer := c.plan.groups[f.group]
	prefix := t.name
	if !t.given && !sf.Anonymous {
		prefix = snakeCase(sf.Name) + "_"
	}
	g := group{prefix: outer.prefix + prefix, path: f.path + ".", index: f.index, parent: f.group, pointer: f.pointer}
	in := c.open[len(c.open)-1]
	inherited := sf.Anonymous && validates(in)
	g.validates = validates(f.typ) && !inherited
	if g.validates && !sf.IsExported() {
		return c.fieldErrorf(f.path, "Validate cannot be called on an unexported embedded struct; give %v one that calls it", in)
	}
	return c.structs(f.typ, g)
}

// selfChecker is the optional method of a configuration struct.
type selfChecker interface{ Validate() error }

var selfCheckerType = reflect.TypeFor[selfChecker]()

func validates(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(selfCheckerType)
}

func (c *compiler) tagError(path string, err error) error { return c.plan.tagError(path, err) }

func (c *compiler) fieldErrorf(path, format string, args ...any) error {
	return fmt.Errorf("field %s: "+format, append([]any{c.goName(path)}, args...)...)
}

func (c *compiler) goName(path string) string { return c.plan.goName(path) }

func (p *Plan) tagError(path string, err error) error {
	return fmt.Errorf("struct tag on %s: %w", p.goName(path), err)
}

func (p *Plan) goName(path string) string {
	if name := p.root.Name(); name != "" {
		return name + "." + path
	}
	return "struct." + path
}
