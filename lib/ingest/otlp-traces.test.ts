import { describe, expect, test } from "vitest";
import { HotspanError } from "@/lib/errors";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { cpuMillis } from "@/lib/ingest/test-cpu-time";
import { encodeExport, field } from "@/lib/ingest/test-otlp-encoder";
import { jsonExport, jsonSpan, record } from "@/lib/ingest/test-receiver";
import { encodeSpanRows } from "@/lib/store/span-row";
import type { Span } from "@/lib/trace/span";

const NOW = BigInt(Date.parse("2026-11-20T14:00:00Z")) * 1_000_000n;
const now = () => BigInt(Date.now()) * 1_000_000n;
const fromJson = (text: string, at = now()) => decodeOtlpTraces(Buffer.from(text), "json", at);
const inBoth = (text: string) => [
  fromJson(text),
  decodeOtlpTraces(encodeExport(JSON.parse(text)), "protobuf", now()),
];

/** A span as one line, its trace drawn by indentation; ids and times left out, which differ between recordings. */
function draw(spans: readonly Span[]): string {
  const lines: string[] = [];
  const below = (parent: string, indent: string): void => {
    for (const span of spans.filter(({ parentSpanId }) => parentSpanId === parent)) {
      const attributes = [...span.attributes].map(([key, value]) => `${key}=${value}`).join(" ");
      const events = span.events.map(({ name }) => ` !${name}`).join("");
      const status = span.status === "Unset" ? "" : ` ${span.status}`;
      lines.push(`${indent}${span.service} ${span.kind} ${span.name}${status} {${attributes}}${events}`);
      below(span.spanId, `${indent}  `);
    }
  };
  below("", "");
  return lines.join("\n");
}

describe("recorded exports", () => {
  test("of the Go SDK", () => {
    const { spans, rejectedSpans, message } = decodeOtlpTraces(
      record("go-http-protobuf.body"),
      "protobuf",
      NOW,
    );
    expect({ rejectedSpans, message }).toEqual({ rejectedSpans: 0, message: "" });
    const [trace] = draw(spans).split("\ngo-shop Server");
    expect(trace).toBe(
      [
        "go-shop Server GET /orders/{id} {http.request.method=GET http.route=/orders/{id}}",
        "  go-shop Client SELECT shop.orders Error {db.query.text=SELECT 1}",
      ].join("\n"),
    );
    expect(spans.filter(({ isEntry }) => isEntry).map(({ endpoint }) => endpoint)).toEqual(
      spans.filter(({ isEntry }) => isEntry).map(() => "GET /orders/{id}"),
    );
  });

  test("of the JavaScript SDK say the same in JSON and in protobuf", () => {
    const json = decodeOtlpTraces(record("js-http-json.body"), "json", NOW);
    const protobuf = decodeOtlpTraces(record("js-http-protobuf.body"), "protobuf", NOW);
    const grpc = decodeOtlpTraces(record("grpc-js.message.pb"), "protobuf", NOW);
    expect(draw(json.spans)).toContain("checkout");
    expect(draw(protobuf.spans)).toBe(draw(json.spans));
    expect(draw(grpc.spans)).toBe(draw(json.spans));
  });

  test("of auto-instrumented express name what routes matched, and never a path", () => {
    const { spans } = decodeOtlpTraces(record("js-auto-express-json.body"), "json", NOW);
    const entries = spans.filter(({ kind }) => kind === "Server").map(({ endpoint }) => endpoint);
    expect([...new Set(entries)].sort()).toEqual(["GET (unmatched)", "GET /api/boom", "GET /api/orders/:id"]);
  });
});

