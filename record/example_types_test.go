package record_test

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/calyptia/plugin/record"
)

// Metadata of an event, such as the severity of an OpenTelemetry log, is not part of its record.
func ExampleHeader() {
	enc, err := record.NewEncoder[Access]()
	if err != nil {
		fmt.Println(err)
		return
	}
	h := record.Header{Time: time.Unix(1700000000, 5000), Metadata: map[string]any{"otlp": map[string]any{"severity_number": 9}}}
	chunk, err := enc.Append(nil, &h, &Access{Method: "GET"}, 0)
	if err != nil {
		fmt.Println(err)
	}
	for s := record.NewScanner(chunk); s.Next(); {
		ev := s.Event()
		fmt.Println(ev.Time, ev.Metadata)
	}
	// Output: 2023-11-14 22:13:20.000005 +0000 UTC map[otlp:map[severity_number:9]]
}

// Decode knows no chunk. Locate says where in one the error is.
func ExampleEvent_Locate() {
	type Line struct {
		PID uint16 `msgpack:"pid,alias:pri"`
	}
	dec, err := record.NewDecoder[Line]()
	if err != nil {
		fmt.Println(err)
		return
	}
	chunk, err := os.ReadFile("testdata/syslog_legacy.chunk")
	if err != nil {
		fmt.Println(err)
	}
	s := record.NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		if err := dec.Decode(ev.Body, new(Line)); err != nil {
			fmt.Println(ev.Locate(err))
		}
	}
	// Output: record: event 1 at byte 60: pri: integer -1 into uint16
}

// The events of a group share it.
func ExampleGroup() {
	chunk, err := os.ReadFile("testdata/otlp_group.chunk")
	if err != nil {
		fmt.Println(err)
	}
	for s := record.NewScanner(chunk); s.Next(); {
		if ev := s.Event(); ev.Group != nil {
			fmt.Println(ev.Index, ev.Group.Metadata["schema"], ev.Group.Attributes["scope"])
		} else {
			fmt.Println(ev.Index, "is of no group")
		}
	}
	// Output:
	// 0 otlp map[name:otel version:1.2]
	// 1 otlp map[name:otel version:1.2]
	// 2 is of no group
}

// Extensions that are no timestamps keep their bytes.
func ExampleExt() {
	dec, err := record.NewDecoder[any]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var r any
	if err := dec.Decode([]byte("\x81\xa2ip\xd6\x2a\x7f\x00\x00\x01"), &r); err != nil {
		fmt.Println(err)
	}
	if ext, ok := r.(map[string]any)["ip"].(record.Ext); ok && ext.Type == 42 {
		fmt.Println(netip.AddrFrom4([4]byte(ext.Data)))
	}
	// Output: 127.0.0.1
}

// A field that only travels through is not decoded.
func ExampleRaw() {
	type Envelope struct {
		Tenant  string     `json:"tenant"`
		Payload record.Raw `json:"payload"`
	}
	dec, err := record.NewDecoder[Envelope]()
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := record.NewEncoder[Envelope]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var r Envelope
	if err := dec.Decode(pack(map[string]any{"tenant": "a", "payload": []any{1, "two"}}), &r); err != nil {
		fmt.Println(err)
	}
	r.Tenant = "b"
	chunk, err := enc.Append(nil, &record.Header{Time: time.Unix(1700000000, 0)}, &r, 0)
	if err != nil {
		fmt.Println(err)
	}
	for s := record.NewScanner(chunk); s.Next(); {
		line, err := record.Raw(s.Event().Body).AppendJSON(nil)
		fmt.Println(string(line), err)
	}
	// Output: {"tenant":"b","payload":[1,"two"]} <nil>
}

// A plugin's property takes the names that the engine's outputs take.
func ExampleTimeFormat() {
	var format record.TimeFormat
	for _, name := range []string{"epoch_millis", "rfc1123"} {
		if err := format.UnmarshalText([]byte(name)); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(format)
	}
	// Output:
	// epoch_ms
	// "rfc1123" is not a time format (want double, iso8601, epoch, epoch_ms or java_sql_timestamp)
}

// A zero JSONFormat writes the record alone. TimeKey puts the time in front.
func ExampleJSONFormat() {
	chunk, err := os.ReadFile("testdata/otlp_group.chunk")
	if err != nil {
		fmt.Println(err)
	}
	s := record.NewScanner(chunk)
	s.Next()
	ev := s.Event()
	for _, format := range []record.JSONFormat{
		{},
		{TimeKey: "date"},
		{TimeKey: "ts", TimeFormat: record.TimeEpochMillis},
		{TimeKey: "@timestamp", TimeFormat: record.TimeISO8601},
	} {
		line, err := format.AppendEvent(nil, &ev)
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(string(line))
	}
	// Output:
	// {"log":"checkout done"}
	// {"date":1700000000.123457,"log":"checkout done"}
	// {"ts":1700000000123,"log":"checkout done"}
	// {"@timestamp":"2023-11-14T22:13:20.123456Z","log":"checkout done"}
}
