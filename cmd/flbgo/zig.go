package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/calyptia/plugin/cmd/flbgo/internal/doctor"
)

// triples are zig's names of targets, but for the version of glibc at the end.
var triples = map[target]string{
	"linux/amd64":   "x86_64-linux-gnu",
	"linux/386":     "x86-linux-gnu",
	"linux/arm64":   "aarch64-linux-gnu",
	"linux/arm":     "arm-linux-gnueabihf",
	"linux/riscv64": "riscv64-linux-gnu",
	"linux/s390x":   "s390x-linux-gnu",
	"linux/ppc64le": "powerpc64le-linux-gnu",
}

// target is a system to build for, as GOOS/GOARCH; empty is this machine's.
type target string

// UnmarshalText is called by kong.
func (t *target) UnmarshalText(text []byte) error {
	*t = target(strings.ToLower(string(text)))
	if _, ok := triples[*t]; !ok {
		return fmt.Errorf("%q is none of %s", text, strings.Join(targets(), ", "))
	}
	return nil
}

func targets() (names []string) {
	for _, t := range slices.Sorted(maps.Keys(triples)) {
		names = append(names, string(t))
	}
	return names
}

func (t target) arch() string {
	_, arch, _ := strings.Cut(string(t), "/")
	return arch
}

const thisMachine = target(runtime.GOOS + "/" + runtime.GOARCH)

// toolchain returns the environment of a go command that builds for a target, against a glibc if one is given.
func toolchain(t target, glibc string) ([]string, error) {
	t = cmp.Or(t, thisMachine)
	env := []string{"GOOS=" + goos(t), "GOARCH=" + t.arch()}
	if t == "linux/arm" {
		env = append(env, "GOARM=7") // what the engine's packages are for
	}
	if os.Getenv("CC") != "" || t == thisMachine && glibc == "" {
		return env, nil
	}
	zig, err := exec.LookPath("zig")
	switch {
	case err == nil:
		triple := triples[t] + "." + cmp.Or(glibc, doctor.DefaultFloor)
		return append(env, compilers(zig, triple)...), nil
	case t == thisMachine:
		return env, nil // whether the library fits the glibc shows in the check
	}
	return nil, errors.New("build for " + string(t) + " needs a C compiler for it: install zig (https://ziglang.org/download), " +
		"or set CC to a cross compiler such as aarch64-linux-gnu-gcc")
}

func goos(t target) string {
	name, _, _ := strings.Cut(string(t), "/")
	return name
}

// compilers are how the go command is told of zig's. It takes a path with blanks in quotes.
func compilers(zig, triple string) []string {
	return []string{
		fmt.Sprintf("CC='%s' cc -target %s", zig, triple),
		fmt.Sprintf("CXX='%s' c++ -target %s", zig, triple),
	}
}
