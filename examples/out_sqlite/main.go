// Command out_sqlite is an output that puts events into a table of an SQLite database: a row each, with the columns time,
// tag and those that the property columns names. A chunk is a transaction.
//
// Rows that the table's constraints refuse do not hold up the others: those are committed, and only the refused ones come
// back. They may be taken then, as when what a foreign key refers to has arrived; if not, the engine gives them up as
// retry_limit says. With on_constraint drop they are given up at once: for tables whose unique key is there to refuse
// what has been stored before, as a chunk is that was committed just before a crash.
//
//	go run ./cmd/flbgo run --for 5s examples/out_sqlite
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/metric"
)

func init() {
	plugin.RegisterOutput("go_sqlite", "Events as rows of an SQLite database", &output{})
}

func main() {}

// output is one [OUTPUT] section.
type output struct {
	columns []column
	drop    bool // rows that constraints refuse
	logger  *slog.Logger
	refused metric.Counter

	db     *sql.DB
	insert *sql.Stmt
}

func (o *output) Init(ctx context.Context, fbit *plugin.Instance[settings]) (err error) {
	conf := &fbit.Conf
	o.columns, o.drop, o.logger = conf.columns(), conf.OnConstraint == "drop", fbit.Logger
	o.refused = fbit.Metrics.NewCounter("refused_rows_total", "Rows that constraints refused, at each try").With()
	if o.db, err = sql.Open("sqlite", source(conf)); err != nil {
		return err
	}
	// SQLite has one writer at a time. Concurrent Flushes wait here for as long as their context says, and not for
	// busy_timeout, which is for other programs.
	o.db.SetMaxOpenConns(1)
	if err := o.prepare(ctx, conf.Table); err != nil {
		return errors.Join(err, o.db.Close()) // there is no Close after an Init that failed
	}
	return nil
}

// source names the database in SQLite's URI form. A transaction takes the lock for writing when it begins: one that
// asks for it later may be refused at once if another writer was faster.
func source(conf *settings) string {
	options := url.Values{
		"_txlock":       {"immediate"},
		"_foreign_keys": {"on"},
		"_busy_timeout": {strconv.FormatInt(conf.BusyTimeout.Milliseconds(), 10)},
	}
	return "file:" + (&url.URL{Path: conf.Path}).EscapedPath() + "?" + options.Encode()
}

// prepare finds out whether the table, which may be older than the section, has the columns.
func (o *output) prepare(ctx context.Context, table string) (err error) {
	if _, err := o.db.ExecContext(ctx, create(table, o.columns)); err != nil {
		return err
	}
	o.insert, err = o.db.PrepareContext(ctx, insert(table, o.columns))
	return err
}

func (o *output) Close(context.Context) error {
	return errors.Join(o.insert.Close(), o.db.Close())
}

func (o *output) Flush(ctx context.Context, batch *plugin.Batch[map[string]any]) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return err // such as a database that is locked: all is tried again
	}
	defer tx.Rollback()
	refused, err := o.fill(tx.StmtContext(ctx, o.insert), batch)
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return o.settle(refused)
}

// refusal is of rows that were not taken.
type refusal struct {
	indexes []int // of their events
	first   error
}

// fill inserts a row for each event. An error is none of a row's: nothing may be committed then.
func (o *output) fill(stmt *sql.Stmt, batch *plugin.Batch[map[string]any]) (refused refusal, err error) {
	var row []any
	for ev, err := range batch.Events() {
		if err != nil {
			return refused, err // an event that cannot be read: the engine gives the chunk up
		}
		if row, err = appendRow(row[:0], o.columns, &ev); err != nil {
			return refused, err
		}
		_, err := stmt.Exec(row...) // ends with the transaction, which ends with ctx
		if err == nil {
			continue
		}
		if !ofRow(err) {
			return refused, err
		}
		if refused.first == nil {
			refused.first = fmt.Errorf("event %d: %w", ev.Index(), err)
		}
		refused.indexes = append(refused.indexes, ev.Index())
	}
	return refused, nil
}

// ofRow tells whether a row was refused for what is in it. SQLite then undoes that statement alone.
func ofRow(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // the rest says which constraint
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return true
	}
	return false
}

// settle returns the error of Flush for a chunk whose other rows are committed.
func (o *output) settle(refused refusal) error {
	n := len(refused.indexes)
	if n == 0 {
		return nil
	}
	o.refused.Add(float64(n))
	if o.drop {
		o.logger.Warn("rows dropped", "count", n, "first", refused.first)
		return nil
	}
	return plugin.Partial(fmt.Errorf("%d rows refused, the first of %w", n, refused.first), refused.indexes...)
}
