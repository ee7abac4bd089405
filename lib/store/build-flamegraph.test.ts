import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flamegraphResponse } from "@/lib/api/contract";
import { type SampleSelector, UNATTRIBUTED } from "@/lib/correlation/selector";
import type { SpanId, TraceId } from "@/lib/ids";
import { buildFlamegraph, type FlamegraphOptions } from "@/lib/store/build-flamegraph";
import { allNodes, drawFlame } from "@/lib/store/test-draw-flame";
import { insertFolded, insertTestSpan, TEST_TIME } from "@/lib/store/test-insert-folded";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { unixNano } from "@/lib/units";

const trace = (digit: string) => digit.repeat(32) as TraceId;
const span = (digit: string) => digit.repeat(16) as SpanId;

function select(fields: Partial<SampleSelector> = {}): SampleSelector {
  return { type: "cpu", scope: "span", endpoints: [], labels: new Map(), ...fields };
}

async function flame(fields: Partial<SampleSelector> = {}, options: Partial<FlamegraphOptions> = {}) {
  const answer = await buildFlamegraph(select(fields), { maxNodes: 10_000, ...options });
  flamegraphResponse.parse(answer);
  for (const node of allNodes(answer.root)) {
    expect(node.self + node.cut + node.children.reduce((sum, child) => sum + child.total, 0)).toBe(
      node.total,
    );
  }
  return answer;
}

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
  const a = { traceId: trace("a") };
  await insertTestSpan({ ...a, spanId: span("1"), endpoint: "GET /product" });
  await insertTestSpan({ ...a, spanId: span("2"), parentSpanId: span("1") });
  await insertTestSpan({
    ...a,
    spanId: span("3"),
    parentSpanId: span("2"),
    service: "stock",
    endpoint: "GET /stock",
  });
  await insertFolded({
    ...a,
    spanId: span("1"),
    rootSpanId: span("1"),
    endpoint: "GET /product",
    stacks: `
    main;serve;product 3
    main;serve;product;encode 2`,
  });
  await insertFolded({
    ...a,
    spanId: span("2"),
    rootSpanId: span("1"),
    endpoint: "GET /product",
    stacks: "main;serve;product;query 4",
  });
  await insertFolded({
    ...a,
    spanId: span("3"),
    rootSpanId: span("3"),
    service: "stock",
    endpoint: "GET /stock",
    stacks: "main;serve;stock 1",
  });
  // Knows the trace but not the route: the entry span says it.
  await insertFolded({ ...a, rootSpanId: span("1"), stacks: "main;serve;product;late 1" });
  // A capture of the whole process for a trace that has labels: never mixed in.
  await insertFolded({ ...a, tie: "process", stacks: "main;gc 50" });
  // Another trace and work for nobody.
  await insertFolded({
    traceId: trace("b"),
    spanId: span("5"),
    endpoint: "GET /search",
    stacks: "main;serve;search;encode 6",
  });
  await insertFolded({ stacks: "gc;mark 7" });
  // Only a capture.
  await insertFolded({ traceId: trace("c"), tie: "process", service: "batch", stacks: "main;import 8" });
  // A profiler that knows spans but no traces.
  await insertTestSpan({
    traceId: trace("d"),
    spanId: span("7"),
    service: "legacy",
    endpoint: "GET /old",
    startUnixNano: TEST_TIME + 2_000_000_000n,
  });
  await insertTestSpan({
    traceId: trace("d"),
    spanId: span("8"),
    parentSpanId: span("7"),
    service: "legacy",
  });
  await insertFolded({ spanId: span("8"), rootSpanId: span("7"), service: "legacy", stacks: "main;old 2" });
  await insertFolded({ rootSpanId: span("7"), tie: "span", service: "legacy", stacks: "main;older 3" });
  await insertFolded({ spanId: span("f"), service: "legacy", stacks: "main;foreign 9" });
  // A difference of two heap profiles.
  await insertFolded({
    service: "heap",
    type: "inuse_space",
    value: 1,
    stacks: `
    main;grow 500
    main;shrink -500
    main;other 20`,
  });
  // What a retried profile leaves behind until parts are merged.
  await insertFolded({ traceId: trace("e"), spanId: span("9"), service: "twice", stacks: "main;again 1" });
  await insertFolded({ traceId: trace("e"), spanId: span("9"), service: "twice", stacks: "main;again 1" });
});
afterAll(() => store.stop());

