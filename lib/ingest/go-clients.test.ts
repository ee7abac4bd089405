/**
 * Go services as their owners run them, before the real engine: what they push by clients/go, and what is fetched from
 * their /debug/pprof, is what the API answers, by the word of other readers of the same bytes.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { GET as getFlamegraph } from "@/app/api/v1/flamegraph/route";
import { GET as getFunctions } from "@/app/api/v1/functions/route";
import {
  buildGoClients,
  type Pushed,
  runGoProgram,
  startGoProgram,
  startLossyTap,
  topOfAll,
} from "@/lib/ingest/test-go-clients";
import { endProcess, startIngestProcess, untilReady } from "@/lib/ingest/test-ingest-process";
import { sumPprof } from "@/lib/ingest/test-pprof-sums";
import { startTestProfileDoors, storedSpansOf, storedTotals } from "@/lib/ingest/test-profile-doors";
import { post, type TestReceiver } from "@/lib/ingest/test-receiver";
import { queryRows } from "@/lib/store/clickhouse";
import { textColumn } from "@/lib/store/row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 400_000 });

let folder: string;
let cannot: string | undefined;
let doors: TestReceiver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-go-"));
  cannot = buildGoClients(folder, ["hotspan", "scraped"]);
  if (cannot === undefined) doors = await startTestProfileDoors();
  else console.warn(`The tests with Go's clients are skipped: ${cannot}.`);
});
beforeEach(({ skip }) => skip(cannot !== undefined, cannot));
afterAll(async () => {
  await doors?.stop();
  await rm(folder, { recursive: true });
});

/** Types under the names that the API has for them. */
const LOCKS: Record<string, string> = { delay: "", contentions: "_contentions" };
const storedName = (kind: string, type: string) =>
  LOCKS[type] === undefined ? type : `${kind}${LOCKS[type]}`;
const STATES = new Set(["inuse_objects", "inuse_space", "goroutine"]);

/** By another reader: totals as storedTotals names them. */
function totalsOf(profiles: readonly { readonly kind: string; readonly body: Buffer }[], counted = "window") {
  const totals: Record<string, bigint> = {};
  for (const { body, kind } of profiles) {
    for (const [type, total] of Object.entries(sumPprof(body).totals)) {
      const meaning = STATES.has(type) ? "snapshot" : counted;
      const name = type === "samples" ? type : `${storedName(kind, type)} ${meaning}`;
      totals[name] = (totals[name] ?? 0n) + total;
    }
  }
  return totals;
}

const kindOf = (push: Pushed) => push.query.get("kind") ?? "";

/** Each profile once, however often it was sent. */
function distinct(pushed: readonly Pushed[]) {
  const byBytes = new Map(pushed.map((push) => [push.body.toString("base64"), push]));
  return [...byBytes.values()].map((push) => ({ ...push, kind: kindOf(push) }));
}

async function totalOf(query: Record<string, string>): Promise<bigint> {
  const answer = await getFlamegraph(
    new Request(`http://hotspan/api/v1/flamegraph?${new URLSearchParams(query)}`),
  );
  return BigInt((await answer.json()).total);
}

