import { describe, expect, test } from "vitest";
import { decodePprof, type PprofContext } from "@/lib/ingest/pprof";
import { type Drawing, drawPprof, RIGHT } from "@/lib/ingest/test-pprof-writer";
import type { Profile } from "@/lib/profile/profile";
import { formatFolded } from "@/lib/profile/test-folded";
import { unixNano } from "@/lib/units";

const RECEIVED = unixNano(1_800_000_000_000_000_000n);

function decode(drawing: Drawing, context: Partial<PprofContext> = {}): Profile {
  return decodePprof(drawPprof(drawing), { service: "shop", receivedUnixNano: RECEIVED, ...context }).profile;
}

const typesOf = (sampleTypes: Drawing["sampleTypes"], context: Partial<PprofContext> = {}, leaf = "work") =>
  decode(
    {
      ...RIGHT,
      sampleTypes,
      samples: [{ locations: [2, 1], values: sampleTypes?.map(() => 1) ?? [] }],
      functions: [
        { id: 1, name: "main" },
        { id: 2, name: leaf },
        { id: 3, name: "burn" },
      ],
    },
    context,
  ).sampleTypes.map(({ isPrimary, type, unit }) => `${isPrimary ? "*" : ""}${type}/${unit}`);

describe("stacks", () => {
  test("are root first with inlined calls spelled out", () => {
    expect(formatFolded(decode(RIGHT), 0, { lines: true })).toBe(
      ["main:3;work:8 10000000", "main:3;work:9;burn:5 20000000"].join("\n"),
    );
  });

  test("are the same by functions and lines, not by addresses, profiles or services", () => {
    const other = decode(
      {
        ...RIGHT,
        locations: [...(RIGHT.locations ?? []), { id: 77, lines: [[2, 8]] }],
        samples: [
          { locations: [77, 1], values: [1, 1] },
          { locations: [2, 1], values: [1, 1] },
        ],
      },
      { service: "other" },
    );
    expect([...other.stacks.ids]).toEqual([decode(RIGHT).stacks.ids[0]]);
    expect([...other.samples.stacks]).toEqual([0, 0]);
  });

  test("of ids beyond 2^53 keep apart what differs in the last bit", () => {
    const big = 0xffff_ffff_ffff_fff0n;
    const profile = decode({
      ...RIGHT,
      samples: [
        { locations: [big], values: [1, 1] },
        { locations: [big + 1n], values: [1, 2] },
      ],
      locations: [
        { id: big, lines: [[big, 1]] },
        { id: big + 1n, lines: [[big + 1n, 1]] },
      ],
      functions: [
        { id: big, name: "even" },
        { id: big + 1n, name: "odd" },
      ],
    });
    expect(formatFolded(profile, 0)).toBe("even 1\nodd 2");
  });

  test("without symbols are named by their mapping", () => {
    const profile = decode({
      ...RIGHT,
      samples: [{ locations: [2, 1], values: [1, 1] }],
      mappings: [{ id: 9, file: "/usr/lib/libc.so.6" }],
      locations: [
        { id: 1, lines: [] },
        { id: 2, mapping: 9, lines: [] },
      ],
    });
    expect(formatFolded(profile, 0)).toBe("<unknown>;[libc.so.6] 1");
  });

  test("10,000 deep keep both ends and say what is missing", () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => index + 1);
    const profile = decode({
      ...RIGHT,
      samples: [{ locations: ids, values: [1, 1] }],
      locations: ids.map((id) => ({ id, lines: [[id, 1]] as const })),
      functions: ids.map((id) => ({ id, name: `f${id}` })),
    });
    const frames = formatFolded(profile, 0).replace(" 1", "").split(";");
    expect(frames.length).toBe(512);
    expect(frames.slice(254, 259)).toEqual(["f9746", "f9745", "(9489 frames cut)", "f255", "f254"]);
    expect([frames[0], frames.at(-1)]).toEqual(["f10000", "f1"]);
  });
});

