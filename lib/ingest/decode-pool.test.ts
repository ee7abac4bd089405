import { afterEach, expect, test } from "vitest";
import { createDecodePool, type DecodePool } from "@/lib/ingest/decode-pool";
import type { DecodeTask } from "@/lib/ingest/decode-task";
import { record, WORKER_SCRIPT } from "@/lib/ingest/test-receiver";

let pool: DecodePool;
afterEach(() => pool?.close());

const makeTask = (bytes: Buffer): DecodeTask => ({
  kind: "otlp-traces",
  upload: { bytes: Buffer.from(bytes), encoding: "protobuf", now: 2n ** 62n, source: "" },
});

/** A worker that does with the first byte of a body: 0 never ends, 1 eats memory, 2 dies, else answers how often it was asked. */
const moody = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    let asked = 0;
    parentPort.on("message", ({ upload }) => {
      asked++;
      const kept = [];
      if (upload.bytes[0] === 0) for (;;);
      if (upload.bytes[0] === 1) for (;;) kept.push(new Array(1e6).fill(asked + Math.random()));
      if (upload.bytes[0] === 2) throw new Error("bug");
      parentPort.postMessage({ result: { kind: "otlp-traces", asked } });
    });`)}`,
);

test("many jobs share few workers, and bad data fail alone", async () => {
  pool = createDecodePool({ script: WORKER_SCRIPT, workers: 2, limitMs: 30_000 });
  const good = record("go-http-protobuf.body");
  const jobs = Array.from({ length: 20 }, (_, index) =>
    pool.run(makeTask(index % 5 === 4 ? good.subarray(0, 300) : good)),
  );
  const ended = await Promise.allSettled(jobs);
  expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(16);
  for (const [index, job] of ended.entries()) {
    if (index % 5 === 4) expect(job).toMatchObject({ reason: { code: "invalid-input" } });
    else expect(job).toMatchObject({ value: { traces: { rows: { count: 6 } } } });
  }
});

test("a body that takes too long is stopped, one that takes too much memory too, and the next is decoded", async () => {
  pool = createDecodePool({ script: moody, workers: 1, limitMs: 2_000, heapMegabytes: 64 });
  const stopped = pool.run(makeTask(Buffer.from([0])));
  const next = pool.run(makeTask(Buffer.from([9])));
  await expect(stopped).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining("stopped after 2 s"),
  });
  expect(await next).toMatchObject({ asked: 1 });
  expect(await pool.run(makeTask(Buffer.from([9])))).toMatchObject({ asked: 2 });
  await expect(pool.run(makeTask(Buffer.from([1])))).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringMatching(/memory|stopped/),
  });
  await expect(pool.run(makeTask(Buffer.from([2])))).rejects.toThrow("bug");
  expect(await pool.run(makeTask(Buffer.from([9])))).toMatchObject({ asked: 1 });
});
