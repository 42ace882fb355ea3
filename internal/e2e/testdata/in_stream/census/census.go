// Package census is linked into plugins whose host wants to know what they hold.
package census

/*
#include <string.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/calyptia/plugin/bridge"
)

// flbgo_census leaves a line with the library's census in text.
//
//export flbgo_census
func flbgo_census(text *C.char, size C.size_t) C.int {
	c := bridge.Count()
	line := fmt.Sprintf("goroutines=%d instances=%d registrations=%d servers=%d allocations=%d\x00",
		runtime.NumGoroutine(), c.Instances, c.Registrations, c.Servers, c.Allocations)
	return C.int(copy(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(size)), line))
}
