import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceSort } from "@/lib/api/contract";
import { parseTraceListQuery } from "@/lib/api/query";
import { searchTraces } from "@/lib/store/search-traces";
import { settleOnce, settlingFrom } from "@/lib/store/settle-traces";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { settleAll, storeSamples, storeSpans } from "@/lib/store/test-telemetry";
import type { Span } from "@/lib/trace/span";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";
import { unixNano } from "@/lib/units";

const START = 1_790_000_000_000_000_000n;
const id = (n: number) => n.toString(16).padStart(32, "0");
const hostile = [
  "__proto__",
  "toString",
  'it\'s "quoted"',
  "'; DROP TABLE traces; --",
  "{service:String}",
  "\\",
  "%",
  "é😀",
];

/** Trace n: the drawing, its start moved by `seconds`, span ids made its own. */
function trace(
  n: number,
  seconds: number,
  drawing: string,
  change: (span: Span) => Span = (span) => span,
): Span[] {
  const spanId = (name: string) =>
    name === "" ? "" : Buffer.from(`${n}/${name}`).toString("hex").padStart(16, "0").slice(-16);
  return readDrawnTrace(drawing, id(n)).map((span) =>
    change({
      ...span,
      spanId: spanId(span.spanId) as Span["spanId"],
      parentSpanId: spanId(span.parentSpanId) as Span["parentSpanId"],
      startUnixNano: unixNano(span.startUnixNano + BigInt(seconds) * 1_000_000_000n),
    }),
  );
}

const named = trace(2, 2, "gateway/list 0..40 Server\n  gateway/sql 10..35 Client");
const shop = [
  ...trace(1, 1, "gateway/product 0..100 Server\n  gateway/render 20..60\n  pricing/price 65..95 Server !"),
  ...named.map((span) => ({
    ...span,
    attributes: new Map([
      ["db.system", "sqlite"],
      ["customer", "Ångström 5"],
    ]),
  })),
  ...trace(3, 3, "gateway/product 0..900 Server\n  inventory/stock 5..895 Server"),
  ...hostile.flatMap((text, index) =>
    trace(10 + index, 10, "x 0..1", (span) => ({
      ...span,
      name: text,
      service: text,
      endpoint: text,
      attributes: new Map([
        [text, text],
        ["plain", text],
      ]),
    })),
  ),
];
const samples = [
  {
    service: "gateway",
    time: START,
    traceId: id(1),
    spanId: shop[1]?.spanId ?? "",
    value: 30e6,
    count: 3,
    stack: ["main", "render", "toString"],
  },
  {
    service: "gateway",
    time: START,
    traceId: id(1),
    spanId: "",
    tie: "trace" as const,
    value: 10e6,
    stack: ["main", "idle"],
  },
  // names a span, but no trace
  {
    service: "inventory",
    time: START - 5_000_000_000n,
    spanId: shop[6]?.spanId ?? "",
    value: 20e6,
    count: 2,
    stack: ["stock"],
  },
  {
    service: "gateway",
    time: START,
    traceId: id(2),
    tie: "process" as const,
    value: 500e6,
    stack: ["other requests"],
  },
];

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
  await storeSpans(shop);
  await storeSamples(samples);
  await settleAll();
});
afterAll(() => store.stop());

const search = (query: string | URLSearchParams) =>
  searchTraces(parseTraceListQuery(new URLSearchParams(query)));
const found = async (query: string | URLSearchParams) =>
  (await search(query)).traces.map((row) => Number.parseInt(row.traceId, 16)).sort((a, b) => a - b);

describe("searchTraces", () => {
  test("gives exact columns", async () => {
    const { traces, total } = await search("service=pricing");
    expect(total).toBe(1);
    expect(traces).toEqual([
      {
        traceId: id(1),
        rootService: "gateway",
        rootName: "product",
        endpoint: "product",
        startUnixNano: String(START + 1_000_000_000n),
        durationNs: 100e6,
        spanCount: 3,
        errorCount: 1,
        services: ["gateway", "pricing"],
        cpuNs: 40e6,
        sampleCount: 4,
        unexplainedNs: 60e6, // 30 product + 10 render + 30 price waited, less 10 of CPU that names only the trace
        topFunction: "toString",
      },
    ]);
  });

  test.each([
    ["min_duration=40ms&max_duration=100ms", [1, 2]],
    ["status=error", [1]],
    ["has_profile=true", [1, 3]],
    ["has_profile=false&service=gateway", [2]],
    ["service=gateway&endpoint=product", [1, 3]],
    ["service=inventory&endpoint=product", []],
    ["endpoint=stock&endpoint=list", [2, 3]],
    [`from=${START + 2_000_000_000n}&to=${START + 3_000_000_000n}`, [2]],
    ["q=db.system%3Dsqlite", [2]],
    ["q=db.system%3Dsqlit", []],
    ["q=ÅNGSTRÖM", [2]],
    ["q=SQL", [2]],
    [`q=${id(3)}`, [3]],
  ])("%s finds %j", async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  test("takes every text of every filter as text", async () => {
    for (const [index, text] of hostile.entries()) {
      for (const filter of [{ service: text }, { endpoint: text }, { q: `plain=${text}` }]) {
        expect(await found(new URLSearchParams(Object.entries(filter))), JSON.stringify(filter)).toEqual([
          10 + index,
        ]);
      }
      expect(await found(new URLSearchParams({ q: text })), text).toContain(10 + index);
    }
    expect((await search("")).total).toBe(3 + hostile.length);
  });

  test("a sent-again export and a settling from the start change nothing", async () => {
    const before = await search("sort=duration");
    await storeSpans(shop);
    await settleOnce(settlingFrom(0));
    expect(await search("sort=duration")).toEqual(before);
  });
});

describe("pages", () => {
  const sorts: TraceSort[] = [
    "start",
    "duration",
    "cpu",
    "cpu_ratio",
    "unexplained",
    "spans",
    "errors",
    "samples",
    "service",
    "name",
    "services",
    "top_function",
  ];

  test("of every order visit each trace once, backwards the other way round", async () => {
    for (const sort of sorts) {
      const forth = await walk(sort);
      expect(new Set(forth).size, sort).toBe(3 + hostile.length);
      expect(forth.length, sort).toBe(3 + hostile.length);
      expect(await walk(`-${sort}`), sort).toEqual(forth.reverse());
    }
  });

  test("are not shifted by what arrives meanwhile", async () => {
    const first = await search("sort=start&limit=2&service=gateway");
    await storeSpans(trace(99, -50, "gateway/new 0..1 Server"));
    await settleAll();
    const second = await search(`sort=start&limit=2&service=gateway&cursor=${first.nextCursor}`);
    expect([...first.traces, ...second.traces].map((row) => row.traceId)).toEqual([id(1), id(2), id(3)]);
    expect(second).toMatchObject({ total: 4, nextCursor: null });
  });

  test("refuse the cursor of another order", async () => {
    const { nextCursor } = await search("sort=start&limit=1");
    for (const query of [`sort=-start&cursor=${nextCursor}`, `sort=name&cursor=${nextCursor}`, "cursor=x"]) {
      await expect(search(query)).rejects.toThrow('Parameter "cursor" belongs to another list');
    }
  });

  async function walk(sort: string): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await search(`sort=${sort}&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`);
      ids.push(...page.traces.map((row) => row.traceId));
      cursor = page.nextCursor;
    }
    return ids;
  }
});
