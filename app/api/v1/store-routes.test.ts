import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GET as getEndpoints } from "@/app/api/v1/endpoints/route";
import { GET as getFlamegraph } from "@/app/api/v1/flamegraph/route";
import { GET as getFunctions } from "@/app/api/v1/functions/route";
import { GET as getHealth } from "@/app/api/v1/health/route";
import { GET as getProfiles } from "@/app/api/v1/profiles/route";
import { DELETE as deleteSampleData, GET as getSampleData } from "@/app/api/v1/sample-data/route";
import { GET as getSeries } from "@/app/api/v1/series/route";
import { GET as getServices } from "@/app/api/v1/services/route";
import { GET as getTrace } from "@/app/api/v1/traces/[traceId]/route";
import { GET as getHeatmap } from "@/app/api/v1/traces/heatmap/route";
import { GET as getTraces } from "@/app/api/v1/traces/route";
import {
  endpointsResponse,
  healthResponse,
  heatmapResponse,
  servicesResponse,
  traceResponse,
  tracesResponse,
} from "@/lib/api/contract";
import type { IntakeHealth } from "@/lib/api/intake-contract";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";
import { closeStore, connectStore, queryRows } from "@/lib/store/clickhouse";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { settleAll, storeSamples, storeSpans, type TestSample } from "@/lib/store/test-telemetry";
import type { Span } from "@/lib/trace/span";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";
import { unixNano } from "@/lib/units";

const START = 1_790_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const id = (n: number) => n.toString(16).padStart(32, "0");

/** Trace n, in minute `minute` of the recording; span ids are its own. */
function trace(n: number, minute: number, drawing: string): Span[] {
  const own = (name: string) =>
    (name === ""
      ? ""
      : Buffer.from(`${n}/${name}`).toString("hex").padStart(16, "0").slice(-16)) as Span["spanId"];
  return readDrawnTrace(drawing, id(n)).map((span) => ({
    ...span,
    spanId: own(span.spanId),
    parentSpanId: own(span.parentSpanId),
    startUnixNano: unixNano(span.startUnixNano + BigInt(minute) * MINUTE),
    resource: new Map([["telemetry.sdk.language", span.service === "web" ? "go" : "nodejs"]]),
    attributes: new Map([["__proto__", "kept"]]),
    events: [{ name: "tick", timeUnixNano: unixNano(START), attributes: new Map([["constructor", "x"]]) }],
    links: [{ traceId: id(77), spanId: "ab".repeat(8), traceState: "", attributes: new Map() }],
  }));
}

const first = trace(1, 0, "web/home 0..100 Server\n  web/sql 10..30 Client\n  db/query 12..28 Server !");
const spans = [
  ...first,
  ...trace(2, 1, "web/home 0..300 Server !"),
  ...trace(3, 2, "web/list 0..50 Server\n  web/home 60..70 Server"), // enters web twice
  ...trace(4, 2, "quiet/idle 0..2 Server"),
];
const at = (seconds: number) => START + BigInt(seconds) * SECOND;
const samples: TestSample[] = [
  {
    service: "web",
    time: at(0),
    endpoint: "home",
    traceId: id(1),
    spanId: first[0]?.spanId ?? "",
    value: 30e6,
    count: 3,
  },
  { service: "web", time: at(59), endpoint: "home", value: 10e6 },
  { service: "web", time: at(100), traceId: id(3), value: 20e6, count: 2 }, // list, through the trace's first entry
  { service: "web", time: at(110), traceId: id(99), value: 5e6 }, // of a trace that never arrived
  { service: "web", time: at(119), value: 7e6 },
  { service: "db", time: at(30), value: 11e6 },
  { service: "web", time: at(30), type: "alloc_space", endpoint: "home", value: 4096 },
  { service: "web", time: at(31), type: "alloc_space", value: 1024 },
  { service: "lone", time: at(40), value: 1e6 },
  { service: "lone", time: at(105), endpoint: "job", value: 2e6 }, // between two minutes that begin at 100 and 160
];