test("clients/go: every profile is there under its meaning, once though answers were lost", async () => {
  const service = "go-own";
  const tap = await startLossyTap(doors.url, (nth) => (nth === 0 || nth === 5 ? "lost" : "heard"));
  await runGoProgram(join(folder, "hotspan"), { URL: tap.url, SERVICE: service, SECONDS: "6" });
  await tap.stop();
  expect(tap.pushed.map(({ status }) => status)).toEqual(tap.pushed.map(() => 200));
  const profiles = distinct(tap.pushed);
  expect(tap.pushed.length - profiles.length).toBe(2); // sent again
  expect(new Set(profiles.map(({ kind }) => kind))).toEqual(
    new Set(["cpu", "heap", "goroutine", "mutex", "block"]),
  );
  expect(await storedTotals(service)).toEqual(totalsOf(profiles));

  // Windows add up; of a state the latest is the answer.
  const cpu = profiles.filter(({ kind }) => kind === "cpu");
  const cpuTotal = totalsOf(cpu)["cpu window"] ?? 0n;
  expect(await totalOf({ service, type: "cpu" })).toBe(cpuTotal);
  const heaps = profiles.filter(({ kind }) => kind === "heap");
  expect(await totalOf({ service, type: "alloc_space" })).toBe(totalsOf(heaps)["alloc_space window"]);
  expect(await totalOf({ service, type: "inuse_space" })).toBe(
    totalsOf(heaps.slice(-1))["inuse_space snapshot"],
  );

  // By Go's own tool.
  await Promise.all(cpu.map(({ body }, i) => writeFile(join(folder, `cpu-${i}.pb.gz`), body)));
  const files = cpu.map((_, i) => `cpu-${i}.pb.gz`);
  const top = topOfAll(folder, files, "cpu", "ns");
  expect(BigInt(top.total)).toBe(cpuTotal);
  const query = new URLSearchParams({ service, type: "cpu", sort: "-self", limit: "100" });
  const answer = await (await getFunctions(new Request(`http://hotspan/api/v1/functions?${query}`))).json();
  const selfs = new Map<string, number>();
  for (const { name, self } of answer.functions) selfs.set(name, (selfs.get(name) ?? 0) + self);
  for (const { flat, name } of top.rows.slice(0, 8)) expect([name, selfs.get(name)]).toEqual([name, flat]);

  // Labelled as the bytes say, with the spans that were sent beside them.
  const lines = (await storedSpansOf(service, "cpu")).map((span) =>
    [
      ...(span.endpoint === "" ? [] : [`endpoint=${span.endpoint}`]),
      ...(span.rootSpanId === "" ? [] : [`local_root_span_id=${span.rootSpanId}`]),
      ...(span.spanId === "" ? [] : [`span_id=${span.spanId}`]),
      ...(span.traceId === "" ? [] : [`trace_id=${span.traceId}`]),
      span.value,
    ].join(" "),
  );
  const truth = new Map<string, bigint>();
  for (const { body } of cpu) {
    const keys = ["endpoint", "local_root_span_id", "span_id", "trace_id"];
    for (const [labels, { cpu: value = 0n }] of sumPprof(body, keys).byLabels) {
      truth.set(labels, (truth.get(labels) ?? 0n) + value);
    }
  }
  expect(lines.sort()).toEqual([...truth].map(([labels, value]) => `${labels} ${value}`.trim()).sort());
  const sent = new Map(
    (
      await queryRows(
        "SELECT SpanId, TraceId, SpanName FROM otel_traces WHERE ServiceName = {service:String}",
        { service },
      )
    ).map((row) => [
      textColumn(row, "SpanId"),
      `${textColumn(row, "TraceId")} ${textColumn(row, "SpanName")}`,
    ]),
  );
  const labelled = (await storedSpansOf(service, "cpu")).filter(({ spanId }) => spanId !== "");
  expect(labelled.length).toBeGreaterThan(20);
  const names = new Map<string, bigint>();
  for (const { endpoint, rootSpanId, spanId, traceId, value } of labelled) {
    const [ofTrace, name = ""] = [sent.get(spanId)?.slice(0, 32), sent.get(spanId)?.slice(33)];
    expect(ofTrace).toBe(traceId);
    expect(sent.get(rootSpanId)?.slice(0, 32)).toBe(traceId);
    if (endpoint !== "") expect(sent.get(rootSpanId)).toBe(`${traceId} ${endpoint}`);
    names.set(name, (names.get(name) ?? 0n) + value);
  }
  // 50,000 rounds in the child and a goroutine of its, 20,000 beside them.
  const [child = 0n, parent = 1n] = [names.get("hashMore"), names.get("GET /hash/{id}")];
  expect(Number(child) / Number(parent)).toBeGreaterThan(1.5);
  const [{ traceId } = { traceId: "" }] = labelled;
  const ofTrace = labelled.filter((span) => span.traceId === traceId);
  expect(await totalOf({ type: "cpu", trace_id: traceId })).toBe(
    ofTrace.reduce((sum, { value }) => sum + value, 0n),
  );

  // The load was out of the ordinary by the client's own measure, which the profiles of that moment say.
  const captured = profiles.filter(({ query }) => query.has("label.capture"));
  expect(captured.map(({ query }) => query.get("label.capture"))).toEqual(
    captured.map(() => expect.stringMatching(/^cpu \d+ % > 0 %$/)),
  );
  const marked = await queryRows(
    "SELECT DISTINCT type FROM samples WHERE service = {service:String} AND labels['capture'] != '' ORDER BY type",
    { service },
  );
  expect(marked.map((row) => textColumn(row, "type"))).toEqual(expect.arrayContaining(["cpu", "goroutine"]));
});

