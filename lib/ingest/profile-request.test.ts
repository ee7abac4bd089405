import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeProfileUpload } from "@/lib/ingest/profile-upload";
import { firstRows, RECORDED_PROFILES, recordedProfile, recordedTops } from "@/lib/ingest/test-pprof-top";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import {
  claimProfile,
  insertProfile,
  insertSamples,
  insertStacks,
  markStored,
} from "@/lib/store/insert-profile";
import type { ProfileRows } from "@/lib/store/profile-row";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { unixNano } from "@/lib/units";

let folder: string;
let store: TestStore;
let catalogue: Catalogue;
let doors: TestReceiver;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-profiles-"));
  store = await startTestStore();
  catalogue = await openCatalogue(`file:${join(folder, "catalogue.db")}`);
  doors = await startTestDoors({
    insertProfile: (rows) => insertProfile(catalogue, rows),
  });
});
afterAll(async () => {
  await doors.stop();
  await catalogue.$disconnect();
  await store.stop();
  await rm(folder, { recursive: true });
});

async function send(body: Buffer, query: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${doors.url}/api/v1/profiles?${new URLSearchParams(query)}`, {
    method: "POST",
    body: new Uint8Array(body),
  });
  return { status: answer.status, body: await answer.json() };
}

async function one(sql: string, params: Record<string, unknown> = {}): Promise<Row> {
  const [row] = await queryRows(sql, params);
  if (row === undefined) throw new Error(`No row: ${sql}`);
  return row;
}

const countRows = async (service: string) =>
  numberColumn(
    await one("SELECT count() AS rows FROM samples WHERE service = {service:String}", { service }),
    "rows",
  );

/** As recorded, and yet other bytes: the same profile of another service is no duplicate. */
const profileOf = (name: string, variant: number) => {
  const raw = gunzipSync(recordedProfile(name));
  return Buffer.concat([raw, Buffer.from([0x98, 0x06, variant])]); // an unknown field 99, skipped by all readers
};

function rowsOf(service: string, variant: number): ProfileRows {
  return decodeProfileUpload({
    bytes: profileOf("go-cpu-2s", variant),
    service,
    receivedUnixNano: unixNano(1_800_000_000_000_000_000n),
    startUnixNano: undefined,
    traceId: "",
    labels: new Map(),
    lockKind: undefined,
    source: "",
    maxBytes: 1_000_000,
  });
}

describe.each(RECORDED_PROFILES)("%s, posted and read back with SQL", (name) => {
  const types = new Map<string, string>();

  beforeAll(async () => {
    const { body, status } = await send(recordedProfile(name), { service: name });
    expect([status, body]).toMatchObject([200, { service: name, duplicate: false }]);
    const rows = await queryRows(
      "SELECT DISTINCT type, is_primary FROM samples WHERE service = {service:String}",
      { service: name },
    );
    const wire: Record<string, string> = {
      mutex: "delay/nanoseconds",
      mutex_contentions: "contentions/count",
      block: "delay/nanoseconds",
      block_contentions: "contentions/count",
    };
    for (const row of rows) {
      const type = textColumn(row, "type");
      types.set(wire[type] ?? type.replace(/_change$/, ""), type);
    }
    expect(rows.filter((row) => row.is_primary === 1).length).toBe(1);
  });

  test("its functions' self and total are those of go tool pprof", async () => {
    for (const top of recordedTops(name)) {
      const isCount = /^samples?\/count$/.test(top.type);
      const type = types.get(top.type) ?? types.get(top.type.split("/")[0] ?? "") ?? "";
      const column = isCount ? "count" : "value";
      const condition = `service = {service:String} AND ${isCount ? "is_primary" : "type = {type:String}"}`;
      const rows = await queryRows(
        `SELECT name, sum(v * is_leaf) AS flat, sum(v) AS cum
         FROM (
           SELECT stack_id, name, any(v) AS v, max(is_leaf) AS is_leaf -- a function counts once a stack
           FROM (
             SELECT stack_id, v, depth = length(k.functions) AS is_leaf, function_id
             FROM (SELECT stack_id, sum(${column}) AS v FROM samples WHERE ${condition} GROUP BY stack_id) AS s
             JOIN (SELECT stack_id, functions FROM stacks WHERE service = {service:String} LIMIT 1 BY stack_id) AS k
               USING stack_id
             ARRAY JOIN k.functions AS function_id, arrayEnumerate(k.functions) AS depth
           ) AS frames
           JOIN (SELECT function_id, name FROM functions LIMIT 1 BY function_id) AS f USING function_id
           GROUP BY stack_id, name
         ) GROUP BY name`,
        { service: name, type },
      );
      const sums = new Map(
        rows.map((row) => {
          const [fn, flat, cum] = [
            textColumn(row, "name"),
            numberColumn(row, "flat"),
            numberColumn(row, "cum"),
          ];
          return [fn, { name: fn, flat, cum }];
        }),
      );
      const total = await one(`SELECT sum(${column}) AS total FROM samples WHERE ${condition}`, {
        service: name,
        type,
      });
      expect(numberColumn(total, "total")).toBe(top.total);
      expect(top.rows.map((row) => sums.get(row.name))).toEqual(top.rows);
      expect(firstRows(sums, top.order, 20).map((row) => row[top.order])).toEqual(
        top.rows.map((row) => row[top.order]),
      );
    }
  });
});

describe("what a sender may say", () => {
  test("the answer counts what came in, and the same bytes change nothing", async () => {
    const first = await send(profileOf("go-cpu-60s", 1), { service: "again" });
    expect(first).toMatchObject({
      status: 200,
      body: {
        service: "again",
        sampleTypes: [{ type: "cpu", unit: "nanoseconds", total: 61_150_000_000 }],
        samples: 5_852,
        labelled: 5_708,
        duplicate: false,
      },
    });
    const rows = await countRows("again");
    expect(rows).toBe(5_852);
    const second = await send(profileOf("go-cpu-60s", 1), { service: "again" });
    expect(second).toEqual({ status: 200, body: { ...(first.body as object), duplicate: true } });
    expect(await countRows("again")).toBe(rows);
    // Bytes have one owner: whoever named the wrong service is told whose they are.
    const elsewhere = await send(profileOf("go-cpu-60s", 1), { service: "elsewhere" });
    expect(elsewhere.body).toEqual({
      ...(second.body as object),
      message:
        'The same bytes are stored already, as a profile of service "again": nothing was stored for "elsewhere".',
    });
    expect(await countRows("elsewhere")).toBe(0);
  });

  test("two uploads of the same bytes at once are one profile", async () => {
    const bytes = profileOf("go-cpu-10s", 2);
    const answers = await Promise.all([1, 2, 3].map(() => send(bytes, { service: "at-once" })));
    expect(answers.map(({ body }) => (body as { duplicate: boolean }).duplicate).sort()).toEqual([
      false,
      true,
      true,
    ]);
    expect(await countRows("at-once")).toBe(1_026);
  });

  test("labels become columns, the rest stays a map", async () => {
    const row = await one(
      `SELECT toString(time) AS time, trace_id, span_id, endpoint, tie, labels, value, count, is_primary, period_ns, duration_ns
       FROM samples WHERE service = 'go-cpu-10s' AND span_id = '058c1734df6f4ae9' LIMIT 1`,
    );
    expect(row).toMatchObject({
      time: "2026-11-20 11:20:16.229658050",
      trace_id: "db8d91937b5c7e6d5fc061c5b86f92fc",
      endpoint: "GET /report",
      tie: "span",
      labels: { span_name: "typecheck" },
      value: "10000000",
      count: 1,
      is_primary: 1,
      period_ns: "10000000",
      duration_ns: "10166029286",
    });
  });

  test("a trace id ties what has no trace of its own; labels and start are the sender's", async () => {
    const { body, status } = await send(profileOf("go-cpu-2s", 3), {
      service: "captured",
      trace_id: "AB".repeat(16),
      start: "1800000000000000001",
      "label.region": "eu",
      "label.endpoint": "GET /captured",
    });
    expect([status, body]).toMatchObject([200, { service: "captured" }]);
    const rows = await queryRows(
      `SELECT tie, trace_id = '${"ab".repeat(16)}' AS is_captured, endpoint = 'GET /captured' AS is_named, labels['region'] AS region,
              toUnixTimestamp64Nano(time) AS time, count() AS rows
       FROM samples WHERE service = 'captured' GROUP BY ALL ORDER BY tie`,
    );
    expect(rows).toEqual([
      { tie: "process", is_captured: 1, is_named: 1, region: "eu", time: "1800000000000000001", rows: "10" },
      { tie: "span", is_captured: 0, is_named: 0, region: "eu", time: "1800000000000000001", rows: "107" },
    ]);
  });

  test("mutex or block by what the sender says", async () => {
    await send(profileOf("go-block", 4), { service: "locks", kind: "mutex" });
    await send(profileOf("go-block", 5), { service: "heaps", kind: "heap" }); // what it says of itself counts
    expect(
      await queryRows("SELECT DISTINCT type FROM samples WHERE service = 'heaps' ORDER BY type"),
    ).toEqual([{ type: "block" }, { type: "block_contentions" }]);
    const rows = await queryRows("SELECT DISTINCT type FROM samples WHERE service = 'locks' ORDER BY type");
    expect(rows).toEqual([{ type: "mutex" }, { type: "mutex_contentions" }]);
  });

  test("the sender's word on window, temporality and process", async () => {
    const stored = async (variant: number, query: Record<string, string>) => {
      const service = `said-${variant}`;
      const { status } = await send(profileOf("go-heap", variant), { service, ...query });
      expect(status).toBe(200);
      const row = await one(
        `SELECT groupUniqArray(instance) AS instances, toString(arraySort(groupUniqArray((type, meaning)))) AS meanings,
           any(toUnixTimestamp64Nano(time)) AS start, any(duration_ns) AS length
         FROM samples WHERE service = {service:String} AND type IN ('alloc_space', 'inuse_space')`,
        { service },
      );
      return row;
    };
    const start = "1800000000000000001";
    const asked = { temporality: "delta", start, end: "1800000015000000001", instance: "10.0.0.9:6060" };
    expect(await stored(60, asked)).toEqual({
      instances: ["10.0.0.9:6060"],
      meanings: "[('alloc_space','window'),('inuse_space','snapshot')]",
      start,
      length: "15000000000",
    });
    expect(await stored(61, { start, duration: "9", "label.pod": "shop-1" })).toEqual({
      instances: ["shop-1"],
      meanings: "[('alloc_space','cumulative'),('inuse_space','snapshot')]",
      start,
      length: "9",
    });
  });

  test("services are known by name and language", async () => {
    const services = await catalogue.service.findMany({
      where: { name: { in: ["go-mutex", "node-wall-24"] } },
    });
    expect(services.map(({ language, name }) => `${name} ${language}`)).toEqual([
      "go-mutex go",
      "node-wall-24 nodejs",
    ]);
  });

  test.each([
    [{}, recordedProfile("go-heap"), "The parameter service is missing: POST /api/v1/profiles?service=NAME."],
    [
      { service: "x", trace_id: "0".repeat(32) },
      recordedProfile("go-heap"),
      "trace_id=00000000000000000000000000000000 is not 32 hex digits that are not all zero.",
    ],
    [
      { service: "x", start: "yesterday" },
      recordedProfile("go-heap"),
      "start=yesterday is not an instant in Unix nanoseconds.",
    ],
    [
      { service: "x", start: "1800000000000000001", end: "1800000000000000000" },
      recordedProfile("go-heap"),
      "The parameter end makes the profile no length between 0 and 31 days.",
    ],
    [
      { service: "x", end: "1800000000000000000" },
      recordedProfile("go-heap"),
      "The parameter end needs start.",
    ],
    [
      { service: "x", temporality: "windowed" },
      recordedProfile("go-heap"),
      "temporality=windowed is neither delta nor cumulative.",
    ],
    [
      { service: "x", kind: "lock" },
      recordedProfile("go-heap"),
      "kind=lock is none of mutex, block, cpu, profile, heap, allocs, goroutine, threadcreate, wall.",
    ],
    [{ service: "x" }, Buffer.alloc(0), "The profile is empty."],
    [{ service: "x" }, Buffer.from("hello"), "This is not a readable pprof: wire type 4 at byte 3 of 5."],
    [
      { service: "x" },
      recordedProfile("go-heap").subarray(0, 500),
      "The profile's gzip is damaged: unexpected end of file.",
    ],
  ])("%j: what is wrong is said", async (query, body, message) => {
    expect(await send(body, query)).toEqual({
      status: 400,
      body: { error: { code: "invalid-input", message } },
    });
  });
});

describe("a process that dies at any step leaves all of a profile or nothing", () => {
  /** Stops after so many steps, as kill -9 would; the next attempt is a new process's. */
  const steps = [
    (rows: ProfileRows) => claimProfile(catalogue, rows.record),
    (rows: ProfileRows) => insertStacks([rows]),
    (rows: ProfileRows) => insertSamples([rows]),
    (rows: ProfileRows) => markStored(catalogue, rows.record),
  ];

  test.each([1, 2, 3, 4])("after step %i", async (done) => {
    const service = `dies-${done}`;
    const rows = rowsOf(service, 10 + done);
    for (const step of steps.slice(0, done)) await step(rows);
    const before = await countRows(service);
    expect(before).toBe(done < 3 ? 0 : rows.samples.count);
    const { duplicate } = await insertProfile(catalogue, rows);
    expect(duplicate).toBe(done >= 3);
    expect(await countRows(service)).toBe(rows.samples.count);
    const profile = await catalogue.profile.findUnique({ where: { sha256: rows.record.sha256 } });
    expect(profile).toMatchObject({ state: "stored", samples: 117, labelled: 107, service });
    const missing = await one(
      `SELECT count() AS missing FROM samples WHERE service = {service:String}
         AND stack_id NOT IN (SELECT stack_id FROM stacks WHERE service = {service:String})`,
      { service },
    );
    expect(numberColumn(missing, "missing")).toBe(0);
  });
});
