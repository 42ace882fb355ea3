package census

/*
#include <string.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"strconv"
	"unsafe"

	"github.com/calyptia/plugin/bridge"
)

// flbgo_heap leaves the bytes that Go's heap holds, without garbage, in text.
//
//export flbgo_heap
func flbgo_heap(text *C.char, size C.size_t) C.int {
	var m runtime.MemStats
	for range 2 { // pools keep what they have for one collection
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return answer(text, size, strconv.FormatUint(m.HeapAlloc, 10))
}

// flbgo_census leaves a line with the library's census in text.
//
//export flbgo_census
func flbgo_census(text *C.char, size C.size_t) C.int {
	c := bridge.Count()
	return answer(text, size, fmt.Sprintf("goroutines=%d instances=%d registrations=%d servers=%d lines=%d allocations=%d",
		runtime.NumGoroutine(), c.Instances, c.Registrations, c.Servers, c.Lines, c.Allocations))
}

// answer returns the length of line, as snprintf does.
func answer(text *C.char, size C.size_t, line string) C.int {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(size)), line+"\x00")
	return C.int(len(line))
}
