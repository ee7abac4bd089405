/** The public doors, before the real engine. */
import { request as httpRequest } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IntakeHealth, intakeHealth } from "@/lib/api/intake-contract";
import { decodeOtlpTraces, type OtlpEncoding } from "@/lib/ingest/otlp-traces";
import { encodeExport } from "@/lib/ingest/test-otlp-encoder";
import {
  callGrpc,
  countSpans,
  EXPORT,
  JSON_TYPE,
  jsonExport,
  jsonSpan,
  post,
  record,
  startTestDoors,
  startTestReceiver,
  storedSpans,
  type TestReceiver,
} from "@/lib/ingest/test-receiver";
import { queryRows } from "@/lib/store/clickhouse";
import { writeSpansAlone } from "@/lib/store/span-writer";

let receiver: TestReceiver;
let traces: string;
beforeAll(async () => {
  receiver = await startTestReceiver();
  traces = `${receiver.url}/v1/traces`;
});
afterAll(() => receiver?.stop());

const PROTOBUF = { "content-type": "application/x-protobuf" };
const GZIP = { ...PROTOBUF, "content-encoding": "gzip" };
const NOW = BigInt(Date.now()) * 1_000_000n;

/** What the store must hold of a body: written from the domain, so only the way through doors and engine is in question. */
async function expectStored(body: Buffer, encoding: OtlpEncoding): Promise<void> {
  const { spans } = decodeOtlpTraces(body, encoding, NOW);
  const rows = await storedSpans([...new Set(spans.map(({ traceId }) => traceId))]);
  const byId = [...spans].sort((a, b) => (a.traceId + a.spanId < b.traceId + b.spanId ? -1 : 1));
  expect(spans.length).toBeGreaterThan(0);
  expect(rows).toEqual(
    byId.map((span) => ({
      Timestamp: instant(span.startUnixNano),
      TraceId: span.traceId,
      SpanId: span.spanId,
      ParentSpanId: span.parentSpanId,
      TraceState: span.traceState,
      SpanName: span.name,
      SpanKind: span.kind,
      ServiceName: span.service,
      ResourceAttributes: Object.fromEntries(span.resource),
      ScopeName: span.scopeName,
      ScopeVersion: span.scopeVersion,
      SpanAttributes: Object.fromEntries(span.attributes),
      Duration: String(span.durationNs),
      StatusCode: span.status,
      StatusMessage: span.statusMessage,
      "Events.Timestamp": span.events.map(({ timeUnixNano }) => instant(timeUnixNano)),
      "Events.Name": span.events.map(({ name }) => name),
      "Events.Attributes": span.events.map(({ attributes }) => Object.fromEntries(attributes)),
      "Links.TraceId": span.links.map(({ traceId }) => traceId),
      "Links.SpanId": span.links.map(({ spanId }) => spanId),
      "Links.TraceState": span.links.map(({ traceState }) => traceState),
      "Links.Attributes": span.links.map(({ attributes }) => Object.fromEntries(attributes)),
      Endpoint: span.endpoint,
      IsEntry: span.isEntry ? 1 : 0,
      Source: "",
    })),
  );
}

