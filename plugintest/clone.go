package plugintest

import "reflect"

// clone returns a shallow copy of what p points to, or p itself if it is no pointer, as the library makes for a section.
func clone[P any](p P) P {
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer {
		return p
	}
	dup := reflect.New(v.Type().Elem())
	dup.Elem().Set(v.Elem())
	return dup.Interface().(P)
}
