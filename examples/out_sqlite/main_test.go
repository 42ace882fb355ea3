package main

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/calyptia/plugin/plugintest"
	"github.com/calyptia/plugin/record"
)

var date = time.Date(2026, 1, 2, 15, 4, 5, 123456789, time.UTC)

type m = map[string]any

// database is a new file, and this test's own connection to it.
func database(t *testing.T, statements ...string) (path string, db *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a ?b#c%20d.db")
	db, err := sql.Open("sqlite", source(&settings{Path: path, BusyTimeout: time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	run(t, db, statements...)
	return path, db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// open makes a section with these properties, as an engine does.
func open(t *testing.T, path string, properties map[string]string) (proxy.Output, *proxytest.Host, error) {
	t.Helper()
	p, err := proxy.Registered()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"path": path, "busy_timeout": "1ms"}
	for k, v := range properties {
		all[k] = v
	}
	host := &proxytest.Host{Section: "go_sqlite.0", Properties: all}
	out := p.NewOutput()
	return out, host, out.Init(host)
}

func mustOpen(t *testing.T, path string, properties map[string]string) (proxy.Output, *proxytest.Host) {
	t.Helper()
	out, host, err := open(t, path, properties)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Exit)
	return out, host
}

func chunk(t *testing.T, records ...m) (events []byte) {
	t.Helper()
	encoder, err := record.NewEncoder[m]()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		header := record.Header{Time: date.Add(time.Duration(i) * time.Second)}
		if events, err = encoder.Append(events, &header, &r, 0); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

// numbers is a chunk of records {"n": …}.
func numbers(t *testing.T, numbers ...any) []byte {
	t.Helper()
	var records []m
	for _, n := range numbers {
		records = append(records, m{"n": n})
	}
	return chunk(t, records...)
}

func flush(t *testing.T, out proxy.Output, chunk []byte, want proxy.Verdict) {
	t.Helper()
	if got := proxytest.Flush(out, "app", chunk); got != want {
		t.Errorf("Flush() = %v, want %v", got, want)
	}
}

// checkRows wants what the query gives, a row a line, its values with blanks between them.
func checkRows(t *testing.T, db *sql.DB, query string, want ...string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

func checkLog(t *testing.T, host *proxytest.Host, text string) {
	t.Helper()
	if lines := host.Lines(); len(lines) != 1 || !strings.Contains(lines[0], text) {
		t.Errorf("log = %q, want one line with %s", lines, text)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		value any
		want  string // type and value
	}{
		{"integer", -42, "integer -42"},
		{"largest integer", int64(math.MaxInt64), "integer 9223372036854775807"},
		{"above it", uint64(math.MaxUint64), "text 18446744073709551615"},
		{"float", 1.5, "real 1.5"},
		{"whole float", 2.0, "real 2"},
		{"NaN", math.NaN(), "null <nil>"},
		{"true", true, "integer 1"},
		{"text", "a<b>&\"c'", `text a<b>&"c'`},
		{"empty text", "", "text "},
		{"binary", []byte{0xff, 0}, "blob [255 0]"},
		{"nil", nil, "null <nil>"},
		{"map", m{"ip": "<::1>", "load": []any{math.Inf(1), 1.5, int64(math.MaxInt64)}, "raw": []byte("x")},
			`text {"ip":"<::1>","load":[null,1.5,9223372036854775807],"raw":"x"}`},
		{"list", []any{1, "a", nil, m{}}, `text [1,"a",null,{}]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path, db := database(t)
			out, _ := mustOpen(t, path, map[string]string{"columns": "value=v"})
			flush(t, out, chunk(t, m{"v": tt.value, "other": 1}), proxy.OK)
			checkRows(t, db, "SELECT typeof(value), value FROM events", tt.want)
		})
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	path, db := database(t)
	out, _ := mustOpen(t, path, map[string]string{"columns": "level=level, message=msg, all="})
	flush(t, out, chunk(t, m{"level": "info", "msg": []byte("hi")}, m{"msg": "no level"}), proxy.OK)
	checkRows(t, db, "SELECT time, tag, level, CAST(message AS TEXT), typeof(message), \"all\" FROM events",
		`2026-01-02T15:04:05.123456789Z app info hi blob {"level":"info","msg":"hi"}`,
		`2026-01-02T15:04:06.123456789Z app <nil> no level text {"msg":"no level"}`)
	checkRows(t, db, "SELECT datetime(max(time)) FROM events", "2026-01-02 15:04:06")
}

func TestWholeRecord(t *testing.T) {
	t.Parallel()
	path, db := database(t)
	out, _ := mustOpen(t, path, nil)
	flush(t, out, chunk(t, m{"client": m{"ip": "::1"}, "n": 1}), proxy.OK)
	checkRows(t, db, "SELECT record, record ->> '$.client.ip' FROM events", `{"client":{"ip":"::1"},"n":1} ::1`)
}

func TestNamesAreNames(t *testing.T) {
	t.Parallel()
	path, db := database(t, "CREATE TABLE x (y)")
	out, _ := mustOpen(t, path, map[string]string{
		"table": `a"b (c); DROP TABLE x; --`, "columns": `select=a, "=b, "d") --=c, Größe=d`,
	})
	flush(t, out, chunk(t, m{"a": 1, "b": 2, "c": 3, "d": 4}), proxy.OK)
	checkRows(t, db, `SELECT "select", """", """d"") --", "Größe" FROM "a""b (c); DROP TABLE x; --"`, "1 2 3 4")
	checkRows(t, db, "SELECT count(*) FROM x", "0")
}

// Whatever refuses a row, those around it are committed, and when the chunk comes back it is that row alone.
func TestRefusedRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		table  []string // CREATE TABLE events (time, tag, n …) and what it needs
		repair string   // makes the row acceptable
		log    string
	}{
		{"unique", []string{"CREATE TABLE events (time, tag, n UNIQUE)", "INSERT INTO events VALUES ('', '', 'x')"},
			"DELETE FROM events WHERE time = ''", "UNIQUE constraint failed: events.n"},
		{"unique, or rollback", []string{"CREATE TABLE events (time, tag, n UNIQUE ON CONFLICT ROLLBACK)", "INSERT INTO events VALUES ('', '', 'x')"},
			"DELETE FROM events WHERE time = ''", "UNIQUE constraint failed: events.n"},
		{"check", []string{"CREATE TABLE allowed (v)", "CREATE TABLE events (time, tag, n)",
			"CREATE TRIGGER t BEFORE INSERT ON events WHEN NEW.n = 'x' AND NOT EXISTS (SELECT 1 FROM allowed) BEGIN SELECT RAISE(ABORT, 'not allowed'); END"},
			"INSERT INTO allowed VALUES (1)", "not allowed"},
		{"foreign key", []string{"CREATE TABLE parent (id PRIMARY KEY)", "INSERT INTO parent VALUES (1), (2), (3), (4)",
			"CREATE TABLE events (time, tag, n REFERENCES parent)"},
			"INSERT INTO parent VALUES ('x')", "FOREIGN KEY constraint failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path, db := database(t, tt.table...)
			out, host := mustOpen(t, path, map[string]string{"columns": "n=n"})
			events := numbers(t, 1, 2, "x", 3, 4)
			flush(t, out, events, proxy.Retry)
			checkLog(t, host, "1 rows refused, the first of event 2: ")
			checkLog(t, host, tt.log)
			const stored = "SELECT n FROM events WHERE time != '' ORDER BY rowid"
			checkRows(t, db, stored, "1", "2", "3", "4")
			flush(t, out, events, proxy.Retry)
			checkRows(t, db, stored, "1", "2", "3", "4")
			run(t, db, tt.repair)
			flush(t, out, events, proxy.OK)
			checkRows(t, db, stored, "1", "2", "3", "4", "x")
			if series := host.Plugin.Snapshot(); len(series) != 1 || series[0].Value != 2 {
				t.Errorf("metrics = %v, want refused_rows_total at 2", series)
			}
		})
	}
}

func TestRowsThatNoTryHelps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, table, log string }{
		{"not null", "CREATE TABLE events (time, tag, n NOT NULL)", "NOT NULL constraint failed: events.n"},
		{"check", "CREATE TABLE events (time, tag, n CHECK (n IS NOT NULL))", "CHECK constraint failed"},
		{"strict", "CREATE TABLE events (time TEXT, tag TEXT, n INTEGER NOT NULL) STRICT", "NOT NULL constraint failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path, db := database(t, tt.table)
			out, host := mustOpen(t, path, map[string]string{"columns": "n=n", "on_constraint": "drop"})
			flush(t, out, numbers(t, nil, 1, nil, 2), proxy.OK)
			checkRows(t, db, "SELECT n FROM events", "1", "2")
			checkLog(t, host, `WARN [go_sqlite.0] rows dropped count=2 first="event 0: `)
			checkLog(t, host, tt.log)
		})
	}
	t.Run("type of a key", func(t *testing.T) {
		t.Parallel()
		path, db := database(t, "CREATE TABLE events (time, tag, n INTEGER PRIMARY KEY)")
		out, host := mustOpen(t, path, map[string]string{"columns": "n=n", "on_constraint": "drop"})
		flush(t, out, numbers(t, 1, "x", 2), proxy.OK)
		checkRows(t, db, "SELECT n FROM events", "1", "2")
		checkLog(t, host, "datatype mismatch")
	})
}