let store: TestStore;
let folder: string;
let receivers: Server;
const INTAKE: IntakeHealth = {
  startedUnixNano: "1790000000000000000",
  spans: { accepted: 3, rejected: 1, failedRequests: 0, queued: 0 },
  queuedBatches: 0,
  maxQueuedBatches: 10_000,
  profiles: { accepted: 2, failedRequests: 1 },
  refusals: [{ code: "overloaded", requests: 4, lastMessage: "Later.", lastUnixNano: "1790000000000000001" }],
  sampling: { isOn: false, keptTraces: 0, droppedTraces: 0, droppedSpans: 0 },
  bytesHeld: 0,
};
const environment = { ...process.env };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-routes-"));
  receivers = createServer((_, response) => response.end(JSON.stringify(INTAKE)));
  await new Promise<void>((resolve) => receivers.listen(0, "127.0.0.1", resolve));
  const address = receivers.address();
  process.env.HOTSPAN_DATA = folder;
  process.env.HOTSPAN_INGEST_URL = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  store = await startTestStore();
  await storeSpans(spans);
  await storeSamples(samples);
  await settleAll();
});
afterAll(async () => {
  await store.stop();
  await closeCatalogue();
  receivers.close();
  process.env = environment;
  await rm(folder, { recursive: true, force: true });
});

const ask = async (handler: (request: Request) => Promise<Response>, query = "") =>
  handler(new Request(`http://localhost/api?${query}`));
const askTrace = (traceId: string) =>
  getTrace(new Request("http://localhost/api"), { params: Promise.resolve({ traceId }) });
const everything = async () =>
  Promise.all(
    [
      ask(getServices, `from=${START}&to=${START + 5n * MINUTE}`),
      ask(getTraces, "sort=start"),
      ask(getHeatmap),
      ask(getEndpoints),
      askTrace(id(1)),
    ].map(async (answer) => (await answer).json()),
  );

describe("endpoints", () => {
  test("charge each sample to its own label, else to the trace's first entry, else to nobody", async () => {
    const { endpoints, unattributed, unit } = endpointsResponse.parse(
      await (await ask(getEndpoints, "service=web")).json(),
    );
    expect(endpoints).toEqual([
      {
        service: "web",
        endpoint: "home",
        requests: 3,
        errors: 1,
        keptRequests: 3,
        p50Ns: 100e6,
        p95Ns: 300e6,
        p99Ns: 300e6,
        cpuNs: 40e6,
        cpuShare: 40 / 72,
        cpuPerRequestNs: 40e6 / 3,
        sampleCount: 4,
        tracesProfiled: 1,
      },
      {
        service: "web",
        endpoint: "list",
        requests: 1,
        errors: 0,
        keptRequests: 1,
        p50Ns: 50e6,
        p95Ns: 50e6,
        p99Ns: 50e6,
        cpuNs: 20e6,
        cpuShare: 20 / 72,
        cpuPerRequestNs: 20e6,
        sampleCount: 2,
        tracesProfiled: 1,
      },
    ]);
    expect({ unattributed, unit }).toEqual({
      unattributed: { cpuNs: 12e6, sampleCount: 2 },
      unit: "nanoseconds",
    });
  });

  test.each(["cpu", "alloc_space", "samples"])(
    "rows and unattributed add up to the total of %s, over any range",
    async (type) => {
      for (const [from, to] of [
        [0, 600],
        [0, 60],
        [1, 119],
        [30, 101],
        [59, 60],
        [61, 111],
      ] as const) {
        const answer = await ask(getEndpoints, `type=${type}&from=${at(from)}&to=${at(to)}`);
        const { endpoints, unattributed } = endpointsResponse.parse(await answer.json());
        const [row] = await queryRows(
          `SELECT sum(${type === "samples" ? "count" : "value"}) AS total FROM samples
         WHERE ${type === "samples" ? "is_primary = 1" : "type = {type:String}"}
           AND toUnixTimestamp64Nano(time) >= {from:Int64} AND toUnixTimestamp64Nano(time) < {to:Int64}`,
          { type, from: String(at(from)), to: String(at(to)) },
        );
        const sum = endpoints.reduce((total, endpoint) => total + endpoint.cpuNs, unattributed.cpuNs);
        expect([from, to, sum]).toEqual([from, to, Number(row?.total)]);
      }
    },
  );
});

