// Command overflow is an output whose C code writes behind a block of memory when it is asked to.
package main

import "C"

import (
	"github.com/calyptia/plugin"
	ledger "github.com/calyptia/plugin/internal/e2e/testdata/out_ledger"
)

func init() {
	plugin.RegisterOutput("overflow", "Writes behind its memory", &ledger.Output{})
}

func main() {}
