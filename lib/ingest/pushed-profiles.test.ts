/** Pushes of other profilers' clients, recorded and as they are described, through the doors into the real engine. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sumPprof } from "@/lib/ingest/test-pprof-sums";
import { drawPprof, RIGHT } from "@/lib/ingest/test-pprof-writer";
import {
  countRows,
  type StoredSpan,
  startTestProfileDoors,
  storedSpansOf,
  storedTotals,
  type TestProfileDoors,
} from "@/lib/ingest/test-profile-doors";
import { callGrpc, JSON_TYPE, post, startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { queryRows } from "@/lib/store/clickhouse";

let doors: TestProfileDoors;
beforeAll(async () => {
  doors = await startTestProfileDoors();
});
afterAll(() => doors?.stop());

const T = 1_795_174_000_000_000_000n;
const PUSH = "/push.v1.PusherService/Push";

interface Recorded {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** As it was sent, but for the service: each test has its own. */
function recorded(name: string, service: string): Recorded {
  const read = (file: string) =>
    readFileSync(new URL(`./records/pyroscope/${name}.${file}`, import.meta.url));
  const head: { url: string; rawHeaders: string[] } = JSON.parse(read("head.json").toString());
  const at = head.rawHeaders.findIndex((header) => header.toLowerCase() === "content-type");
  return {
    path: head.url.replace(/name=[^%&]+/, `name=${service}`),
    headers: { "content-type": head.rawHeaders[at + 1] ?? "" },
    body: read("body"),
  };
}

/** The pprof inside, by Node's own reader of forms. */
async function pprofOf({ body, headers }: Recorded): Promise<Uint8Array> {
  if (!headers["content-type"]?.startsWith("multipart")) return body;
  const part = (await new Response(new Uint8Array(body), { headers }).formData()).get("profile");
  return part instanceof File ? new Uint8Array(await part.arrayBuffer()) : new Uint8Array();
}

