package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// fluentBit runs the configuration in Fluent Bit itself.
func (r *runCmd) fluentBit(s *session, w *workspace, path string) error {
	if err := w.prepare(s, r.builder()); err != nil {
		return err
	}
	for _, line := range w.conf.Warnings {
		s.term.note("%s", line)
	}
	ctx, cancel := context.WithCancel(s.stop)
	defer cancel()
	if r.For > 0 {
		time.AfterFunc(r.For, cancel)
	}
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
	case err != nil && !errors.Is(err, context.Canceled):
		return err
	}
	return nil
}
