package bridge

/*
#cgo CFLAGS: -std=c11 -Wall
#cgo linux LDFLAGS: -ldl -lpthread
*/
import "C"
