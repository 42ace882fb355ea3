package record_test

import (
	"fmt"
	"os"
	"time"

	"github.com/calyptia/plugin/record"
)

// A chunk becomes lines of JSON like those of the engine's outputs.
func ExampleJSONFormat_AppendEvent() {
	enc, err := record.NewEncoder[Access]()
	if err != nil {
		panic(err)
	}
	h := record.Header{Time: time.Date(2018, 5, 30, 9, 39, 52, 681123, time.UTC)}
	chunk, err := enc.Append(nil, &h, &Access{Method: "GET", Path: "/cart?a=1&b=2", Status: 200}, 0)
	if err != nil {
		panic(err)
	}

	format := record.JSONFormat{TimeKey: "date", TimeFormat: record.TimeISO8601}
	var lines []byte
	s := record.NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		if lines, err = format.AppendEvent(lines, &ev); err != nil {
			fmt.Println(err)
			continue
		}
		lines = append(lines, '\n')
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(lines)
	// Output:
	// {"date":"2018-05-30T09:39:52.000681Z","method":"GET","path":"/cart?a=1&b=2","status":200}
}

// A field that is not decoded is written as JSON.
func ExampleRaw_AppendJSON() {
	type Line struct {
		Path string     `msgpack:"path"`
		Rest record.Raw `msgpack:"rest"`
	}
	dec, err := record.NewDecoder[Line]()
	if err != nil {
		panic(err)
	}
	var r Line
	if err := dec.Decode([]byte("\x82\xa4path\xa1/\xa4rest\x92\x01\xa1a"), &r); err != nil {
		panic(err)
	}
	text, err := r.Rest.AppendJSON(nil)
	fmt.Println(r.Path, string(text), err)
	// Output: / [1,"a"] <nil>
}
