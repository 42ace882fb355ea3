//go:build unix

package main

import (
	"os"
	"syscall"
)

// identity is what no two files of a system share at a time.
func identity(info os.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino)
	}
	return 0, 0
}