describe("a trace", () => {
  test("is the sum of its labelled samples, by service", async () => {
    const answer = await flame({ traceId: trace("a") });
    expect(drawFlame(answer.root)).toBe(`trace aaaaaaaa 11
  shop 10
    main 10
      serve 10
        product 10 self 3
          query 4
          encode 2
          late 1
  stock 1
    main 1
      serve 1
        stock 1`);
    expect(answer).toMatchObject({
      total: 110_000_000,
      sampleCount: 11,
      certainty: "span-label",
      sampleRateHz: 100,
      unit: "nanoseconds",
      truncated: false,
      emptyReason: null,
    });
  });

  test("without labels is its whole-process capture, and says so", async () => {
    const answer = await flame({ traceId: trace("c") }, { group: "none" });
    expect(answer.certainty).toBe("process-capture");
    expect(drawFlame(answer.root)).toBe("trace cccccccc 8\n  main 8\n    import 8");
  });

  test("finds samples that name only its spans", async () => {
    const whole = await flame({ traceId: trace("d") }, { group: "none" });
    expect(drawFlame(whole.root)).toBe("trace dddddddd 5\n  main 5\n    older 3\n    old 2");
    expect((await flame({ traceId: trace("d"), spanId: span("8") })).sampleCount).toBe(2);
    expect((await flame({ traceId: trace("d"), spanId: span("7"), scope: "subtree" })).sampleCount).toBe(5);
    expect((await flame({ traceId: trace("d"), spanId: span("7") })).sampleCount).toBe(0);
  });

  test.each([
    ["the span alone", "1", "span", 5],
    ["with its descendants, in other services too, and what names only its local root", "1", "subtree", 11],
    ["from the middle", "2", "subtree", 5],
    ["a leaf", "3", "subtree", 1],
  ] as const)("narrowed to a span: %s", async (_name, id, scope, samples) => {
    expect((await flame({ traceId: trace("a"), spanId: span(id), scope })).sampleCount).toBe(samples);
  });

  test("narrowed to a service is that service's part", async () => {
    expect((await flame({ traceId: trace("a"), service: "stock" })).total).toBe(10_000_000);
  });

  test("counts a stack once that is stored twice", async () => {
    expect(drawFlame((await flame({ traceId: trace("e") }, { group: "none" })).root)).toBe(
      "trace eeeeeeee 2\n  main 2\n    again 2",
    );
  });

  test.each([
    [{ traceId: trace("9") }, "Neither spans nor samples"],
    [{ traceId: trace("a"), spanId: span("f") }, "in other places"],
    [{ traceId: trace("a"), type: "wall" }, "No wall profile"],
    [{ type: "wall", service: "shop" }, "there are cpu"],
    [{ service: "nobody" }, "No profile of nobody"],
    [{ service: "shop", labels: new Map([["region", "eu"]]) }, "none that match"],
  ])("says why it is empty: %o", async (fields, reason) => {
    const answer = await flame(fields);
    expect(answer.emptyReason).toContain(reason);
    expect(answer.root.children).toEqual([]);
  });
});

describe("endpoints", () => {
  const sampleCount = async (...endpoints: string[]) =>
    (await flame({ service: "shop", endpoints })).sampleCount;

  test("and what is unattributed add up to the service", async () => {
    // The capture of 50 for a trace is attributed as its trace is.
    expect(await sampleCount("GET /product")).toBe(60);
    expect(await sampleCount("GET /search")).toBe(6);
    expect(await sampleCount(UNATTRIBUTED)).toBe(7);
    expect(await sampleCount("GET /search", UNATTRIBUTED)).toBe(13);
    expect((await flame({ service: "shop" })).sampleCount).toBe(60 + 6 + 7);
  });

  test("as the first level are the same numbers", async () => {
    const { root } = await flame({ service: "shop" }, { group: "endpoint", maxNodes: 4 });
    expect(root.children.map((child) => [child.name, child.sampleCount])).toEqual([["GET /product", 60]]);
    const all = await flame({ service: "shop" }, { group: "endpoint" });
    expect(all.root.children.map((child) => [child.name, child.sampleCount])).toEqual([
      ["GET /product", 60],
      [UNATTRIBUTED, 7],
      ["GET /search", 6],
    ]);
  });
});