describe("a trace", () => {
  test("comes with what is derived, equal to its row in the list", async () => {
    const answer = traceResponse.parse(await (await askTrace(id(1).toUpperCase())).json());
    expect(answer).toMatchObject({
      durationNs: 100e6,
      cpuNs: 30e6,
      sampleCount: 3,
      warnings: [],
      noSamplesReason: null,
    });
    expect(
      answer.spans.map(({ name, kind, status, selfNs, cpuNs, sampleCount, critical }) => ({
        name,
        kind,
        status,
        selfNs,
        cpuNs,
        sampleCount,
        critical,
      })),
    ).toEqual([
      {
        name: "home",
        kind: "Server",
        status: "Unset",
        selfNs: 80e6,
        cpuNs: 30e6,
        sampleCount: 3,
        critical: true,
      },
      {
        name: "sql",
        kind: "Client",
        status: "Unset",
        selfNs: 20e6,
        cpuNs: 0,
        sampleCount: 0,
        critical: true,
      },
      {
        name: "query",
        kind: "Server",
        status: "Error",
        selfNs: 16e6,
        cpuNs: 0,
        sampleCount: 0,
        critical: false,
      },
    ]);
    const { traces } = tracesResponse.parse(await (await ask(getTraces, `q=${id(1)}`)).json());
    expect(traces).toMatchObject([
      {
        cpuNs: answer.cpuNs,
        sampleCount: answer.sampleCount,
        unexplainedNs: answer.unexplainedNs,
        durationNs: answer.durationNs,
      },
    ]);
  });

  test("keeps attributes, events and links, whatever they are called", async () => {
    const { spans } = await (await askTrace(id(1))).json();
    expect(JSON.stringify(spans[0].attributes)).toBe('{"__proto__":"kept"}');
    expect(spans[0].events).toEqual([
      { name: "tick", timeUnixNano: String(START), attributes: { constructor: "x" } },
    ]);
    expect(spans[0].links).toEqual([{ traceId: id(77), spanId: "ab".repeat(8), attributes: {} }]);
  });

  test("without samples says why", async () => {
    expect(await (await askTrace(id(4))).json()).toMatchObject({
      noSamplesReason: "No CPU profile of service quiet covers the time of this trace.",
      noSamplesCode: "no-window",
    });
  });

  test("that is unknown is 404, with an impossible id 400", async () => {
    expect((await askTrace(id(12345))).status).toBe(404);
    expect((await askTrace("'; DROP TABLE otel_traces")).status).toBe(400);
  });
});

test("services count what was seen in the range, also without spans", async () => {
  const range = `from=${START}&to=${START + 3n * MINUTE}`;
  const { services, stepNs } = servicesResponse.parse(await (await ask(getServices, range)).json());
  expect(stepNs).toBe(3e9);
  expect(
    services.map(({ sparkline, ...service }) => ({
      ...service,
      sparkline: sparkline.reduce((a, b) => a + b, 0),
    })),
  ).toMatchObject([
    {
      name: "db",
      language: "nodejs",
      spans: 1,
      samples: 1,
      requests: 1,
      errors: 1,
      p95Ns: 16e6,
      cpuNs: 11e6,
      sparkline: 1,
    },
    {
      name: "lone",
      language: "",
      spans: 0,
      samples: 2,
      requests: 0,
      p95Ns: null,
      cpuNs: 3e6,
      lastSeenUnixNano: String(at(105)),
    },
    { name: "quiet", spans: 1, samples: 0, requests: 1, cpuNs: 0, sparkline: 1 },
    {
      name: "web",
      language: "go",
      spans: 5,
      samples: 8,
      requests: 4,
      errors: 1,
      p95Ns: 300e6,
      cpuNs: 72e6,
      sparkline: 4,
    },
  ]);
  const all = servicesResponse.parse(await (await ask(getServices)).json());
  expect(all.services.map(({ name }) => name)).toEqual(["db", "lone", "quiet", "web"]);
});

test("the heat map counts the traces of the list in at most 60 columns", async () => {
  for (const filter of ["", "service=web", "status=error", `from=${START}&to=${START + MINUTE}`]) {
    const map = heatmapResponse.parse(await (await ask(getHeatmap, filter)).json());
    const list = tracesResponse.parse(await (await ask(getTraces, filter)).json());
    expect(map.cells.reduce((sum, cell) => sum + cell.traces, 0)).toBe(list.total);
    expect(map.columns).toBeLessThanOrEqual(60);
    for (const cell of map.cells) expect(cell.column).toBeLessThan(map.columns);
    expect(map.durationBoundsNs).toEqual([...map.durationBoundsNs].sort((a, b) => a - b));
  }
  const map = heatmapResponse.parse(await (await ask(getHeatmap)).json());
  expect(map.durationBoundsNs).toEqual([2e6, 5e6, 10e6, 20e6, 50e6, 100e6, 200e6]);
  expect(map.cells.at(0)).toEqual({ column: 0, row: 5, traces: 1, errors: 1 });
});

