import { describe, expect, test } from "vitest";
import { HotspanError } from "@/lib/errors";
import { decodeOtlpProfiles } from "@/lib/ingest/otlp-profiles";
import { cpuMillis } from "@/lib/ingest/test-cpu-time";
import {
  drawProfiles,
  encodeProfilesProtobuf,
  type Json,
  profilesRequest,
  TestDictionary,
  TIME,
} from "@/lib/ingest/test-otlp-profiles";
import { unixNano } from "@/lib/units";

const RECEIVED = unixNano(1_790_000_060_000_000_000n);
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

const decode = (bytes: Buffer, encoding: "protobuf" | "json") =>
  decodeOtlpProfiles({ bytes, encoding, receivedUnixNano: RECEIVED, source: "" });
const fromJson = (request: Json) => decode(Buffer.from(JSON.stringify(request)), "json");

/** What a pprof of Go becomes in the Collector: a profile a type over the same stacks, labels as lists of one text. */
function goCpu(): Json {
  const d = new TestDictionary();
  const handler = d.stack(
    "main.main@main.go:9;http.serve@net.go:80;main.handler@main.go:20>main.inlined@main.go:31",
  );
  const gc = d.stack("runtime.gcBgMarkWorker@mgc.go:1");
  const listOf = (text: string) => ({ arrayValue: { values: [{ stringValue: text }] } });
  const labels = [
    d.attribute("endpoint", listOf("GET /orders/{id}")),
    d.attribute("trace_id", listOf(TRACE)),
    d.attribute("span_id", listOf(SPAN)),
    d.attribute("shard", { intValue: "7" }),
  ];
  const common = { timeUnixNano: TIME, durationNano: "10000000000", period: "10000000" };
  const profile = (type: string, unit: string, first: string, second: string): Json => ({
    ...common,
    sampleType: d.type(type, unit),
    periodType: d.type("cpu", "nanoseconds"),
    samples: [
      { stackIndex: handler, attributeIndices: labels, values: [first] },
      { stackIndex: gc, values: [second] },
    ],
  });
  const profiles = [
    profile("samples", "count", "3", "1"),
    profile("cpu", "nanoseconds", "30000000", "10000000"),
  ];
  return profilesRequest(d, profiles);
}

/** As opentelemetry-ebpf-profiler sends: counts as timestamps, links, prefixed labels, native frames without names. */
function ebpf(): Json {
  const d = new TestDictionary();
  const thread = d.attribute("thread.name", { stringValueStrindex: d.text("tokio-1") });
  const custom = d.attribute("process.context.label.http.route", { stringValue: "/pay" });
  const samples = [
    {
      stackIndex: d.stack("[libc.so.6];pay"),
      attributeIndices: [thread, custom],
      linkIndex: d.link(TRACE, SPAN),
      timestampsUnixNano: ["1790000000000000001", "1790000000050000000"],
    },
    { stackIndex: d.stack("idle"), attributeIndices: [thread], timestampsUnixNano: ["1790000000000000002"] },
  ];
  const profile = {
    sampleType: d.type("samples", "count"),
    periodType: d.type("cpu", "nanoseconds"),
    period: "50000000",
    timeUnixNano: TIME,
    durationNano: "5000000000",
    samples,
  };
  return profilesRequest(d, [profile], {
    attributes: [
      { keyStrindex: d.text("process.executable.name"), value: { stringValue: "payd" } },
      { key: "process.pid", value: { intValue: "42" } },
    ],
  });
}

function draws(request: Json): string[] {
  return [fromJson(request), decode(encodeProfilesProtobuf(request), "protobuf")].map(drawProfiles);
}

