package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

// settings are a section's properties. BusyTimeout has a limit because SQLite waits without looking at a context.
type settings struct {
	Path         string            `flb:"path" validate:"required" desc:"Database file, made if it is not there"`
	Table        string            `flb:"table" default:"events" desc:"Table for the rows, made if it is not there"`
	Columns      map[string]string `flb:"columns" default:"record=" desc:"column=key,column=key: where values of the record go; without a key, all of it as JSON"`
	OnConstraint string            `flb:"on_constraint" default:"retry" validate:"oneof=retry drop" desc:"What becomes of rows that the table's constraints refuse"`
	BusyTimeout  time.Duration     `flb:"busy_timeout" default:"5s" validate:"min=0s,max=1m" desc:"Time to wait while another program has the database locked"`
}

// Validate compares columns as SQLite does, which ignores case.
func (s *settings) Validate() error {
	seen := map[string]bool{"time": true, "tag": true}
	for _, name := range slices.Sorted(maps.Keys(s.Columns)) {
		folded := strings.ToLower(name)
		if seen[folded] {
			return fmt.Errorf("columns: there is more than one column %s", folded)
		}
		seen[folded] = true
	}
	return nil
}

// column is one for a value of the record.
type column struct {
	name string
	key  string // "" for the whole record
}

func (s *settings) columns() []column {
	var columns []column
	for _, name := range slices.Sorted(maps.Keys(s.Columns)) {
		columns = append(columns, column{name, s.Columns[name]})
	}
	return columns
}

// create gives columns of the record no type: they keep each value as it comes.
func create(table string, columns []column) string {
	return "CREATE TABLE IF NOT EXISTS " + quote(table) + " (time TEXT NOT NULL, tag TEXT NOT NULL" + list(columns) + ")"
}

// insert has OR ABORT, which goes before what a table's own constraints say: ON CONFLICT ROLLBACK there would undo rows
// that were taken, and leave those after it outside of the transaction.
func insert(table string, columns []column) string {
	return "INSERT OR ABORT INTO " + quote(table) + " (time, tag" + list(columns) + ") VALUES (?, ?" +
		strings.Repeat(", ?", len(columns)) + ")"
}

func list(columns []column) string {
	var text strings.Builder
	for _, c := range columns {
		text.WriteString(", " + quote(c.name))
	}
	return text.String()
}

// quote makes any text the name of a table or column.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// timeForm sorts as the times do, and SQLite's date functions read it.
const timeForm = "2006-01-02T15:04:05.000000000Z"

func appendRow(row []any, columns []column, ev *plugin.Event[map[string]any]) ([]any, error) {
	row = append(row, ev.Time.UTC().Format(timeForm), ev.Tag)
	for _, c := range columns {
		value, err := c.value(ev.Record)
		if err != nil {
			return row, err
		}
		row = append(row, value)
	}
	return row, nil
}

func (c column) value(r map[string]any) (any, error) {
	if c.key == "" {
		return jsonText(r)
	}
	return storable(r[c.key])
}

// storable returns the form in which SQLite keeps v. Integers, floats, text, binary and nil are kept as they are, booleans
// as 0 and 1.
func storable(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any, []any, record.Ext:
		return jsonText(v)
	case uint64: // above the range of int64, and so of SQLite's integers
		return strconv.FormatUint(v, 10), nil
	case time.Time:
		return v.UTC().Format(timeForm), nil
	}
	return v, nil
}

func jsonText(v any) (string, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	err := enc.Encode(plain(v))
	return strings.TrimSuffix(text.String(), "\n"), err
}

// plain returns v with what JSON does not have replaced as record.Raw.AppendJSON does: NaN and the infinities by null,
// binary by text.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, e := range v {
			m[key] = plain(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case []byte:
		return string(v)
	}
	return v
}