test("an export sent again changes no number on any route", async () => {
  const before = await everything();
  await storeSpans(spans);
  await settleAll();
  expect(await everything()).toEqual(before);
});

test("a wrong parameter is named", async () => {
  for (const [handler, query] of [
    [getTraces, "sort=speed"],
    [getHeatmap, "min_duration=fast"],
    [getEndpoints, "from=yesterday"],
    [getServices, "colour=red"],
  ] as const) {
    const answer = await ask(handler, query);
    expect(answer.status).toBe(400);
    expect((await answer.json()).error.message).toContain(query.split("=")[0]);
  }
});

describe("sample data", () => {
  test("are removed without a trace, and nothing else is", async () => {
    const before = await everything();
    await storeSpans(trace(200, 1, "demo/shop 0..10 Server\n  web/sql 1..2"), "sample");
    await storeSamples([
      { service: "demo", time: at(5), traceId: id(200), value: 10e6, source: "sample" },
      { service: "web", time: at(5), endpoint: "home", traceId: id(200), value: 10e6, source: "sample" },
    ]);
    await settleAll();
    const db = await catalogue();
    await db.setting.create({ data: { key: "sample-data", value: "loaded" } });
    await db.service.createMany({ data: [{ name: "demo" }, { name: "web" }] });
    expect(await everything()).not.toEqual(before);
    expect(await (await ask(getSampleData)).json()).toEqual({ state: "loaded" });

    expect(await (await ask(deleteSampleData)).json()).toEqual({ state: "none" });
    expect(await everything()).toEqual(before);
    expect((await db.service.findMany()).map(({ name }) => name)).toEqual(["web"]);
    // Through the projections too, which the engine would not take for so few rows by itself.
    const projected = { settings: { min_table_rows_to_use_projection_index: "0" } };
    expect(
      await queryRows(
        "SELECT count() AS n FROM samples WHERE trace_id = {t:String}",
        { t: id(200) },
        projected,
      ),
    ).toEqual([{ n: "0" }]);
    expect(
      await queryRows(
        "SELECT count() AS n FROM otel_traces WHERE TraceId = {t:String}",
        { t: id(1) },
        projected,
      ),
    ).toEqual([{ n: "3" }]);
    await settleAll();
    expect(await everything()).toEqual(before);
  });

  test("whose removal was cut off are removed when next asked about", async () => {
    await storeSpans(trace(201, 1, "demo/shop 0..10 Server"), "sample");
    const db = await catalogue();
    await db.setting.update({ where: { key: "sample-data" }, data: { value: "removing" } });
    await expect
      .poll(async () => (await ask(getSampleData)).json(), { timeout: 10_000 })
      .toEqual({ state: "none" });
    expect((await askTrace(id(201))).status).toBe(404);
  });
});

describe("health", () => {
  test("is 200 with all parts well", async () => {
    const answer = await ask(getHealth);
    const body = healthResponse.parse(await answer.json());
    expect(body).toMatchObject({
      status: "ok",
      store: { ok: true, kind: "embedded" },
      catalogue: { ok: true },
      receivers: { ok: true },
      intake: INTAKE,
    });
    expect(answer.status).toBe(200);
    expect(body.version).toBe(JSON.parse(await readFile("package.json", "utf8")).version);
  });

  test("is 503 without the receivers, and every route is 503 with Retry-After without the store", async () => {
    receivers.closeAllConnections();
    await new Promise((resolve) => receivers.close(resolve));
    const answer = await ask(getHealth);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: "degraded",
      store: { ok: true },
      receivers: { ok: false },
    });

    await closeStore();
    connectStore("http://127.0.0.1:1");
    const readers = [getServices, getTraces, getHeatmap, getEndpoints];
    for (const handler of [...readers, getFlamegraph, getFunctions, getSeries, getProfiles]) {
      const gone = await ask(handler);
      expect(gone.status).toBe(503);
      expect(Number(gone.headers.get("retry-after"))).toBeGreaterThan(0);
      expect((await gone.json()).error.code).toBe("unavailable");
    }
    expect(await (await ask(getHealth)).json()).toMatchObject({ store: { ok: false } });
    connectStore(store.url);
  });
});
