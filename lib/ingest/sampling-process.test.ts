/** Tail-based sampling in the process that decides, killed while it does. */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { DEFAULT_SAMPLING } from "@/lib/api/sampling-contract";
import { endProcess, startIngestProcess, untilReady } from "@/lib/ingest/test-ingest-process";
import { JSON_TYPE, jsonExport, jsonSpan, post } from "@/lib/ingest/test-receiver";
import { openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

const HTTP_PORT = 22_118;
const URL_ = `http://127.0.0.1:${HTTP_PORT}`;
vi.setConfig({ testTimeout: 180_000 });

let store: TestStore;
let dataDir: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  store = await startTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hotspan-sampling-"));
  const catalogue = await openCatalogue(`file:${join(dataDir, "catalogue.db")}`);
  const value = JSON.stringify({ ...DEFAULT_SAMPLING, enabled: true, quietSeconds: 5, keepPercent: 0 });
  await catalogue.setting.create({ data: { key: "sampling", value } });
  await catalogue.$disconnect();
});
afterEach(() => endProcess(child, "SIGKILL"));
afterAll(async () => {
  await store?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Ten traces of a request and a step within; those with an even number fail in the step. */
function makeBatch(): string {
  return jsonExport(
    Array.from({ length: 10 }, (_, i) => {
      const traceId = randomBytes(16).toString("hex");
      const parentSpanId = randomBytes(8).toString("hex");
      const status = i % 2 === 0 ? { code: 2 } : {};
      return [
        jsonSpan({ traceId, spanId: parentSpanId, name: "GET /", kind: 2 }),
        jsonSpan({ traceId, parentSpanId, status }),
      ];
    }).flat(),
  );
}

async function counts() {
  const [row] = await queryRows(
    `SELECT (SELECT count() FROM otel_traces) AS kept, (SELECT uniqExact(TraceId, SpanId) FROM otel_traces) AS distinct_kept,
       (SELECT countIf(StatusCode = 'Error') FROM otel_traces) AS errors, (SELECT count() FROM dropped_requests) AS dropped`,
  );
  return Object.fromEntries(Object.entries(row ?? {}).map(([key, value]) => [key, Number(value)]));
}

test("every acknowledged trace is kept once or counted once, though the process dies while it decides", async () => {
  const acked: string[] = [];
  for (let round = 0; round < 6; round++) {
    child = startIngestProcess({
      storeUrl: store.url,
      dataDir,
      httpPort: HTTP_PORT,
      grpcPort: HTTP_PORT - 1,
    });
    await untilReady(child, URL_);
    for (let i = 0; i < 5; i++) {
      const batch = makeBatch();
      expect((await post(`${URL_}/v1/traces`, batch, JSON_TYPE)).status).toBe(200);
      acked.push(batch);
    }
    // A retry of what was acknowledged changes no number.
    expect((await post(`${URL_}/v1/traces`, acked[0] ?? "", JSON_TYPE)).status).toBe(200);
    if (round < 5) {
      // Killed when deciding has begun: somewhere between a verdict and its last step.
      const decided = async () =>
        Number((await queryRows("SELECT count() AS n FROM sampling_decisions"))[0]?.n);
      const before = await decided();
      await vi.waitUntil(async () => round % 2 === 1 || (await decided()) > before, {
        timeout: 30_000,
        interval: 5,
      });
      await endProcess(child, "SIGKILL");
    }
  }
  const half = acked.length * 5;
  await vi
    .waitUntil(async () => (await counts()).dropped === half && (await counts()).kept === half * 2, {
      timeout: 60_000,
      interval: 200,
    })
    .catch(() => undefined); // the numbers below say more
  expect(await counts()).toEqual({ kept: half * 2, distinct_kept: half * 2, errors: half, dropped: half });
});
