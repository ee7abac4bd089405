import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DEFAULT_SAMPLING } from "@/lib/api/sampling-contract";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { createSampler } from "@/lib/store/run-sampler";
import { writeSamplingRules } from "@/lib/store/sampling-rules";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

let store: TestStore;
let folder: string;
beforeAll(async () => {
  store = await startTestStore();
  folder = await mkdtemp(join(tmpdir(), "hotspan-sampler-"));
  await closeCatalogue();
  await catalogue(`file:${join(folder, "catalogue.db")}`);
});
afterAll(async () => {
  await closeCatalogue();
  await store?.stop();
  await rm(folder, { recursive: true, force: true });
});

const stageOne = (spanId: string) =>
  commandStore(
    `INSERT INTO staged_spans (Timestamp, TraceId, SpanId, SpanName) VALUES (now64(9), '${"a".repeat(32)}', '${spanId}', '${spanId}')`,
  );
const kept = async () =>
  (await queryRows("SELECT SpanName FROM otel_traces")).map(({ SpanName }) => SpanName);
const until = (state: () => Promise<boolean>) => vi.waitUntil(state, { timeout: 30_000, interval: 20 });

test("spans that were staged when sampling had long been off are kept all the same", async () => {
  await writeSamplingRules({ ...DEFAULT_SAMPLING, enabled: false });
  const sampler = await createSampler({ lookMs: 10, pauseMs: 10 });
  const stop = new AbortController();
  const running = sampler.run(stop.signal);
  for (let round = 1; round <= 10; round++) {
    await stageOne(`span-${round}`);
    await until(async () => (await kept()).length === round);
    await commandStore("TRUNCATE TABLE staged_spans"); // as when its minute is over
  }
  stop.abort();
  await running;
}, 60_000);

test("of several processes on one store one decides, and another goes on when it has ended", async () => {
  await writeSamplingRules({ ...DEFAULT_SAMPLING, enabled: true, quietSeconds: 5, keepPercent: 0 });
  const samplers = await Promise.all(
    [1, 2, 3].map(async () => {
      const stop = new AbortController();
      const sampler = await createSampler({ pauseMs: 10, isAlone: false });
      return { sampler, stop, running: sampler.run(stop.signal) };
    }),
  );
  const stage = (round: number) =>
    commandStore(
      `INSERT INTO staged_spans (Timestamp, TraceId, SpanId, SpanName, IsEntry, ServiceName, IngestedAt)
       SELECT now64(9), lower(hex(MD5(concat('${round}', toString(number))))), leftPad(toString(number), 16, '0'), 'x', 1, 'shop', now64(3) - 60 FROM numbers(200)`,
    );
  const dropped = async () => Number((await queryRows("SELECT count() AS n FROM dropped_requests"))[0]?.n);
  await stage(1);
  // What is counted is told when the step has ended.
  await until(
    async () => samplers.reduce((sum, { sampler }) => sum + sampler.counts.droppedTraces, 0) >= 200,
  );
  expect(await dropped()).toBe(200);
  const deciders = samplers.filter(({ sampler }) => sampler.counts.droppedTraces > 0);
  expect(deciders.map(({ sampler }) => sampler.counts.droppedTraces)).toEqual([200]);
  deciders[0]?.stop.abort();
  await deciders[0]?.running;
  await stage(2);
  await until(
    async () => samplers.reduce((sum, { sampler }) => sum + sampler.counts.droppedTraces, 0) >= 400,
  );
  for (const { stop } of samplers) stop.abort();
  await Promise.all(samplers.map(({ running }) => running));
  expect(await dropped()).toBe(400);
}, 60_000);