describe("profiles say the same in JSON and in protobuf", () => {
  test("a pprof's types, sent one by one, are one profile again", () => {
    const [json, protobuf] = draws(goCpu());
    const tied = `${TRACE}/${SPAN} GET /orders/{id} shard=7`;
    expect(json).toBe(
      [
        "shop cpu/nanoseconds=40000000 in 10 s",
        `  cpu 30000000×3 main.main:9;http.serve:80;main.handler:20;main.inlined:31 ${tied}`,
        "  cpu 10000000×1 runtime.gcBgMarkWorker:1",
      ].join("\n"),
    );
    expect(protobuf).toBe(json);
  });

  test("counted samples at known times are cpu time of their period, each at its time", () => {
    const [json, protobuf] = draws(ebpf());
    const tied = `${TRACE}/${SPAN} /pay`;
    const process = "process.executable.name=payd process.pid=42 thread.name=tokio-1";
    expect(json).toBe(
      [
        "payd cpu/nanoseconds=150000000 in 5 s",
        `  cpu 50000000×1 [libc.so.6];pay ${tied} ${process} at 1790000000.000000001`,
        `  cpu 50000000×1 [libc.so.6];pay ${tied} ${process} at 1790000000.050000000`,
        `  cpu 50000000×1 idle ${process} at 1790000000.000000002`,
      ].join("\n"),
    );
    expect(protobuf).toBe(json);
  });

  test("values beside times belong to them, several without are added up", () => {
    const d = new TestDictionary();
    const stackIndex = d.stack("main;lock");
    const times = ["1790000000000000001", "1790000000000000002"];
    const request = profilesRequest(d, [
      {
        sampleType: d.type("off_cpu", "nanoseconds"),
        timeUnixNano: TIME,
        durationNano: "1000000000",
        samples: [
          { stackIndex, values: ["5", "7"], timestampsUnixNano: times },
          { stackIndex, values: ["1", "2", "3"] },
          { stackIndex: 0, values: ["9223372036854775807"] },
        ],
      },
    ]);
    const [json, protobuf] = draws(request);
    expect(json?.split("\n").slice(1)).toEqual([
      "  off_cpu 5×1 main;lock at 1790000000.000000001",
      "  off_cpu 7×1 main;lock at 1790000000.000000002",
      "  off_cpu 6×1 main;lock",
      "  off_cpu 9223372036854775807×1",
    ]);
    expect(protobuf).toBe(json);
  });
});

test("the same bytes are the same profiles, other bytes are others", () => {
  const ids = (bytes: Buffer) => decode(bytes, "protobuf").profiles.map(({ record }) => record.sha256);
  const bytes = encodeProfilesProtobuf(goCpu());
  expect(ids(bytes)).toEqual(ids(Buffer.from(bytes)));
  expect(ids(encodeProfilesProtobuf(ebpf()))).not.toEqual(ids(bytes));
});

test("deep stacks keep both ends", () => {
  const d = new TestDictionary();
  const names = Array.from({ length: 1_000 }, (_, index) => `f${index}`);
  const stackIndex = d.stack(names.join(";"));
  const request = profilesRequest(d, [
    { sampleType: d.type("cpu", "nanoseconds"), samples: [{ stackIndex, values: ["1"] }] },
  ]);
  const frames = /×1 (.*)$/m.exec(drawProfiles(fromJson(request)))?.[1]?.split(";") ?? [];
  expect(frames.length).toBe(512);
  expect(frames.slice(254, 259)).toEqual(["f254", "f255", "(489 frames cut)", "f745", "f746"]);
  expect(frames.at(-1)).toBe("f999");
});

describe("other versions are refused with the one that is needed", () => {
  const change = (path: (request: DeepJson) => void): Json => {
    const request = structuredClone(goCpu());
    path(request as unknown as DeepJson);
    return request;
  };
  type DeepJson = {
    dictionary: Record<string, Json[] | string[]>;
    resourceProfiles: { scopeProfiles: { profiles: (Json & { samples: Json[] })[] }[] }[];
  };
  const firstSample = (request: DeepJson) =>
    request.resourceProfiles[0]?.scopeProfiles[0]?.profiles[0]?.samples[0] ?? {};
  const cases: [string, Json][] = [
    [
      'string_table[0] is not ""',
      change(({ dictionary }) => dictionary.stringTable?.splice(0, 1, "x" as never)),
    ],
    ["neither values nor timestamps", change((r) => delete firstSample(r).values)],
    ["sample.stack_index is 99", change((r) => Object.assign(firstSample(r), { stackIndex: 99 }))],
    ["sample.link_index is 5", change((r) => Object.assign(firstSample(r), { linkIndex: 5 }))],
    [
      "sample.attribute_indices is 64",
      change((r) => Object.assign(firstSample(r), { attributeIndices: [64] })),
    ],
    [
      "stack.location_indices is 77",
      change(({ dictionary }) => dictionary.stackTable?.push({ locationIndices: [77] } as never)),
    ],
    [
      "no sample_type",
      change((r) => delete r.resourceProfiles[0]?.scopeProfiles[0]?.profiles[0]?.sampleType),
    ],
  ];
  test.each(cases)("%s", (reason, request) => {
    for (const read of [() => fromJson(request), () => decode(encodeProfilesProtobuf(request), "protobuf")]) {
      expect(read).toThrow(reason);
      expect(read).toThrow("opentelemetry-proto 1.10");
    }
  });

  test("fields of 1.9 have other wire types", () => {
    // Sample of 1.9: 1 stack_index, 2 values, 3 attribute_indices (packed), 4 link_index
    const sample = Buffer.from([0x08, 1, 0x12, 1, 5, 0x1a, 1, 1]);
    const nested = (field: number, body: Buffer) =>
      Buffer.concat([Buffer.from([(field << 3) | 2, body.length]), body]);
    const body = nested(1, nested(2, nested(2, nested(2, sample))));
    expect(() => decode(body, "protobuf")).toThrow("link_index has wire type 2");
  });

  test("names of 1.7 in JSON", () => {
    const request = change((r) => Object.assign(firstSample(r), { locationsStartIndex: 0, value: ["1"] }));
    expect(() => fromJson(request)).toThrow('a sample has "value"');
  });
});

