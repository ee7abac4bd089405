import { expect, test } from "vitest";
import { isJaegerTrace, readJaegerTrace } from "@/lib/ingest/jaeger-json";
import { Tally } from "@/lib/ingest/otlp-limits";
import { adoptCalleeSpans } from "@/lib/trace/shared-span";
import type { Span } from "@/lib/trace/span";

const START = 1_750_766_400_000_000; // 2025-06-24T12:00:00Z in microseconds
const NOW = 1_750_770_000_000_000_000n;
const TRACE = "1234567890abcdef1234567890abcdef";

function read(trace: unknown): { spans: Span[]; rejected: string } {
  const rejected = new Tally();
  return { spans: readJaegerTrace(trace, NOW, rejected, new Tally()), rejected: rejected.describe() };
}

function span(spanID: string, processID: string, more: Record<string, unknown> = {}) {
  return {
    traceID: TRACE,
    spanID,
    operationName: `op ${spanID}`,
    startTime: START,
    duration: 1_000,
    processID,
    ...more,
  };
}

const childOf = (spanID: string, traceID = TRACE) => ({ refType: "CHILD_OF", traceID, spanID });
const kind = (value: string) => ({ key: "span.kind", type: "string", value });

/** One line a span, indented below its parent: `service/name kind id`. */
function draw(spans: readonly Span[]): string {
  const lines: string[] = [];
  const below = (parent: string, indent: string) => {
    for (const { spanId, parentSpanId, service, name, kind } of spans) {
      if (parentSpanId !== parent) continue;
      lines.push(`${indent}${service}/${name} ${kind}`);
      below(spanId, `${indent}  `);
    }
  };
  below("", "");
  return lines.join("\n");
}

const PROCESSES = {
  p1: { serviceName: "shop", tags: [{ key: "host.name", type: "string", value: "h1" }] },
  p2: { serviceName: "stock", tags: [] },
};

test("reads every field of a span as Jaeger's page writes it", () => {
  const { spans, rejected } = read({
    traceID: TRACE,
    processes: PROCESSES,
    spans: [
      span("00000000000000a1", "p1", {
        operationName: "GET /orders",
        references: [
          childOf("00000000000000a0"),
          { refType: "FOLLOWS_FROM", traceID: "ff".repeat(16), spanID: "00000000000000b1" },
        ],
        duration: 1_500,
        tags: [
          kind("server"),
          { key: "http.request.method", type: "string", value: "GET" },
          { key: "http.route", type: "string", value: "/orders" },
          { key: "http.response.status_code", type: "int64", value: 500 },
          { key: "ratio", type: "float64", value: 0.25 },
          { key: "cached", type: "bool", value: false },
          { key: "blob", type: "binary", value: "AAEC" },
          { key: "error", type: "bool", value: true },
          { key: "otel.status_code", type: "string", value: "ERROR" },
          { key: "otel.status_description", type: "string", value: "no stock" },
          { key: "otel.library.name", type: "string", value: "http" },
          { key: "otel.scope.version", type: "string", value: "1.2" },
          { key: "w3c.tracestate", type: "string", value: "a=1" },
        ],
        logs: [
          {
            timestamp: START + 7,
            fields: [
              { key: "event", type: "string", value: "exception" },
              { key: "exception.message", type: "string", value: "boom" },
            ],
          },
        ],
        warnings: ["clock skew"],
      }),
    ],
  });
  expect(rejected).toBe("");
  const [only] = spans;
  expect({
    ...only,
    attributes: Object.fromEntries(only?.attributes ?? []),
    resource: Object.fromEntries(only?.resource ?? []),
  }).toMatchObject({
    traceId: TRACE,
    spanId: "00000000000000a1",
    parentSpanId: "00000000000000a0",
    traceState: "a=1",
    name: "GET /orders",
    kind: "Server",
    service: "shop",
    startUnixNano: BigInt(START) * 1_000n,
    durationNs: 1_500_000,
    status: "Error",
    statusMessage: "no stock",
    scopeName: "http",
    scopeVersion: "1.2",
    isEntry: true,
    endpoint: "GET /orders",
    attributes: {
      "http.request.method": "GET",
      "http.route": "/orders",
      "http.response.status_code": "500",
      ratio: "0.25",
      cached: "false",
      blob: "AAEC",
      error: "true",
    },
    resource: { "service.name": "shop", "host.name": "h1" },
    events: [
      {
        name: "exception",
        timeUnixNano: BigInt(START + 7) * 1_000n,
        attributes: new Map([["exception.message", "boom"]]),
      },
    ],
    links: [
      {
        traceId: "ff".repeat(16),
        spanId: "00000000000000b1",
        attributes: new Map([["opentracing.ref_type", "follows_from"]]),
      },
    ],
  });
});

