package docs_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/calyptia/plugin/internal/fluentbit"
)

// The page is a story of blocks, which happen in their order, in one folder and as one shell would have it:
//
//	sh     commands; all must succeed
//	text   what the commands above have printed on standard output and standard error, in full
//	go, ini, under a comment with its name, as docs/code/in_x/main.go: a file that is written, as in_x/main.go
//	diff   changes of a file, whose name is behind +++. Each hunk begins with a line @@; its old lines are in the file once
//
// In text, … is anything within a line, or any number of lines where it is a line; blanks are as many as may be.
// Comments above a block of commands say what else is to be known:
//
//	<!-- exits with 1 -->       the last command fails
//	<!-- needs fluent-bit -->   left out, with its text, where there is none
//	<!-- needs docker -->       left out: the image is built with a release of the library, which this tree is not

// unreleased makes the commands use this tree: the page has what is typed with a release. It is the only difference.
func unreleased(tree, commands string) string {
	return strings.NewReplacer(
		"go install github.com/calyptia/plugin/cmd/flbgo@latest", fmt.Sprintf("go -C %q install ./cmd/flbgo", tree),
		"flbgo new ", fmt.Sprintf("flbgo new --replace %q ", tree),
	).Replace(commands)
}

// The page, as a new user who does all that it says.
func TestTutorial(t *testing.T) {
	t.Parallel()
	if !cgo {
		t.Skip("needs cgo, and a C compiler: libraries are built")
	}
	tree, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	u := newUser(t, tree)
	story := blocks(t, read(t, "tutorial.md"))
	for i, b := range story {
		if b.kind == "text" && (i == 0 || story[i-1].kind != "sh") {
			t.Fatalf("tutorial.md:%d: text that no commands have printed", b.line)
		}
		u.live(t, b)
		if t.Failed() {
			return // what follows would fail too
		}
	}
}

// paragraph is a block of the page.
type paragraph struct {
	line    int    // of the page
	comment string // above it
	kind    string // behind its ```
	text    string
}

var (
	blockForm = regexp.MustCompile("(?ms)(?:^<!-- ([^>\n]+) -->\n)?^```(\\w*)\n(.*?)^```$")
	kinds     = map[string]func(*user, *testing.T, paragraph){
		"sh": (*user).run, "text": (*user).compare, "go": (*user).write, "ini": (*user).write, "diff": (*user).change,
	}
)

func blocks(t *testing.T, page string) (all []paragraph) {
	t.Helper()
	for _, at := range blockForm.FindAllStringSubmatchIndex(page, -1) {
		b := paragraph{line: 1 + strings.Count(page[:at[0]], "\n"), kind: page[at[4]:at[5]], text: page[at[6]:at[7]]}
		if at[2] >= 0 {
			b.comment = page[at[2]:at[3]]
		}
		if kinds[b.kind] == nil {
			t.Fatalf("tutorial.md:%d: block of kind %q, want one of %v", b.line, b.kind, kinds)
		}
		all = append(all, b)
	}
	return all
}

// user is who does what the page says.
type user struct {
	tree    string // the library's
	home    string // where it all happens
	dir     string // current
	env     []string
	printed string // by the last commands
	skipped bool   // these were
}

func newUser(t *testing.T, tree string) *user {
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	path := bin + ":" + os.Getenv("PATH")
	if engine, err := fluentbit.Find(os.Getenv("FLUENT_BIT"), fluentbit.Packaged); err == nil {
		path += ":" + filepath.Dir(engine)
	}
	return &user{tree: tree, home: home, dir: home, env: append(os.Environ(), "GOBIN="+bin, "PATH="+path, "GOWORK=off", "NO_COLOR=1")}
}

func (u *user) live(t *testing.T, b paragraph) {
	t.Helper()
	kinds[b.kind](u, t, b)
}

// lacks is why commands are left out, nil if they are not.
func (u *user) lacks(b paragraph) error {
	switch b.comment {
	case "needs docker":
		return errors.New("the image is built with a release of the library")
	case "needs fluent-bit":
		_, err := fluentbit.Find(os.Getenv("FLUENT_BIT"), fluentbit.Packaged)
		return err
	}
	return nil
}

