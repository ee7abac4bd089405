/** POST /api/v1/import before the real engine: what goes in is what is stored, once. */
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImportResponse, importResponse } from "@/lib/api/import-contract";
import { runDecodeTask } from "@/lib/ingest/decode-task";
import { instantOfName, parseFileName } from "@/lib/ingest/file-name";
import { createImportIntake } from "@/lib/ingest/import-intake";
import { recordedProfile } from "@/lib/ingest/test-pprof-top";
import { startTestProfileDoors, storedTotals } from "@/lib/ingest/test-profile-doors";
import { countSpans, jsonExport, jsonSpan, record, type TestReceiver } from "@/lib/ingest/test-receiver";
import { writeZip } from "@/lib/ingest/test-zip";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";
import { unixNanoFromMillis } from "@/lib/units";

const MAX_BODY = 16_777_216;
const UPLOAD = {
  service: "",
  receivedUnixNano: unixNanoFromMillis(Date.now()),
  startUnixNano: undefined,
  traceId: "" as const,
  labels: new Map(),
  lockKind: undefined,
  source: "",
  maxBytes: MAX_BODY,
};
let doors: TestReceiver;
beforeAll(async () => {
  doors = await startTestProfileDoors({ maxBodyBytes: MAX_BODY });
});
afterAll(() => doors.stop());

