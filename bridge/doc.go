// Package bridge makes the plugin that package proxy holds loadable by Fluent Bit: it exports the symbols that the engine
// looks up and drives the plugin's instances from them. It is the one package with import "C".
//
// The engine's structs are mirrored in abi.h as far as they are read or written. Facts about the engine are of release
// 5.1.1 unless another is named; flb_plugin_proxy.c and go.c are the files that matter.
//
// Memory: what the engine passes is copied in the callback that it is passed to, but for a chunk, which is read in place
// until its flush returns. What the engine is given is its own to read until the call returns. C memory that the
// library allocates is freed in FLBPluginUnregister and in the cleanup callbacks. The engine holds no Go pointers: an
// instance is known to it by an integer.
package bridge