test("values are exact over all of int64", () => {
  const values = [
    9_007_199_254_740_993n,
    -9_007_199_254_740_993n,
    9_223_372_036_854_775_807n,
    -1n,
    -9_223_372_036_854_775_808n,
  ];
  const profile = decode({
    ...RIGHT,
    samples: values.map((value) => ({ locations: [1], values: [1, value] })),
  });
  expect([...profile.samples.values]).toEqual(values);
});

test("samples behind a value: what the profile counts, else one for each record that has any value", () => {
  const heap = [
    ["alloc_space", "bytes"],
    ["inuse_space", "bytes"],
  ] as const;
  const records = [
    [0, 0],
    [5, 0],
    [0, 7],
  ].map((values) => ({ locations: [1], values }));
  expect([...decode({ ...RIGHT, sampleTypes: heap, samples: records }).samples.counts]).toEqual([0, 1, 1]);
  const counted = [
    [3, 0],
    [0, 9],
    [-2n, -5n],
  ].map((values) => ({ locations: [1], values }));
  expect([...decode({ ...RIGHT, samples: counted }).samples.counts]).toEqual([3, 0, 0]);
});

describe("sample types", () => {
  test.each([
    [
      "Go CPU",
      [
        ["samples", "count"],
        ["cpu", "nanoseconds"],
      ],
      ["*cpu/nanoseconds"],
    ],
    [
      "Node",
      [
        ["sample", "count"],
        ["wall", "nanoseconds"],
        ["cpu", "nanoseconds"],
      ],
      ["*wall/nanoseconds", "cpu/nanoseconds"],
    ],
    ["only counts", [["samples", "count"]], ["*samples/count"]],
    ["other units of time", [["cpu", "microseconds"]], ["*cpu/nanoseconds"]],
    [
      "a profiler of its own",
      [
        ["lock_waits", "count"],
        ["queue", "bytes"],
      ],
      ["lock_waits/count", "*queue/bytes"],
    ],
  ] as const)("%s", (_, given, expected) => {
    expect(typesOf(given)).toEqual(expected);
  });

  const LOCKS = [
    ["contentions", "count"],
    ["delay", "nanoseconds"],
  ] as const;
  test("contentions are told apart by the sender, else by who is blamed", () => {
    expect(typesOf(LOCKS, { lockKind: "block" })).toEqual(["block_contentions/count", "*block/nanoseconds"]);
    expect(typesOf(LOCKS, {}, "sync.(*Mutex).Unlock")).toEqual([
      "mutex_contentions/count",
      "*mutex/nanoseconds",
    ]);
    expect(typesOf(LOCKS, {}, "runtime.chanrecv1")).toEqual([
      "block_contentions/count",
      "*block/nanoseconds",
    ]);
  });

  test("two of one name are refused", () => {
    expect(() =>
      typesOf([
        ["cpu", "nanoseconds"],
        ["cpu", "count"],
      ]),
    ).toThrow('two sample types named "cpu"');
  });
});

describe("time", () => {
  const timed = { ...RIGHT, timeNanos: 5_000_000_000n, durationNanos: 2_000_000_000n };
  const node = { ...timed, functions: RIGHT.functions?.map((fn) => ({ ...fn, file: "/srv/app.js" })) ?? [] };
  test.each([
    ["Go writes the start", decode(timed), 5_000_000_000n],
    ["Node writes the end", decode(node), 3_000_000_000n],
    ["the sender knows best", decode(node, { startUnixNano: unixNano(4n) }), 4n],
    ["without a time it has just ended", decode({ ...timed, timeNanos: 0n }), RECEIVED - 2_000_000_000n],
  ])("%s", (_, profile, start) => {
    expect([profile.startUnixNano, profile.durationNs]).toEqual([start, 2_000_000_000]);
  });

  test("a negative duration is refused", () => {
    expect(() => decode({ ...RIGHT, durationNanos: -1n })).toThrow("duration_nanos is -1");
  });
});

