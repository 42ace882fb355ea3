package record

import (
	"fmt"
	"time"
)

// small is the record S of four fields and about 96 bytes with its event.
type small struct {
	Level   string `msgpack:"level"`
	Service string `msgpack:"service"`
	Message string `msgpack:"message"`
	Count   int    `msgpack:"count"`
}

func smallRecord() small {
	return small{Level: "info", Service: "checkout", Message: "order accepted, payment pending", Count: 1234}
}

// accessLog is the record A of twelve fields.
type accessLog struct {
	Host     string            `json:"host"`
	User     string            `json:"user,omitempty"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Status   int               `json:"status"`
	Bytes    uint64            `json:"bytes"`
	Duration float64           `json:"duration"`
	TLS      bool              `json:"tls"`
	Started  time.Time         `json:"started"`
	Labels   map[string]string `json:"labels"`
	Hops     []string          `json:"hops"`
	Upstream upstream          `json:"upstream"`
}

type upstream struct {
	Addr string `json:"addr"`
	Try  int    `json:"try"`
}

func access(i int) accessLog {
	return accessLog{
		Host: "10.0.0.1", Method: "GET", Path: fmt.Sprintf("/cart/%d", i), Status: 200 + i, Bytes: 1 << (8 * i),
		Duration: 0.25, TLS: true, Started: corpusTime,
		Labels: map[string]string{"app": "shop", "zone": "eu-1"}, Hops: []string{"lb", "edge"},
		Upstream: upstream{Addr: "10.1.0.7:8080", Try: i},
	}
}