test("net/http/pprof under load: each profile by its kind", async () => {
  const program = await startGoProgram(join(folder, "scraped"));
  try {
    const fetched = async (path: string) =>
      Buffer.from(await (await fetch(`${program.url}/debug/pprof/${path}`)).arrayBuffer());
    const cpu = await fetched("profile?seconds=2");
    const rest = ["heap", "goroutine", "mutex", "block", "threadcreate"];
    const states = await Promise.all(rest.map(async (kind) => ({ kind, body: await fetched(kind) })));
    const delta = { kind: "mutex", body: await fetched("mutex?seconds=1") };
    const push = async (service: string, { body, kind }: { kind: string; body: Buffer }) => {
      const sent = await post(`${doors.url}/api/v1/profiles?service=${service}&kind=${kind}`, body, {});
      expect([kind, sent.status]).toEqual([kind, 200]);
    };
    for (const profile of [{ kind: "cpu", body: cpu }, ...states]) await push("go-scraped", profile);
    await push("go-delta", delta);

    const { "threadcreate cumulative": threads, ...cumulative } = totalsOf(states, "cumulative");
    expect(await storedTotals("go-scraped")).toEqual({
      ...totalsOf([{ kind: "cpu", body: cpu }]),
      ...cumulative,
      "threadcreate snapshot": threads,
    });
    expect(await storedTotals("go-delta")).toEqual(totalsOf([delta]));
    const { byLabels, totals } = sumPprof(cpu, ["endpoint"]);
    const hashed = byLabels.get("endpoint=GET /hash/{id}")?.cpu ?? 0n;
    expect(Number(hashed) / Number(totals.cpu)).toBeGreaterThan(0.5);
    expect(await totalOf({ type: "cpu", service: "go-scraped", endpoint: "GET /hash/{id}" })).toBe(hashed);
  } finally {
    await program.stop();
  }
});

test("clients/go: Hotspan is killed in mid-push and starts again: nothing is lost, nothing is there twice", async () => {
  const service = "go-restart";
  const store: TestStore = await startTestStore();
  const dataDir = await mkdtemp(join(folder, "data-"));
  const ports = { httpPort: 27_018, grpcPort: 27_017 };
  const url = `http://127.0.0.1:${ports.httpPort}`;
  const launch = async (): Promise<ChildProcess> => {
    const started = startIngestProcess({ storeUrl: store.url, dataDir, ...ports });
    await untilReady(started, url);
    return started;
  };
  let hotspan = await launch();
  let restarted = Promise.resolve();
  const tap = await startLossyTap(url, (nth) => {
    // With the fourth profile on its way; those behind it wait until Hotspan is back.
    if (nth === 3) {
      restarted = endProcess(hotspan, "SIGKILL").then(async () => {
        hotspan = await launch();
      });
    }
    return "heard";
  });
  try {
    await runGoProgram(join(folder, "hotspan"), { URL: tap.url, SERVICE: service, SECONDS: "4" });
    await restarted;
    expect(tap.pushed.filter(({ status }) => status !== 200).length).toBeGreaterThan(0);
    const profiles = distinct(tap.pushed);
    const taken = distinct(tap.pushed.filter(({ status }) => status === 200));
    expect(taken.length).toBe(profiles.length);
    expect(await storedTotals(service)).toEqual(totalsOf(profiles));
  } finally {
    await tap.stop();
    await endProcess(hotspan, "SIGKILL");
    await store.stop();
  }
});
