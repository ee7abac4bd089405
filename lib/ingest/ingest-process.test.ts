/** The ingest process as it is started, killed and stopped, before the real engine. */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  endProcess,
  startIngestProcess,
  untilReady as untilIngestReady,
} from "@/lib/ingest/test-ingest-process";
import { recordedProfile } from "@/lib/ingest/test-pprof-top";
import {
  callGrpc,
  countSpans,
  EXPORT,
  JSON_TYPE,
  jsonExport,
  jsonSpan,
  post,
  record,
} from "@/lib/ingest/test-receiver";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

const HTTP_PORT = 22_018;
const GRPC_PORT = 22_017;
const URL_ = `http://127.0.0.1:${HTTP_PORT}`;
const TRACES = `${URL_}/v1/traces`;
const PROFILES = `${URL_}/api/v1/profiles?service=shop`;

// Each test starts processes, the first a dozen of them.
vi.setConfig({ testTimeout: 180_000 });

let store: TestStore;
let dataDir: string; // of the catalogue alone
let child: ChildProcess | undefined;
beforeAll(async () => {
  store = await startTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hotspan-ingest-"));
});
afterEach(() => endProcess(child, "SIGKILL"));
afterAll(async () => {
  await store?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function start(env: Record<string, string> = {}): ChildProcess {
  child = startIngestProcess({ storeUrl: store.url, dataDir, httpPort: HTTP_PORT, grpcPort: GRPC_PORT }, env);
  return child;
}

const untilReady = (process_: ChildProcess) => untilIngestReady(process_, URL_);

/** A batch of spans that nobody else sends. */
const makeBatch = (count = 40) => jsonExport(Array.from({ length: count }, () => jsonSpan()));
const countOf = (batch: string) => batch.split('"spanId"').length - 1;

test("killed while it stores: what was not acknowledged is sent again, what was is sent twice more, and all is there once", async () => {
  const before = await countSpans();
  const acked: string[] = [];
  let unacked: string[] = [];
  let random = 11;
  for (let kill = 0; kill < 5; kill++) {
    const victim = start();
    await untilReady(victim);
    random = (random * 48_271) % 2_147_483_647;
    // Killed with so many acknowledgements behind it: somewhere between a question, an insert and an answer.
    let left = random % 8;
    const resend = unacked;
    unacked = [];
    const senders = Array.from({ length: 6 }, async () => {
      for (;;) {
        const batch = resend.pop() ?? makeBatch();
        const sent = await post(TRACES, batch, JSON_TYPE).catch(() => undefined);
        if (sent?.status !== 200) {
          unacked.push(batch);
          return;
        }
        acked.push(batch);
        if (left-- === 0) setTimeout(() => victim.kill("SIGKILL"), random % 60);
      }
    });
    await Promise.all(senders);
    unacked.push(...resend);
    expect(await endProcess(victim)).toMatch(/SIGKILL|ended/);
  }
  const last = start();
  await untilReady(last);
  expect(unacked.length).toBeGreaterThan(0);
  const resent = [...unacked, ...acked, ...acked].map((batch) => post(TRACES, batch, JSON_TYPE));
  for (const { status } of await Promise.all(resent)) expect(status).toBe(200);
  const expected = [...unacked, ...acked].reduce((sum, batch) => sum + countOf(batch), 0);
  expect((await countSpans()) - before).toBe(expected);
  const [row] = await queryRows("SELECT uniqExact(TraceId, SpanId) AS spans FROM otel_traces");
  expect(Number(row?.spans) - before).toBe(expected);
});

test("SIGTERM: what is under way is stored and answered, nothing more is taken, and the end is orderly", async () => {
  const process_ = start();
  await untilReady(process_);
  const before = await countSpans();
  const underWay = Array.from({ length: 8 }, () => post(TRACES, makeBatch(), JSON_TYPE));
  const grpc = callGrpc(GRPC_PORT, EXPORT, record("grpc-js.message.pb"));
  // All of them have arrived: they are stored, or wait for their group.
  for (;;) {
    const health: unknown = await (await fetch(`${URL_}/health`)).json();
    const { accepted, queued } = Object(Object(health).spans);
    if (Number(accepted) + Number(queued) >= 8 * 40) break;
  }
  const ended = endProcess(process_, "SIGTERM");
  for (const sent of await Promise.all(underWay)) expect(sent.status).toBe(200);
  expect(await grpc).toEqual(Buffer.alloc(0));
  expect(await ended).toBe("0");
  expect((await countSpans()) - before).toBeGreaterThanOrEqual(320);
});

test("it does not outlive its parent", async () => {
  const process_ = start();
  await untilReady(process_);
  const ended = endProcess(process_);
  process_.disconnect();
  expect(await ended).toBe("0");
});

test.each([
  ["HTTP", HTTP_PORT, "HOTSPAN_OTLP_HTTP_PORT"],
  ["gRPC", GRPC_PORT, "HOTSPAN_OTLP_GRPC_PORT"],
])("a busy %s port gets one clear sentence", async (_, port, variable) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const told = await endProcess(start());
  await new Promise((resolve) => other.close(resolve));
  expect(told).toBe(`1 Port ${port} is already in use by another program. Set ${variable} to a free one.`);
});

describe("storage trouble is 503 with Retry-After, UNAVAILABLE over gRPC, never 500; then all goes on", () => {
  /** The same profile in other bytes for each test: an unknown field at its end. */
  const profileOf = (name: string) =>
    Buffer.concat([gunzipSync(recordedProfile("go-cpu-2s")), Buffer.from([0x98, 0x06, name.length])]);

  async function expectTrouble(name: string): Promise<void> {
    const [json, protobuf, uploaded, grpc] = await Promise.all([
      post(TRACES, makeBatch(), JSON_TYPE),
      post(TRACES, record("bench-500-spans.pb.gz"), {
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip",
      }),
      post(PROFILES, profileOf(name)), // its way is another: catalogue, stacks, samples
      callGrpc(GRPC_PORT, EXPORT, record("grpc-go.message.pb")),
    ]);
    for (const sent of [json, protobuf, uploaded]) {
      expect(sent.status).toBe(503);
      expect(Number(sent.retryAfter)).toBeGreaterThanOrEqual(1);
      expect(Number(sent.retryAfter)).toBeLessThanOrEqual(5);
    }
    expect(JSON.parse(json.body.toString())).toMatchObject({ code: 14 });
    expect(protobuf.body.subarray(0, 3)).toEqual(Buffer.from([0x08, 14, 0x12]));
    expect(grpc).toMatchObject({ code: 14 });
    const details = Object(grpc).metadata.get("grpc-status-details-bin")[0];
    expect(String(details)).toContain("type.googleapis.com/google.rpc.RetryInfo");
    // Bad data are bad data whatever the store does.
    expect((await post(TRACES, "{", JSON_TYPE)).status).toBe(400);
  }

  /** What was refused is taken when it is sent again, the profile whole and once. */
  async function expectWell(name: string): Promise<void> {
    expect((await post(TRACES, makeBatch(), JSON_TYPE)).status, name).toBe(200);
    const again = await post(PROFILES, profileOf(name));
    expect(again.status).toBe(200);
    const { profileId, samples } = JSON.parse(again.body.toString());
    const [row] = await queryRows(
      "SELECT count() AS rows FROM samples WHERE profile_id = reinterpretAsUInt64(reverse(unhex({profileId:String})))",
      { profileId },
    );
    expect(Number(row?.rows)).toBe(samples);
  }

  test.each([
    [
      "the disk is full",
      (table: string) =>
        `ALTER TABLE ${table} MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000`,
      (table: string) =>
        `ALTER TABLE ${table} MODIFY SETTING min_free_disk_bytes_to_perform_insert = 536870912`,
    ],
    [
      "the tables are gone",
      (table: string) => `RENAME TABLE ${table} TO lost_${table}`,
      (table: string) => `RENAME TABLE lost_${table} TO ${table}`,
    ],
    [
      "the tables refuse",
      (table: string) => `ALTER TABLE ${table} ADD CONSTRAINT never CHECK 1 = 0`,
      (table: string) => `ALTER TABLE ${table} DROP CONSTRAINT never`,
    ],
  ])("%s", async (name, breakIt, mendIt) => {
    await untilReady(start());
    for (const table of ["otel_traces", "samples"]) await commandStore(breakIt(table));
    try {
      await expectTrouble(name);
    } finally {
      for (const table of ["otel_traces", "samples"]) await commandStore(mendIt(table));
    }
    await expectWell(name);
  });

  test("the engine is gone, and comes back", async () => {
    // A door in front of the engine that can be shut, as a process that dies shuts its own.
    const engine = new URL(store.url);
    const pass = async (request: IncomingMessage, response: ServerResponse) => {
      const target = new URL(request.url ?? "/", engine);
      target.username = "";
      target.password = "";
      const answer = await fetch(target, {
        method: request.method ?? "GET",
        headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
          /^(authorization|content-type|x-clickhouse)/.test(name) ? [[name, String(value)]] : [],
        ),
        ...(request.method === "POST"
          ? { body: new Uint8Array(await new Response(toWeb(request)).arrayBuffer()) }
          : {}),
      });
      const headers = [...answer.headers].filter(([name]) => name.startsWith("x-clickhouse"));
      response
        .writeHead(answer.status, Object.fromEntries(headers))
        .end(Buffer.from(await answer.arrayBuffer()));
    };
    // What is under way when the door shuts is cut off on both sides.
    const door = createServer(
      (request, response) => void pass(request, response).catch(() => response.destroy()),
    );
    const open = () => new Promise<void>((resolve) => door.listen(22_020, "127.0.0.1", resolve));
    await open();
    await untilReady(
      start({ HOTSPAN_ENGINE_URL: `http://${engine.username}:${engine.password}@127.0.0.1:22020` }),
    );
    expect((await post(TRACES, makeBatch(), JSON_TYPE)).status).toBe(200);
    door.closeAllConnections();
    await new Promise((resolve) => {
      door.close(resolve);
      door.closeAllConnections();
    });
    await expectTrouble("the engine is gone");
    // Away for a moment is not told at all: some exporters never retry.
    const patient = post(TRACES, makeBatch(), JSON_TYPE);
    await open();
    expect((await patient).status).toBe(200);
    await expectWell("the engine is gone");
    door.closeAllConnections();
    door.close();
  });
});

function toWeb(request: import("node:http").IncomingMessage): ReadableStream {
  return new ReadableStream({
    async start(controller) {
      for await (const chunk of request) controller.enqueue(new Uint8Array(chunk));
      controller.close();
    },
  });
}