describe("labels of all dialects", () => {
  const describeLabels = (labels: Record<string, string | bigint>, context: Partial<PprofContext> = {}) => {
    const { labelSets, samples, texts } = decode(
      { ...RIGHT, samples: [{ locations: [1], values: [1, 1], labels }] },
      context,
    );
    const text = (column: Uint32Array) => texts[column[0] ?? 0];
    return {
      trace: text(samples.traceIds),
      span: text(samples.spanIds),
      root: text(samples.rootSpanIds),
      endpoint: text(samples.endpoints),
      tie: samples.ties[0],
      rest: Object.fromEntries(labelSets[samples.labelSets[0] ?? 0] ?? []),
    };
  };
  const trace = "db8d91937b5c7e6d5fc061c5b86f92fc";
  const span = "058c1734df6f4ae9";
  const nothing = { trace: "", span: "", root: "", endpoint: "", tie: 0, rest: {} };

  test.each([
    [
      "ours",
      { trace_id: trace, span_id: span, local_root_span_id: span, endpoint: "GET /a" },
      { trace, span, root: span, endpoint: "GET /a", tie: 3 },
    ],
    ["upper case", { TRACE_ID: trace.toUpperCase() }, { trace, tie: 2 }],
    [
      "otel-profiling-go 0.5.0",
      { profile_id: span, span_name: "GET /a" },
      { span, root: span, endpoint: "GET /a", tie: 3 },
    ],
    ["polarsignals", { otel_traceid: trace }, { trace, tie: 2 }],
    [
      "dd-trace-go, decimal text",
      {
        "span id": "1234567890123456",
        "local root span id": "18446744073709551615",
        "trace endpoint": "GET /a",
      },
      { span: "000462d53c8abac0", root: "ffffffffffffffff", endpoint: "GET /a", tie: 3 },
    ],
    ["dd-trace-js, numbers", { "span id": -1n }, { span: "ffffffffffffffff", tie: 3 }],
    [
      "a decimal-looking id under a hex key",
      { span_id: "1234567890123456" },
      { span: "1234567890123456", tie: 3 },
    ],
    [
      "the eBPF profiler",
      { "process.context.label.trace_id": trace, "process.context.label.shop": "eu" },
      { trace, tie: 2, rest: { shop: "eu" } },
    ],
    [
      "the better endpoint wins, the other stays",
      { span_name: "typecheck", endpoint: "GET /a" },
      { endpoint: "GET /a", rest: { span_name: "typecheck" } },
    ],
    [
      "zero and malformed ids are labels like others",
      { trace_id: "0".repeat(32), span_id: "xyz" },
      { rest: { trace_id: "0".repeat(32), span_id: "xyz" } },
    ],
    ["numbers", { bytes: 4_096n, temperature: -3n }, { rest: { bytes: "4096", temperature: "-3" } }],
    [
      "names of Object's own",
      { __proto__x: "a", constructor: "b" },
      { rest: { __proto__x: "a", constructor: "b" } },
    ],
  ])("%s", (_, labels, expected) => {
    expect(describeLabels(labels)).toEqual({ ...nothing, ...expected });
  });

  test("a whole process captured for a trace", () => {
    const context = {
      traceId: trace,
      labels: new Map([
        ["region", "eu"],
        ["route", "GET /b"],
      ]),
    };
    expect(describeLabels({}, context)).toEqual({
      ...nothing,
      trace,
      endpoint: "GET /b",
      tie: 1,
      rest: { region: "eu" },
    });
    const other = "11".repeat(16);
    expect(describeLabels({ trace_id: other, region: "us" }, context)).toMatchObject({
      trace: other,
      tie: 2,
      rest: { region: "us" },
    });
  });
});