describe("the node budget", () => {
  test("cuts nodes, never numbers: the law holds at every size, and a bigger tree holds the smaller", async () => {
    const whole = await flame({}, { group: "service" });
    const total = allNodes(whole.root).reduce((sum, node) => sum + node.self, 0);
    expect(total).toBe(whole.total);
    const known = new Map(allNodes(whole.root).map((node) => [node.id, node]));
    for (let maxNodes = 1; maxNodes <= whole.nodeCount + 1; maxNodes++) {
      const part = await flame({}, { group: "service", maxNodes });
      const nodes = allNodes(part.root);
      expect(nodes).toHaveLength(Math.min(maxNodes, whole.nodeCount));
      expect(part.truncated).toBe(maxNodes < whole.nodeCount);
      for (const { id, name, self, total, sampleCount } of nodes) {
        expect(known.get(id)).toMatchObject({ id, name, self, total, sampleCount });
      }
    }
  });

  test.each(["service", "endpoint", "none"] as const)(
    "focus is the node of the whole tree (group %s)",
    async (group) => {
      const whole = await flame({}, { group });
      const nodes = allNodes(whole.root);
      expect(nodes.length).toBeGreaterThan(10);
      for (const node of nodes.slice(1)) {
        const focused = await flame({}, { group, focus: node.id });
        expect(drawFlame(focused.root)).toBe(drawFlame(node));
        const path = nodes.filter(
          (above) => above.id !== node.id && above.id !== "0" && allNodes(above).includes(node),
        );
        expect(focused.ancestors).toEqual(path.map(({ id, name }) => ({ id, name })));
      }
    },
  );

  test("keeps both sides of a difference that cancel out", async () => {
    const answer = await flame({ service: "heap", type: "inuse_space" }, { maxNodes: 4 });
    expect(drawFlame(answer.root, 1)).toBe(
      "heap 20 #1020\n  main 20 cut 20 #1020\n    grow 500\n    shrink -500",
    );
    expect(answer).toMatchObject({ unit: "bytes", sampleRateHz: null });
  });
});

test("search counts each sample once, over the whole tree, in any case", async () => {
  const search = async (query: string) => (await flame({ service: "shop" }, { maxNodes: 1, query })).matched;
  expect(await search("ENCODE")).toEqual({ total: 80_000_000, sampleCount: 8 });
  expect(await search("e")).toMatchObject({ sampleCount: 16 }); // serve, encode, late: 16 stacks' samples, not 34 frames'
  expect(await search("100%_nothing")).toEqual({ total: 0, sampleCount: 0 });
});

test("a range takes windows by their start", async () => {
  const at = async (from: bigint, to: bigint) =>
    (await flame({ service: "batch", from: unixNano(from), to: unixNano(to) })).sampleCount;
  expect(await at(TEST_TIME, TEST_TIME + 1n)).toBe(8);
  expect(await at(TEST_TIME - 10n, TEST_TIME)).toBe(0);
  expect(await at(TEST_TIME + 1n, TEST_TIME + 10n)).toBe(0);
});

test("samples are counted whatever their values are", async () => {
  expect(await flame({ service: "shop", type: "samples" })).toMatchObject({ total: 73, unit: "count" });
});

test("hostile text is only text", async () => {
  const hostile = [
    "'; DROP TABLE samples; --",
    "\\'; SELECT 1; --",
    "{type:String}",
    "{labelKey0:String}",
    "a\0b\n\t\\N",
    "__proto__",
    "toString",
    "𝕏\u{202e}é",
    "%' OR 1=1",
  ];
  for (const text of hostile) {
    await insertFolded({
      service: text,
      type: text,
      endpoint: text,
      labels: { [text]: text },
      stacks: `root;toString;__proto__ 1`,
    });
    const fields = { service: text, type: text, endpoints: [text], labels: new Map([[text, text]]) };
    const answer = await flame(fields, { group: "endpoint", query: "toString" });
    expect(answer).toMatchObject({ sampleCount: 1, matched: { sampleCount: 1 } });
    expect(answer.root.name).toBe(text);
    expect(answer.root.children[0]?.name).toBe(text);
    expect((await flame({ ...fields, service: `${text}x` })).sampleCount).toBe(0);
  }
});
