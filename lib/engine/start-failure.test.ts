/** A store that cannot be opened says why in one sentence, at once. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestEngine } from "./test-engine";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hotspan-start-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a store that another engine has open", async () => {
  const first = await startTestEngine(dir);
  await expect(startTestEngine(dir)).rejects.toThrow(
    `The store in ${dir} is already in use by another Hotspan.`,
  );
  const client = createClient({ url: first.url });
  expect((await client.ping()).success).toBe(true);
  await client.close();
  await first.stop();
});

test("a folder that is a file", async () => {
  const file = join(dir, "file");
  writeFileSync(file, "");
  await expect(startTestEngine(file)).rejects.toThrow(
    `The folder ${file} is not writable. Set HOTSPAN_DATA to one that is.`,
  );
});

test("150 damaged parts", async () => {
  const engine = await startTestEngine(dir);
  const client = createClient({ url: engine.url, log: { level: ClickHouseLogLevel.OFF } });
  await client.command({ query: "CREATE TABLE t (a UInt32) ENGINE = MergeTree PARTITION BY a ORDER BY a" });
  await client.command({
    query: "INSERT INTO t SELECT number FROM numbers(150)",
    clickhouse_settings: { max_partitions_per_insert_block: "200" },
  });
  await client.close();
  await engine.stop();
  const files = readdirSync(join(dir, "store"), { recursive: true, withFileTypes: true });
  const inParts = files.filter((file) => file.isFile() && /_\d+_\d+_\d+$/.test(file.parentPath));
  expect(inParts.length).toBeGreaterThan(150 * 5);
  // What a power cut leaves of files that were never synced: their names.
  for (const file of inParts) truncateSync(join(file.parentPath, file.name));
  await expect(startTestEngine(dir)).rejects.toThrow(
    `The store in ${dir} has damaged parts and was not opened, so that nothing in it is lost.`,
  );
});
