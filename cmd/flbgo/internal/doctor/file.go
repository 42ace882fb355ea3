package doctor

import (
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// howToBuild is the advice for a file that is not what the go command makes of a plugin.
const howToBuild = "build it with flbgo build, or go build -buildmode=c-shared -o NAME.so ."

func (e *examination) fileName() {
	base := filepath.Base(e.File)
	switch {
	case strings.HasPrefix(base, "flb-"):
		e.fail("name", fmt.Sprintf("the name %s begins with flb-: Fluent Bit takes it for a plugin written in C", base),
			"rename it to "+strings.ReplaceAll(strings.TrimPrefix(base, "flb-"), "-", "_"))
	case filepath.Ext(base) != ".so":
		e.warn("name", fmt.Sprintf("the name %s does not end in .so", base), "rename it, so that people and tools know what it is")
	default:
		e.ok("name", "%s", base)
	}
}

// Beginnings of files that are something else.
var others = []struct{ magic, what, advice string }{
	{"!<arch>\n", "is an archive of a Go package, or of objects: package main is missing",
		"name the package main, with an empty func main() {}, and " + howToBuild},
	{"\xcf\xfa\xed\xfe", "is for macOS (Mach-O), which this does not read", "check the library that is built for Linux"},
	{"MZ", "is for Windows (PE), which this does not read", "check the library that is built for Linux"},
	{"#!", "is a script", howToBuild},
}

// format opens the file if it is a shared library.
func (e *examination) format() bool {
	f, err := elf.Open(e.File)
	if err != nil {
		what, advice := fmt.Sprintf("is no shared library: %v", err), howToBuild
		head := beginning(e.File)
		for _, o := range others {
			if strings.HasPrefix(head, o.magic) {
				what, advice = o.what, o.advice
			}
		}
		e.fail("format", what, advice)
		return false
	}
	if what := notShared(f); what != "" {
		e.fail("format", what, howToBuild)
		f.Close()
		return false
	}
	e.ok("format", "an ELF shared library")
	e.elf = f
	return true
}

func beginning(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, 8)
	n, _ := io.ReadFull(f, b)
	return string(b[:n])
}

func notShared(f *elf.File) string {
	program := slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
	flags, _ := f.DynValue(elf.DT_FLAGS_1)
	switch {
	case f.Type == elf.ET_REL:
		return "is an object file, not a shared library"
	case f.Type != elf.ET_DYN:
		return "is a program, not a shared library"
	case program && len(flags) > 0 && elf.DynFlag1(flags[0])&elf.DF_1_PIE != 0:
		return "is a program, not a shared library"
	case f.Section(".dynamic") == nil && !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_DYNAMIC }):
		return "is linked statically: nothing can load it"
	}
	return ""
}

// machines are those that Fluent Bit has packages for, by GOARCH.
var machines = map[string]elf.Machine{
	"amd64": elf.EM_X86_64, "386": elf.EM_386, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM, "riscv64": elf.EM_RISCV,
	"s390x": elf.EM_S390, "ppc64le": elf.EM_PPC64, "loong64": elf.EM_LOONGARCH,
}

func archOf(m elf.Machine) string {
	for arch, machine := range machines {
		if m == machine {
			return arch
		}
	}
	return m.String()
}

// architecture reports whether this machine can load the file.
func (e *examination) architecture() bool {
	got, want := archOf(e.elf.Machine), e.options.Arch
	if got != want {
		e.fail("machine", fmt.Sprintf("it is for %s, not for %s", got, want),
			fmt.Sprintf("build it with flbgo build --target linux/%s, or load it on %s", want, got))
		return false
	}
	e.ok("machine", "for %s", got)
	return want == (Options{}).withDefaults().Arch
}

// Modules that plugins are written with.
const (
	ourModule    = "github.com/calyptia/plugin"
	otherLibrary = "github.com/fluent/fluent-bit-go"
)

// build tells what the go command left in the file.
func (e *examination) build() {
	info, err := buildinfo.ReadFile(e.File)
	if err != nil {
		e.warn("go", "it is not built from Go, or says nothing about it", "")
		return
	}
	e.goBuilt = true
	e.ok("go", "package %s, built by %s%s", info.Path, info.GoVersion, settings(info))
	switch {
	case uses(info, ourModule):
		e.ours = true
		e.ok("library", "%s %s", ourModule, versionOf(info, ourModule))
	case uses(info, otherLibrary):
		e.warn("library", fmt.Sprintf("it is written with another library, %s %s", otherLibrary, versionOf(info, otherLibrary)),
			"it may work; what this says of "+ourModule+" does not hold for it")
	default:
		e.warn("library", "it is not written with "+ourModule, "import it and call RegisterInput or RegisterOutput from init")
	}
}

func settings(info *debug.BuildInfo) string {
	var b strings.Builder
	for _, s := range info.Settings {
		if slices.Contains([]string{"-buildmode", "CGO_ENABLED", "vcs.revision"}, s.Key) {
			fmt.Fprintf(&b, ", %s=%s", s.Key, s.Value)
		}
	}
	return b.String()
}

func uses(info *debug.BuildInfo, module string) bool {
	return info.Main.Path == module || slices.ContainsFunc(info.Deps, func(m *debug.Module) bool { return m.Path == module })
}

func versionOf(info *debug.BuildInfo, module string) string {
	for _, m := range append(info.Deps, &info.Main) {
		switch {
		case m.Path != module:
		case m.Replace != nil:
			return m.Version + " => " + strings.TrimSpace(m.Replace.Path+" "+m.Replace.Version)
		default:
			return m.Version
		}
	}
	return ""
}

