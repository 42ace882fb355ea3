package proxy

import "reflect"

// Clone returns a shallow copy of what p points to, or p itself if it is no pointer: the value that a section works on,
// made of the one that was registered.
func Clone[P any](p P) P {
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer {
		return p
	}
	dup := reflect.New(v.Type().Elem())
	dup.Elem().Set(v.Elem())
	return dup.Interface().(P)
}