describe("POST /ingest: what is stored is what the profile holds by another reader, once, however often it is sent", () => {
  const SPANS = ["trace_id", "span_id", "endpoint"];

  test.each([
    ["go-ingest-cpu", { "cpu window": "cpu", samples: "samples" }, 81],
    ["go-ingest-block", { "block window": "delay", "block_contentions window": "contentions" }, 0],
    ["go-ingest-goroutine", { "goroutine snapshot": "goroutine" }, 1],
    [
      "go-ingest-heap-delta",
      {
        "alloc_objects window": "alloc_objects",
        "alloc_space window": "alloc_space",
        "inuse_objects snapshot": "inuse_objects",
        "inuse_space snapshot": "inuse_space",
      },
      0,
    ],
    ["node-0.6.4-wall", { "cpu window": "cpu", samples: "samples", "wall window": "wall" }, 5],
    [
      "node-0.6.4-heap",
      { "inuse_objects snapshot": "inuse_objects", "inuse_space snapshot": "inuse_space" },
      0,
    ],
  ])("%s", async (service, types, spansAtLeast) => {
    const request = recorded(service, service);
    for (const [path, duplicate] of [
      [request.path, false],
      [`/pyroscope${request.path}`, true],
    ] as const) {
      const sent = await post(`${doors.url}${path}`, request.body, request.headers);
      expect([sent.status, JSON.parse(sent.body.toString()).duplicate]).toEqual([200, duplicate]);
    }
    const { byLabels, totals } = sumPprof(await pprofOf(request), SPANS);
    const expected = Object.entries(types).map(([as, wireType]) => [as, totals[wireType]]);
    expect(await storedTotals(service)).toEqual(Object.fromEntries(expected));

    const [[as, wireType = ""] = [""]] = Object.entries(types);
    const lines = (await storedSpansOf(service, as.split(" ")[0] ?? "")).map(drawSpan);
    const truth = [...byLabels].flatMap(([labels, sums]) =>
      sums[wireType] === 0n ? [] : [`${labels} ${sums[wireType]}`.trim()],
    );
    expect(lines.sort()).toEqual(truth.sort());
    expect(lines.filter((line) => line.includes("span_id=")).length).toBeGreaterThanOrEqual(spansAtLeast);
  });

  test("the window is the sender's, its labels are kept but Pyroscope's own, its session is the instance", async () => {
    const rows = await queryRows(
      `SELECT DISTINCT toUnixTimestamp64Nano(time) AS start, duration_ns, instance,
         mapFilter((k, v) -> k NOT LIKE 'process.%' AND k != 'span_name', labels) AS kept
       FROM samples WHERE service = 'go-ingest-cpu'`,
    );
    expect(rows).toEqual([
      {
        start: "1795174098963938172",
        duration_ns: String(1_795_174_109_141_434_037n - 1_795_174_098_963_938_172n),
        instance: "77e425ea48b3919f",
        kept: { "otel.scope.name": "com.grafana.pyroscope/go", "otel.scope.version": "v0.0.0", region: "eu" },
      },
    ]);
  });

  test("a clock that began with the process, as some have: an instant of 1970, not a refusal for ever", async () => {
    const profile = drawPprof({ ...RIGHT, timeNanos: 14n });
    expect((await post(`${doors.url}/ingest?name=clock`, profile)).status).toBe(200);
    const rows = await queryRows(
      "SELECT DISTINCT toString(toUnixTimestamp64Nano(time)) AS start FROM samples WHERE service = 'clock'",
    );
    expect(rows).toEqual([{ start: "14" }]);
  });

  test.each([
    ["1795174098", 1_795_174_098_000_000_000n],
    ["1795174098963", 1_795_174_098_963_000_000n],
    ["1795174098963938", 1_795_174_098_963_938_000n],
    ["1795174098963938172", 1_795_174_098_963_938_172n],
  ])("from=%s", async (from, start) => {
    const url = `${doors.url}/ingest?name=time-${from}.cpu&from=${from}`;
    expect((await post(url, drawPprof({ ...RIGHT, timeNanos: start }))).status).toBe(200);
    const rows = await queryRows(
      `SELECT DISTINCT toString(toUnixTimestamp64Nano(time)) AS start FROM samples WHERE service = {service:String}`,
      { service: `time-${from}` },
    );
    expect(rows).toEqual([{ start: String(start) }]);
  });
});

function drawSpan({ endpoint, spanId, traceId, value }: StoredSpan): string {
  return [
    ...(endpoint === "" ? [] : [`endpoint=${endpoint}`]),
    ...(spanId === "" ? [] : [`span_id=${spanId}`]),
    ...(traceId === "" ? [] : [`trace_id=${traceId}`]),
    value,
  ].join(" ");
}

/** Contentions of a lock, the same for mutex and block: three of five microseconds together. */
const lockProfile = (nanos: bigint, service = "") =>
  drawPprof({
    ...RIGHT,
    sampleTypes: [
      ["contentions", "count"],
      ["delay", "nanoseconds"],
    ],
    samples: [{ locations: [2, 1], values: [3, 5_000], labels: { of: service } }],
    timeNanos: T + nanos,
  });
const MUTEX = { mutex: 5_000n, mutex_contentions: 3n };
const BLOCK = { block: 5_000n, block_contentions: 3n };
const as = (meaning: string, types: Record<string, bigint>) =>
  Object.fromEntries(Object.entries(types).map(([type, total]) => [`${type} ${meaning}`, total]));

function form(parts: readonly (readonly [name: string, filename: string, bytes: Uint8Array | string])[]) {
  const data = new FormData();
  for (const [name, filename, bytes] of parts) {
    data.append(name, new Blob([typeof bytes === "string" ? bytes : new Uint8Array(bytes)]), filename);
  }
  return new Response(data);
}

async function postForm(path: string, parts: Parameters<typeof form>[0], url = doors.url) {
  const made = form(parts);
  const type = made.headers.get("content-type") ?? "";
  return post(`${url}${path}`, Buffer.from(await made.arrayBuffer()), { "content-type": type });
}

