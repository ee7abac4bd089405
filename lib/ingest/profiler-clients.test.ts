/**
 * Profilers that users run, as they run them, before the real engine: what the API answers is what their bytes say by
 * another reader. The child processes are those of e2e/clients.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { GET as getFlamegraph } from "@/app/api/v1/flamegraph/route";
import { filesOf, runClient, runGoClient, startTap, type Tap } from "@/lib/ingest/test-clients";
import { whyNoGo } from "@/lib/ingest/test-go-clients";
import { sumPprof } from "@/lib/ingest/test-pprof-sums";
import { startTestProfileDoors, storedSpansOf, storedTotals } from "@/lib/ingest/test-profile-doors";
import type { TestReceiver } from "@/lib/ingest/test-receiver";
import { queryRows } from "@/lib/store/clickhouse";

vi.setConfig({ testTimeout: 60_000 });

let doors: TestReceiver;
let tap: Tap;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-clients-"));
  doors = await startTestProfileDoors();
  tap = await startTap(doors.url);
});
afterAll(async () => {
  await tap?.stop();
  await doors?.stop();
  await rm(folder, { recursive: true });
});

async function totalOf(query: Record<string, string>): Promise<bigint> {
  const answer = await getFlamegraph(
    new Request(`http://hotspan/api/v1/flamegraph?${new URLSearchParams(query)}`),
  );
  const { total } = await answer.json();
  return BigInt(total);
}

/** Adds up the sums of many profiles. */
function addUp(sums: readonly Readonly<Record<string, bigint>>[]): Record<string, bigint> {
  const all: Record<string, bigint> = {};
  for (const [type, value] of sums.flatMap((sum) => Object.entries(sum)))
    all[type] = (all[type] ?? 0n) + value;
  return all;
}

test("@pyroscope/nodejs: wall, CPU and samples, in all and by label", async () => {
  await runClient("pyroscope.mjs", { URL: tap.url, SERVICE: "node-shop" });
  const pushes = tap.seen.filter(({ url }) => url.startsWith("/ingest"));
  expect(pushes.map(({ status }) => status)).toEqual(pushes.map(() => 200));
  const sums = pushes.map(({ body }) => sumPprof(body, ["endpoint"]));
  const walls = sums.filter(({ totals }) => "wall" in totals);
  const { cpu, inuse_objects, inuse_space, samples, wall } = addUp(sums.map(({ totals }) => totals));
  expect([walls.length > 1, (samples ?? 0n) > 50n, (inuse_space ?? 0n) > 0n]).toEqual([true, true, true]);
  expect(await storedTotals("node-shop")).toEqual({
    "cpu window": cpu,
    "inuse_objects snapshot": inuse_objects,
    "inuse_space snapshot": inuse_space,
    samples,
    "wall window": wall,
  });
  for (const type of ["wall", "cpu"]) {
    const total = await totalOf({ type, service: "node-shop" });
    expect([type, total]).toEqual([type, type === "wall" ? wall : cpu]);
  }
  for (const endpoint of ["GET /orders/:id", "GET /search"]) {
    const labelled = addUp(walls.map(({ byLabels }) => byLabels.get(`endpoint=${endpoint}`) ?? {}));
    expect(labelled.wall).toBeGreaterThan(100_000_000n);
    expect(await totalOf({ type: "wall", service: "node-shop", endpoint })).toBe(labelled.wall);
  }
});

