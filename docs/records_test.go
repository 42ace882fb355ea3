package docs_test

import (
	"fmt"
	"time"

	"github.com/calyptia/plugin/record"
)

type access struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Status  int               `json:"status"`
	Took    time.Duration     `json:"took_ns"`
	At      time.Time         `json:"at,omitempty"`
	Referer *string           `json:"referer"`
	Labels  map[string]string `json:"labels,omitempty"`
	client  string            // unexported: not written
}

func Example_written() {
	r := access{Method: "GET", Path: "/", Status: 200, Took: 3 * time.Millisecond, client: "::1"}
	fmt.Println(toJSON(r))
	// Output: {"method":"GET","path":"/","status":200,"took_ns":3000000,"referer":null}
}

func Example_read() {
	type narrow struct {
		Status int    `json:"status"`
		Path   string `json:"path" msgpack:"path,alias:url"`
	}
	var r narrow
	err := fromMap(&r, map[string]any{"status": 200.0, "url": "/cart", "ignored": true})
	fmt.Println(r, err)
	err = fromMap(&r, map[string]any{"status": "ok"})
	fmt.Println(err)
	// Output:
	// {200 /cart} <nil>
	// record: event 0 at byte 0: status: string "ok" into int
}

// toJSON encodes a record as an input does, and writes it as JSON as the engine would.
func toJSON[R any](r R) string {
	encoder, err := record.NewEncoder[R]()
	if err != nil {
		return err.Error()
	}
	chunk, err := encoder.Append(nil, &record.Header{Time: time.Unix(1, 0)}, &r, 0)
	if err != nil {
		return err.Error()
	}
	s := record.NewScanner(chunk)
	s.Next()
	ev := s.Event()
	text, err := record.JSONFormat{}.AppendEvent(nil, &ev)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// fromMap has a record read as an output does.
func fromMap[R any](r *R, m map[string]any) error {
	encoder, err := record.NewEncoder[map[string]any]()
	if err != nil {
		return err
	}
	decoder, err := record.NewDecoder[R]()
	if err != nil {
		return err
	}
	chunk, err := encoder.Append(nil, &record.Header{Time: time.Unix(1, 0)}, &m, 0)
	if err != nil {
		return err
	}
	_, err = decoder.Next(record.NewScanner(chunk), r)
	return err
}
