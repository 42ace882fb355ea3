// Package fluentbit finds the real engine, for flbgo and for tests.
package fluentbit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// Packaged is where Fluent Bit's own packages put the program.
const Packaged = "/opt/fluent-bit/bin/fluent-bit"

// Find returns the absolute path of the program: given, or if that is empty, in PATH or at last.
func Find(given, last string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("FLUENT_BIT: %w (want the path of the program fluent-bit)", err)
		}
		return filepath.Abs(path)
	}
	for _, name := range []string{"fluent-bit", last} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("no fluent-bit in PATH, nor %s: install Fluent Bit (https://docs.fluentbit.io/manual/installation) "+
		"or set FLUENT_BIT to the program's path", last)
}

// T is a *testing.T.
type T interface {
	Helper()
	Skipf(format string, args ...any)
}

// ForTest returns the path of the program, and skips the test if there is none of at least this release.
func ForTest(t T, major, minor, patch int) string {
	t.Helper()
	want := Release{major, minor, patch}
	path, err := Find(os.Getenv("FLUENT_BIT"), Packaged)
	if err != nil {
		t.Skipf("needs Fluent Bit %v: %v", want, err)
		return ""
	}
	has, err := ReleaseOf(path)
	if err != nil || has.Before(want) {
		t.Skipf("needs Fluent Bit %v: %s is %v (%v)", want, path, has, err)
	}
	return path
}

// Release is the number of one: major, minor, patch.
type Release [3]int

var releaseText = regexp.MustCompile(`Fluent Bit v(\d+)\.(\d+)\.(\d+)`)

// ReleaseOf asks the program at path.
func ReleaseOf(path string) (r Release, err error) {
	text, err := exec.Command(path, "--version").Output()
	if err != nil {
		return r, err
	}
	m := releaseText.FindSubmatch(text)
	if m == nil {
		return r, fmt.Errorf("--version prints %q", text)
	}
	for i := range r {
		r[i], _ = strconv.Atoi(string(m[i+1])) // digits, as matched
	}
	return r, nil
}

// Before reports whether r is older than other.
func (r Release) Before(other Release) bool { return slices.Compare(r[:], other[:]) < 0 }

func (r Release) String() string { return fmt.Sprintf("%d.%d.%d", r[0], r[1], r[2]) }
