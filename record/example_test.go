package record_test

import (
	"fmt"
	"time"

	"github.com/calyptia/plugin/record"
)

type Access struct {
	Method string            `msgpack:"method"`
	Path   string            `json:"path"`
	Status int               `msgpack:"status"`
	Labels map[string]string `msgpack:"labels,omitempty"`
}

func Example() {
	enc, err := record.NewEncoder[Access]()
	if err != nil {
		panic(err)
	}
	dec, err := record.NewDecoder[Access]()
	if err != nil {
		panic(err)
	}

	var chunk []byte
	h := record.Header{Time: time.Unix(1700000000, 0)}
	for _, path := range []string{"/", "/cart"} {
		if chunk, err = enc.Append(chunk, &h, &Access{Method: "GET", Path: path, Status: 200}, 0); err != nil {
			panic(err)
		}
	}

	s := record.NewScanner(chunk)
	for {
		var r Access
		more, err := dec.Next(s, &r)
		if !more {
			break
		}
		if err != nil {
			fmt.Println(err) // of this record; the next one may be good
			continue
		}
		ev := s.Event()
		fmt.Println(ev.Index, ev.Time.Format(time.DateTime), r.Method, r.Path, r.Status)
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 0 2023-11-14 22:13:20 GET / 200
	// 1 2023-11-14 22:13:20 GET /cart 200
}

// A slice is many events, each with the same header.
func ExampleEncoder_Len() {
	enc, err := record.NewEncoder[[]map[string]any]()
	if err != nil {
		panic(err)
	}
	r := []map[string]any{{"n": 1}, {"n": 2}}
	h := record.Header{Time: time.Unix(1700000000, 0)}
	var chunk []byte
	for i := range enc.Len(&r) {
		if chunk, err = enc.Append(chunk, &h, &r, i); err != nil {
			panic(err)
		}
	}
	fmt.Println(record.Count(chunk))
	// Output: 2 <nil>
}

func ExampleError() {
	enc, err := record.NewEncoder[map[string]any]()
	if err != nil {
		panic(err)
	}
	dec, err := record.NewDecoder[Access]()
	if err != nil {
		panic(err)
	}
	r := map[string]any{"status": "ok"}
	chunk, err := enc.Append(nil, &record.Header{Time: time.Unix(1700000000, 0)}, &r, 0)
	if err != nil {
		panic(err)
	}
	s := record.NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		fmt.Println(ev.Locate(dec.Decode(ev.Body, new(Access))))
	}
	_, err = record.NewEncoder[chan int]()
	fmt.Println(err)
	// Output:
	// record: event 0 at byte 0: status: string "ok" into int
	// record: chan int is no record: a record is a struct, a pointer to a struct, map[string]T or any, or a slice of those
}