describe("what is wrong is named", () => {
  const cases: [string, Drawing, string][] = [
    ["no types", { ...RIGHT, sampleTypes: [] }, "Sample 0 has 2 values, but the profile has 0 sample types."],
    ["nothing at all", {}, "The profile has no sample types."],
    [
      "values",
      { ...RIGHT, samples: [{ locations: [1], values: [1] }] },
      "Sample 0 has 1 values, but the profile has 2 sample types.",
    ],
    [
      "dangling location",
      { ...RIGHT, samples: [{ locations: [1, 42], values: [1, 1] }] },
      "Sample 0 refers to location 42, which the profile does not have.",
    ],
    [
      "location 0",
      { ...RIGHT, samples: [{ locations: [0], values: [1, 1] }] },
      "Sample 0 refers to location 0, which the profile does not have.",
    ],
    [
      "dangling function",
      { ...RIGHT, locations: [...(RIGHT.locations ?? []), { id: 4, lines: [[9, 1]] }] },
      "Location 4 refers to function 9, which the profile does not have.",
    ],
    [
      "dangling mapping",
      { ...RIGHT, locations: [...(RIGHT.locations ?? []), { id: 4, mapping: 5, lines: [[1, 1]] }] },
      "Location 4 refers to mapping 5, which the profile does not have.",
    ],
    [
      "duplicate function",
      { ...RIGHT, functions: [...(RIGHT.functions ?? []), { id: 2, name: "twice" }] },
      "The profile has two functions with the id 2.",
    ],
    [
      "function 0",
      { ...RIGHT, functions: [...(RIGHT.functions ?? []), { id: 0, name: "none" }] },
      "The profile has a function with the reserved id 0.",
    ],
    [
      "a long string",
      { ...RIGHT, functions: [{ id: 1, name: "x".repeat(1_048_576) }] },
      "of the profile has 1048576 bytes; the limit is 65536.",
    ],
    [
      "many labels",
      {
        ...RIGHT,
        samples: [
          {
            values: [1, 1],
            labels: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, "v"])),
          },
        ],
      },
      "Sample 0 has 100 labels; the limit is 64.",
    ],
  ];
  test.each(cases)("%s", (_, drawing, message) => {
    expect(() => decode(drawing)).toThrow(message);
  });

  test("a string table that does not begin with nothing, and indexes beyond it", () => {
    const table = (...strings: string[]) =>
      Buffer.concat([
        Buffer.from([0x0a, 4, 0x08, 1, 0x10, 1]),
        ...strings.map((text) => Buffer.from([0x32, text.length, ...Buffer.from(text)])),
      ]);
    const context = { service: "shop", receivedUnixNano: RECEIVED };
    expect(() => decodePprof(table("x", "cpu"), context)).toThrow('string table does not begin with ""');
    expect(() => decodePprof(table(""), context)).toThrow("1 strings, but a sample type refers to string 1");
    expect(() => decodePprof(Buffer.from([0x0a, 0]), context)).toThrow("no string table");
  });
});

