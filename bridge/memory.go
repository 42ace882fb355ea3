//go:build cgo

package bridge

/*
#include <stdlib.h>
#include "log.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"
)

// allocated counts the C memory that is not freed yet. All of it is made and freed here, but for what lives as long as the
// process (configmap.c).
var allocated atomic.Int64

func newString(s string) *C.char {
	allocated.Add(1)
	return C.CString(s)
}

func newBytes(b []byte) unsafe.Pointer {
	allocated.Add(1)
	return C.CBytes(b)
}

func free(p unsafe.Pointer) {
	if p != nil {
		allocated.Add(-1)
		C.free(p)
	}
}

// A Census is what this library holds for the engine at one moment. Between two moments at which no section is
// configured it does not differ: else something leaks.
type Census struct {
	Registrations int   // registered and not unregistered
	Instances     int   // sections that were initialised and have not exited
	Servers       int   // threads that serve flushes or wait for one
	Lines         int   // of the log, that wait to be written
	Allocations   int64 // of C memory, not freed
}

// Count takes a census. It may be called from any goroutine.
func Count() Census {
	registrations.Lock()
	defer registrations.Unlock()
	instances.Lock()
	defer instances.Unlock()
	return Census{len(registrations.byDef), len(instances.byHandle), servers(), int(C.flbgo_log_count()), allocated.Load()}
}
