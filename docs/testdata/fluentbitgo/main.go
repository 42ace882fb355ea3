// Command fluentbitgo is an output that writes events as JSON lines to a TCP server, as one writes it against fluent-bit-go.
// The page ../../from-fluent-bit-go.md goes on from it.
package main

import "C"

import (
	"bytes"
	"encoding/json"
	"log"
	"net"
	"strconv"
	"time"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
)

func main() {}

type section struct {
	address string
	timeout time.Duration
}

//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) C.int {
	return C.int(output.FLBPluginRegister(def, "lines", "JSON lines over TCP"))
}

//export FLBPluginInit
func FLBPluginInit(p unsafe.Pointer) C.int {
	s := &section{address: output.FLBPluginConfigKey(p, "address"), timeout: 10 * time.Second}
	if s.address == "" {
		log.Print("lines: address is required")
		return output.FLB_ERROR
	}
	if text := output.FLBPluginConfigKey(p, "timeout"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			log.Printf("lines: timeout: %v", err)
			return output.FLB_ERROR
		}
		s.timeout = time.Duration(seconds) * time.Second
	}
	output.FLBPluginSetContext(p, s)
	return output.FLB_OK
}

//export FLBPluginFlushCtx
func FLBPluginFlushCtx(ctx, data unsafe.Pointer, size C.int, tag *C.char) C.int {
	s := output.FLBPluginGetContext(ctx).(*section)
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for dec := output.NewDecoder(data, int(size)); ; {
		ret, ts, record := output.GetRecord(dec)
		if ret != 0 {
			break // the end of the chunk, or a broken event
		}
		line := plain(record).(map[string]any)
		line["date"] = timeOf(ts)
		if err := enc.Encode(line); err != nil {
			log.Printf("lines: %v", err)
			return output.FLB_ERROR
		}
	}
	conn, err := net.DialTimeout("tcp", s.address, s.timeout)
	if err != nil {
		log.Printf("lines: %v", err)
		return output.FLB_RETRY
	}
	defer conn.Close()
	if _, err := conn.Write(lines.Bytes()); err != nil {
		log.Printf("lines: %v", err)
		return output.FLB_RETRY
	}
	return output.FLB_OK
}

//export FLBPluginExitCtx
func FLBPluginExitCtx(unsafe.Pointer) C.int { return output.FLB_OK }

// plain makes a value that encoding/json takes.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			if name, ok := plain(key).(string); ok {
				m[name] = plain(value)
			}
		}
		return m
	}
	return v
}

func timeOf(ts any) time.Time {
	switch ts := ts.(type) {
	case output.FLBTime:
		return ts.Time
	case uint64:
		return time.Unix(int64(ts), 0)
	}
	return time.Now()
}
