//go:build cgo

package bridge

/*
#include "configmap.h"
*/
import "C"

import (
	"sync"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/internal/proxy"
)

var (
	propertiesOnce sync.Once
	propertyList   *C.struct_flbgo_property
)

// properties returns the plugin's properties as the engine takes them, made once: they are the same in every registration.
func properties(p *proxy.Plugin) *C.struct_flbgo_property {
	propertiesOnce.Do(func() {
		var all []config.Property
		for _, plan := range p.Plans {
			for _, prop := range plan.Properties() {
				all = append(all, prop)
				if prop.Name = prop.YAMLName; prop.Name != "" { // a key of this name comes under another one
					all = append(all, prop)
				}
			}
		}
		propertyList = C.flbgo_properties_new(C.size_t(len(all)))
		for i, prop := range all {
			C.flbgo_properties_set(propertyList, C.size_t(i), propertyType(prop), C.CString(prop.Name), defaultOf(prop), C.CString(prop.Description))
		}
	})
	return propertyList
}

// propertyType is what the engine's help prints. It checks no value of a proxy plugin, whatever the type.
func propertyType(p config.Property) C.int {
	if p.Deprecated {
		return C.FLBGO_MAP_DEPRECATED
	}
	switch p.Type {
	case "bool":
		return C.FLBGO_MAP_BOOL
	case "integer":
		return C.FLBGO_MAP_INT
	case "number":
		return C.FLBGO_MAP_DOUBLE
	case "size":
		return C.FLBGO_MAP_SIZE
	case "duration":
		return C.FLBGO_MAP_TIME
	}
	return C.FLBGO_MAP_STR
}

// defaultOf returns null for none. The engine refuses its start over a default it cannot read, and of all types only a
// bool has such: 1 and 0 are none to it (flb_utils_bool).
func defaultOf(p config.Property) *C.char {
	switch {
	case !p.HasDefault || p.Secret:
		return nil
	case p.Type == "bool" && p.Default == "1":
		return C.CString("on")
	case p.Type == "bool" && p.Default == "0":
		return C.CString("off")
	}
	return C.CString(p.Default)
}