const ODD = [
  jsonSpan({
    traceState: "a=1,b=2",
    kind: 2,
    flags: 0x301,
    status: { code: 2, message: 'broken \u0000 \u2028 "quoted" \\ \ud83d\ude00' },
    attributes: [
      { key: "__proto__", value: { stringValue: "a key like any other" } },
      { key: "toString", value: { intValue: "-9223372036854775808" } },
      { key: "int", value: { intValue: "9007199254740993" } },
      { key: "float", value: { doubleValue: 1.5e-7 } },
      { key: "nan", value: { doubleValue: "NaN" } },
      { key: "empty", value: {} },
      { key: "bytes", value: { bytesValue: "AAEC/w==" } },
      { key: "twice", value: { stringValue: "first" } },
      { key: "twice", value: { stringValue: "second" } },
      {
        key: "nested",
        value: {
          kvlistValue: {
            values: [
              {
                key: "list",
                value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: "Infinity" }, {}] } },
              },
              { key: "__proto__", value: { stringValue: "\u{1f525}" } },
            ],
          },
        },
      },
      { key: "deep", value: deep(40) },
      { key: "long", value: { stringValue: "x".repeat(70_000) } },
    ],
    events: [{ timeUnixNano: "1795173289208000000", name: "exception", attributes: [] }],
    links: [
      {
        traceId: "0123456789abcdef0123456789abcdef",
        spanId: "0123456789abcdef",
        traceState: "",
        attributes: [],
      },
      { traceId: "00", spanId: "0123456789abcdef" },
    ],
  }),
  jsonSpan({ kind: 3, parentSpanId: "0123456789abcdef" }),
];

function deep(levels: number): unknown {
  return levels === 0 ? { stringValue: "bottom" } : { arrayValue: { values: [deep(levels - 1)] } };
}

test("the same odd spans in both encodings give equal spans, rows and remarks", () => {
  const [json, protobuf] = inBoth(jsonExport(ODD));
  expect(json?.spans).toHaveLength(2);
  expect(protobuf).toEqual(json);
  const rows = (spans: readonly Span[] = []) => Buffer.from(encodeSpanRows(spans, "").text).toString();
  expect(rows(protobuf?.spans)).toBe(rows(json?.spans));

  const attributes = json?.spans[0]?.attributes;
  expect(attributes?.get("__proto__")).toBe("a key like any other");
  expect(attributes?.get("toString")).toBe("-9223372036854775808");
  expect(attributes?.get("int")).toBe("9007199254740993");
  expect(attributes?.get("nested")).toBe('{"list":[true,"Infinity",null],"__proto__":"\u{1f525}"}');
  expect(attributes?.get("twice")).toBe("second");
  expect(attributes?.get("long")).toHaveLength(65_536);
  expect(attributes?.get("deep")).toContain("nested deeper than 8");
  expect(json?.message).toBe(
    "Kept, but: 1 × value nested deeper than 8 cut; 1 × value longer than 65536 characters cut; " +
      "1 × link with an invalid id dropped.",
  );
});

const NANO = 1_000_000_000n;
const BAD: readonly (readonly [string, Record<string, unknown>])[] = [
  ["trace id is all zero", { traceId: "0".repeat(32) }],
  ["trace id is not 16 bytes", { traceId: "abcd" }],
  ["trace id is not 16 bytes", { traceId: "ab".repeat(17) }],
  ["trace id is missing", { traceId: "" }],
  ["span id is all zero", { spanId: "0".repeat(16) }],
  ["span id is not 8 bytes", { spanId: "ab".repeat(500_000) }],
  ["parent span id is not 8 bytes", { parentSpanId: "ab" }],
  ["span has no start time", { startTimeUnixNano: "0" }],
  ["span starts before 2010", { startTimeUnixNano: "1" }],
  [
    "span starts after 2262",
    { startTimeUnixNano: "18446744073709551615", endTimeUnixNano: "18446744073709551615" },
  ],
  [
    "span starts more than a day in the future",
    { startTimeUnixNano: String(now() + 90_000n * NANO), endTimeUnixNano: String(now() + 90_001n * NANO) },
  ],
  ["span has no end time", { endTimeUnixNano: "0" }],
  ["span ends before it starts", { endTimeUnixNano: "1262304000000000001" }],
  ["span lasts longer than 104 days", { startTimeUnixNano: "1262304000000000001" }],
];