test("a profile that cannot be is refused alone, and counted as the sender counts", () => {
  const request = goCpu() as { resourceProfiles: { scopeProfiles: { profiles: Json[] }[] }[] };
  const profiles = request.resourceProfiles[0]?.scopeProfiles[0]?.profiles ?? [];
  profiles.push(...profiles.map((profile) => ({ ...profile, durationNano: "99999999999999999" })));
  const { message, profiles: kept, rejectedProfiles } = fromJson(request as unknown as Json);
  expect(kept.length).toBe(1);
  expect(rejectedProfiles).toBe(2);
  expect(message).toMatch(/experimental.*2 refused: 2 × The profile's duration_nanos/);
});

test("small bodies that stand for much are refused", () => {
  const d = new TestDictionary();
  const stackIndex = d.stack(Array.from({ length: 20_000 }, () => "f").join(";"));
  const profile = (time: number) => ({
    sampleType: d.type("cpu", "nanoseconds"),
    timeUnixNano: String(time),
    samples: [{ stackIndex, values: ["1"] }],
  });
  const request = profilesRequest(
    d,
    Array.from({ length: 1_000 }, (_, index) => profile(index + 1)),
  );
  const { message, profiles } = fromJson(request);
  expect(message).toContain("send smaller batches");
  expect(profiles.length).toBeLessThan(1_000);
});

test("10,000 mutations end in rows or in a reason, quickly", () => {
  let state = 11;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const requests = [goCpu(), ebpf()];
  const bodies = requests.flatMap((request) => [
    ["protobuf", encodeProfilesProtobuf(request)] as const,
    ["json", Buffer.from(JSON.stringify(request))] as const,
  ]);
  const outcomes = { kept: 0, refused: 0, slowest: 0 };
  for (let round = 0; round < 10_000; round++) {
    const [encoding, original] = bodies[round % bodies.length] ?? (["json", Buffer.from("{}")] as const);
    const start = cpuMillis();
    try {
      for (const { samples, stacks } of decode(mutate(original, random), encoding).profiles) {
        for (const { text } of [samples, stacks]) {
          const lines = new TextDecoder("utf-8", { fatal: true }).decode(text).split("\n").slice(0, -1);
          for (const line of lines) JSON.parse(line);
        }
      }
      outcomes.kept++;
    } catch (error) {
      if (!(error instanceof HotspanError)) throw error;
      outcomes.refused++;
    }
    outcomes.slowest = Math.max(outcomes.slowest, cpuMillis() - start);
  }
  expect(outcomes.kept).toBeGreaterThan(1_000);
  expect(outcomes.refused).toBeGreaterThan(1_000);
  expect(outcomes.slowest).toBeLessThan(1_000);
});

test("resources of nothing, eighty thousand of them, are too many", () => {
  expect(() => decode(Buffer.from("0a00".repeat(80_001), "hex"), "protobuf")).toThrow(
    "The profiles have more than 8000000 entries",
  );
});

function mutate(original: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(original);
  const at = random(bytes.length);
  switch (random(5)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      return bytes;
    case 1:
      bytes[at] = random(256);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1), at), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(16))]);
  }
}
