//go:build cgo

package bridge

/*
#include <stddef.h>
*/
import "C"

import (
	"encoding/json"
	"unsafe"

	"github.com/calyptia/plugin/internal/proxy"
)

// flbgo_describe is for tools, such as flbgo docs: the engine does not know it. It leaves JSON in text, ended by a NUL and cut if
// it does not fit into size bytes, and returns the length of all of it without the NUL, as snprintf does; less than 0 after a
// panic. The JSON is a proxy.Reference, or {"error": TEXT} if the library registered none or made mistakes in it.
//
//export flbgo_describe
func flbgo_describe(text *C.char, size C.size_t) C.int {
	length := -1
	if text == nil {
		size = 0
	}
	guard("flbgo_describe", func() { length = describe(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(size))) })
	return C.int(length)
}

func describe(text []byte) int {
	all := reference()
	if room := len(text) - 1; room >= 0 {
		text[copy(text[:room], all)] = 0
	}
	return len(all)
}

func reference() []byte {
	p, err := proxy.Registered()
	if err == nil {
		var all []byte
		if all, err = p.Reference().Encode(); err == nil {
			return all
		}
	}
	all, _ := json.Marshal(map[string]string{"error": err.Error()})
	return all
}
