package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/calyptia/plugin/record"
)

// lineFormat is how the stdout and file outputs write an event.
type lineFormat struct {
	dateKey string // "" for no date
	date    func(dst []byte, t time.Time) []byte
}

func newLineFormat() lineFormat { return lineFormat{dateKey: "date", date: dates["double"]} }

// dates are the values of json_date_format. epoch and the numbers are UTC by nature, the others by definition.
var dates = map[string]func([]byte, time.Time) []byte{
	"double":             appendDouble,
	"epoch":              func(dst []byte, t time.Time) []byte { return strconv.AppendInt(dst, t.Unix(), 10) },
	"epoch_ms":           appendMillis,
	"epoch_millis":       appendMillis,
	"epoch_milliseconds": appendMillis,
	"iso8601": func(dst []byte, t time.Time) []byte {
		return t.UTC().AppendFormat(dst, `"2006-01-02T15:04:05.000000Z"`)
	},
	"java_sql_timestamp": func(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, `"2006-01-02 15:04:05.000000"`) },
}

// appendDouble writes seconds with all nine digits, which a float64 would not hold.
func appendDouble(dst []byte, t time.Time) []byte {
	return fmt.Appendf(dst, "%d.%09d", t.Unix(), t.Nanosecond())
}

func appendMillis(dst []byte, t time.Time) []byte { return strconv.AppendInt(dst, t.UnixMilli(), 10) }

func (f *lineFormat) properties() map[string]func(string) error {
	var format string
	return map[string]func(string) error{
		"format":           oneOf(&format, "json_lines"),
		"json_date_key":    f.setDateKey,
		"json_date_format": f.setDate,
	}
}

func (f *lineFormat) setDateKey(text string) error {
	f.dateKey = text
	if off, err := parseBool(text); err == nil && !off {
		f.dateKey = ""
	}
	return nil
}

func (f *lineFormat) setDate(text string) error {
	date, ok := dates[strings.ToLower(text)]
	if !ok {
		return fmt.Errorf("%q is not known (want double, epoch, epoch_ms, iso8601 or java_sql_timestamp)", text)
	}
	f.date = date
	return nil
}

// lines returns the events of chunk, a line each. With an error the lines end before the bytes that are no event.
func (f *lineFormat) lines(chunk []byte) ([]byte, error) {
	var dst []byte
	s := record.NewScanner(chunk)
	for s.Next() {
		dst = append(f.line(dst, s.Event()), '\n')
	}
	return dst, s.Err()
}

func (f *lineFormat) line(dst []byte, ev record.Event) []byte {
	dst = append(dst, '{')
	empty := len(dst)
	if f.dateKey != "" {
		dst = append(appendString(dst, f.dateKey), ':')
		dst = f.date(dst, ev.Time)
	}
	dst = appendFields(dst, len(dst) == empty, ev.Body)
	return append(dst, '}')
}