function instant(nanos: bigint): string {
  const date = new Date(Number(nanos / 1_000_000n)).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 19)}.${String(nanos % 1_000_000_000n).padStart(9, "0")}`;
}

describe("recorded exports are stored as they were sent, each once", () => {
  test.each([
    ["go-http-protobuf.body", PROTOBUF, "protobuf"],
    ["js-http-protobuf.body", PROTOBUF, "protobuf"],
    ["js-http-protobuf-gzip.body", GZIP, "protobuf"],
    ["js-http-json.body", { "content-type": "application/json;charset=utf-8" }, "json"],
    ["js-auto-express-json.body", JSON_TYPE, "json"],
    ["bench-500-spans.pb.gz", GZIP, "protobuf"], // large enough for a worker thread
  ] as const)("%s over HTTP", async (name, headers, encoding) => {
    for (const attempt of ["first", "retried"]) {
      const sent = await post(traces, record(name), headers);
      expect([attempt, sent.status, sent.body.toString()]).toEqual([
        attempt,
        200,
        encoding === "json" ? "{}" : "",
      ]);
      expect(sent.contentType).toBe(encoding === "json" ? "application/json" : "application/x-protobuf");
    }
    const body = name.includes("gz") ? gunzipSync(record(name)) : record(name);
    await expectStored(body, encoding);
  });

  test.each(["grpc-go.message.pb", "grpc-js.message.pb"])("%s over gRPC", async (name) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await callGrpc(receiver.grpcPort, EXPORT, record(name))).toEqual(Buffer.alloc(0));
    }
    await expectStored(record(name), "protobuf");
  });
});

test("the same spans in JSON, protobuf and gRPC become equal rows", async () => {
  const shared = {
    startTimeUnixNano: String(NOW),
    endTimeUnixNano: String(NOW + 5n),
    attributes: [
      { key: "__proto__", value: { stringValue: '\u0000 \ud83d\ude00 " \\' } },
      { key: "n", value: { intValue: "-9223372036854775808" } },
    ],
  };
  const spans = [1, 2, 3].map(() => jsonSpan(shared));
  const requests = spans.map((span) => jsonExport([span]));
  const [json = "", protobuf = "", grpc = ""] = requests;
  await Promise.all([
    post(traces, json, JSON_TYPE),
    post(traces, encodeExport(JSON.parse(protobuf))),
    callGrpc(receiver.grpcPort, EXPORT, encodeExport(JSON.parse(grpc))),
  ]);
  const rows = await storedSpans(spans.map(({ traceId }) => String(traceId)));
  const [first, ...others] = rows.map((row) => ({ ...Object(row), TraceId: "", SpanId: "" }));
  expect(others).toEqual([first, first]);
  // The engine's own words for the map, since JSON.parse hides a key named __proto__ from equality.
  const [{ attributes } = {}] = await queryRows(
    "SELECT toString(SpanAttributes) AS attributes FROM otel_traces WHERE TraceId = {id:String}",
    { id: spans[0]?.traceId },
  );
  expect(attributes).toContain("'__proto__'");
});

const SECOND = 1_000_000_000n;
describe("one bad span among a thousand costs one span", () => {
  test.each([
    ["an all-zero id", { traceId: "0".repeat(32) }],
    ["a short id", { spanId: "abcd" }],
    ["a negative duration", { endTimeUnixNano: "1262304000000000001" }],
    ["no time", { startTimeUnixNano: "0" }],
    [
      "a time after 2262",
      { startTimeUnixNano: "9999999999999999999", endTimeUnixNano: "9999999999999999999" },
    ],
    [
      "a time in ten years",
      {
        startTimeUnixNano: String(NOW + 315_360_000n * SECOND),
        endTimeUnixNano: String(NOW + 315_360_001n * SECOND),
      },
    ],
    ["NaN for a time", { startTimeUnixNano: "NaN" }],
  ])("%s", async (_, fields) => {
    const before = await countSpans();
    const spans = Array.from({ length: 1_000 }, (__, index) => jsonSpan(index === 500 ? fields : {}));
    const sent = await post(traces, jsonExport(spans), JSON_TYPE);
    expect(sent.status).toBe(200);
    expect(JSON.parse(sent.body.toString()).partialSuccess).toEqual({
      rejectedSpans: "1",
      errorMessage: expect.stringMatching(/^1 of 1000 spans refused: 1 × /),
    });
    expect((await countSpans()) - before).toBe(999);
  });

  test("what the store could not take is repaired or cut, and kept", async () => {
    const before = await countSpans();
    const spans = [
      jsonSpan({ name: "half \ud800 a pair" }),
      jsonSpan({ attributes: [{ key: "sql", value: { stringValue: "x".repeat(1_000_000) } }] }),
      jsonSpan({ startTimeUnixNano: "1262304000000000000", endTimeUnixNano: "1262304000000000001" }),
      ...Array.from({ length: 12 }, (_, day) => {
        const start = NOW - BigInt(day) * 86_400n * SECOND;
        return jsonSpan({ startTimeUnixNano: String(start), endTimeUnixNano: String(start) });
      }),
    ];
    const sent = await post(traces, jsonExport(spans), JSON_TYPE);
    expect(sent.status).toBe(200);
    expect(JSON.parse(sent.body.toString()).partialSuccess).toEqual({
      rejectedSpans: "0",
      errorMessage: "Kept, but: 1 × value longer than 65536 characters cut.",
    });
    expect((await countSpans()) - before).toBe(15);
  });

  test("protobuf clients read the count and the reason too", async () => {
    const body = encodeExport(JSON.parse(jsonExport([jsonSpan({ traceId: "00" }), jsonSpan()])));
    const message = "1 of 2 spans refused: 1 × trace id is not 16 bytes.";
    const partial = Buffer.concat([
      Buffer.from([0x08, 1, 0x12, Buffer.byteLength(message)]),
      Buffer.from(message),
    ]);
    const expected = Buffer.concat([Buffer.from([0x0a, partial.length]), partial]);
    expect((await post(traces, body)).body).toEqual(expected);
    expect(await callGrpc(receiver.grpcPort, EXPORT, body)).toEqual(expected);
  });
});

describe("a bad request is refused by name, and nothing of it is stored", () => {
  const good = record("go-http-protobuf.body");
  test.each([
    ["truncated", good.subarray(0, 400), PROTOBUF, 400, "past the end"],
    ["random bytes", Buffer.alloc(5_000, "hotspan?"), PROTOBUF, 400, "Malformed protobuf"],
    ["random bytes as JSON", Buffer.from("\u0001\u0002"), JSON_TYPE, 400, "not JSON"],
    ["not gzip", good, GZIP, 400, "not valid gzip"],
    ["truncated gzip", gzipSync(good).subarray(0, 300), GZIP, 400, "ends too early"],
    ["empty gzip", Buffer.alloc(0), GZIP, 400, "it is empty"],
    ["text", good, { "content-type": "text/plain" }, 415, "text/plain"],
    ["zstd", good, { ...PROTOBUF, "content-encoding": "zstd" }, 415, "zstd"],
  ] as const)("%s", async (_, body, headers, status, reason) => {
    const before = await countSpans();
    const sent = await post(traces, body, headers);
    expect([sent.status, sent.retryAfter]).toEqual([status, null]);
    expect(sent.body.toString()).toContain(reason);
    expect(await countSpans()).toBe(before);
  });

  test("over gRPC with INVALID_ARGUMENT", async () => {
    expect(await callGrpc(receiver.grpcPort, EXPORT, good.subarray(0, 400))).toMatchObject({
      code: 3,
      details: expect.stringContaining("past the end"),
    });
  });

  test("unknown paths and methods", async () => {
    for (const path of ["/v1/trace", "//", "//[", "/%", "/v1/traces/../../health/x"]) {
      expect((await post(`${receiver.url}${path}`, good)).status, path).toBe(404);
    }
    expect((await fetch(traces)).status).toBe(405);
  });
});

describe("limits", () => {
  let small: TestReceiver;
  beforeAll(async () => {
    small = await startTestDoors({ maxBodyBytes: 100_000 });
  });
  afterAll(() => small?.stop());

  test("hold for what is sent and for what it inflates to, with or without a length", async () => {
    const url = `${small.url}/v1/traces`;
    for (const [body, headers] of [
      [Buffer.alloc(100_001), PROTOBUF],
      [gzipSync(Buffer.alloc(50_000_000)), GZIP],
      [gzipSync(Buffer.alloc(100_001)), GZIP],
    ] as const) {
      const sent = await post(url, body, headers);
      expect([sent.status, sent.body.toString()]).toEqual([
        413,
        expect.stringContaining("limit of 100000 bytes"),
      ]);
    }
    expect(await sendInChunks(url, Buffer.alloc(300_000), PROTOBUF)).toBe(413);
    expect(await callGrpc(small.grpcPort, EXPORT, Buffer.alloc(100_001))).toMatchObject({ code: 8 });
  });

  test("hold for all requests together: 429, and the receiver goes on", async () => {
    const url = `${small.url}/v1/traces`;
    // Bodies that never end: together they hold the whole budget of four.
    const open = Array.from({ length: 5 }, () => {
      const half = httpRequest(url, { method: "POST", headers: PROTOBUF });
      half.on("error", () => undefined); // its connection is cut below
      half.write(Buffer.alloc(90_000));
      return half;
    });
    await waitFor(async () => (await held(small.url)) >= 360_000);
    const refused = await post(url, Buffer.alloc(90_000));
    expect([refused.status, refused.retryAfter]).toEqual([429, "2"]);
    for (const half of open) half.destroy();
    await waitFor(async () => (await held(small.url)) === 0);
    expect((await post(url, record("go-http-protobuf.body"))).status).toBe(200);
  });

  test("hold for requests that wait: 429 and UNAVAILABLE, and what waited is stored", async () => {
    const busy = await startTestDoors({ maxQueuedBatches: 1 });
    const url = `${busy.url}/v1/traces`;
    let letWrite: (() => void) | undefined;
    const blocked = writeSpansAlone(
      () =>
        new Promise<void>((resolve) => {
          letWrite = resolve;
        }),
    );
    const send = () => post(url, jsonExport([jsonSpan()]), JSON_TYPE);
    const underWay = send();
    await waitFor(async () => {
      const { queuedBatches, spans } = await healthOf(busy.url);
      return spans.queued === 1 && queuedBatches === 0;
    });
    const waiting = send();
    await waitFor(async () => (await healthOf(busy.url)).queuedBatches === 1);
    const [refused, overGrpc] = await Promise.all([
      send(),
      callGrpc(busy.grpcPort, EXPORT, record("grpc-go.message.pb")),
    ]);
    expect([refused.status, refused.retryAfter]).toEqual([429, "2"]);
    expect(overGrpc).toMatchObject({ code: 14 });
    letWrite?.();
    await blocked;
    expect((await underWay).status).toBe(200);
    expect((await waiting).status).toBe(200);
    expect((await healthOf(busy.url)).refusals).toMatchObject([{ code: "overloaded", requests: 2 }]);
    await busy.stop();
  });

  test("a 2 GB bomb is stopped while it inflates, by the default limit too", async () => {
    const megabyte = Buffer.alloc(1_048_576);
    const bomb = gzipSync(Buffer.concat(Array.from({ length: 256 }, () => megabyte)));
    const body = Buffer.concat(Array.from({ length: 8 }, () => bomb)); // members of one gzip stream
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(traces, body, GZIP)));
    for (const { status } of answers) expect([413, 429]).toContain(status);
  });
});

test("what is not stored is said to be so, not refused", async () => {
  for (const signal of ["metrics", "logs"]) {
    const sent = await post(`${receiver.url}/v1/${signal}`, "{}", JSON_TYPE);
    expect(sent.status).toBe(200);
    expect(sent.body.toString()).toContain(`${signal} were not stored`);
  }
  const path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
  expect(String(await callGrpc(receiver.grpcPort, path, Buffer.alloc(0)))).toContain(
    "metrics were not stored",
  );
});

test("browsers may ask first, and may send", async () => {
  const preflight = await fetch(traces, {
    method: "OPTIONS",
    headers: { origin: "https://shop.example", "access-control-request-headers": "content-type,x-tenant" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([
    204,
    "content-type,x-tenant",
  ]);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
});

test("this machine may mark the recorded sample", async () => {
  const span = jsonSpan();
  await post(traces, jsonExport([span]), { ...JSON_TYPE, "x-hotspan-source": "sample" });
  expect(await storedSpans([String(span.traceId)])).toMatchObject([{ Source: "sample" }]);
});

function sendInChunks(url: string, body: Buffer, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on("error", reject);
    for (let at = 0; at < body.length; at += 10_000) request.write(body.subarray(at, at + 10_000));
    request.end();
  });
}

async function healthOf(url: string): Promise<IntakeHealth> {
  return intakeHealth.parse(await (await fetch(`${url}/health`)).json());
}

async function held(url: string): Promise<number> {
  return (await healthOf(url)).bytesHeld;
}

async function waitFor(state: () => Promise<boolean>): Promise<void> {
  while (!(await state())) await new Promise((resolve) => setImmediate(resolve));
}
