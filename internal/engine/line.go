package engine

import (
	"github.com/calyptia/plugin/record"
)

// lineFormat is how the stdout and file outputs write an event.
type lineFormat struct{ json record.JSONFormat }

func newLineFormat() lineFormat { return lineFormat{record.JSONFormat{TimeKey: "date"}} }

func (f *lineFormat) properties() map[string]func(string) error {
	var format string
	return map[string]func(string) error{
		"format":           oneOf(&format, "json_lines"),
		"json_date_key":    f.setDateKey,
		"json_date_format": func(text string) error { return f.json.TimeFormat.UnmarshalText([]byte(text)) },
	}
}

func (f *lineFormat) setDateKey(text string) error {
	f.json.TimeKey = text
	if off, err := parseBool(text); err == nil && !off {
		f.json.TimeKey = ""
	}
	return nil
}

// lines returns the events of chunk, a line each. With an error the lines end before the bytes that are no event.
func (f *lineFormat) lines(chunk []byte) ([]byte, error) {
	var dst []byte
	s := record.NewScanner(chunk)
	for s.Next() {
		ev := s.Event()
		var err error
		if dst, err = f.json.AppendEvent(dst, &ev); err != nil {
			return dst, err
		}
		dst = append(dst, '\n')
	}
	return dst, s.Err()
}
