/** The whole way: a program under load, its pushes through the real doors, and what the store then says of each sample. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { insertProfile } from "@/lib/store/insert-profile";
import { numberColumn, textColumn } from "@/lib/store/row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { findNodes, WANTED_MAJORS } from "../scripts/find-nodes.mjs";
import { startProgram } from "./program";

// Seven programs under load, on a machine that may have others to run.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let store: TestStore;
let catalogue: Catalogue;
let doors: TestReceiver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-node-client-"));
  store = await startTestStore();
  catalogue = await openCatalogue(`file:${join(folder, "catalogue.db")}`);
  doors = await startDoors(0);
});
afterAll(async () => {
  await doors?.stop();
  await catalogue?.$disconnect();
  await store?.stop();
  await rm(folder, { recursive: true });
});

const startDoors = (httpPort: number) =>
  startTestDoors({ httpPort, insertProfile: (rows) => insertProfile(catalogue, rows) });

/** Which function of the program was at work, and the label it must then have; "" is a sample without any. */
const BURNS: Record<string, { readonly endpoint: string; readonly span: string }> = {
  burnCheckout: { endpoint: "GET /checkout/:id", span: "GET" },
  burnSearch: { endpoint: "GET /search/:term", span: "GET" },
  burnSearchIndex: { endpoint: "GET /search/:term", span: "read index" },
  burnBackground: { endpoint: "", span: "" },
};

interface Sample {
  readonly burn: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly rootSpanId: string;
  readonly endpoint: string;
  readonly count: number;
}

async function samplesOf(service: string): Promise<Sample[]> {
  const rows = await queryRows(
    `SELECT at_work.burn AS burn, trace_id, span_id, root_span_id, endpoint, count FROM samples
     LEFT JOIN (
       SELECT each.stack_id AS stack_id, any(burns.name) AS burn
       FROM (SELECT stack_id, arrayJoin(functions) AS id FROM stacks WHERE service = {service:String}) AS each
       INNER JOIN (SELECT function_id, any(name) AS name FROM functions GROUP BY function_id) AS burns
         ON burns.function_id = each.id
       WHERE startsWith(burns.name, 'burn') GROUP BY each.stack_id
     ) AS at_work ON at_work.stack_id = samples.stack_id
     WHERE service = {service:String} AND is_primary = 1`,
    { service },
  );
  return rows.map((row) => ({
    burn: textColumn(row, "burn"),
    traceId: textColumn(row, "trace_id"),
    spanId: textColumn(row, "span_id"),
    rootSpanId: textColumn(row, "root_span_id"),
    endpoint: textColumn(row, "endpoint"),
    count: numberColumn(row, "count"),
  }));
}

async function spansOf(service: string) {
  const rows = await queryRows(
    `SELECT TraceId, SpanId, SpanName, Endpoint, IsEntry FROM otel_traces WHERE ServiceName = {service:String}`,
    { service },
  );
  return new Map(
    rows.map((row) => [
      `${textColumn(row, "TraceId")} ${textColumn(row, "SpanId")}`,
      {
        name: textColumn(row, "SpanName"),
        endpoint: textColumn(row, "Endpoint"),
        isEntry: numberColumn(row, "IsEntry") === 1,
      },
    ]),
  );
}

/** @returns how many samples were labelled, of those whose endpoint was known, and wrong ones as text */
async function judge(service: string) {
  const spans = await spansOf(service);
  const samples = await samplesOf(service);
  const sum = (some: readonly Sample[]) => some.reduce((total, { count }) => total + count, 0);
  const labelled = samples.filter(({ traceId }) => traceId !== "");
  const wrong: string[] = [];
  for (const sample of samples) {
    const of = `${sample.burn} ${JSON.stringify(sample)}`;
    const should = BURNS[sample.burn];
    if (should !== undefined && (sample.traceId === "") !== (should.span === "")) {
      // Work of a request is never without its label here, and work of none never with one.
      wrong.push(`${sample.traceId === "" ? "unlabelled" : "labelled"}: ${of}`);
    }
    if (sample.traceId === "") continue;
    const span = spans.get(`${sample.traceId} ${sample.spanId}`);
    const root = spans.get(`${sample.traceId} ${sample.rootSpanId}`);
    if (span === undefined) wrong.push(`no such span: ${of}`);
    if (root === undefined || !root.isEntry) wrong.push(`no such entry span: ${of}`);
    // A window that ended before its request has no endpoint on it: Hotspan takes that of the trace.
    if (sample.endpoint !== "" && sample.endpoint !== root?.endpoint) wrong.push(`other endpoint: ${of}`);
    if (should !== undefined && root?.endpoint !== should.endpoint) wrong.push(`other request: ${of}`);
    if (should?.span === "read index" && span?.name !== "read index") wrong.push(`other span: ${of}`);
    if (should?.span === "GET" && span?.name === "read index") wrong.push(`other span: ${of}`);
  }
  return {
    wrong,
    labelled: sum(labelled),
    withEndpoint: sum(labelled.filter(({ endpoint }) => endpoint !== "")),
    background: sum(samples.filter(({ burn }) => burn === "burnBackground")),
    entries: [...spans.values()].filter(({ isEntry }) => isEntry).length,
  };
}

const nodes = findNodes();
for (const major of WANTED_MAJORS.filter((wanted) => nodes.every((node) => node.major !== wanted))) {
  test.skip(`Node ${major} is not here: clients/node/scripts/fetch-nodes.mjs fetches it`, () => undefined);
}

describe.each(nodes)("on Node $major", ({ major, path }) => {
  test.each([
    ["a program without tracing gets it (ESM)", "shop.mjs", true],
    ["a program with its own keeps it (CommonJS)", "own-tracing.cjs", false],
  ] as const)("%s, and every sample says whose it is", async (_title, file, tracing) => {
    const service = `${file}-${major}`;
    const shop = await startProgram(
      file,
      { url: doors.url, service, pushIntervalMs: 1_000, shutdownTimeoutMs: 20_000 },
      path,
    );
    await shop.load(40);
    const report = await shop.ask("shutdown");
    expect(report).toMatchObject({ profiling: true, tracing, warnings: [] });
    expect(await shop.exit).toEqual({ code: 0, signal: null });
    if (!tracing) expect(report.extra).toBe("the program's own provider");

    const { background, entries, labelled, withEndpoint, wrong } = await judge(service);
    expect(wrong).toEqual([]);
    expect(entries).toBe(40);
    expect(labelled).toBeGreaterThan(40);
    expect(withEndpoint / labelled).toBeGreaterThan(0.7);
    expect(background).toBeGreaterThan(0);
  });
});

test("a restart of Hotspan in mid-push loses nothing and stores nothing twice", async () => {
  const shop = await startProgram("shop.mjs", {
    url: doors.url,
    service: "restarted",
    pushIntervalMs: 200,
    shutdownTimeoutMs: 20_000,
  });
  await shop.load(20);
  await doors.stop();
  await shop.load(20);
  doors = await startDoors(Number(new URL(doors.url).port));
  await shop.load(20);
  const { stats } = await shop.ask("shutdown");

  const { entries, wrong } = await judge("restarted");
  const [row] = await queryRows(
    "SELECT uniqExact(profile_id) AS profiles FROM samples WHERE service = 'restarted'",
  );
  expect(stats.profiles).toMatchObject({ dropped: 0, queued: 0 });
  expect(row && numberColumn(row, "profiles")).toBe(stats.profiles.stored);
  expect(stats.profiles.stored).toBeGreaterThan(3);
  expect(entries).toBe(60);
  expect(wrong).toEqual([]);
});
