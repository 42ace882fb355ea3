//go:build !cgo

package bench

// fluentBitGo needs cgo.
func fluentBitGo[R any]([]event[R]) codec { return codec{name: "fluent-bit-go"} }
