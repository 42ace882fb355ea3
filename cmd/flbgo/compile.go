package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// builder builds c-shared libraries with the go command.
type builder struct {
	off     bool     // nothing is built
	verbose bool     // commands and their output are shown
	beside  bool     // something else writes to the terminal: whole lines only
	flags   []string // of go build, besides those that all have
	env     []string // besides that of this process
}

// build builds the program in a folder into a file.
func (b builder) build(s *session, dir, file string) error {
	// A folder of its own: no header is left behind, and a process that has the old library open keeps it.
	temp, err := os.MkdirTemp(filepath.Dir(file), ".flbgo-")
	if err != nil {
		return fmt.Errorf("build of %s: %w", file, err)
	}
	defer os.RemoveAll(temp)
	output := filepath.Join(temp, filepath.Base(file))
	if err := b.compile(s, dir, output); err != nil {
		return fmt.Errorf("build of %s: %w", file, err)
	}
	return os.Rename(output, file)
}

func (b builder) compile(s *session, dir, output string) error {
	cmd, log := b.command(s.stop, dir, output)
	if b.verbose {
		s.term.note("in %s: %s", dir, strings.Join(append(b.env[:len(b.env):len(b.env)], cmd.Args...), " "))
		cmd.Stdout, cmd.Stderr = s.term.w, s.term.w
		return explain(s.stop, cmd.Run())
	}
	step := s.term.step
	if b.beside {
		step = s.term.lines
	}
	done := step("building " + strings.TrimSuffix(filepath.Base(output), ".so"))
	err := cmd.Run()
	done(err)
	if err = explain(s.stop, err); err != nil && log.Len() > 0 {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(log.Bytes()))
	}
	return err
}

// command returns the command and what takes its output.
func (b builder) command(ctx context.Context, dir, output string) (*exec.Cmd, *bytes.Buffer) {
	args := append([]string{"build", "-buildmode=c-shared"}, b.flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", output, ".")...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=1", "PWD="+dir), b.env...)
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	return cmd, log
}

// explain says what to do about an error of the go command.
func explain(ctx context.Context, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w (install Go from https://go.dev/dl, or use --no-build with a library that is built)", err)
	}
	return interrupted(ctx, err)
}

// interrupted replaces an error that came after ctx was done, most likely because of it.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}
