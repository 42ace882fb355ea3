package e2e

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/engine/chost"
)

// sanitized tells whether this run has AddressSanitizer in the C host and in the C code of all libraries: E2E_ASAN is 1.
// It needs a compiler that knows -fsanitize=address. Fluent Bit is left out: without the sanitizer itself it cannot load
// such libraries.
var sanitized = os.Getenv("E2E_ASAN") == "1"

func init() {
	if !sanitized {
		return
	}
	os.Setenv("CHOST_ASAN", "1")
	os.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -asan")
	os.Setenv("FLUENT_BIT", "left-out-by-E2E_ASAN")
}

// A write behind a block of the heap, by the C code of a Go plugin, is found: so it would be by that of bridge.
func TestSanitizer(t *testing.T) {
	t.Parallel()
	needCgo(t)
	if !sanitized {
		t.Skip("needs AddressSanitizer (set E2E_ASAN=1)")
	}
	host, err := chost.Start(t.Context(), chost.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	lib, err := host.Load(own(t, "out_ledger/overflow"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = host.Ask(lib, "write_behind")
	crash := new(chost.CrashError)
	if !errors.As(err, &crash) || !strings.Contains(crash.Stderr, "heap-buffer-overflow") {
		t.Errorf("Ask() = %v, want a *chost.CrashError with a heap-buffer-overflow", err)
	}
}
