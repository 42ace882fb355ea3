//go:build !cgo

package docs_test

const cgo = false
