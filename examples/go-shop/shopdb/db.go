// Package shopdb is database/sql over SQLite with a span around every statement.
package shopdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"example.com/shop/telemetry"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	_ "modernc.org/sqlite"
)

// DB is one database of the shop. It lives in a folder of its own and goes with Close.
type DB struct {
	pool *sql.DB
	name string
	dir  string
}

// Open makes an empty database.
func Open(name string) (*DB, error) {
	dir, err := os.MkdirTemp("", "go-shop-"+name+"-")
	if err != nil {
		return nil, err
	}
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "cache_size(-32000)"}}
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, name+".db")+"?"+pragmas.Encode())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(4)
	return &DB{pool: pool, name: name, dir: dir}, nil
}

// Close closes the database and removes its files.
func (db *DB) Close() error {
	if err := db.pool.Close(); err != nil {
		return err
	}
	return os.RemoveAll(db.dir)
}

// Query runs a statement and calls scan for each row, inside one client span.
func (db *DB) Query(ctx context.Context, query string, scan func(*sql.Rows) error, args ...any) (err error) {
	ctx, span := db.startSpan(ctx, query)
	defer span.End()
	defer func() { span.Fail(err) }()
	rows, err := db.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		count++
		if err := scan(rows); err != nil {
			return err
		}
	}
	span.SetAttributes(attribute.Int("db.response.returned_rows", count))
	return rows.Err()
}

// Exec runs a statement that returns no rows, inside one client span.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (err error) {
	ctx, span := db.startSpan(ctx, query)
	defer span.End()
	defer func() { span.Fail(err) }()
	_, err = db.pool.ExecContext(ctx, query, args...)
	return err
}

// Seed runs fill in one transaction, without spans: what happens before the shop opens is nobody's request.
func (db *DB) Seed(schema string, fill func(*sql.Tx) error) error {
	tx, err := db.pool.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(schema); err != nil {
		return err
	}
	if err := fill(tx); err != nil {
		return fmt.Errorf("seed %s: %w", db.name, err)
	}
	return tx.Commit()
}

func (db *DB) startSpan(ctx context.Context, query string) (context.Context, telemetry.Span) {
	operation, table := summarize(query)
	return telemetry.StartSpan(ctx, operation+" "+table, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "sqlite"),
		attribute.String("db.namespace", db.name),
		attribute.String("db.operation.name", operation),
		attribute.String("db.collection.name", table),
		attribute.String("db.query.text", query),
	))
}

// summarize reads the operation and the table off a statement: "SELECT", "reviews".
func summarize(query string) (operation, table string) {
	words := strings.Fields(query)
	for i, word := range words {
		switch strings.ToUpper(word) {
		case "FROM", "INTO", "UPDATE":
			if i+1 < len(words) {
				return strings.ToUpper(words[0]), words[i+1]
			}
		}
	}
	return strings.ToUpper(words[0]), ""
}
