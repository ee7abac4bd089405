import { expect, test } from "vitest";
import { readStatement } from "./statement";

const kindOf = (sql: string) => {
  try {
    return readStatement(sql).kind;
  } catch (error) {
    return error instanceof Error ? error.message : "?";
  }
};

test.each([
  ["SELECT 1", "read"],
  ["  -- a remark\n/* and ; one more */ WITH 1 AS x SELECT x;", "read"],
  ["((SELECT 1) UNION ALL (SELECT ';'))", "read"],
  ["SHOW TABLES", "read"],
  ["INSERT INTO t SELECT 1", "write"],
  ["INSERT INTO t VALUES (1, 'a;b')", "write"],
  ["INSERT INTO t (a, `Events.Name`) FORMAT JSONEachRow", "insert"],
  ["insert into default.t format TSV\n' ; DROP TABLE t", "insert"],
  ["ALTER TABLE t DROP COLUMN a", "write"],
])("%s is a %s", (sql, kind) => {
  expect(kindOf(sql)).toBe(kind);
});

test.each([
  ["", /Empty/],
  ["-- nothing", /Empty/],
  ["SELECT 1; DROP TABLE t", /Multi-statements/],
  ["SELECT '\\'; DROP TABLE t; --", /not closed/],
  ["SELECT 'it''s'; SELECT 2", /Multi-statements/],
  ["SELECT 1 INTO/**/OUTFILE '/tmp/x'", /OUTFILE/],
  ["SELECT 1 INTO -- \n OUTFILE '/tmp/x'", /OUTFILE/],
  ["SELECT $$ ' $$ INTO OUTFILE '/tmp/x' -- '", /OUTFILE/],
  ["SELECT $a$ ' $a$ INTO OUTFILE '/tmp/x' -- '", /OUTFILE/],
  ["SELECT ‘'’ INTO OUTFILE '/tmp/x'", /quotes/],
  ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT TSV", /INFILE/],
  ["INSERT INTO t SELECT * FROM url('http://169.254.169.254/')", /URL/],
  ["CREATE TABLE x (a String) ENGINE = File(TSV)", /FILE/],
  ["SET readonly = 0", /SET/],
  ["KILL QUERY WHERE 1", /KILL/],
  ["BACKUP TABLE t TO File('/tmp/x')", /BACKUP/],
])("%s is refused", (sql, reason) => {
  expect(kindOf(sql)).toMatch(reason);
});