func (u *user) run(t *testing.T, b paragraph) {
	t.Helper()
	reason := u.lacks(b)
	if u.skipped = reason != nil; u.skipped {
		t.Logf("tutorial.md:%d: left out: %v", b.line, reason)
		return
	}
	where := filepath.Join(u.home, "dir")
	commands := fmt.Sprintf("trap 'pwd > %q' EXIT\n", where) + unreleased(u.tree, b.text)
	cmd := exec.CommandContext(t.Context(), "bash", "-ec", commands)
	cmd.Dir, cmd.Env = u.dir, append(u.env, "PWD="+u.dir)
	out, err := cmd.CombinedOutput()
	u.printed = string(out)
	if code, want := cmd.ProcessState.ExitCode(), exitCode(b); code != want {
		t.Fatalf("tutorial.md:%d: exit code = %d (%v), want %d:\n%s\n%s", b.line, code, err, want, b.text, out)
	}
	u.dir = strings.TrimSpace(read(t, where))
}

func exitCode(b paragraph) int {
	code, _ := strconv.Atoi(strings.TrimPrefix(b.comment, "exits with ")) // 0 without that
	return code
}

func (u *user) compare(t *testing.T, b paragraph) {
	t.Helper()
	if !u.skipped && !pattern(b.text).MatchString(strings.TrimRight(u.printed, "\n")+"\n") {
		t.Errorf("tutorial.md:%d: the page says\n%s\nbut the commands have printed\n%s", b.line, b.text, u.printed)
	}
}

var blanks = regexp.MustCompile(`[ \t]+`)

// pattern is that of a text.
func pattern(text string) *regexp.Regexp {
	form := ""
	for line := range strings.Lines(text) {
		if line == "…\n" {
			form += `(?:.*\n)*?`
			continue
		}
		form += blanks.ReplaceAllString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*?"), `[ \t]+`)
	}
	return regexp.MustCompile(`^` + form + `$`)
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, printed string
		want                bool
	}{
		{"the same", "a [b]\n", "a [b]\n", true},
		{"another", "a.b\n", "a-b\n", false},
		{"blanks", "a \tb\n", "a  b\n", true},
		{"no blank", "a b\n", "ab\n", false},
		{"part of a line", "took …s\n", "took 1.5s\n", true},
		{"part of a line is not two", "took …s\n", "took 1\n.5s\n", false},
		{"lines", "a\n…\nd\n", "a\nb\nc\nd\n", true},
		{"no lines", "…\na\n…\n", "a\n", true},
		{"line too many", "a\n", "a\nb\n", false},
		{"line before", "b\n", "a\nb\n", false},
		{"line too few", "a\n…\nb\n", "a\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := pattern(tt.text).MatchString(tt.printed); got != tt.want {
				t.Errorf("pattern(%q) matches %q: %v, want %v", tt.text, tt.printed, got, tt.want)
			}
		})
	}
}

func (u *user) write(t *testing.T, b paragraph) {
	t.Helper()
	if whole := read(t, filepath.Join("..", b.comment)); whole != b.text {
		t.Errorf("tutorial.md:%d: not the whole of %s", b.line, b.comment)
	}
	u.save(t, strings.TrimPrefix(b.comment, "docs/code/"), b.text)
}

func (u *user) save(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(u.home, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (u *user) change(t *testing.T, b paragraph) {
	t.Helper()
	hunks := regexp.MustCompile(`(?m)^@@.*\n`).Split(b.text, -1)
	_, name, found := strings.Cut(strings.TrimSpace(hunks[0]), "+++ ")
	if !found {
		t.Fatalf("tutorial.md:%d: no line with +++ and a name", b.line)
	}
	text := read(t, filepath.Join(u.home, name))
	for _, hunk := range hunks[1:] {
		before, after := sides(hunk)
		if n := strings.Count(text, before); n != 1 {
			t.Fatalf("tutorial.md:%d: %s has these lines %d times, want 1:\n%s", b.line, name, n, before)
		}
		text = strings.Replace(text, before, after, 1)
	}
	u.save(t, name, text)
}

// sides are the lines before and after a change.
func sides(hunk string) (before, after string) {
	for line := range strings.Lines(hunk) {
		if line[0] != '+' {
			before += line[1:]
		}
		if line[0] != '-' {
			after += line[1:]
		}
	}
	return before, after
}
