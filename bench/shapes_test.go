package bench

import "time"

//go:generate go tool msgp -file shapes_test.go -o msgp_gen_test.go -io=false -tests=false -d "tag json" -d "shim time.Time as:string using:timeText/parseTime mode:convert"

// S is a record of 3 strings and an int, 96 bytes with its event.
type S struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	Host    string `json:"host"`
	Status  int    `json:"status"`
}

// A is an access log of 12 fields, about 600 bytes with its event.
type A struct {
	Remote   string            `json:"remote"`
	User     string            `json:"user"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Status   int               `json:"status"`
	Bytes    int64             `json:"bytes"`
	Duration float64           `json:"duration"`
	Referer  string            `json:"referer"`
	Agent    string            `json:"user_agent"`
	Upstream Upstream          `json:"upstream"`
	Labels   map[string]string `json:"labels"`
	Tags     []string          `json:"tags"`
}

// Upstream is nested in A.
type Upstream struct {
	Addr     string  `json:"addr"`
	Status   int     `json:"status"`
	Duration float64 `json:"duration"`
}

// M is A's content without a type.
type M = map[string]any

// Syslog is a flat record of about 220 bytes. Nobody tunes on it.
type Syslog struct {
	Facility string `json:"facility"`
	Severity int    `json:"severity"`
	Host     string `json:"host"`
	Ident    string `json:"ident"`
	PID      int    `json:"pid"`
	MsgID    string `json:"msgid"`
	Sequence uint64 `json:"sequence"`
	Message  string `json:"message"`
}

// Mix has the kinds that the others do not, in about 330 bytes. Nobody tunes on it.
type Mix struct {
	Trace   []byte         `json:"trace"`
	Name    string         `json:"name"`
	Parent  *string        `json:"parent"`
	Started time.Time      `json:"started"` // RFC 3339
	Attrs   map[string]any `json:"attrs"`
	Code    uint32         `json:"code"`
	Load    float32        `json:"load"`
	Message string         `json:"message"`
}

func timeText(t time.Time) (string, error) { return t.Format(time.RFC3339Nano), nil }

func parseTime(s string) (time.Time, error) { return time.Parse(time.RFC3339Nano, s) }