async function send(body: Buffer | string, query: Record<string, string> = {}) {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const url = `${doors.url}/api/v1/import?${new URLSearchParams(query)}`;
  const answer = await fetch(url, { method: "POST", body: new Uint8Array(bytes) });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

async function imported(body: Buffer | string, query: Record<string, string> = {}): Promise<ImportResponse> {
  const answer = await send(body, query);
  expect(answer).toMatchObject({ status: 200 });
  return importResponse.parse(answer.body);
}

async function refusal(body: Buffer | string, query: Record<string, string> = {}): Promise<string> {
  const { body: answer, status } = await send(body, query);
  const text = JSON.stringify(answer);
  return `${status} ${/"message":"(.*?)"\}/.exec(text)?.[1] ?? text}`;
}

const spansOf = async (traceId: string) => {
  const rows = await queryRows(
    "SELECT ServiceName AS service, SpanName AS name FROM otel_traces WHERE TraceId = {traceId:String} ORDER BY Timestamp, SpanId",
    { traceId },
  );
  return rows.map((row) => `${textColumn(row, "service")}/${textColumn(row, "name")}`);
};

const jaegerTrace = (traceID: string) => ({
  traceID,
  spans: ["1", "2"].map((spanID) => ({
    traceID,
    spanID,
    operationName: `op${spanID}`,
    references: spanID === "1" ? [] : [{ refType: "CHILD_OF", traceID, spanID: "1" }],
    startTime: (Date.now() - 60_000) * 1_000 + Number(spanID),
    duration: 500,
    tags: [],
    logs: [],
    processID: "p1",
    warnings: null,
  })),
  processes: { p1: { serviceName: "legacy", tags: [] } },
});

describe("traces", () => {
  test("every shape of OTLP JSON, and the same again stores nothing twice", async () => {
    const spans = Array.from({ length: 7 }, () => jsonSpan());
    const [a, b, c, d, e, f, g] = spans.map((span) => jsonExport([span]));
    const batches = JSON.stringify({ batches: JSON.parse(e ?? "").resourceSpans });
    const before = await countSpans();
    for (const file of [a, `[${b},${c}]`, `${d}\n${a}\n\n`, batches, `\ufeff${f}`, gzipSync(g ?? "")]) {
      await imported(file ?? "");
    }
    expect((await countSpans()) - before).toBe(7);
    expect(await imported(`${a}\n${b}\n${b}`)).toMatchObject({
      spans: 0,
      duplicates: 3,
      files: [{ kind: "traces", error: null }],
    });
    expect((await countSpans()) - before).toBe(7);
  });

  test("of files brought at once that hold the same spans one has stored them", async () => {
    const file = jsonExport(Array.from({ length: 5 }, () => jsonSpan()));
    const answers = await Promise.all([imported(file), imported(`${file}\n`), imported(gzipSync(file))]);
    expect(answers.map(({ duplicates, spans }) => `${spans} ${duplicates}`).sort()).toEqual([
      "0 5",
      "0 5",
      "5 0",
    ]);
  });

  test("a recorded export of the JavaScript SDK as a file", async () => {
    const lines = `${record("js-http-json.body").toString("utf8").trim()}\n{"resourceMetrics":[]}\n`;
    const answer = await imported(lines, { filename: "traces.jsonl" });
    expect(answer.spans).toBeGreaterThan(0);
    expect(answer.files[0]?.message).toBe("Also: 1 × metrics, which are not stored.");
    const [row] = await queryRows(
      "SELECT count() AS spans FROM otel_traces WHERE TraceId IN {ids:Array(String)}",
      { ids: answer.traceIds },
    );
    expect(row && numberColumn(row, "spans")).toBe(answer.spans);
  });

  test("every shape that Jaeger writes", async () => {
    const ids = ["a1", "a2", "a3", "a4", "a5"].map((id) => id.repeat(16));
    const [t1, t2, t3, t4, t5] = ids.map(jaegerTrace);
    const files = [
      { data: [t1], total: 0, limit: 0, offset: 0, errors: null },
      { data: [t2] },
      { data: t3 },
      [t4],
      t5,
    ];
    for (const file of files)
      expect(await imported(JSON.stringify(file, null, 2))).toMatchObject({ spans: 2 });
    for (const id of ids) expect(await spansOf(id)).toEqual(["legacy/op1", "legacy/op2"]);
  });

  test("what is broken is named, what is good is kept", async () => {
    const good = jsonExport([jsonSpan(), jsonSpan({ endTimeUnixNano: "1" })]);
    const answer = await imported(`${good}\n{"nothing":1}\n${good.slice(0, 90)}`);
    expect(answer).toMatchObject({ spans: 1, rejectedSpans: 1 });
    expect(answer.files[0]?.message).toMatch(
      /^Not read: 1 × line 2: This JSON is no trace \(its keys: nothing\).*line 3: This is not JSON.*1 spans refused: 1 × span ends before it starts\.$/,
    );
    expect(await refusal('{"hello": 1}')).toMatch(
      /^400 This JSON is no trace \(its keys: hello\): expected OTLP JSON/,
    );
    expect(await refusal(good.slice(0, -9))).toMatch(/^400 This is not JSON/);
    expect(await refusal("")).toBe("400 The file is empty.");
    expect(await refusal("[]")).toBe("400 There are no spans in this file.");
    expect(await refusal(`[${"[".repeat(5_000)}${"]".repeat(5_000)}]`)).toMatch(/^400 This JSON is no trace/);
    expect(await refusal(good, { services: "x" })).toMatch(/^400 Unknown parameter/);
  });

  test("while a worker reads a file of many spans, others are taken", async () => {
    let letGo: () => void = () => undefined;
    const worker = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const batches: number[] = [];
    const refuse = () => Promise.reject(new Error("Files of traces hold neither."));
    const imports = createImportIntake({
      maxBodyBytes: MAX_BODY,
      pool: { run: (task) => worker.then(() => runDecodeTask(task)) },
      traces: {
        acceptRows: async ({ rows }) => {
          batches.push(rows.count);
          return { rejectedSpans: 0, message: "" };
        },
      },
      profiles: { acceptRows: refuse },
    });
    const take = (spans: number) =>
      imports.accept(
        "spans.jsonl",
        Buffer.from(Array.from({ length: spans }, () => jsonExport([jsonSpan()])).join("\n")),
        (_, bytes) => ({ ...UPLOAD, bytes }),
        { take: () => undefined, hold: () => undefined, release: () => undefined },
      );
    const large = take(12_000);
    expect(await take(3)).toMatchObject({ spans: 3 });
    expect(batches).toEqual([3]);
    letGo();
    expect(await large).toMatchObject({ spans: 12_000, duplicates: 0 });
    expect(batches.slice(1).sort()).toEqual([2_000, 5_000, 5_000]);
  });
});

describe("profiles", () => {
  test("gzipped or not, with the name as a hint and the same bytes once", async () => {
    const bytes = recordedProfile("go-mutex");
    const answer = await imported(bytes, { filename: "../../etc/checkout-mutex-20250624-120000.pb.gz" });
    expect(answer).toMatchObject({ profiles: 1, spans: 0, duplicates: 0 });
    expect(answer.files).toMatchObject([
      { name: "checkout-mutex-20250624-120000.pb.gz", kind: "profile", service: "checkout", error: null },
    ]);
    expect(Object.keys(await storedTotals("checkout"))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^mutex/)]),
    );
    expect(await imported(bytes, { service: "checkout" })).toMatchObject({
      profiles: 0,
      samples: 0,
      duplicates: 1,
    });
    expect(existsSync("/etc/checkout-mutex-20250624-120000.pb.gz")).toBe(false);
  });

  test("one that does not say whose it is names the parameter", async () => {
    expect(await refusal(recordedProfile("go-cpu-2s"), { filename: "cpu.pprof" })).toBe(
      "400 The profile does not say which service it is of: name one (service=NAME), or begin the file's name with it (shop-cpu.pprof).",
    );
  });

  test("what is no profile at all is called by its name", async () => {
    expect(await refusal(Buffer.from("# Notes\n\tof the week\n"), { service: "shop" })).toBe(
      "400 This is text: neither a pprof nor traces in JSON.",
    );
    expect(await refusal(Buffer.from("FLR\0\0\x02\0\0", "latin1"), { service: "shop" })).toBe(
      "400 This is a recording of Java (JFR), which is not read: Hotspan reads pprof.",
    );
  });

  test("a name that holds a trace makes it a capture for that trace", async () => {
    const traceId = "5e".repeat(16);
    await imported(recordedProfile("go-goroutine"), {
      service: "captured",
      filename: `endpoint-cpu-${traceId}.pprof`,
    });
    const rows = await queryRows(
      "SELECT DISTINCT toString(tie) AS tie, trace_id FROM samples WHERE service = 'captured' AND tie = 'process'",
    );
    expect(rows).toEqual([{ tie: "process", trace_id: traceId }]);
  });
});