test("takes older shapes: short ids, parentSpanID, an error that is a message, a process in the span", () => {
  const { spans } = read({
    spans: [
      {
        traceID: "abc",
        spanID: "1",
        operationName: "root",
        startTime: START,
        duration: 1,
        process: { serviceName: "old" },
      },
      {
        traceID: "abc",
        spanID: "2",
        parentSpanID: "1",
        operationName: "child",
        startTime: String(START),
        duration: 1,
        process: { serviceName: "old" },
        tags: [{ key: "error", value: "timeout" }],
      },
    ],
  });
  expect(
    spans.map(({ traceId, spanId, parentSpanId, status, statusMessage }) => [
      traceId,
      spanId,
      parentSpanId,
      status,
      statusMessage,
    ]),
  ).toEqual([
    [`${"0".repeat(29)}abc`, "0000000000000001", "", "Unset", ""],
    [`${"0".repeat(29)}abc`, "0000000000000002", "0000000000000001", "Error", "timeout"],
  ]);
});

test("a span that only follows another hangs below it, and keeps the link", () => {
  const follows = [{ refType: "FOLLOWS_FROM", traceID: TRACE, spanID: "0000000000000001" }];
  const { spans } = read({
    processes: PROCESSES,
    spans: [span("0000000000000001", "p1"), span("0000000000000002", "p2", { references: follows })],
  });
  expect(draw(spans)).toBe("shop/op 0000000000000001 Unspecified\n  stock/op 0000000000000002 Unspecified");
  expect(spans[1]?.links).toHaveLength(1);
});

test("caller and callee that share an id become two spans, what the callee did below the callee", () => {
  const trace = {
    processes: PROCESSES,
    spans: [
      span("0000000000000001", "p1", { operationName: "root" }),
      span("0000000000000002", "p1", {
        operationName: "call",
        references: [childOf("0000000000000001")],
        tags: [kind("client")],
      }),
      span("0000000000000002", "p2", {
        operationName: "serve",
        references: [childOf("0000000000000001")],
        tags: [kind("server")],
      }),
      span("0000000000000003", "p2", { operationName: "query", references: [childOf("0000000000000002")] }),
      span("0000000000000004", "p1", { operationName: "dns", references: [childOf("0000000000000002")] }),
    ],
  };
  const { spans } = read(trace);
  expect(draw(adoptCalleeSpans(spans))).toBe(
    `
shop/root Unspecified
  shop/call Client
    stock/serve Server
      stock/query Unspecified
    shop/dns Unspecified`.trim(),
  );
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(5);
  expect(read(trace).spans).toEqual(spans);
});

test("what cannot be a span is counted with its reason, the rest is kept", () => {
  const { spans, rejected } = read({
    processes: PROCESSES,
    spans: [
      span("0000000000000001", "p1"),
      span("0000000000000000", "p1"),
      span("0000000000000002", "p1", { startTime: "soon" }),
      span("0000000000000003", "p1", { duration: -5 }),
      7,
    ],
  });
  expect(spans).toHaveLength(1);
  expect(rejected).toBe(
    "1 × span id is all zero; 1 × span time is not a whole number of nanoseconds; 1 × span ends before it starts; 1 × span is not an object",
  );
});

test("keys are the sender's: none of them reaches a prototype", () => {
  const tags = [{ key: "__proto__", type: "string", value: "x" }];
  const { spans } = read(
    JSON.parse(
      JSON.stringify({
        processes: { __proto__: {} },
        spans: [span("0000000000000001", "constructor", { tags })],
      }),
    ),
  );
  expect(spans[0]?.attributes.get("__proto__")).toBe("x");
  expect(isJaegerTrace({ traceID: "1", spans: [] })).toBe(true);
  expect(isJaegerTrace({ spans: [{ name: "x" }] })).toBe(false);
});
