// Package doctor finds what keeps a shared library from working as a plugin of Fluent Bit's.
//
// It reads the file first, without running any of it. If nothing speaks against it, the library is loaded in the C host,
// as Fluent Bit would load it, and a section is opened and closed.
package doctor

import (
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/calyptia/plugin/internal/engine/chost"
)

// Level says how bad a finding is.
type Level string

const (
	OK      Level = "ok"
	Warning Level = "warning" // Fluent Bit may run it, but not everywhere, or not as it looks
	Error   Level = "error"   // Fluent Bit does not run it
)

// Finding is what one check found.
type Finding struct {
	Level  Level  `json:"level"`
	Check  string `json:"check"` // one word, such as "glibc"
	Text   string `json:"text"`  // what is the case; further lines are the library's own
	Advice string `json:"advice,omitempty"`
}

// Report is what was found about a file, in the order of the checks.
type Report struct {
	File     string    `json:"file"`
	Findings []Finding `json:"findings"`
}

// Count returns the number of findings of a level.
func (r *Report) Count(level Level) (n int) {
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// DefaultFloor is the glibc that a library may need at most unless told otherwise: that of Debian 12, on which the official
// images of Fluent Bit 3.1 to 4.2.0 are built. Those from 4.2.3 on have 2.41.
const DefaultFloor = "2.36"

// Options choose what is checked against what. The zero value is for this machine.
type Options struct {
	Arch       string           // GOARCH that the library is for; runtime.GOARCH if empty. Others are not loaded.
	Floor      string           // newest glibc that the library may need; DefaultFloor if empty
	Properties []chost.Property // of the section that is opened
	NoLoad     bool             // leave the library closed
	Timeout    time.Duration    // of everything that runs code of the library; 20 seconds if 0
}

func (o Options) withDefaults() Options {
	o.Arch = cmp.Or(o.Arch, runtime.GOARCH)
	o.Floor = cmp.Or(o.Floor, DefaultFloor)
	o.Timeout = cmp.Or(o.Timeout, 20*time.Second)
	return o
}

// Check examines a file. Its error says that there is nothing to examine: no such file, or a floor that is no version.
func Check(ctx context.Context, file string, o Options) (*Report, error) {
	o = o.withDefaults()
	floor, err := parseVersion(o.Floor)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(file); err != nil {
		return nil, err
	} else if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder (want a shared library)", file)
	}
	e := &examination{Report: Report{File: file}, options: o, floor: floor}
	e.all(ctx)
	return &e.Report, nil
}

// examination is a Check at work.
type examination struct {
	Report
	options Options
	floor   version
	elf     *elf.File
	goBuilt bool // the go command made it
	ours    bool // with this library
}

func (e *examination) all(ctx context.Context) {
	e.fileName()
	if !e.format() {
		return
	}
	defer e.elf.Close()
	native := e.architecture()
	e.build()
	if !e.symbols() || !e.libc() {
		return
	}
	e.glibc()
	e.tls()
	if e.options.NoLoad {
		return
	}
	if !native {
		e.warn("load", "not loaded: it is for another machine", "run flbgo check there")
		return
	}
	e.load(ctx)
}

func (e *examination) add(level Level, check, text, advice string) {
	e.Findings = append(e.Findings, Finding{level, check, text, advice})
}

func (e *examination) ok(check, format string, args ...any) {
	e.add(OK, check, fmt.Sprintf(format, args...), "")
}

func (e *examination) warn(check, text, advice string) { e.add(Warning, check, text, advice) }

func (e *examination) fail(check, text, advice string) { e.add(Error, check, text, advice) }

// ErrVersion is wrapped by the error of a floor that is no version.
var ErrVersion = errors.New("no version of glibc (want one such as 2.28)")
