package plugintest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

// Chunk returns the bytes of a chunk of events, which are as for [OutputSection.Flush]. Those of one group that follow each
// other are between its marks, as those of Fluent Bit's OpenTelemetry input. A record that cannot be encoded is an error of
// the test, and left out.
func Chunk(t testing.TB, events ...any) []byte {
	t.Helper()
	encoder, err := record.NewEncoder[any]()
	if err != nil {
		t.Fatal(err)
	}
	var chunk []byte
	var group *plugin.Group
	for i, e := range events {
		ev := eventOf(e)
		if ev.Group != group {
			chunk = appendMarks(t, chunk, group, ev.Group)
			group = ev.Group
		}
		header := record.Header{Time: ev.Time, Metadata: ev.Metadata}
		if chunk, err = encoder.Append(chunk, &header, &ev.Record, 0); err != nil {
			t.Errorf("plugintest: event %d: %v", i, err)
		}
	}
	return appendMarks(t, chunk, group, nil)
}

// eventOf takes an event of any record type, or a record.
func eventOf(e any) (ev plugin.Message) {
	v := reflect.Indirect(reflect.ValueOf(e))
	if isEvent(v) {
		ev.Time, _ = v.FieldByName("Time").Interface().(time.Time)
		ev.Record = v.FieldByName("Record").Interface()
		ev.Metadata, _ = v.FieldByName("Metadata").Interface().(map[string]any)
		ev.Group, _ = v.FieldByName("Group").Interface().(*plugin.Group)
	} else {
		ev.Record = e
	}
	if ev.Time.IsZero() {
		ev.Time = time.Now()
	}
	return ev
}

func isEvent(v reflect.Value) bool {
	message := reflect.TypeFor[plugin.Message]()
	generic, _, _ := strings.Cut(message.Name(), "[")
	return v.Kind() == reflect.Struct && v.Type().PkgPath() == message.PkgPath() && strings.HasPrefix(v.Type().Name(), generic+"[")
}

// Marks of groups are events of these times (cmetrics and the engine call them -1 and -2 seconds).
const (
	groupStart = "\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00"
	groupEnd   = "\xd7\x00\xff\xff\xff\xfe\x00\x00\x00\x00"
)

// appendMarks ends a group and begins another one; nil is none.
func appendMarks(t testing.TB, chunk []byte, old, now *plugin.Group) []byte {
	t.Helper()
	if old != nil {
		chunk = append(chunk, "\x92\x92"+groupEnd+"\x80\x80"...)
	}
	if now == nil {
		return chunk
	}
	chunk = append(chunk, "\x92\x92"+groupStart...)
	for _, m := range []map[string]any{now.Metadata, now.Attributes} {
		if m == nil {
			m = map[string]any{}
		}
		b, err := msgpack.Marshal(m)
		if err != nil {
			t.Fatalf("plugintest: group: %v", err)
		}
		chunk = append(chunk, b...)
	}
	return chunk
}
