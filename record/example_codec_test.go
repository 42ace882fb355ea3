package record_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/calyptia/plugin/record"
)

// How many events a chunk has, without decoding one.
func ExampleCount() {
	chunk, err := os.ReadFile("testdata/syslog_legacy.chunk")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(record.Count(chunk))
	fmt.Println(record.Count(chunk[:len(chunk)-1]))
	// Output:
	// 3 <nil>
	// 2 record: event 2 at byte 87: message: truncated: unexpected EOF
}

// A scanner decodes times and metadata alone: enough to find what is too old.
func ExampleScanner() {
	chunk, err := os.ReadFile("testdata/syslog_legacy.chunk")
	if err != nil {
		fmt.Println(err)
	}
	deadline := time.Date(2023, 11, 14, 22, 13, 21, 0, time.UTC)
	s := record.NewScanner(chunk)
	for s.Next() {
		if ev := s.Event(); ev.Time.Before(deadline) {
			fmt.Println("too old:", ev.Index, ev.Time, len(ev.Body), "bytes")
		}
	}
	if err := s.Err(); err != nil {
		fmt.Println(err) // bytes that are no event: there is no way past them
	}
	// Output:
	// too old: 0 2023-11-14 22:13:20 +0000 UTC 54 bytes
	// too old: 1 2023-11-14 22:13:20.5 +0000 UTC 17 bytes
}

// A type that can never be a record is found when the encoder is made, not when it is used.
func ExampleNewEncoder() {
	type Job struct {
		Name string     `json:"name"`
		Done chan error `json:"done"`
	}
	_, err := record.NewEncoder[Job]()
	fmt.Println(err)
	// Output: record: record_test.Job.Done: type chan error cannot be written
}

// A record that cannot be written costs no other.
func ExampleEncoder_Append() {
	enc, err := record.NewEncoder[map[string]any]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var buf []byte
	h := record.Header{Time: time.Unix(1700000000, 0), Metadata: map[string]any{"source": "till"}}
	for _, r := range []map[string]any{{"n": 1}, {"n": 2, "loop": func() {}}, {"n": 3}} {
		if buf, err = enc.Append(buf, &h, &r, 0); err != nil {
			fmt.Println(err) // buf is as it was
		}
	}
	fmt.Println(record.Count(buf))
	// Output:
	// record: loop: type func() cannot be written
	// 2 <nil>
}

// Without a type to fill, a record is what its bytes say.
func ExampleNewDecoder() {
	dec, err := record.NewDecoder[any]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var r any
	if err := dec.Decode(pack(map[string]any{"n": uint8(7), "f": 1.5, "b": []byte("x"), "l": []string{"a"}}), &r); err != nil {
		fmt.Println(err)
	}
	m := r.(map[string]any)
	fmt.Printf("%T %T %T %T\n", m["n"], m["f"], m["b"], m["l"])
	// Output: int64 float64 []uint8 []interface {}
}

// Fields of other types fit if no value is lost; others are an error that names the field.
func ExampleDecoder_Decode() {
	type Job struct {
		Name string        `json:"name"`
		Took time.Duration `json:"took_ns"`
	}
	dec, err := record.NewDecoder[Job]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var job Job
	err = dec.Decode(pack(map[string]any{"name": "backup", "took_ns": 2.0e9, "host": "a"}), &job)
	fmt.Println(job.Name, job.Took, err)
	err = dec.Decode(pack(map[string]any{"name": "backup", "took_ns": "2s"}), &job)
	fmt.Println(err)
	// Output:
	// backup 2s <nil>
	// record: took_ns: string "2s" into time.Duration
}

// Next is the fastest way through a chunk. A record that does not fit costs one event.
func ExampleDecoder_Next() {
	type Line struct {
		Ident string `json:"ident"`
		PID   uint16 `json:"pid" msgpack:"pid,alias:pri"`
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
	var line Line
	for more, err := dec.Next(s, &line); more; more, err = dec.Next(s, &line) {
		if err != nil {
			fmt.Println(err) // line is partly set
			continue
		}
		fmt.Println(line.Ident, line.PID)
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// sshd 4242
	// record: event 1 at byte 60: pri: integer -1 into uint16
	// kernel 0
}

// Whoever keeps what was decoded wants to know what it refers to.
func ExampleDecoder_Aliases() {
	plain, err := record.NewDecoder[Access]()
	if err != nil {
		fmt.Println(err)
	}
	raw, err := record.NewDecoder[record.Raw]()
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(plain.Aliases(), raw.Aliases())
	// Output: false true
}

// A decoder whose strings are parts of the chunk copies what is kept, and nothing else.
func ExampleBorrowStrings() {
	dec, err := record.NewDecoder[Access](record.BorrowStrings())
	if err != nil {
		fmt.Println(err)
		return
	}
	body := pack(map[string]any{"method": "GET", "path": "/cart"})
	var r Access
	if err := dec.Decode(body, &r); err != nil {
		fmt.Println(err)
	}
	method, path := r.Method, strings.Clone(r.Path)
	clear(body) // the engine's memory, after Flush
	fmt.Printf("%q %q\n", method, path)
	// Output: "\x00\x00\x00" "/cart"
}

// The maps of a record are filled anew for the next one.
func ExampleReuseRecord() {
	dec, err := record.NewDecoder[Access](record.ReuseRecord())
	if err != nil {
		fmt.Println(err)
		return
	}
	var r Access
	var kept []map[string]string
	for _, zone := range []string{"a", "b"} {
		body := pack(map[string]any{"labels": map[string]any{"zone": zone}})
		if err := dec.Decode(body, &r); err != nil {
			fmt.Println(err)
		}
		kept = append(kept, r.Labels) // wrong: without maps.Clone it is one map
	}
	fmt.Println(kept)
	// Output: [map[zone:b] map[zone:b]]
}

// pack returns a record as bytes.
func pack(r map[string]any) []byte {
	enc, err := record.NewEncoder[map[string]any]()
	if err != nil {
		fmt.Println(err)
		return nil
	}
	chunk, err := enc.Append(nil, &record.Header{Time: time.Unix(1700000000, 0)}, &r, 0)
	if err != nil {
		fmt.Println(err)
	}
	s := record.NewScanner(chunk)
	s.Next()
	return s.Event().Body
}
