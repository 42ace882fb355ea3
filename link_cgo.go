//go:build cgo

package plugin

// A plugin built with cgo is one that an engine can load; without cgo it can only be tested.
import _ "github.com/calyptia/plugin/bridge"