describe("mutex and block profiles look the same; what was said beside them tells", () => {
  test.each([
    ["mutex_count", MUTEX],
    ["block_count", BLOCK],
  ])("Pyroscope's display-name %s", async (shown, expected) => {
    const config = JSON.stringify({ contentions: { units: "lock_samples", "display-name": shown } });
    const sent = await postForm(`/ingest?name=${shown}&from=1795174098&until=1795174108`, [
      ["profile", "profile.pprof", gzipSync(lockProfile(1n, shown))],
      ["sample_type_config", "sample_type_config.json", config],
    ]);
    expect([sent.status, await storedTotals(shown)]).toEqual([200, as("window", expected)]);
  });

  test.each([
    ["mutex", "", "cumulative", MUTEX],
    ["block", "", "cumulative", BLOCK],
    ["godeltaprof_mutex", "false", "window", MUTEX],
    ["godeltaprof_block", "false", "window", BLOCK],
  ])("Alloy's __name__=%s __delta__=%s", async (name, delta, meaning, expected) => {
    const labels = { __name__: name, ...(delta === "" ? {} : { __delta__: delta }), service_name: name };
    const body = series(labels, lockProfile(2n, name));
    const sent = await post(`${doors.url}${PUSH}`, body, PROTO);
    expect([sent.status, await storedTotals(name)]).toEqual([200, as(meaning, expected)]);
  });

  test.each([
    ["delta-mutex.pprof", "window", MUTEX],
    ["delta-block.pprof", "window", BLOCK],
    ["mutex.pprof", "cumulative", MUTEX],
  ])("Datadog's %s", async (file, meaning, expected) => {
    const sent = await postForm("/profiling/v1/input", [event(file), [file, file, lockProfile(3n, file)]]);
    expect([sent.status, await storedTotals(file)]).toEqual([200, as(meaning, expected)]);
  });
});

const PROTO = { "content-type": "application/proto" };

function field(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), body]);
}

/** A PushRequest of one series; two of them one after another are a request of two. */
function series(labels: Record<string, string>, ...profiles: readonly Buffer[]): Buffer {
  const pairs = Object.entries(labels).map(([name, value]) => field(1, field(1, name), field(2, value)));
  return field(1, ...pairs, ...profiles.map((profile) => field(2, field(1, profile), field(2, "an id"))));
}

