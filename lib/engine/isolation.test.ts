/** One request never sees, changes or outlives another: rows, settings, parameters, files, time. */
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "./test-engine";

let engine: TestEngine;
let client: ClickHouseClient;

beforeAll(async () => {
  engine = await startTestEngine();
  client = createClient({
    url: engine.url,
    log: { level: ClickHouseLogLevel.OFF },
    use_multipart_params_auto: true,
    max_open_connections: 16,
  });
  await client.command({ query: "CREATE TABLE kept (a UInt32) ENGINE = MergeTree ORDER BY a" });
  await client.insert({ table: "kept", values: [{ a: 1 }, { a: 2 }], format: "JSONEachRow" });
});
afterAll(async () => {
  await client.close();
  await engine.stop();
});

async function rows<Row>(query: string, settings = {}, params: Record<string, unknown> = {}): Promise<Row[]> {
  const result = await client.query({
    query,
    query_params: params,
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return result.json<Row>();
}
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => "accepted",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
const keptRows = () => rows("SELECT a FROM kept ORDER BY a");

test("3,000 queries, a fifth of them failing part-way: nobody gets another's rows", async () => {
  const secret = "'SECRET-OF-A-FAILED-QUERY' AS secret";
  const failures: readonly (() => Promise<unknown>)[] = [
    () => rows(`SELECT ${secret}, throwIf(number = 70000) FROM numbers(100000)`, { max_block_size: 1000 }),
    () => rows(`SELECT ${secret} FROM numbers(1000)`, { max_result_rows: "500", max_block_size: 100 }),
    () =>
      rows(`SELECT ${secret}, sleepEachRow(0.02) FROM numbers(50)`, {
        max_execution_time: 0.1,
        max_block_size: 1,
      }),
    () => {
      const leaver = new AbortController();
      const query = `SELECT ${secret}, sleepEachRow(0.02) FROM numbers(50)`;
      const sent = client.query({
        query,
        format: "JSONEachRow",
        clickhouse_settings: { max_block_size: "1" },
        abort_signal: leaver.signal,
      });
      setTimeout(() => leaver.abort(), 60);
      return sent.then((result) => result.json());
    },
  ];
  let next = 0;
  let failed = 0;
  const foreign: unknown[] = [];
  const caller = async () => {
    for (let i = next++; i < 3_000; i = next++) {
      const failure = i % 5 === 0 ? failures[(i / 5) % failures.length] : undefined;
      if (failure === undefined) {
        const answer = await rows("SELECT {me:UInt32} AS me, number FROM numbers(3)", {}, { me: i });
        const mine = [0, 1, 2].map((number) => ({ me: i, number: String(number) }));
        if (JSON.stringify(answer).replaceAll('"', "") !== JSON.stringify(mine).replaceAll('"', ""))
          foreign.push(answer);
      } else {
        await failure().then(
          (answer) => foreign.push({ shouldHaveFailed: answer }),
          () => failed++,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: 12 }, caller));
  expect(foreign).toEqual([]);
  expect(failed).toBe(600);
}, 120_000);

test("a setting and a parameter end with their request", async () => {
  const query = "SELECT getSetting('max_threads') AS threads, getSetting('max_execution_time') AS seconds";
  const before = await rows(query);
  expect(await rows(query, { max_threads: 1, max_execution_time: 7 })).toMatchObject([{ seconds: 7 }]);
  expect(await rows("SELECT {x:String} AS x", {}, { x: "mine" })).toEqual([{ x: "mine" }]);
  for (let i = 0; i < 20; i++) {
    expect(await rows(query)).toEqual(before);
    expect(await codeOf(rows("SELECT {x:String} AS x"))).toBe("456"); // UNKNOWN_QUERY_PARAMETER
  }
});

const hostile = [
  "\\'; DROP TABLE kept; --",
  "'; DROP TABLE kept; --",
  "1, readonly=0",
  "1; DROP TABLE kept",
  "0x1",
  "\\",
  "'",
  "\0'",
  "\n; DROP TABLE kept",
  "$$",
  "\\\\'; DROP TABLE kept; --\u2028",
  "*/ DROP TABLE kept /*",
];
const pieces = [
  "\\",
  "'",
  "''",
  '"',
  "`",
  "\0",
  "\b",
  "\n",
  "\t",
  ";",
  "--",
  "/*",
  "*/",
  "$$",
  "{x:String}",
  "é",
  "😀",
  " DROP TABLE kept ",
];

test("hostile text in settings, names and ids is refused and runs nothing", async () => {
  const names = [
    "log_comment",
    "insert_deduplication_token",
    "max_threads",
    "readonly",
    "max_execution_time",
  ];
  for (const value of hostile) {
    for (const name of names) {
      expect(await codeOf(rows("SELECT 1", { [name]: value })), `${name}=${value}`).toMatch(/^(36|115)$/);
      expect(await codeOf(rows("SELECT 1", { [value]: "1" })), value).toMatch(/^(36|115)$/);
    }
    expect(await codeOf(rows("SELECT 1", {}, { [value]: 1 })), value).toBe("36");
    expect(await codeOf(client.query({ query: "SELECT 1", query_id: `;${value}` })), value).toBe("36");
  }
  expect(await keptRows()).toEqual([{ a: 1 }, { a: 2 }]);
});

test("hostile text in parameters comes back as it went, in the URL and in a long body", async () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % n;
  };
  const texts = Array.from({ length: 2_000 }, () =>
    Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join(""),
  );
  const batches = Array.from({ length: 40 }, (_, i) => texts.slice(i * 50, i * 50 + 50));
  for (const all of batches) {
    const one = all.join("");
    expect(await rows("SELECT {one:String} AS one, {all:Array(String)} AS all", {}, { one, all })).toEqual([
      { one, all },
    ]);
  }
  const long = texts.flatMap((text) => [text, text, text, text]);
  expect(await rows("SELECT {long:Array(String)} AS long", {}, { long })).toEqual([{ long }]);
  expect(await keptRows()).toEqual([{ a: 1 }, { a: 2 }]);
});

test("a read writes nothing, reads no file and reaches no host", async () => {
  const out = join(tmpdir(), `hotspan-outfile-${process.pid}`);
  rmSync(out, { force: true });
  const attempts = [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:9000', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:1/x', 'LineAsString')",
    "SELECT * FROM executable('id', 'TSV', 'x String')",
    `SELECT 1 INTO OUTFILE '${out}'`,
    `SELECT $$ ' $$ INTO OUTFILE '${out}' -- '`,
    `EXPLAIN SELECT 1 INTO/**/OUTFILE '${out}'`,
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1; INSERT INTO kept VALUES (3)",
    "WITH 3 AS x INSERT INTO kept SELECT x",
    "SET readonly = 0",
    "KILL QUERY WHERE 1",
    "EXPLAIN PIPELINE INSERT INTO kept SELECT * FROM file('/etc/passwd', 'LineAsString')",
  ];
  for (const query of attempts) expect(await codeOf(rows(query)), query).not.toBe("accepted");
  expect(existsSync(out)).toBe(false);

  // The same through GET, which ClickHouse defines as read-only.
  const { origin, username, password } = new URL(engine.url);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  for (const query of ["INSERT INTO kept VALUES (3)", "DROP TABLE kept", "ALTER TABLE kept DELETE WHERE 1"]) {
    const response = await fetch(`${origin}/?query=${encodeURIComponent(query)}`, {
      headers: { authorization },
    });
    expect([response.status, response.headers.get("x-clickhouse-exception-code")], query).toEqual([
      403,
      "164",
    ]);
  }
  expect((await fetch(`${origin}/?query=SELECT+1`)).status).toBe(401);
  for (const path of ["//", "//[", "/%", "/ping/../.."]) {
    expect((await fetch(`${origin}${path}`)).status, path).toBe(401);
  }
  expect(await keptRows()).toEqual([{ a: 1 }, { a: 2 }]);
});

test("the engine stops working for a client that went away", async () => {
  const leaver = new AbortController();
  const endless = client.query({
    query: "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
    clickhouse_settings: { max_execution_time: 60 },
    abort_signal: leaver.signal,
  });
  const running = () =>
    rows<{ n: number }>(
      "SELECT toUInt8(count()) AS n FROM system.processes WHERE query LIKE '%sipHash64(number) = 1%' AND query NOT LIKE '%system.processes%'",
    );
  await expect.poll(running).toEqual([{ n: 1 }]);
  leaver.abort();
  await expect(endless).rejects.toThrow("aborted");
  await expect.poll(running, { timeout: 2_000 }).toEqual([{ n: 0 }]);
});
