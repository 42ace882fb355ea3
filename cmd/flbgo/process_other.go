//go:build !unix

package main

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// terminate ends a process: there is no way to ask it.
func terminate(p *os.Process) error { return p.Kill() }