describe("push.v1.PusherService/Push", () => {
  test("recorded in protobuf, sent again in JSON, gzipped and over gRPC: stored once, answered in kind", async () => {
    const proto = recorded("connect-push-proto", "");
    const json = recorded("connect-push-json", "");
    const gzip = { "content-encoding": "gzip", "connect-protocol-version": "1" };
    const answers = [
      await post(`${doors.url}${PUSH}`, proto.body, proto.headers),
      await post(`${doors.url}${PUSH}`, json.body, json.headers),
      await post(`${doors.url}${PUSH}`, gzipSync(proto.body), { ...proto.headers, ...gzip }),
      await post(`${doors.url}${PUSH}`, gzipSync(json.body), { ...json.headers, ...gzip }),
    ];
    expect(answers.map(({ body, contentType, status }) => [status, contentType, body.toString()])).toEqual([
      [200, "application/proto", ""],
      [200, "application/json", "{}"],
      [200, "application/proto", ""],
      [200, "application/json", "{}"],
    ]);
    expect(await callGrpc(doors.grpcPort, PUSH, proto.body)).toEqual(Buffer.alloc(0));
    const [{ samples: [{ rawProfile = "" } = {}] = [] } = {}] = JSON.parse(json.body.toString()).series;
    const { totals } = sumPprof(Buffer.from(rawProfile, "base64"));
    const { cpu, samples } = totals;
    expect(await storedTotals("go-shop")).toEqual({ "cpu window": cpu, samples });
  });

  test("several series over gRPC, sent twice: each under its own service and labels", async () => {
    const request = Buffer.concat([
      series({ service_name: "checkout", pod: "a-1" }, profileAt(11n), profileAt(12n)),
      series({ job: "ads", __name__: "process_cpu" }, profileAt(13n)),
    ]);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await callGrpc(doors.grpcPort, PUSH, request)).toEqual(Buffer.alloc(0));
    }
    expect(await storedTotals("checkout")).toEqual({ "cpu window": 60_000_000n, samples: 6n });
    expect(await storedTotals("ads")).toEqual({ "cpu window": 30_000_000n, samples: 3n });
    expect(
      await queryRows("SELECT DISTINCT labels, instance FROM samples WHERE service = 'checkout'"),
    ).toEqual([{ labels: { pod: "a-1" }, instance: "a-1" }]);
  });

  test("Parca's WriteRaw wraps labels once more", async () => {
    const label = field(1, field(1, field(1, "job"), field(2, "parca-job")));
    const request = field(2, label, field(2, field(1, profileAt(14n))));
    const path = "/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw";
    expect(await callGrpc(doors.grpcPort, path, request)).toEqual(Buffer.alloc(0));
    expect(await storedTotals("parca-job")).toEqual({ "cpu window": 30_000_000n, samples: 3n });
  });

  test("one bad profile among good ones keeps out all of them, and is named", async () => {
    const request = series(
      { service_name: "mixed" },
      profileAt(15n),
      Buffer.from("no pprof"),
      profileAt(16n),
    );
    const sent = await post(`${doors.url}${PUSH}`, request, PROTO);
    expect([sent.status, sent.contentType, JSON.parse(sent.body.toString())]).toMatchObject([
      400,
      "application/json",
      { code: "invalid_argument", message: expect.stringMatching(/^Profile 2 of 3: /) },
    ]);
    expect(await callGrpc(doors.grpcPort, PUSH, request)).toMatchObject({ code: 3 });
    expect(await countRows("mixed")).toBe(0);
  });
});

/** The same three samples, taken at another time: other bytes, so another profile. */
const profileAt = (nanos: bigint) => drawPprof({ ...RIGHT, timeNanos: T + nanos });

/** Go's and Node's event.json say the same in the same words. */
function event(service: string, more: Record<string, unknown> = {}) {
  const said = {
    attachments: [],
    start: "2026-11-20T10:00:00.000000001Z",
    end: "2026-11-20T10:01:00.000000001Z",
    family: "go",
    version: "4",
    tags_profiler: `runtime:go,service:${service},env:prod,version:1.2.3,host:web-1,runtime-id:5f2e,team:a:b,format:pprof`,
    ...more,
  };
  return ["event", "event.json", JSON.stringify(said)] as const;
}

test("POST /profiling/v1/input: each pprof under its own types, the rest left out, a retry in another form nothing new", async () => {
  const parts = [
    event("dd", {
      endpoint_counts: { "GET /orders/:id": 49, "GET /search": 50 },
      attachments: ["cpu.pprof", "goroutines.pprof", "events.pprof", "metrics.json", "go.trace"],
    }),
    ["cpu.pprof", "cpu.pprof", gzipSync(profileAt(21n))],
    ["goroutines.pprof", "goroutines.pprof", valued("goroutine", "count", 7)],
    ["events.pprof", "events.pprof", valued("timeline", "nanoseconds", 9)],
    ["metrics.json", "metrics.json", "[]"],
    ["go.trace", "go.trace", "go 1.23 trace"],
  ] as const;
  for (const [path, duplicate] of [
    ["/profiling/v1/input", false],
    ["/api/v2/profile", true],
  ] as const) {
    const sent = await postForm(path, parts);
    const { profiles } = JSON.parse(sent.body.toString());
    expect([sent.status, profiles.map((profile: { duplicate: boolean }) => profile.duplicate)]).toEqual([
      200,
      [duplicate, duplicate, duplicate],
    ]);
  }
  expect(await storedTotals("dd")).toEqual({
    "cpu window": 30_000_000n,
    "goroutine snapshot": 7n,
    "timeline window": 9n,
    samples: 3n,
  });
  const rows = await queryRows(
    `SELECT DISTINCT toString(toUnixTimestamp64Nano(time)) AS start, duration_ns, instance, labels FROM samples WHERE service = 'dd'`,
  );
  expect(rows).toEqual([
    {
      start: String(BigInt(Date.parse("2026-11-20T10:00:00Z")) * 1_000_000n + 1n),
      duration_ns: "60000000000",
      instance: "5f2e",
      labels: { env: "prod", host: "web-1", team: "a:b", version: "1.2.3" },
    },
  ]);
  const counted = await doors.catalogue.profile.findMany({
    where: { service: "dd", NOT: { endpointCounts: "" } },
  });
  expect(
    counted.map(({ endpointCounts, sampleTypes }) => [JSON.parse(endpointCounts), JSON.parse(sampleTypes)]),
  ).toEqual([
    [{ "GET /orders/:id": 49, "GET /search": 50 }, [{ type: "cpu", unit: "nanoseconds", total: 30_000_000 }]],
  ]);
});

