package chost

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed c/*.c c/*.h
var sources embed.FS

// buildMu keeps a program from compiling the same host twice at a time.
var buildMu sync.Mutex

// build returns the path of the host's executable, and compiles it if the cache has none.
func build(ctx context.Context, hideSymbols bool) (string, error) {
	if !supported {
		return "", errors.New("chost: the C host runs on Linux only")
	}
	buildMu.Lock()
	defer buildMu.Unlock()
	cc, err := compiler()
	if err != nil {
		return "", err
	}
	flags := compileFlags(hideSymbols)
	path, err := cachePath(ctx, cc, flags)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, compile(ctx, cc, flags, path)
}

// compiler returns the C compiler's command line: CC, as cgo reads it, or the first found.
func compiler() ([]string, error) {
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		return cc, nil
	}
	for _, name := range []string{"cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}, nil
		}
	}
	return nil, errors.New("chost: no C compiler: neither cc, gcc nor clang is in PATH; install one or set CC")
}

func compileFlags(hideSymbols bool) []string {
	flags := []string{"-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-fvisibility=hidden", "-pthread"}
	if sanitized() {
		flags = append(flags, "-fsanitize=address", "-fno-omit-frame-pointer")
	}
	if hideSymbols {
		return append(flags, "-DCHOST_HIDE_SYMBOLS")
	}
	return append(flags, "-rdynamic")
}

// sanitized tells whether to build the host with AddressSanitizer: CHOST_ASAN is 1. Libraries of C and Go may then have it
// too (go build -asan), and none without it changes. What it finds ends the host: a *CrashError with its report.
func sanitized() bool { return os.Getenv("CHOST_ASAN") == "1" }

// sanitizerOptions leave to the host and to Go what is theirs: fatal signals, their stacks, and memory that is kept on
// purpose. The host's tracked blocks are no heap memory.
const sanitizerOptions = "abort_on_error=1:detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:" +
	"handle_abort=0:use_sigaltstack=0:check_malloc_usable_size=0:detect_stack_use_after_return=0"

// cachePath names the executable after everything that it is made from.
func cachePath(ctx context.Context, cc, flags []string) (string, error) {
	version, err := exec.CommandContext(ctx, cc[0], append(cc[1:len(cc):len(cc)], "--version")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("chost: C compiler %q: %w\n%s", strings.Join(cc, " "), err, version)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("chost: no folder for the compiled host: %w", err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q", cc, flags, version)
	err = eachSource(func(name string, text []byte) error {
		fmt.Fprintf(sum, "%q %q", name, text)
		return nil
	})
	return filepath.Join(dir, "calyptia-plugin", fmt.Sprintf("chost-%x", sum.Sum(nil)[:10])), err
}

func eachSource(do func(name string, text []byte) error) error {
	files, err := fs.Glob(sources, "c/*")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := sources.ReadFile(file)
		if err != nil {
			return err
		}
		if err := do(filepath.Base(file), text); err != nil {
			return err
		}
	}
	return nil
}

// compile builds in a folder of its own, then renames: other processes may be doing the same.
func compile(ctx context.Context, cc, flags []string, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("chost: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return fmt.Errorf("chost: %w", err)
	}
	defer os.RemoveAll(dir)
	args := append(cc[1:len(cc):len(cc)], flags...)
	err = eachSource(func(name string, text []byte) error {
		if filepath.Ext(name) == ".c" {
			args = append(args, name)
		}
		return os.WriteFile(filepath.Join(dir, name), text, 0o644)
	})
	if err != nil {
		return fmt.Errorf("chost: %w", err)
	}
	cmd := exec.CommandContext(ctx, cc[0], append(args, "-o", "chost", "-ldl")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chost: compiling the host: %w\n%s\n%s", err, cmd, out)
	}
	if err := os.Rename(filepath.Join(dir, "chost"), path); err != nil {
		return fmt.Errorf("chost: %w", err)
	}
	return nil
}
