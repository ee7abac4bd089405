/** OTLP profiles, Zipkin and the signals that are not stored, through the doors and into the store. */
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { POST as postZipkin } from "@/app/api/v2/spans/route";
import { POST as postLogs } from "@/app/v1/logs/route";
import { POST as postMetrics } from "@/app/v1/metrics/route";
import { POST as postProfiles } from "@/app/v1development/profiles/route";
import {
  encodeProfilesProtobuf,
  profilesRequest,
  TestDictionary,
  TIME,
} from "@/lib/ingest/test-otlp-profiles";
import { startTestProfileDoors, storedTotals } from "@/lib/ingest/test-profile-doors";
import { callGrpc, JSON_TYPE, post, storedSpans, type TestReceiver } from "@/lib/ingest/test-receiver";
import { queryRows } from "@/lib/store/clickhouse";

const PROFILES = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
const PROTOBUF_TYPE = { "content-type": "application/x-protobuf" };
let doors: TestReceiver;
beforeAll(async () => {
  doors = await startTestProfileDoors();
});
afterAll(() => doors.stop());

function cpuOf(service: string, values: readonly number[], stacks = 1) {
  const d = new TestDictionary();
  const samples = values.flatMap((value, index) =>
    Array.from({ length: stacks }, (_, at) => ({
      stackIndex: d.stack(`main;work${index};leaf${at}`),
      values: [String(value)],
    })),
  );
  const profile = {
    sampleType: d.type("cpu", "nanoseconds"),
    timeUnixNano: TIME,
    durationNano: "1000000000",
    samples,
  };
  return profilesRequest(d, [profile], {
    attributes: [{ key: "service.name", value: { stringValue: service } }],
  });
}

describe("OTLP profiles", () => {
  test.each([
    ["protobuf", PROTOBUF_TYPE, 1],
    ["JSON", JSON_TYPE, 1],
    ["protobuf, decoded by a worker", PROTOBUF_TYPE, 2_000],
  ] as const)(
    "%s, plain and gzipped, are stored once however often they are sent",
    async (name, type, stacks) => {
      const service = `http ${name}`;
      const request = cpuOf(service, [10, 20], stacks);
      const body =
        type === JSON_TYPE ? Buffer.from(JSON.stringify(request)) : encodeProfilesProtobuf(request);
      const first = await post(`${doors.url}/v1development/profiles`, body, type);
      expect([first.status, first.contentType, first.body.toString()]).toEqual([
        200,
        type["content-type"],
        type === JSON_TYPE ? "{}" : "",
      ]);
      const again = { ...type, "content-encoding": "gzip" };
      expect((await post(`${doors.url}/v1development/profiles`, gzipSync(body), again)).status).toBe(200);
      expect(await storedTotals(service)).toMatchObject({ "cpu window": BigInt(30 * stacks) });
    },
  );

  test("over gRPC, twice", async () => {
    const body = encodeProfilesProtobuf(cpuOf("grpc", [7]));
    for (let round = 0; round < 2; round++) {
      expect(await callGrpc(doors.grpcPort, PROFILES, body)).toEqual(Buffer.alloc(0));
    }
    expect(await storedTotals("grpc")).toMatchObject({ "cpu window": 7n });
  });

  test("of an older version are refused in the client's encoding", async () => {
    const request = { ...cpuOf("old", [1]), dictionary: { stringTable: ["x"] } };
    const json = await post(`${doors.url}/v1development/profiles`, JSON.stringify(request), JSON_TYPE);
    expect(json.status).toBe(400);
    expect(JSON.parse(json.body.toString())).toMatchObject({ code: 3 });
    expect(json.body.toString()).toContain("1.10");
    expect(await callGrpc(doors.grpcPort, PROFILES, encodeProfilesProtobuf(request))).toMatchObject({
      code: 3,
    });
  });
});

test("OTLP profiles of all processes of a machine, in one request, are stored whole and in one part", async () => {
  const d = new TestDictionary();
  const resourceProfiles = Array.from({ length: 300 }, (_, pid) => ({
    resource: {
      attributes: [
        { key: "process.executable.name", value: { stringValue: `proc${pid % 40}` } },
        { key: "process.pid", value: { intValue: String(pid) } },
      ],
    },
    scopeProfiles: [
      {
        profiles: [
          {
            sampleType: d.type("samples", "count"),
            periodType: d.type("cpu", "nanoseconds"),
            period: "50000000",
            timeUnixNano: TIME,
            durationNano: "5000000000",
            samples: [{ stackIndex: d.stack(`main;work${pid % 7}`), timestampsUnixNano: [TIME, TIME] }],
          },
        ],
      },
    ],
  }));
  const body = encodeProfilesProtobuf({ resourceProfiles, dictionary: d.toJson() });
  expect(await callGrpc(doors.grpcPort, PROFILES, body)).toEqual(Buffer.alloc(0));
  const [row] = await queryRows(
    `SELECT toString(sum(value)) AS value, toString(uniqExact(service)) AS services, toString(uniqExact(_part)) AS parts
     FROM samples WHERE startsWith(service, 'proc')`,
  );
  expect(row).toEqual({ value: String(300 * 2 * 50_000_000), services: "40", parts: "1" });
});

