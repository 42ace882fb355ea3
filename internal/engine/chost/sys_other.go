//go:build !linux

package chost

import "syscall"

const supported = false

func sysProcAttr() *syscall.SysProcAttr { return nil }
