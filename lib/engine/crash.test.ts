/** Whatever ends or freezes the engine: it is back within 10 s, and every row it acknowledged is there, once. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "./test-engine";

let engine: TestEngine;
let client: ClickHouseClient;

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "hotspan-crash-"));
  await open();
  await client.command({
    query:
      "CREATE TABLE batches (batch UInt32, row UInt32, payload String) ENGINE = MergeTree ORDER BY (batch, row)",
  });
});
afterEach(async () => {
  await close();
  await rm(dir, { recursive: true, force: true });
});

async function open(): Promise<void> {
  engine = await startTestEngine(dir);
  client = createClient({
    url: engine.url,
    request_timeout: 30_000,
    log: { level: ClickHouseLogLevel.OFF },
  });
}

async function close(): Promise<void> {
  await client.close();
  await engine.stop();
}

/** Inserts batches until told to stop, each of its own size; remembers which were acknowledged. */
function startWriters(count: number) {
  const sizes = new Map<number, number>();
  const acknowledged = new Set<number>();
  const refusals: unknown[] = [];
  let next = 0;
  let stopping = false;
  const write = async () => {
    while (!stopping) {
      const batch = next++;
      const size = 100 + (createHash("md5").update(String(batch)).digest().readUInt32LE() % 4_000);
      sizes.set(batch, size);
      const values = Array.from({ length: size }, (_, row) => [batch, row, payloadOf(batch, row)]);
      try {
        await client.insert({ table: "batches", values, format: "JSONCompactEachRow" });
        acknowledged.add(batch);
      } catch (error) {
        refusals.push(error); // not sent again: what is here then was stored but not acknowledged
        await sleep(20);
      }
    }
  };
  const writers = Array.from({ length: count }, write);
  return {
    sizes,
    acknowledged,
    refusals,
    async stop() {
      stopping = true;
      await Promise.all(writers);
    },
  };
}
const payloadOf = (batch: number, row: number) => `${batch * 31 + row}-${"x".repeat(row % 50)}`;

async function isUp(): Promise<boolean> {
  return client.query({ query: "SELECT 1" }).then(
    async (result) => (await result.text()).trim() !== "",
    () => false,
  );
}

/** Every acknowledged batch whole and once; every other one whole and once, or not there. */
async function findDamage(writers: ReturnType<typeof startWriters>): Promise<string[]> {
  const result = await client.query({
    query: `SELECT batch, toUInt32(count()) AS rows, toUInt32(uniqExact(row)) AS distinct,
      toUInt32(countIf(payload != concat(toString(batch * 31 + row), '-', repeat('x', row % 50)))) AS wrong
      FROM batches GROUP BY batch`,
    format: "JSONEachRow",
    clickhouse_settings: { max_result_rows: "1000000" },
  });
  const stored = new Map(
    (await result.json<{ batch: number; rows: number; distinct: number; wrong: number }>()).map((row) => [
      row.batch,
      row,
    ]),
  );
  return [...writers.sizes].flatMap(([batch, size]) => {
    const found = stored.get(batch);
    if (found === undefined)
      return writers.acknowledged.has(batch) ? [`batch ${batch} of ${size} rows is lost`] : [];
    const whole = found.rows === size && found.distinct === size && found.wrong === 0;
    return whole ? [] : [`batch ${batch} of ${size} rows: ${JSON.stringify(found)}`];
  });
}

test("50 times kill -9 under three writers", async () => {
  const writers = startWriters(3);
  for (let kill = 0; kill < 50; kill++) {
    await expect.poll(isUp, { interval: 20, timeout: 10_000 }).toBe(true);
    const before = writers.acknowledged.size;
    await expect
      .poll(() => writers.acknowledged.size, { interval: 5, timeout: 10_000 })
      .toBeGreaterThan(before + (kill % 4));
    process.kill(engine.pid ?? 0, "SIGKILL");
  }
  await expect.poll(isUp, { interval: 20, timeout: 10_000 }).toBe(true);
  await writers.stop();
  expect(await findDamage(writers)).toEqual([]);
  expect(writers.acknowledged.size).toBeGreaterThan(100);
  expect(writers.refusals.length).toBeGreaterThan(25); // the kills did hit inserts
}, 240_000);

test("any signal that kills or freezes it: back within 10 s, callers told meanwhile", async () => {
  const writers = startWriters(2);
  for (const signal of ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGSTOP", "SIGKILL"] as const) {
    await expect.poll(isUp, { interval: 20, timeout: 10_000 }).toBe(true);
    const struck = Date.now();
    process.kill(engine.pid ?? 0, signal);
    await expect.poll(isUp, { interval: 20, timeout: 10_000, message: signal }).toBe(true);
    const acknowledged = writers.acknowledged.size;
    await expect
      .poll(() => writers.acknowledged.size, { interval: 20, timeout: 10_000 })
      .toBeGreaterThan(acknowledged);
    expect(Date.now() - struck, signal).toBeLessThan(10_000);
  }
  await writers.stop();
  expect(writers.refusals.length).toBeGreaterThan(0);
  expect(await findDamage(writers)).toEqual([]);
}, 120_000);

test("told to stop during inserts and a query of ten minutes, it ends within 5 s with every acknowledged row", async () => {
  const writers = startWriters(2);
  const endless = client.query({
    query: "SELECT count() FROM numbers(10000000000000) WHERE sipHash64(number) = 1",
    clickhouse_settings: { max_execution_time: 600 },
  });
  endless.catch(() => undefined);
  await expect.poll(() => writers.acknowledged.size, { timeout: 10_000 }).toBeGreaterThan(3);
  const asked = Date.now();
  await engine.stop();
  expect(Date.now() - asked).toBeLessThan(5_000);
  await expect(endless).rejects.toThrow();
  await writers.stop();

  await close();
  await open();
  expect(await findDamage(writers)).toEqual([]);
}, 60_000);
