package bridge

/*
#cgo CFLAGS: -std=c11
#cgo linux LDFLAGS: -ldl -lpthread
*/
import "C"