test.each(BAD)("a span is refused alone: %s", (reason, fields) => {
  for (const decoded of inBoth(jsonExport([jsonSpan(), jsonSpan(fields), jsonSpan()]))) {
    expect(decoded.message).toMatch(`1 of 3 spans refused: 1 × ${reason}`);
    expect([decoded.spans.length, decoded.rejectedSpans]).toEqual([2, 1]);
  }
});

test.each([
  ["a start that is no number", { startTimeUnixNano: "NaN" }],
  ["an end that is a fraction", { endTimeUnixNano: 1.5 }],
  ["an end that is negative", { endTimeUnixNano: "-5" }],
])("JSON can also spell %s", (_, fields) => {
  expect(fromJson(jsonExport([jsonSpan(fields), jsonSpan()]))).toMatchObject({ rejectedSpans: 1 });
});

test("a request enters a service where it is served or consumed, has no parent, or a remote one", () => {
  const parentSpanId = "0123456789abcdef";
  const text = jsonExport([
    jsonSpan({ parentSpanId, flags: 0x301 }),
    jsonSpan({ parentSpanId, flags: 0x101 }),
    jsonSpan({ parentSpanId, kind: 5 }),
    jsonSpan({ parentSpanId: "0000000000000000" }),
  ]);
  for (const { spans } of inBoth(text)) {
    expect(spans.map(({ isEntry, endpoint }) => [isEntry, endpoint])).toEqual([
      [true, "work"],
      [false, ""],
      [true, "work"],
      [true, "work"],
    ]);
  }
});

test("half a surrogate pair is repaired wherever it stands", () => {
  const text = jsonExport([
    jsonSpan({
      name: "n\ud800",
      attributes: [{ key: "k\udc00", value: { arrayValue: { values: [{ stringValue: "v\ud800" }] } } }],
    }),
  ]);
  const [span] = fromJson(text).spans;
  expect(span?.name).toBe("n\ufffd");
  expect([...(span?.attributes ?? [])]).toEqual([["k\ufffd", '["v\ufffd"]']]);
});

test("ids may be in capitals, or in base64 as plain protobuf printers write them", () => {
  const [upper, base64] = fromJson(
    jsonExport([
      jsonSpan({ traceId: "ABCDEFABCDEFABCDEFABCDEFABCDEFAB", spanId: "ABCDEFABCDEFABCD" }),
      jsonSpan({ traceId: "q83vq83vq83vq83vq83vqw==", spanId: "q83vq83vq80=" }),
    ]),
  ).spans;
  expect(upper?.traceId).toBe("abcdefabcdefabcdefabcdefabcdefab");
  expect(base64).toMatchObject({ traceId: upper?.traceId, spanId: upper?.spanId });
});

describe("protobuf", () => {
  test("concatenated exports and repeated fields merge; unknown fields are stepped over", () => {
    const one = encodeExport(JSON.parse(jsonExport([jsonSpan()])));
    const unknown = Buffer.concat([field(99, Buffer.from("later version")), Buffer.from([0x98, 0x06, 0x01])]);
    expect(decodeOtlpTraces(Buffer.concat([one, unknown, one]), "protobuf", now()).spans).toHaveLength(2);
    expect(decodeOtlpTraces(Buffer.alloc(0), "protobuf", now()).spans).toEqual([]);
  });

  test.each([
    ["a length past the end", record("go-http-protobuf.body").subarray(0, 500)],
    ["a number of more than 10 bytes", Buffer.alloc(262_144, 0xff)],
    ["a field number out of range", Buffer.from([0x00, 0x01])],
    ["wire type 3", Buffer.from([0x0b])],
    ["a number cut off", Buffer.from([0x80])],
  ])("malformed bytes are refused by name: %s", (reason, bytes) => {
    expect(() => decodeOtlpTraces(bytes, "protobuf", now())).toThrow(reason);
  });
});