// A unique key makes a chunk that arrives twice, such as after a crash, count once.
func TestUniqueKeyStoresOnce(t *testing.T) {
	t.Parallel()
	path, db := database(t, "CREATE TABLE events (time, tag, n, UNIQUE (time, tag, n))")
	for range 2 {
		out, _ := mustOpen(t, path, map[string]string{"columns": "n=n", "on_constraint": "drop"})
		flush(t, out, numbers(t, 1, 2), proxy.OK)
	}
	checkRows(t, db, "SELECT n FROM events", "1", "2")
}

func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	path, db := database(t)
	out, host := mustOpen(t, path, map[string]string{"columns": "n=n"})
	other, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	flush(t, out, numbers(t, 1, 2), proxy.Retry)
	checkLog(t, host, "SQLITE_BUSY")
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	flush(t, out, numbers(t, 1, 2), proxy.OK)
	checkRows(t, db, "SELECT n FROM events", "1", "2")
}

// A constraint that is looked at in the end refuses all of a chunk.
func TestFailedCommit(t *testing.T) {
	t.Parallel()
	path, db := database(t, "CREATE TABLE parent (id PRIMARY KEY)",
		"CREATE TABLE events (time, tag, n REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
	out, host := mustOpen(t, path, map[string]string{"columns": "n=n"})
	flush(t, out, numbers(t, nil, 1), proxy.Retry)
	checkLog(t, host, "FOREIGN KEY constraint failed")
	checkRows(t, db, "SELECT n FROM events")
	run(t, db, "INSERT INTO parent VALUES (1)")
	flush(t, out, numbers(t, nil, 1), proxy.OK)
	checkRows(t, db, "SELECT n FROM events", "<nil>", "1")
}

func TestLostTable(t *testing.T) {
	t.Parallel()
	path, db := database(t)
	out, host := mustOpen(t, path, map[string]string{"columns": "n=n"})
	run(t, db, "ALTER TABLE events RENAME TO away")
	flush(t, out, numbers(t, 1), proxy.Retry)
	checkLog(t, host, "no such table: events")
	run(t, db, "ALTER TABLE away RENAME TO events")
	flush(t, out, numbers(t, 1), proxy.OK)
	checkRows(t, db, "SELECT n FROM events", "1")
}

func TestBrokenChunkIsGivenUp(t *testing.T) {
	t.Parallel()
	path, db := database(t)
	out, host := mustOpen(t, path, nil)
	flush(t, out, append(numbers(t, 1), 0xc1), proxy.Error)
	checkLog(t, host, "event 1 at byte")
	checkRows(t, db, "SELECT * FROM events")
}

func TestConcurrentChunks(t *testing.T) {
	t.Parallel()
	path, db := database(t)
	var wg sync.WaitGroup
	for range 2 {
		out, _ := mustOpen(t, path, map[string]string{"columns": "n=n", "busy_timeout": "10s"})
		for range 4 {
			wg.Go(func() { flush(t, out, numbers(t, 1, 2), proxy.OK) })
		}
	}
	wg.Wait()
	checkRows(t, db, "SELECT n, count(*) FROM events GROUP BY n", "1 8", "2 8")
}

func TestInitErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	old, _ := database(t, "CREATE TABLE events (time, tag)")
	for _, tt := range []struct {
		name       string
		path       string
		properties map[string]string
		want       string
	}{
		{"no path", "", nil, "config: path: required, not set"},
		{"no folder", filepath.Join(dir, "none", "x.db"), nil, "unable to open database file"},
		{"no database", text, nil, "file is not a database"},
		{"no column", old, nil, "table events has no column named record"},
		{"twice", "x.db", map[string]string{"columns": "a=b,A=c"}, "config: columns: there is more than one column a"},
		{"ours", "x.db", map[string]string{"columns": "Time=t"}, "config: columns: there is more than one column time"},
		{"reserved table", filepath.Join(dir, "y.db"), map[string]string{"table": "sqlite_x"}, "object name reserved for internal use: sqlite_x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := open(t, tt.path, tt.properties)
			if err == nil || !strings.HasPrefix(err.Error(), `plugin: output "go_sqlite.0": `) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Init(%v) = %v, want one with %s", tt.properties, err, tt.want)
			}
		})
	}
}

func setup(t *testing.T) plugintest.Setup {
	path := filepath.Join(t.TempDir(), "events.db")
	return plugintest.Setup{Conf: plugintest.Properties{"path": path}, Delivered: func() []byte {
		pages, _ := os.ReadFile(path)
		return pages
	}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.OutputConformance(t, &output{}, setup(t))
}

func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), setup(t))
}