describe("the dashboard's port", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("takes all of these too, and answers as the receiver does", async () => {
    vi.stubEnv("HOTSPAN_INGEST_URL", doors.url);
    const send = (route: (request: Request) => Promise<Response>, path: string, body: Buffer, type: string) =>
      route(
        new Request(`http://dashboard.example${path}`, {
          method: "POST",
          headers: { "content-type": type, "content-encoding": "gzip" },
          body: new Uint8Array(gzipSync(body)),
        }),
      );
    const profiles = encodeProfilesProtobuf(cpuOf("dashboard", [5]));
    const protobuf = "application/x-protobuf";
    const taken = await send(postProfiles, "/v1development/profiles", profiles, protobuf);
    expect([taken.status, taken.headers.get("content-type"), await taken.text()]).toEqual([
      200,
      protobuf,
      "",
    ]);
    expect(await storedTotals("dashboard")).toMatchObject({ "cpu window": 5n });
    const spans = await send(postZipkin, "/api/v2/spans", Buffer.from("[]"), "application/json");
    expect([spans.status, await spans.text()]).toEqual([202, ""]);
    for (const [route, signal] of [
      [postMetrics, "metrics"],
      [postLogs, "logs"],
    ] as const) {
      const declined = await send(route, `/v1/${signal}`, Buffer.from("{}"), "application/json");
      expect([declined.status, await declined.text()]).toEqual([
        200,
        expect.stringContaining("were not stored"),
      ]);
    }
  });

  test("says in the client's encoding that the receiver is away", async () => {
    vi.stubEnv("HOTSPAN_INGEST_URL", "http://127.0.0.1:1");
    const answer = await postProfiles(
      new Request("http://dashboard.example/v1development/profiles", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      }),
    );
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.json()).toMatchObject({ code: 14 });
  });
});

describe("signals that are not stored", () => {
  test.each(["metrics", "logs"])("%s are taken kindly in every encoding", async (signal) => {
    const words = `${signal} were not stored`;
    const json = await post(`${doors.url}/v1/${signal}`, "{}", JSON_TYPE);
    const key = signal === "logs" ? "rejectedLogRecords" : "rejectedDataPoints";
    expect(json.status).toBe(200);
    expect(JSON.parse(json.body.toString())).toEqual({
      partialSuccess: { [key]: "0", errorMessage: expect.stringContaining(words) },
    });
    const protobuf = await post(`${doors.url}/v1/${signal}`, Buffer.alloc(0), PROTOBUF_TYPE);
    expect([protobuf.status, protobuf.contentType]).toEqual([200, PROTOBUF_TYPE["content-type"]]);
    expect(protobuf.body.toString()).toContain(words);
    const service = signal === "logs" ? "LogsService" : "MetricsService";
    const path = `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`;
    expect(String(await callGrpc(doors.grpcPort, path, Buffer.alloc(0)))).toContain(words);
  });
});

describe("Zipkin", () => {
  const now = Date.now() * 1_000;
  const spans = [
    {
      traceId: "5".repeat(16),
      id: "1",
      name: "call",
      kind: "CLIENT",
      timestamp: now,
      duration: 9,
      localEndpoint: { serviceName: "a" },
    },
    {
      traceId: "5".repeat(16),
      id: "1",
      name: "serve",
      kind: "SERVER",
      shared: true,
      timestamp: now,
      duration: 5,
      localEndpoint: { serviceName: "b" },
    },
  ];

  test("answers 202 without a body, keeps both halves, and takes nothing twice", async () => {
    for (const part of [spans.slice(1), spans, spans]) {
      const { body, status } = await post(`${doors.url}/api/v2/spans`, gzipSync(JSON.stringify(part)), {
        ...JSON_TYPE,
        "content-encoding": "gzip",
      });
      expect([status, body.length]).toEqual([202, 0]);
    }
    const stored = await storedSpans(["5".repeat(16).padStart(32, "0")]);
    expect(stored).toMatchObject([
      { SpanName: "call", SpanKind: "Client", ServiceName: "a", ParentSpanId: "" },
      { SpanName: "serve", SpanKind: "Server", ServiceName: "b", ParentSpanId: "0000000000000001" },
    ]);
  });

  test("says what it did not take", async () => {
    const answer = await post(`${doors.url}/api/v2/spans`, JSON.stringify([{ id: "1" }]), JSON_TYPE);
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ rejectedSpans: 1 });
    expect((await post(`${doors.url}/api/v2/spans`, "nonsense", JSON_TYPE)).status).toBe(400);
    expect((await post(`${doors.url}/api/v2/spans`, "", PROTOBUF_TYPE)).status).toBe(415);
  });
});
