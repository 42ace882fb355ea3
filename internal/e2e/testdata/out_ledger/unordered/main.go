// Command unordered is the output of package ledger, several chunks at a time.
package main

import (
	"github.com/calyptia/plugin"
	ledger "github.com/calyptia/plugin/internal/e2e/testdata/out_ledger"
)

func init() {
	plugin.RegisterOutput("unordered", "Writes events of stream down", &ledger.Output{})
}

func main() {}
