// Command ordered is the output of package ledger, one chunk at a time.
package main

import (
	"github.com/calyptia/plugin"
	ledger "github.com/calyptia/plugin/internal/e2e/testdata/out_ledger"
)

func init() {
	plugin.RegisterOutput("ordered", "Writes events of stream down", &ledger.Output{}, plugin.Ordered())
}

func main() {}
