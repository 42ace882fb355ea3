package record

import (
	"fmt"
	"reflect"
	"strconv"
	"unsafe"
)

// container begins a map or array and returns its count. It is a misfit if it is something else.
func (d *decodeState) container(k kind, typ reflect.Type) (int, error) {
	if n, ok := d.fewIn(k); ok {
		return n, nil
	}
	at := d.off
	t, err := d.next()
	if err != nil {
		return 0, err
	}
	if t.kind != k {
		return 0, newMisfit(at, t, typ)
	}
	return t.n, d.open(t.children())
}

// fewIn begins a map or array of up to 15 elements. More bytes follow than they take at least.
func (d *decodeState) fewIn(k kind) (int, bool) {
	if len(d.text)-d.off < 32 || d.depth >= maxDepth {
		return 0, false
	}
	c, head := d.text[d.off], byte(0x80)
	if k == kindArray {
		head = 0x90
	}
	if c&0xf0 != head {
		return 0, false
	}
	d.off++
	d.depth++
	return int(c & 0x0f), true
}

var (
	stringsType   = reflect.TypeFor[[]string]()
	stringMapType = reflect.TypeFor[map[string]string]()
	anyMapType    = reflect.TypeFor[map[string]any]()
)

func decodeStrings(d *decodeState, p unsafe.Pointer) error {
	list := (*[]string)(p)
	n, err := d.container(kindArray, stringsType)
	if err != nil {
		return err
	}
	if d.plan.reuse && *list != nil && cap(*list) >= n {
		*list = (*list)[:n]
	} else {
		*list = make([]string, n)
	}
	for i := range *list {
		if (*list)[i], err = d.element(); err != nil {
			return err
		}
	}
	d.depth--
	return nil
}

// element reads a string as an element of something.
func (d *decodeState) element() (string, error) {
	if at, end := shortText(d.text, d.off); end > 0 {
		d.off = end
		return d.text[at:end], nil
	}
	s := new(string)
	err := decodeStringValue(d, unsafe.Pointer(s))
	return *s, err
}

func decodeSlice(t reflect.Type, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		n, err := d.container(kindArray, t)
		if err != nil {
			return err
		}
		v := reflect.NewAt(t, p).Elem()
		if d.plan.reuse && !v.IsNil() && v.Cap() >= n {
			v.SetLen(n)
		} else {
			v.Set(reflect.MakeSlice(t, n, n))
		}
		return d.list(v.UnsafePointer(), n, t.Elem().Size(), elem)
	}
}

func decodeArray(t reflect.Type, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		at := d.off
		n, err := d.container(kindArray, t)
		if err != nil {
			return err
		}
		if n > t.Len() {
			return misfit{at, fmt.Errorf("array of %d into %s", n, t)}
		}
		reflect.NewAt(t, p).Elem().SetZero()
		return d.list(p, n, t.Elem().Size(), elem)
	}
}

// list reads n elements to where the first one is at p.
func (d *decodeState) list(p unsafe.Pointer, n int, size uintptr, elem decodeFunc) error {
	for i := range n {
		if err := elem(d, unsafe.Add(p, uintptr(i)*size)); err != nil {
			return err
		}
	}
	d.depth--
	return nil
}

func decodeStringMap(d *decodeState, p unsafe.Pointer) error {
	n, err := d.container(kindMap, stringMapType)
	if err != nil {
		return err
	}
	m := *(*map[string]string)(p)
	if d.plan.reuse && m != nil {
		clear(m)
	} else {
		m = make(map[string]string, n)
		*(*map[string]string)(p) = m
	}
	for range n {
		key, err := d.key()
		if err != nil {
			return err
		}
		value, err := d.element()
		if err != nil {
			return err
		}
		m[key] = value
	}
	d.depth--
	return nil
}

func decodeAnyMap(d *decodeState, p unsafe.Pointer) error {
	at := d.off
	t, err := d.next()
	if err != nil {
		return err
	}
	if t.kind != kindMap {
		return newMisfit(at, t, anyMapType)
	}
	m := *(*map[string]any)(p)
	if !d.plan.reuse {
		m = nil
	}
	clear(m)
	*(*map[string]any)(p), err = d.anyMap(m, t.n)
	return err
}

func decodeMap(t reflect.Type, setKey keySetFunc, elem decodeFunc) decodeFunc {
	return func(d *decodeState, p unsafe.Pointer) error {
		n, err := d.container(kindMap, t)
		if err != nil {
			return err
		}
		m := reflect.NewAt(t, p).Elem()
		if d.plan.reuse && !m.IsNil() {
			m.Clear()
		} else {
			m.Set(reflect.MakeMapWithSize(t, n))
		}
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for range n {
			at := d.off
			text, err := d.key()
			if err != nil {
				return err
			}
			if !setKey(key, text) {
				return misfit{at, fmt.Errorf("key %q into %s", cut(text), t.Key())}
			}
			value.SetZero() // maps and slices are not shared by entries
			if err := elem(d, value.Addr().UnsafePointer()); err != nil {
				return err
			}
			m.SetMapIndex(key, value)
		}
		d.depth--
		return nil
	}
}

// keySetFunc reports false if a key of the map cannot be text.
type keySetFunc func(key reflect.Value, text string) bool

// keySetter returns how keys of type t are read, nil if they cannot be.
func keySetter(t reflect.Type) keySetFunc {
	switch {
	case t.Kind() == reflect.String:
		return func(v reflect.Value, text string) bool { v.SetString(text); return true }
	case t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return func(v reflect.Value, text string) bool { v.Set(reflect.ValueOf(text)); return true }
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Int64:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseInt(text, 10, t.Bits())
			v.SetInt(n)
			return err == nil
		}
	case reflect.Uint <= t.Kind() && t.Kind() <= reflect.Uintptr:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseUint(text, 10, t.Bits())
			v.SetUint(n)
			return err == nil
		}
	}
	return nil
}