// libc reports whether the file needs glibc, as Fluent Bit does.
func (e *examination) libc() bool {
	needed, _ := e.elf.ImportedLibraries()
	for _, name := range needed {
		if strings.HasPrefix(name, "libc.musl") || strings.HasPrefix(name, "ld-musl") || name == "libc.so" {
			e.fail("libc", "it is built against musl ("+name+"): a Fluent Bit with glibc cannot load it",
				"build it on a system with glibc, such as the image golang:bookworm")
			return false
		}
	}
	if !slices.ContainsFunc(needed, func(name string) bool { return strings.HasPrefix(name, "libc.so.") }) {
		e.fail("libc", "it is linked statically: it would bring a C library of its own into Fluent Bit's process",
			"build it without -static in -ldflags, CGO_LDFLAGS and LDFLAGS")
		return false
	}
	e.ok("libc", "needs %s", strings.Join(needed, ", "))
	return true
}

// glibc compares what the file needs with the floor.
func (e *examination) glibc() {
	needs, err := e.elf.DynamicVersionNeeds()
	if err != nil {
		e.warn("glibc", fmt.Sprintf("the versions it needs cannot be read: %v", err), "")
		return
	}
	var newest version
	for _, lib := range needs {
		for _, need := range lib.Needs {
			if v, err := parseVersion(strings.TrimPrefix(need.Dep, "GLIBC_")); err == nil && v.newer(newest) {
				newest = v
			}
		}
	}
	if newest.newer(e.floor) {
		e.fail("glibc", fmt.Sprintf("it needs glibc %v%s, newer than %v", newest, e.because(newest), e.floor),
			fmt.Sprintf("build it in an image with glibc %v or older, or with flbgo build --glibc %v, which uses zig", e.floor, e.floor))
		return
	}
	e.ok("glibc", "needs %v, which %v has", newest, e.floor)
}

// because names a few functions of that version.
func (e *examination) because(v version) string {
	symbols, _ := e.elf.ImportedSymbols()
	var names []string
	for _, s := range symbols {
		if s.Version == "GLIBC_"+v.String() && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return " for " + strings.Join(names[:min(3, len(names))], ", ")
}

// optionalTLS is what glibc promises to have left for libraries with static TLS (rtld.optional_static_tls).
const optionalTLS = 512

const moreTLS = "start Fluent Bit with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096"

func (e *examination) tls() {
	flags, _ := e.elf.DynValue(elf.DT_FLAGS)
	static := slices.ContainsFunc(flags, func(f uint64) bool { return elf.DynFlag(f)&elf.DF_STATIC_TLS != 0 })
	if !static {
		return
	}
	var size uint64
	for _, p := range e.elf.Progs {
		if p.Type == elf.PT_TLS {
			size = p.Memsz
		}
	}
	if size > optionalTLS {
		e.warn("tls", fmt.Sprintf("its static thread-local storage is %d bytes: glibc promises %d", size, optionalTLS),
			"if it cannot be loaded: "+moreTLS)
		return
	}
	e.ok("tls", "static thread-local storage, %d bytes, as of any Go library: loads with glibc, not with musl", size)
}

// symbols reports whether the functions that Fluent Bit calls are there.
func (e *examination) symbols() bool {
	exported := e.exported()
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(exported, name) })
	}
	input, output := has("FLBPluginInputCallback", "FLBPluginInputCallbackCtx"), has("FLBPluginFlush", "FLBPluginFlushCtx")
	switch {
	case slices.ContainsFunc(exported, isNative):
		e.fail("exports", "it is a plugin of Fluent Bit's C interface: it exports a struct, not FLBPluginRegister",
			"flbgo is for plugins of the Go interface")
	case !has("FLBPluginRegister") && e.goBuilt:
		e.fail("exports", "FLBPluginRegister is not exported: package main does not import "+ourModule,
			"import it in package main and call RegisterInput or RegisterOutput from init")
	case !has("FLBPluginRegister"):
		e.fail("exports", "FLBPluginRegister is not exported: this is no plugin", howToBuild)
	case !has("FLBPluginInit"):
		e.fail("exports", "FLBPluginInit is not exported: no section can be opened", "export it, or use "+ourModule)
	case !input && !output:
		e.fail("exports", "neither FLBPluginInputCallback nor FLBPluginFlush nor one of their Ctx forms is exported",
			"export the one of the plugin's kind, or use "+ourModule)
	default:
		e.ok("exports", "FLBPluginRegister, FLBPluginInit and %s", callbacks(input, output))
		return true
	}
	return false
}

func callbacks(input, output bool) string {
	switch {
	case input && output:
		return "the callbacks of inputs and outputs"
	case input:
		return "the callbacks of inputs"
	}
	return "the callbacks of outputs"
}

func (e *examination) exported() (names []string) {
	symbols, _ := e.elf.DynamicSymbols()
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF && elf.ST_BIND(s.Info) != elf.STB_LOCAL {
			names = append(names, s.Name)
		}
	}
	return names
}

// isNative tells the registration structs of C plugins.
func isNative(symbol string) bool {
	return strings.HasSuffix(symbol, "_plugin") && (strings.HasPrefix(symbol, "in_") || strings.HasPrefix(symbol, "out_") ||
		strings.HasPrefix(symbol, "filter_") || strings.HasPrefix(symbol, "processor_"))
}