test("pyroscope-go and otel-profiling-go (needs Go): every type under its name, each CPU sample in its trace", async ({
  skip,
}) => {
  const cannot = whyNoGo();
  if (cannot !== undefined) console.warn(`pyroscope-go is not tested: ${cannot}.`);
  skip(cannot !== undefined, cannot);
  const first = tap.seen.length;
  await runGoClient({ URL: tap.url, SERVICE: "go-shop" });
  const seen = tap.seen.slice(first);
  expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
  const pushes = await Promise.all(seen.filter(({ url }) => url.startsWith("/ingest")).map(filesOf));
  const expected: Record<string, bigint> = {};
  const bySpan: (readonly [labels: string, cpu: bigint])[] = [];
  for (const push of pushes) {
    const lock = /mutex|block/.exec(push.get("sample_type_config")?.toString() ?? "")?.[0] ?? "";
    const { byLabels, totals } = sumPprof(push.get("profile") ?? Buffer.alloc(0), ["span_id"]);
    for (const [type, total] of Object.entries(totals)) {
      const name = type === "delay" ? lock : type === "contentions" ? `${lock}_contentions` : type;
      expected[name] = (expected[name] ?? 0n) + total;
    }
    if ("cpu" in totals)
      bySpan.push(...[...byLabels].map(([labels, { cpu = 0n }]) => [labels, cpu] as const));
  }
  const stored = Object.entries(await storedTotals("go-shop")).map(([name, total]) => [
    name.replace(/ \w+$/, ""),
    total,
  ]);
  expect(Object.fromEntries(stored)).toEqual(expected);
  for (const type of ["cpu", "mutex", "block", "alloc_space"]) expect(expected[type]).toBeGreaterThan(0n);

  const spans = await storedSpansOf("go-shop", "cpu");
  const labelled = spans.filter(({ spanId }) => spanId !== "");
  expect(labelled.length).toBeGreaterThan(20);
  for (const { spanId, value } of labelled) {
    const sent = bySpan.filter(([labels]) => labels === `span_id=${spanId}`);
    expect([spanId, value]).toEqual([spanId, sent.reduce((sum, [, cpu]) => sum + cpu, 0n)]);
  }
  for (const { spanId, value } of labelled.slice(0, 3)) {
    const [row] = await queryRows("SELECT TraceId FROM otel_traces WHERE SpanId = {spanId:String}", {
      spanId,
    });
    expect([spanId, await totalOf({ type: "cpu", trace_id: String(row?.TraceId) })]).toEqual([spanId, value]);
  }
}, 300_000);

describe("dd-trace", () => {
  const LABELS = ["span id", "local root span id", "trace endpoint"];

  test("without a Datadog agent: its profiles, and by its OTLP exporter the traces they belong to", async () => {
    const said = await runClient("datadog.mjs", {
      DD_TRACE_AGENT_URL: tap.url,
      DD_SERVICE: "dd-shop",
      DD_ENV: "test",
      DD_PROFILING_ENABLED: "true",
      DD_PROFILING_UPLOAD_PERIOD: "1",
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
      DD_REMOTE_CONFIGURATION_ENABLED: "false",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_ENDPOINT: tap.url,
    });
    expect(said).toBe("");
    const uploads = tap.seen.filter(({ url }) => url === "/profiling/v1/input");
    expect(new Set(uploads.map(({ status }) => status))).toEqual(new Set([200]));
    const files = await Promise.all(uploads.map(filesOf));
    // A slow answer makes it send again: what was sent twice counts once.
    const pprofs = new Map(
      files
        .flatMap((each) => [...each])
        .filter(([name]) => name.endsWith(".pprof"))
        .map(([name, bytes]) => [bytes.toString("base64"), { name, bytes }]),
    );
    const sums = [...pprofs.values()].map(({ bytes, name }) => ({ name, ...sumPprof(bytes, LABELS) }));
    const totals = addUp(sums.map(({ totals }) => totals));
    const walls = sums.filter(({ name }) => name === "wall.pprof");
    expect(await storedTotals("dd-shop")).toEqual({
      "cpu window": totals.cpu,
      "inuse_objects snapshot": totals.inuse_objects,
      "inuse_space snapshot": totals.inuse_space,
      samples: totals.sample,
      "timeline window": totals.timeline,
      "wall window": totals.wall,
    });
    expect(await totalOf({ type: "cpu", service: "dd-shop" })).toBe(totals.cpu);

    // Each sample under the span that the profile names in decimal.
    const stored = (await storedSpansOf("dd-shop", "wall")).map(
      ({ endpoint, rootSpanId, spanId, value }) =>
        `${[
          ...(rootSpanId === "" ? [] : [`local root span id=${BigInt(`0x${rootSpanId}`)}`]),
          ...(spanId === "" ? [] : [`span id=${BigInt(`0x${spanId}`)}`]),
          ...(endpoint === "" ? [] : [`trace endpoint=${endpoint}`]),
        ].join(" ")} ${value}`,
    );
    const bySpan = new Map<string, bigint>();
    for (const [labels, { wall = 0n }] of walls.flatMap(({ byLabels }) => [...byLabels])) {
      bySpan.set(labels, (bySpan.get(labels) ?? 0n) + wall);
    }
    expect(stored.sort()).toEqual([...bySpan].map(([labels, wall]) => `${labels} ${wall}`).sort());
    expect(stored.filter((line) => line.includes("span id=")).length).toBeGreaterThan(20);

    // A trace has the samples of its spans, though no sample names the trace.
    const exported = tap.seen.filter(({ url }) => url === "/v1/traces").map(({ body }) => body.toString());
    const spans = exported.flatMap((body) =>
      [...body.matchAll(/"traceId":"(\w+)","spanId":"(\w+)"/g)].map(([, traceId = "", spanId = ""]) => ({
        traceId,
        spanId: BigInt(`0x${spanId}`),
      })),
    );
    let compared = 0;
    for (const { spanId, traceId } of spans) {
      const own = spans.filter((span) => span.traceId === traceId).map((span) => String(span.spanId));
      const cpu = walls
        .flatMap(({ byLabels }) => [...byLabels])
        .filter(([labels]) => own.some((id) => labels.split(/[ =]/).includes(id)))
        .reduce((sum, [, values]) => sum + (values.cpu ?? 0n), 0n);
      if (cpu === 0n || compared === 3) continue;
      compared++;
      expect([spanId, await totalOf({ type: "cpu", trace_id: traceId })]).toEqual([spanId, cpu]);
    }
    expect(compared).toBe(3);
  });
});

