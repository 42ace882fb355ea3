package bridge

/*
#include <stddef.h>
*/
import "C"

import "unsafe"

// The symbols that the engine looks up, but for those in entry.c and flush.c. Each converts its arguments, makes one call,
// and maps the outcome; a panic ends in guard.

//export flbgoRegister
func flbgoRegister(def unsafe.Pointer) C.int {
	ok := false
	guard("FLBPluginRegister", func() { ok = register(def) })
	if !ok {
		return -1 // any other value is a success to the engine
	}
	return 0
}

//export flbgoUnregister
func flbgoUnregister(def unsafe.Pointer) {
	guard("FLBPluginUnregister", func() { unregister(def) })
}

//export flbgoInit
func flbgoInit(plugin unsafe.Pointer) C.int {
	ok := false
	guard("FLBPluginInit", func() { ok = open(plugin) })
	if !ok {
		return 0
	}
	return 1
}

//export FLBPluginInputPreRun
func FLBPluginInputPreRun(hotReload C.int) C.int {
	guard("FLBPluginInputPreRun", func() { eachHere((*instance).start) })
	return 0
}

//export FLBPluginInputCallbackCtx
func FLBPluginInputCallbackCtx(ctx unsafe.Pointer, data *unsafe.Pointer, size *C.size_t) C.int {
	guard("FLBPluginInputCallbackCtx", func() { find(uintptr(ctx)).collect(returnTo(data, size)) })
	return 1
}

//export FLBPluginInputCallback
func FLBPluginInputCallback(data *unsafe.Pointer, size *C.size_t) C.int {
	guard("FLBPluginInputCallback", func() { collectHere(returnTo(data, size)) })
	return 1
}

//export FLBPluginInputCleanupCallbackCtx
func FLBPluginInputCleanupCallbackCtx(ctx, data unsafe.Pointer) C.int { free(data); return 0 }

//export FLBPluginInputCleanupCallback
func FLBPluginInputCleanupCallback(data unsafe.Pointer) C.int { free(data); return 0 }

//export FLBPluginInputPause
func FLBPluginInputPause() { guard("FLBPluginInputPause", func() { eachHere((*instance).pause) }) }

//export FLBPluginInputResume
func FLBPluginInputResume() { guard("FLBPluginInputResume", func() { eachHere((*instance).resume) }) }

//export flbgoExitCtx
func flbgoExitCtx(ctx unsafe.Pointer) C.int {
	guard("FLBPluginExitCtx", func() { find(uintptr(ctx)).exit() })
	return 0
}

//export flbgoExit
func flbgoExit() C.int {
	guard("FLBPluginExit", func() { newestHere().exit() })
	return 0
}