describe("archives", () => {
  const trace = () => Buffer.from(jsonExport([jsonSpan()]));

  test("each file by its content; names lead nowhere; broken ones do not spoil the others", async () => {
    const answer = await imported(
      writeZip([
        { name: "run/traces.json", bytes: trace() },
        { name: "../../../tmp/hotspan-evil.json", bytes: trace() },
        { name: "C:\\windows\\evil.json", bytes: trace() },
        { name: "run/cart-cpu.pprof", bytes: recordedProfile("go-cpu-10s") },
        { name: "notes.txt", bytes: Buffer.from("hello") },
        { name: "inner.zip", bytes: writeZip([{ name: "x.json", bytes: trace() }]) },
        { name: "__MACOSX/._traces.json", bytes: Buffer.from("x") },
        { name: "folder/", bytes: Buffer.alloc(0) },
      ]),
    );
    expect(answer).toMatchObject({ spans: 3, profiles: 1 });
    expect(
      answer.files.map(({ error, kind, name, service }) => [
        name,
        kind,
        service,
        error?.slice(0, 35) ?? null,
      ]),
    ).toEqual([
      ["traces.json", "traces", "", null],
      ["hotspan-evil.json", "traces", "", null],
      ["evil.json", "traces", "", null],
      ["cart-cpu.pprof", "profile", "cart", null],
      ["notes.txt", "unknown", "", expect.any(String)],
      ["inner.zip", "unknown", "", "An archive inside an archive is not"],
    ]);
    expect(existsSync("/tmp/hotspan-evil.json")).toBe(false);
  });

  test("bombs end early: by ratio, by size, by count, by a size that lies", async () => {
    const zeros = Buffer.alloc(12_000_000, 32);
    const before = process.memoryUsage().rss;
    expect(
      (
        await imported(
          writeZip([
            { name: "a.json", bytes: trace() },
            { name: "bomb.json", bytes: zeros },
          ]),
        )
      ).files[1]?.error,
    ).toBe("The file shrinks to less than a 200th: it is not read.");
    expect(
      (await imported(writeZip([{ name: "lie.json", bytes: trace(), claimedSize: 10 }]))).files[0]?.error,
    ).toMatch(/damaged in its archive/);
    const big = Buffer.alloc(17_000_000);
    for (let at = 0; at < big.length; at += 64) big.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
    expect((await imported(writeZip([{ name: "big.json", bytes: big }]))).files[0]?.error).toMatch(
      /larger than 16777216 bytes/,
    );
    const fifteen = big.subarray(0, 15_000_000);
    expect(
      await refusal(
        writeZip(Array.from({ length: 5 }, (_, index) => ({ name: `${index}.json`, bytes: fifteen }))),
      ),
    ).toMatch(/^413 The archive inflates to more than/);
    const many = Array.from({ length: 1_001 }, (_, index) => ({
      name: `${index}.json`,
      bytes: Buffer.from("{}"),
    }));
    expect(await refusal(writeZip(many))).toBe("413 The archive holds 1001 files; 1000 are taken at once.");
    expect(await refusal(Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(100)]))).toMatch(
      /^400 The archive cannot be read/,
    );
    expect(await refusal(gzipSync(Buffer.alloc(20_000_000, "[")), { service: "x" })).toMatch(/^413 /);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  }, 60_000);
});