describe("a connect client of push.v1", () => {
  const records = new URL("./records/profiles/", import.meta.url);
  const profile = (name: string) => fileURLToPath(new URL(`${name}.pb.gz`, records));

  test.each(["http1-proto", "http1-json", "http1-gzip", "grpc"])("%s", async (transport) => {
    const request = join(folder, `${transport}.json`);
    const series = [
      { labels: { __name__: "process_cpu", service_name: "alloy-cpu" }, profiles: [profile("go-cpu-2s")] },
      { labels: { __name__: "mutex", job: "alloy-locks" }, profiles: [profile("go-mutex")] },
      { labels: { __name__: "block", job: "alloy-locks" }, profiles: [profile("go-block")] },
    ];
    await writeFile(request, JSON.stringify(series));
    const url = transport === "grpc" ? `http://127.0.0.1:${doors.grpcPort}` : doors.url;
    expect(await runClient("push.mjs", { URL: url, TRANSPORT: transport, REQUEST: request })).toBe("ok");

    const [cpu, mutex, block] = series.map(
      ({ profiles: [path = ""] }) => sumPprof(readFileSync(path)).totals,
    );
    expect(await storedTotals("alloy-cpu")).toEqual({ "cpu window": cpu?.cpu, samples: cpu?.samples });
    expect(await storedTotals("alloy-locks")).toEqual({
      "block cumulative": block?.delay,
      "block_contentions cumulative": block?.contentions,
      "mutex cumulative": mutex?.delay,
      "mutex_contentions cumulative": mutex?.contentions,
    });
    expect(await totalOf({ type: "mutex", service: "alloy-locks" })).toBe(mutex?.delay);
  });

  test.each(["http1-proto", "grpc"])("%s reads why a profile was refused", async (transport) => {
    const request = join(folder, `bad-${transport}.json`);
    await writeFile(join(folder, "no-pprof"), "no pprof");
    const series = [{ labels: { service_name: "bad" }, profiles: [join(folder, "no-pprof")] }];
    await writeFile(request, JSON.stringify(series));
    const url = transport === "grpc" ? `http://127.0.0.1:${doors.grpcPort}` : doors.url;
    expect(await runClient("push.mjs", { URL: url, TRANSPORT: transport, REQUEST: request })).toMatch(
      /^3 .*not a readable pprof/, // invalid_argument
    );
  });
});
