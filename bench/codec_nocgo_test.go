//go:build !cgo

package bench

// fluent-bit-go needs cgo.

func fluentBitGo[R any]([]event[R]) codec { return codec{name: "fluent-bit-go"} }

func fluentBitGoJSON() []toJSON { return nil }