test.each([
  ["not JSON", "{"],
  ["must be a JSON object", "[]"],
  ["resourceSpans must be an array", '{"resourceSpans":{}}'],
  ["spans must be an array", '{"resourceSpans":[{"scopeSpans":[{"spans":1}]}]}'],
])("JSON of another shape is refused: %s", (reason, text) => {
  expect(() => fromJson(text)).toThrow(reason);
});

test.each(["protobuf", "json"] as const)(
  "a request of spans that are none is given up, in %s",
  (encoding) => {
    const spans = Buffer.from("1200".repeat(1_000_001), "hex");
    const field = (tag: number, bytes: Buffer) => {
      const head = Buffer.alloc(5);
      head[0] = tag;
      for (let at = 1; at < 5; at++)
        head[at] = ((bytes.length >> (7 * (at - 1))) & 0x7f) | (at < 4 ? 0x80 : 0);
      return Buffer.concat([head, bytes]);
    };
    const body =
      encoding === "protobuf"
        ? field(0x0a, field(0x12, spans))
        : Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${"{},".repeat(1_000_000)}{}]}]}]}`);
    expect(() => decodeOtlpTraces(body, encoding, now())).toThrow(
      "More than 1000000 spans are refused: 1000001 × trace id is missing.",
    );
  },
  60_000,
);

test("100,000 attributes and a megabyte of key are cut and counted", () => {
  const many = Array.from({ length: 100_000 }, (_, index) => ({
    key: `k${index}`,
    value: { intValue: index },
  }));
  const long = [{ key: "k".repeat(1_000_000), value: { stringValue: "v" } }];
  const { spans, message } = fromJson(
    jsonExport([jsonSpan({ attributes: many }), jsonSpan({ attributes: long })]),
  );
  expect(spans.map(({ attributes }) => attributes.size)).toEqual([1_024, 1]);
  expect(message).toContain("98976 × attribute beyond 1024 dropped");
  expect(message).toContain("1 × name or key longer than 1024 characters cut");
});

test("20,000 mutations of recorded bodies end in spans or in a reason, quickly", () => {
  // xorshift32: the same mutations on every run
  let state = 7;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const bodies = [
    ["protobuf", record("go-http-protobuf.body")],
    ["protobuf", record("js-http-protobuf.body")],
    [
      "protobuf",
      encodeExport(
        JSON.parse(jsonExport([ODD[1], jsonSpan({ attributes: [{ key: "d", value: deep(8) }] })])),
      ),
    ],
    ["json", record("js-http-json.body")],
  ] as const;
  let kept = 0;
  let refused = 0;
  let slowest = 0;
  for (let round = 0; round < 20_000; round++) {
    const [encoding, original] = bodies[round % bodies.length] ?? bodies[0];
    const start = cpuMillis();
    try {
      const { spans } = decodeOtlpTraces(mutate(original, random), encoding, NOW);
      const rows = encodeSpanRows(spans, "");
      // What reaches the store is always valid JSON in valid UTF-8.
      const text = new TextDecoder("utf-8", { fatal: true }).decode(rows.text);
      for (const line of text.split("\n").slice(0, -1)) JSON.parse(line);
      kept++;
    } catch (error) {
      if (!(error instanceof HotspanError) || error.code !== "invalid-input") throw error;
      refused++;
    }
    slowest = Math.max(slowest, cpuMillis() - start);
  }
  expect(kept).toBeGreaterThan(1_000);
  expect(refused).toBeGreaterThan(1_000);
  expect(slowest).toBeLessThan(1_000);
});

function mutate(original: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(original);
  const at = random(bytes.length);
  switch (random(7)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      return bytes;
    case 1:
      bytes[at] = random(256);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(16))]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1), at), bytes.subarray(at)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(random(12), 0xff), bytes.subarray(at)]);
    default:
      for (let count = random(20); count >= 0; count--) bytes[random(bytes.length)] = random(256);
      return bytes;
  }
}