test("names of files", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  const read = (name: string) => {
    const { lockKind, service, traceId, written } = parseFileName(name);
    return [
      service,
      lockKind ?? "",
      traceId,
      written === undefined ? "" : new Date(written.asUtc).toISOString().slice(0, 19),
    ];
  };
  expect(read("cpu-20250624-120000.pprof")).toEqual(["", "", "", "2025-06-24T12:00:00"]);
  expect(read("checkout-heap-2025-06-24T12:00:00Z.pb.gz")).toEqual([
    "checkout",
    "",
    "",
    "2025-06-24T12:00:00",
  ]);
  expect(read("my-shop.mutex.20250624T120000.pprof.gz")).toEqual([
    "my-shop",
    "mutex",
    "",
    "2025-06-24T12:00:00",
  ]);
  expect(read("block-1.pprof")).toEqual(["", "block", "", ""]);
  expect(read("heap-profile-3.pprof")).toEqual(["", "", "", ""]);
  expect(read("goroutine-20251399-120000.pprof")).toEqual(["", "", "", ""]);
  expect(read(`endpoint-cpu-${id}.pprof`)).toEqual(["", "", id, ""]);
  expect(read(`cart-endpoint-cpu-${id.toUpperCase()}.pb.gz`)).toEqual(["cart", "", id, ""]);
  expect(read(`cpu-${id}.pprof`)).toEqual(["", "", "", ""]);
  expect(read(`endpoint-cpu-${id}0.pprof`)).toEqual(["", "", "", ""]);
  expect(read("cpuhog.pprof")).toEqual(["", "", "", ""]);
});

test("a time in a name is read in the zone in which the file's own time lies near", () => {
  const hour = 3_600_000;
  const noon = Date.UTC(2025, 5, 24, 12);
  // A program two hours east of Greenwich: its noon is ten o'clock UTC.
  const written = { asUtc: noon, asLocal: noon - 2 * hour, saysUtc: false };
  const read = (mtime?: number, saysUtc = false) =>
    Number(instantOfName({ ...written, saysUtc }, mtime) / 1_000_000n) - noon;
  expect(read(noon + 10_000)).toBe(0); // a container on UTC
  expect(read(noon - 2 * hour + 10_000)).toBe(-2 * hour);
  expect(read(noon + 400 * 24 * hour)).toBe(-2 * hour); // copied long after
  expect(read()).toBe(-2 * hour);
  expect(read(noon - 2 * hour, true)).toBe(0);
});
