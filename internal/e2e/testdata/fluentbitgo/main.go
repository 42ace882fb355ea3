// Command fluentbitgo is an output written against the library fluent-bit-go. It prints a line for each record.
package main

import "C"

import (
	"fmt"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
)

func main() {}

//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) C.int {
	return C.int(output.FLBPluginRegister(def, "foreign", "Prints records through fluent-bit-go"))
}

//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) { output.FLBPluginUnregister(def) }

//export FLBPluginInit
func FLBPluginInit(section unsafe.Pointer) C.int {
	output.FLBPluginSetContext(section, output.FLBPluginConfigKey(section, "label"))
	return output.FLB_OK
}

//export FLBPluginFlushCtx
func FLBPluginFlushCtx(ctx, data unsafe.Pointer, size C.int, tag *C.char) C.int {
	label := output.FLBPluginGetContext(ctx).(string)
	for dec := output.NewDecoder(data, int(size)); ; {
		ret, _, record := output.GetRecord(dec)
		if ret != 0 {
			return output.FLB_OK
		}
		fmt.Printf("%s %s n=%v\n", label, C.GoString(tag), record["n"])
	}
}

//export FLBPluginExitCtx
func FLBPluginExitCtx(unsafe.Pointer) C.int { return output.FLB_OK }
