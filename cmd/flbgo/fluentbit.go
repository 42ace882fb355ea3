package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// packaged is where Fluent Bit's own packages put it.
const packaged = "/opt/fluent-bit/bin/fluent-bit"

// findFluentBit returns the absolute path of the program: given, or if that is empty, in PATH or at last.
func findFluentBit(given, last string) (string, error) {
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
		"or set FLUENT_BIT to the program's path; --engine embedded does without", last)
}

// fluentBit runs the configuration in Fluent Bit itself.
func (r *runCmd) fluentBit(s *session, w *workspace, path string) error {
	if err := w.prepare(s, r.builder()); err != nil {
		return err
	}
	for _, line := range w.conf.Warnings {
		s.term.note("%s", line)
	}
	ctx, cancel := s.stop, context.CancelFunc(func() {})
	if r.For > 0 {
		ctx, cancel = context.WithTimeout(s.stop, r.For)
	}
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-c", w.conf.File)
	if r.Verbose {
		cmd.Args = append(cmd.Args, "-v")
		s.term.note("%s", strings.Join(cmd.Args, " "))
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, os.Stdout, os.Stderr
	cmd.SysProcAttr = ownGroup() // Ctrl-C comes through Cancel, not a second time from the terminal
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	return run(s, cmd, readsStdin(w.conf))
}

func readsStdin(c *conffile.Config) bool {
	return slices.ContainsFunc(c.Inputs, func(in conffile.Section) bool { return strings.EqualFold(in.Name, "stdin") })
}

// run runs a command until it ends, or is killed by the second signal.
func run(s *session, cmd *exec.Cmd, stdin bool) error {
	if stdin {
		// A pipe: a process group of its own must not read from the terminal.
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(in, os.Stdin) // ends with either side
			_ = in.Close()
		}()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer context.AfterFunc(s.abort, func() { _ = cmd.Process.Kill() })()
	err := cmd.Wait()
	switch {
	case s.abort.Err() != nil:
		return errAborted
	case cmd.ProcessState == nil:
		return err
	case !cmd.ProcessState.Success():
		return fmt.Errorf("%s ended with %v", cmd.Path, cmd.ProcessState)
	case err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return nil
}