describe("what values mean", () => {
  const meanings = (
    types: Drawing["sampleTypes"],
    drawing: Partial<Drawing> = {},
    context: Partial<PprofContext> = {},
  ) =>
    decode(
      {
        ...RIGHT,
        sampleTypes: types,
        samples: [{ locations: [2, 1], values: types?.map((_, index) => index + 1) ?? [] }],
        ...drawing,
      },
      context,
    ).sampleTypes.map(({ meaning, type }) => `${type} ${meaning}`);
  const lock = [
    ["contentions", "count"],
    ["delay", "nanoseconds"],
  ] as const;
  const heap = [
    ["alloc_space", "bytes"],
    ["inuse_space", "bytes"],
  ] as const;

  test("counters are of the window where the profile or its sender says so, else since the start", () => {
    const kind = { lockKind: "block" } as const;
    expect(meanings(lock, {}, kind)).toEqual(["block_contentions cumulative", "block cumulative"]);
    expect(meanings(lock, { durationNanos: 5n }, kind)).toEqual(["block_contentions window", "block window"]);
    expect(meanings(lock, {}, { ...kind, temporality: "delta" })).toEqual([
      "block_contentions window",
      "block window",
    ]);
    expect(meanings(heap, { durationNanos: 5n }, { temporality: "cumulative" })).toEqual([
      "alloc_space cumulative",
      "inuse_space snapshot",
    ]);
    // A length that the sender gives is how often it sends, not what the counter counts from.
    expect(meanings(heap, {}, { durationNs: 15_000_000_000 })).toEqual([
      "alloc_space cumulative",
      "inuse_space snapshot",
    ]);
  });

  test("time is always of the window; a profiler's own types are with a length and are not without", () => {
    expect(meanings([["cpu", "nanoseconds"]])).toEqual(["cpu window"]);
    expect(meanings([["latency", "nanoseconds"]])).toEqual(["latency snapshot"]);
    expect(meanings([["latency", "nanoseconds"]], { durationNanos: 1n })).toEqual(["latency window"]);
    expect(meanings([["latency", "nanoseconds"]], {}, { durationNs: 1 })).toEqual(["latency window"]);
  });

  test("more in use than was allocated meanwhile is a state; less than nothing, or no more, a change of one", () => {
    const of = (alloc: bigint, inuse: bigint, context: Partial<PprofContext> = {}) =>
      meanings(
        heap,
        { durationNanos: 1_000_000_000n, samples: [{ locations: [1], values: [alloc, inuse] }] },
        context,
      )[1];
    expect(of(0n, 4_096n)).toBe("inuse_space snapshot");
    expect(of(8_192n, 4_096n)).toBe("inuse_space_change window");
    expect(of(8_192n, -4_096n)).toBe("inuse_space_change window");
    expect(of(8_192n, 4_096n, { temporality: "delta" })).toBe("inuse_space snapshot");
    expect(of(8_192n, -4_096n, { temporality: "delta" })).toBe("inuse_space_change window");
    expect(meanings([["goroutine", "count"]], { durationNanos: 1n })).toEqual(["goroutine_change window"]);
  });
});

test("a sample's own instant is no label", () => {
  const profile = decode({
    ...RIGHT,
    samples: [
      { locations: [1], values: [1, 1], labels: { end_timestamp_ns: 1_799_999_999_123_456_789n, zone: "a" } },
      { locations: [1], values: [1, 1], labels: { zone: "a" } },
      { locations: [1], values: [1, 1], labels: { end_timestamp_ns: "soon" } },
    ],
  });
  expect([...(profile.samples.takenAtUnixNano ?? [])]).toEqual([1_799_999_999_123_456_789n, 0n, 0n]);
  expect([...profile.samples.labelSets].map((at) => profile.labelSets[at])).toEqual([
    [["zone", "a"]],
    [["zone", "a"]],
    [["end_timestamp_ns", "soon"]],
  ]);
  expect(decode(RIGHT).samples.takenAtUnixNano).toBeUndefined();
});

test("the process is the sender's, else the most telling label of the profile", () => {
  const labels = new Map([
    ["host", "node-7"],
    ["pod", "shop-1"],
  ]);
  expect(decode(RIGHT, { labels }).instance).toBe("shop-1");
  expect(decode(RIGHT, { labels, instance: "10.0.0.9:6060" }).instance).toBe("10.0.0.9:6060");
  expect(decode(RIGHT).instance).toBe("");
});

test("the sender's length of the window wins, also to find the start of one that is written by its end", () => {
  const given = { timeNanos: 1_700_000_060_000_000_000n, durationNanos: 9n };
  const node = { ...RIGHT, ...given, functions: [{ id: 1, name: "main", file: "main.js" }] };
  const window = decode(
    { ...node, samples: [{ locations: [1], values: [1, 1] }], locations: [{ id: 1, lines: [[1, 1]] }] },
    { durationNs: 60_000_000_000 },
  );
  expect([window.startUnixNano, window.durationNs]).toEqual([1_700_000_000_000_000_000n, 60_000_000_000]);
});
