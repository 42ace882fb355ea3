// Package cshared builds plugins as the shared libraries that Fluent Bit loads, for tests.
package cshared

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
)

// Unavailable reports why no library can be built, or loaded by the C host; nil if both can be done.
var Unavailable = sync.OnceValue(func() error {
	if runtime.GOOS != "linux" {
		return errors.New("the C host, which stands for Fluent Bit, runs on Linux only")
	}
	out, err := exec.Command("go", "env", "CGO_ENABLED", "CC").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	enabled, cc, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if enabled != "1" {
		return errors.New("needs cgo, and CGO_ENABLED is 0: leave it alone, and install gcc or clang")
	}
	compiler, _, _ := strings.Cut(cc, " ") // flags may follow
	if _, err := exec.LookPath(compiler); err != nil {
		return fmt.Errorf("needs a C compiler: install gcc or clang, or set CC: %w", err)
	}
	return nil
})

// Build builds the package main in a folder into a file, an absolute path. Without debug information it links in half the time.
func Build(ctx context.Context, folder, file string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, ".")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("in %s: %s: %w\n%s", folder, cmd, err, out)
	}
	return nil
}
