import { describe, expect, test } from "vitest";
import { HotspanError } from "@/lib/errors";
import { decodeZipkin } from "@/lib/ingest/zipkin";
import { adoptCalleeSpans } from "@/lib/trace/shared-span";
import { buildTraceTree } from "@/lib/trace/trace-tree";

const NOW = 1_790_000_060_000_000_000n;
const T = 1_790_000_000_000_000; // µs
const TRACE = "463ac35c9f6413ad48485a3953bb6124";
const decode = (spans: unknown) => decodeZipkin(Buffer.from(JSON.stringify(spans)), NOW);
const span = (fields: Record<string, unknown>) => ({
  traceId: TRACE,
  id: "0000000000000001",
  name: "get",
  timestamp: T,
  duration: 1_000,
  localEndpoint: { serviceName: "web" },
  ...fields,
});

test("a span of Zipkin in OpenTelemetry's words", () => {
  const { message, rejectedSpans, spans } = decode([
    span({
      traceId: "48485A3953BB6124",
      id: "b7ad6b716920333",
      parentId: "00000000000000ff",
      name: "get /orders",
      kind: "SERVER",
      timestamp: T + 0.5,
      duration: 207_000,
      localEndpoint: { serviceName: "shop", ipv4: "10.0.0.2", port: 8080 },
      remoteEndpoint: { serviceName: "web", ipv6: "::1", port: 51_234 },
      tags: {
        "http.method": "GET",
        "http.route": "/orders/{id}",
        error: "boom",
        "telemetry.sdk.language": "java",
        "otel.scope.name": "brave",
        "otel.scope.version": "6",
      },
      annotations: [{ timestamp: T + 100, value: "wr" }],
    }),
  ]);
  expect({ message, rejectedSpans }).toEqual({ message: "", rejectedSpans: 0 });
  expect(spans).toEqual([
    {
      traceId: "000000000000000048485a3953bb6124",
      spanId: "0b7ad6b716920333",
      parentSpanId: "00000000000000ff",
      traceState: "",
      name: "get /orders",
      kind: "Server",
      service: "shop",
      startUnixNano: BigInt(T) * 1_000n + 500n,
      durationNs: 207_000_000,
      status: "Error",
      statusMessage: "boom",
      attributes: new Map([
        ["http.method", "GET"],
        ["http.route", "/orders/{id}"],
        ["network.local.address", "10.0.0.2"],
        ["network.local.port", "8080"],
        ["peer.service", "web"],
        ["network.peer.address", "::1"],
        ["network.peer.port", "51234"],
      ]),
      resource: new Map([
        ["telemetry.sdk.language", "java"],
        ["service.name", "shop"],
      ]),
      scopeName: "brave",
      scopeVersion: "6",
      events: [{ name: "wr", timeUnixNano: BigInt(T + 100) * 1_000n, attributes: new Map() }],
      links: [],
      isEntry: true,
      endpoint: "GET /orders/{id}",
    },
  ]);
});

describe("shared span ids", () => {
  const web = { serviceName: "web" };
  const shop = { serviceName: "shop" };
  const halves = [
    span({ id: "a", name: "page", kind: "SERVER", localEndpoint: web, duration: 900 }),
    span({
      id: "b",
      parentId: "a",
      name: "call",
      kind: "CLIENT",
      localEndpoint: web,
      timestamp: T + 1,
      duration: 800,
    }),
    span({
      id: "b",
      parentId: "a",
      name: "serve",
      kind: "SERVER",
      shared: true,
      localEndpoint: shop,
      timestamp: T + 2,
      duration: 700,
    }),
    span({
      id: "c",
      parentId: "b",
      name: "query",
      kind: "CLIENT",
      localEndpoint: shop,
      timestamp: T + 3,
      duration: 600,
    }),
  ];

  test("become a child and its parent, whichever arrives first and in however many requests", () => {
    const drawn = [halves, halves.toReversed(), [halves[3], halves[0], halves[2], halves[1]]].map((order) => {
      const spans = order.flatMap((one) => decode([one]).spans);
      expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4);
      const { nodes } = buildTraceTree(adoptCalleeSpans(spans));
      return nodes.map(({ depth, span: { name, service } }) => `${"  ".repeat(depth)}${service} ${name}`);
    });
    const tree = ["web page", "  web call", "    shop serve", "      shop query"];
    expect(drawn).toEqual([tree, tree, tree]);
  });

  test("a callee that does not share keeps its id and its parent", () => {
    const { spans } = decode([span({ id: "d", parentId: "b", kind: "SERVER" })]);
    expect(spans[0]).toMatchObject({ spanId: "000000000000000d", parentSpanId: "000000000000000b" });
  });
});

test("status: a tag `error` of whatever text but false, or OpenTelemetry's own word", () => {
  const statuses = [
    { error: "" },
    { error: "true" },
    { error: "false" },
    { "otel.status_code": "OK" },
    {},
  ].map(
    (tags) =>
      decode([span({ tags })]).spans.map(({ status, statusMessage }) => `${status}:${statusMessage}`)[0],
  );
  expect(statuses).toEqual(["Error:", "Error:", "Unset:", "Ok:", "Unset:"]);
});

test("what cannot be a span is refused with reasons and keeps nothing else out", () => {
  const { message, rejectedSpans, spans } = decode([
    span({}),
    span({ traceId: "0" }),
    span({ id: "xyz" }),
    span({ timestamp: undefined }),
    span({ timestamp: -1 }),
    null,
  ]);
  expect(spans.length).toBe(1);
  expect(rejectedSpans).toBe(5);
  expect(message).toMatch(
    /5 of 6 spans refused: .*trace id is all zero.*span has no start time.*not an object/,
  );
  expect(() => decode({})).toThrow(HotspanError);
  expect(() => decodeZipkin(Buffer.from("["), NOW)).toThrow("not JSON");
});
