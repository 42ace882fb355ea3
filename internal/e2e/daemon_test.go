package e2e

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A library that finds itself in a forked process, where Go has no threads, says so and refuses.
func TestDaemonMode(t *testing.T) {
	t.Parallel()
	if sanitized {
		t.Skip("its program has no AddressSanitizer, which the library wants (run without E2E_ASAN)")
	}
	lib := own(t, "out_panic")
	program := compile(t, "daemon.c")
	out, err := exec.CommandContext(within(t), program, lib).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `register 0
log 1 plugin: "panic": daemon mode is not supported: Fluent Bit has forked after it loaded this library, and Go's threads do not survive that (want Fluent Bit in the foreground, run by a service manager)
init -1
exit 0
register -1
`
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("calls in a forked process (-want +got):\n%s", diff)
	}
}
