package chost

import "syscall"

const supported = true

// The host dies with the thread that started it, and does not get the terminal's Ctrl-C: who drives
// it decides when it stops.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