test("dd-trace-go as recorded: zstd inside, span ids in decimal, a lock profile of each kind", async () => {
  const read = (file: string) => readFileSync(new URL(`./records/datadog/go-2.12.${file}`, import.meta.url));
  const { rawHeaders } = JSON.parse(read("head.json").toString());
  const type = rawHeaders[rawHeaders.indexOf("Content-Type") + 1];
  for (let attempt = 0; attempt < 2; attempt++) {
    const sent = await post(`${doors.url}/profiling/v1/input`, read("body"), { "content-type": type });
    expect([sent.status, sent.body.toString().slice(0, 9)]).toEqual([200, '{"profile']);
  }
  const sums = JSON.parse(read("sums.json").toString());
  const { "cpu.pprof": cpu, "delta-block.pprof": block, "delta-mutex.pprof": mutex } = sums;
  const { "delta-heap.pprof": heap, "goroutines.pprof": goroutines, cpuBySpan } = sums;
  expect(await storedTotals("shop")).toEqual(
    Object.fromEntries(
      Object.entries({
        "alloc_objects window": heap.alloc_objects,
        "alloc_space window": heap.alloc_space,
        "block window": block.delay,
        "block_contentions window": block.contentions,
        "cpu window": cpu.cpu,
        "goroutine snapshot": goroutines.goroutine,
        "inuse_objects snapshot": heap.inuse_objects,
        "inuse_space snapshot": heap.inuse_space,
        "mutex window": mutex.delay,
        "mutex_contentions window": mutex.contentions,
        samples: cpu.samples,
      }).flatMap(([name, total]) => (total === "0" ? [] : [[name, BigInt(total)]])),
    ),
  );
  const bySpan = (await storedSpansOf("shop", "cpu")).map(({ endpoint, spanId, value }) => [
    [
      ...(spanId === "" ? [] : [`span id=${BigInt(`0x${spanId}`)}`]),
      ...(endpoint === "" ? [] : [`trace endpoint=${endpoint}`]),
    ].join(" "),
    String(value),
  ]);
  expect(Object.fromEntries(bySpan)).toEqual(cpuBySpan);
  expect(bySpan.length).toBeGreaterThan(10);
});

const valued = (type: string, unit: string, value: number) =>
  drawPprof({
    ...RIGHT,
    timeNanos: T,
    sampleTypes: [[type, unit]],
    samples: [{ locations: [1], values: [value] }],
  });

describe("what cannot be taken gets a clear 4xx, and nothing of it is stored or held", () => {
  const LIMIT = 1_000_000;
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const good = gzipSync(profileAt(31n));
  const FORM = { "content-type": "multipart/form-data; boundary=b" };
  const ZSTD = "\x28\xb5\x2f\xfd";
  /** A frame of so many blocks, each 128 KiB of one byte in four bytes (RFC 8878, "RLE_Block"). */
  const zstdOfZeros = (blocks: number) =>
    Buffer.concat([
      Buffer.from(`${ZSTD}\x00\x38`, "latin1"), // a window of 128 KiB
      ...Array.from({ length: blocks }, (_, index) => {
        const head = (131_072 << 3) | (1 << 1) | (index === blocks - 1 ? 1 : 0);
        return Buffer.from([head & 0xff, (head >> 8) & 0xff, head >> 16, 0]);
      }),
    ]);
  const part = (name: string, bytes: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n${bytes}\r\n`;
  let strict: TestReceiver;
  beforeAll(async () => {
    strict = await startTestDoors({ maxBodyBytes: LIMIT }); // its store takes nothing: a test that gets so far says so
  });
  afterAll(() => strict?.stop());

  const JFR = /format=jfr cannot be read: send format=pprof/;
  test.each<[string, () => Promise<{ status: number; body: Buffer }>, number, RegExp]>([
    ["jfr", () => post(`${strict.url}/ingest?name=a&format=jfr`, "FLR"), 415, JFR],
    ["empty", () => post(`${strict.url}/ingest?name=a`, ""), 400, /profile is empty/],
    ["from", () => post(`${strict.url}/ingest?name=a&from=12345`, good), 400, /from=12345 is no time/],
    ["name", () => post(`${strict.url}/ingest?name=a%7Bb%3Dc`, good), 400, /lacks its "}"/],
    [
      "no boundary",
      () => post(`${strict.url}/ingest?name=a`, good, { "content-type": "multipart/form-data" }),
      400,
      /no boundary/,
    ],
    ["no delimiter", () => post(`${strict.url}/ingest?name=a`, good, FORM), 400, /has no line "--b"/],
    [
      "cut off",
      () => post(`${strict.url}/ingest?name=a`, part("profile", "x"), FORM),
      400,
      /cut off in part 1/,
    ],
    [
      "cut in its head",
      () => post(`${strict.url}/ingest?name=a`, `--b\r\nContent-Disposition: form-data; name="pro`, FORM),
      400,
      /cut off in part 1/,
    ],
    [
      "nameless part",
      () => post(`${strict.url}/ingest?name=a`, "--b\r\nX: y\r\n\r\nz\r\n--b--", FORM),
      400,
      /Part 1 .* has no "Content-Disposition/,
    ],
    [
      "wrong part",
      () => post(`${strict.url}/ingest?name=a`, `${part("jfr", "x")}--b--`, FORM),
      400,
      /no part "profile"; it has "jfr"/,
    ],
    [
      "too many parts",
      () => post(`${strict.url}/ingest?name=a`, `${part("p", "").repeat(100)}--b--`, FORM),
      400,
      /more than 64 parts/,
    ],
    [
      "bad config",
      () =>
        post(
          `${strict.url}/ingest?name=a`,
          `${part("profile", "x")}${part("sample_type_config", "{")}--b--`,
          FORM,
        ),
      400,
      /sample_type_config is not JSON/,
    ],
    [
      "bomb in a part",
      () => postForm("/ingest?name=a", [["profile", "p", bomb]], strict.url),
      413,
      /larger than 1000000 bytes uncompressed/,
    ],
    [
      "damaged zstd",
      () => post(`${strict.url}/ingest?name=a`, Buffer.from(`${ZSTD}\x04\x10junk`, "latin1")),
      400,
      /zstd is damaged/,
    ],
    [
      "zstd that asks for 2 GB",
      () => post(`${strict.url}/ingest?name=a`, Buffer.from(`${ZSTD}\x00\xa8junk`, "latin1")),
      413,
      /larger than 1000000/,
    ],
    [
      "a bomb of zstd",
      () => post(`${strict.url}/ingest?name=a`, zstdOfZeros(20)),
      413,
      /larger than 1000000/,
    ],
    [
      "bomb beside good ones",
      () =>
        postForm(
          "/profiling/v1/input",
          [event("a"), ["cpu.pprof", "cpu.pprof", good], ["heap.pprof", "heap.pprof", bomb]],
          strict.url,
        ),
      413,
      /Profile 2 of 2: The profile is larger/,
    ],
    [
      "bomb in a push",
      () => post(`${strict.url}${PUSH}`, series({ job: "a" }, good, bomb), PROTO),
      413,
      /Profile 2 of 2: .*larger/,
    ],
    [
      "too long",
      () => post(`${strict.url}/ingest?name=a`, Buffer.alloc(LIMIT + 1)),
      413,
      /limit of 1000000 bytes/,
    ],
    [
      "too many profiles",
      () =>
        post(
          `${strict.url}${PUSH}`,
          series({ job: "a" }, ...Array.from({ length: 300 }, () => Buffer.from("x"))),
          PROTO,
        ),
      413,
      /300 profiles; the limit is 256/,
    ],
    [
      "a push of nothing, 450,000 times",
      () => post(`${strict.url}${PUSH}`, Buffer.from("0a00".repeat(450_000), "hex"), PROTO),
      413,
      /more than 1000 series/,
    ],
    [
      "the same in JSON",
      () => post(`${strict.url}${PUSH}`, `{"series":[${"{},".repeat(300_000)}{}]}`, JSON_TYPE),
      413,
      /more than 1000 series/,
    ],
    [
      "labels without end",
      () =>
        post(
          `${strict.url}${PUSH}`,
          series(Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`label${i}`, "x"])), good),
          PROTO,
        ),
      413,
      /more than 1000 labels/,
    ],
    [
      "profiles without end in one sample",
      () => post(`${strict.url}${PUSH}`, field(1, field(2, Buffer.from("0a00".repeat(2_000), "hex"))), PROTO),
      413,
      /more than 1000 profiles/,
    ],
    [
      "an event of megabytes",
      () => postForm("/profiling/v1/input", [["event", "event.json", Buffer.alloc(1_100_000, 0x5b)]]),
      413,
      /event.json is larger/,
    ],
    [
      "a config of megabytes",
      () =>
        post(
          `${strict.url}/ingest?name=a`,
          `${part("profile", "x")}${part("sample_type_config", " ".repeat(70_000))}--b--`,
          FORM,
        ),
      413,
      /sample_type_config is larger/,
    ],
    [
      "cut push",
      () => post(`${strict.url}${PUSH}`, series({ job: "a" }, good).subarray(0, 50), PROTO),
      400,
      /Malformed protobuf/,
    ],
    [
      "push in a wrong type",
      () => post(`${strict.url}${PUSH}`, good, { "content-type": "application/grpc-web" }),
      415,
      /application\/proto or application\/json/,
    ],
    [
      "push in bad JSON",
      () => post(`${strict.url}${PUSH}`, '{"series":1}', JSON_TYPE),
      400,
      /no push.v1.PushRequest/,
    ],
    ["no form", () => post(`${strict.url}/profiling/v1/input`, good), 415, /multipart\/form-data/],
    [
      "no event",
      () => postForm("/profiling/v1/input", [["cpu.pprof", "cpu.pprof", good]], strict.url),
      400,
      /no part "event"/,
    ],
    [
      "event without times",
      () =>
        postForm(
          "/profiling/v1/input",
          [
            ["event", "event.json", "{}"],
            ["cpu.pprof", "cpu.pprof", good],
          ],
          strict.url,
        ),
      400,
      /event.json: start/,
    ],
    [
      "attachment missing",
      () =>
        postForm(
          "/profiling/v1/input",
          [event("a", { attachments: ["cpu.pprof"] }), ["x.pprof", "x.pprof", good]],
          strict.url,
        ),
      400,
      /names the attachment "cpu.pprof", which is missing/,
    ],
    [
      "no pprof",
      () => postForm("/profiling/v1/input", [event("a"), ["metrics.json", "metrics.json", "[]"]], strict.url),
      400,
      /None of the attachments is a pprof/,
    ],
  ])("%s", async (_name, send, status, message) => {
    const { body, status: got } = await send();
    const said = JSON.parse(body.toString());
    expect([got, said.message ?? said.error.message]).toEqual([status, expect.stringMatching(message)]);
    const health = await (await fetch(`${strict.url}/health`)).json();
    expect(health).toMatchObject({ bytesHeld: 0, profiles: { accepted: 0 } });
  });
});
