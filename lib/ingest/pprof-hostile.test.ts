import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { HotspanError } from "@/lib/errors";
import { decodePprof } from "@/lib/ingest/pprof";
import { cpuMillis } from "@/lib/ingest/test-cpu-time";
import { recordedProfile } from "@/lib/ingest/test-pprof-top";
import { drawPprof, RIGHT } from "@/lib/ingest/test-pprof-writer";
import type { Profile } from "@/lib/profile/profile";
import { unixNano } from "@/lib/units";

const context = { service: "shop", receivedUnixNano: unixNano(1_800_000_000_000_000_000n) };
const MUTATIONS = 20_000;
const MAX_MS = 250;

/** Deterministic, so that a failure can be run again: xorshift32. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const MUTATORS: readonly ((bytes: Buffer, random: (below: number) => number) => Buffer)[] = [
  (bytes, random) => change(bytes, random(bytes.length), (byte) => byte ^ (1 << random(8))),
  (bytes, random) => change(bytes, random(bytes.length), () => random(256)),
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => splice(bytes, random(bytes.length), 0, Buffer.from([random(256)])),
  (bytes, random) => splice(bytes, random(bytes.length), 1 + random(8), Buffer.alloc(0)),
  (bytes, random) => {
    const start = random(bytes.length);
    return splice(bytes, random(bytes.length), 0, bytes.subarray(start, start + random(200)));
  },
  (bytes, random) => splice(bytes, random(bytes.length), 1, Buffer.alloc(9 + random(4), 0xff)),
  (bytes, random) =>
    splice(bytes, random(bytes.length), 20, Buffer.from(Array.from({ length: 20 }, () => random(256)))),
  (bytes, random) => change(bytes, random(bytes.length), (byte) => (byte + 1) & 0xff),
];

function change(bytes: Buffer, at: number, to: (byte: number) => number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = to(changed[at] ?? 0);
  return changed;
}

function splice(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

function msToDecode(bytes: Buffer): number {
  const begun = cpuMillis();
  try {
    decodePprof(bytes, context);
  } catch (error) {
    if (!(error instanceof HotspanError)) throw error;
  }
  return cpuMillis() - begun;
}

/** Every index of a profile leads somewhere, every column has its length. */
function isConsistent({ functions, labelSets, sampleTypes, samples, stacks, texts }: Profile): boolean {
  const below = (column: Uint32Array, length: number) => column.every((index) => index < length);
  const inTexts = [samples.traceIds, samples.spanIds, samples.rootSpanIds, samples.endpoints];
  return (
    below(stacks.functions, functions.ids.length) &&
    stacks.lines.length === stacks.functions.length &&
    stacks.offsets.length === stacks.ids.length + 1 &&
    stacks.offsets.at(-1) === stacks.functions.length &&
    [functions.names, functions.files, functions.systemNames].every(
      ({ length }) => length === functions.ids.length,
    ) &&
    below(samples.stacks, stacks.ids.length) &&
    below(samples.labelSets, labelSets.length) &&
    inTexts.every((column) => column.length === samples.length && below(column, texts.length)) &&
    samples.values.length === samples.length * sampleTypes.length &&
    sampleTypes.filter(({ isPrimary }) => isPrimary).length === 1
  );
}

describe("random damage", () => {
  const seeds = ["go-cpu-2s", "go-goroutine", "go-heap", "node-wall-24", "pyroscope-node-wall"].map((name) =>
    gunzipSync(recordedProfile(name)),
  );

  test(`${MUTATIONS} mutations: refused with a sentence or read consistently, none slow`, () => {
    const random = createRandom(20_261_120);
    const messages = new Map<string, number>();
    let accepted = 0;
    let slowest = 0;
    for (let round = 0; round < MUTATIONS; round++) {
      let bytes: Buffer = seeds[random(seeds.length)] ?? Buffer.alloc(0);
      for (let count = 1 + random(3); count > 0; count--) {
        bytes = MUTATORS[random(MUTATORS.length)]?.(bytes, random) ?? bytes;
      }
      // A slow one is tried again: only what is always slow is the decoder's fault, not the machine's.
      let ms = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 3 && ms > MAX_MS; attempt++) ms = Math.min(ms, msToDecode(bytes));
      slowest = Math.max(slowest, ms);
      try {
        const { profile } = decodePprof(bytes, context);
        accepted++;
        if (!isConsistent(profile))
          expect.fail(`Mutation ${round} was accepted with indexes that lead nowhere.`);
      } catch (error) {
        if (!(error instanceof HotspanError)) throw error;
        if (error.code !== "invalid-input" && error.code !== "too-large") throw error;
        const kind = error.message.replace(/"[^"]*"|\d+/g, "N");
        messages.set(kind, (messages.get(kind) ?? 0) + 1);
      }
    }
    expect(slowest).toBeLessThan(MAX_MS);
    // Flips in texts and values are as good as right; about everything else must be seen.
    expect(accepted / MUTATIONS).toBeLessThan(0.5);
    expect(messages.size).toBeGreaterThan(20);
  }, 120_000);

  test("truncation anywhere is refused, but for cuts on the border of a record that leave nothing dangling", () => {
    const bytes = gunzipSync(recordedProfile("go-cpu-2s"));
    let accepted = 0;
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodePprof(bytes.subarray(0, length), context);
        accepted++;
      } catch (error) {
        if (!(error instanceof HotspanError)) throw error;
      }
    }
    expect(accepted / bytes.length).toBeLessThan(0.002);
  });

  test("a gzip cut or damaged anywhere is refused", () => {
    const bytes = recordedProfile("go-heap");
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodePprof(bytes.subarray(0, length), context)).toThrow(HotspanError);
    }
    const wrongSum = Buffer.from(bytes);
    wrongSum[bytes.length - 6] = (wrongSum[bytes.length - 6] ?? 0) ^ 1;
    expect(() => decodePprof(wrongSum, context)).toThrow("gzip is damaged: incorrect data check");
  });
});

describe("attacks", () => {
  /** Decodes and says how it ended, in how many ms of CPU, with how many MB more in memory. */
  function attack(bytes: Buffer): { message: string; ms: number; megabytes: number } {
    const memory = () => process.memoryUsage().rss / 1_048_576;
    const before = memory();
    const begun = cpuMillis();
    let message = "accepted";
    try {
      decodePprof(bytes, context);
    } catch (error) {
      if (!(error instanceof HotspanError)) throw error;
      message = error.message;
    }
    return { message, ms: cpuMillis() - begun, megabytes: memory() - before };
  }
  const repeat = (unit: readonly number[], bytes: number) => Buffer.alloc(bytes, Buffer.from(unit));

  test.each([
    [
      "a number of 1 MB of 0xff",
      gzipSync(Buffer.concat([Buffer.from([0x48]), Buffer.alloc(1_048_576, 0xff)])),
      "a number of more than 10 bytes",
    ],
    [
      "16 MB of empty samples",
      gzipSync(repeat([0x12, 0], 16_777_216)),
      "8388608 samples; the limit is 1000000",
    ],
    [
      "1.2 million empty samples",
      gzipSync(repeat([0x12, 0], 2_400_000)),
      "1200000 samples; the limit is 1000000",
    ],
    [
      "60 MB of empty strings",
      gzipSync(repeat([0x32, 0], 62_914_560)),
      "more than 12000000 fields and values",
    ],
    [
      "lengths past the end",
      Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]),
      "a length past the end of its message",
    ],
    [
      "a length of 2^63",
      Buffer.from([0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]),
      "a length out of range",
    ],
    ["groups", Buffer.from([0x13, 0x14]), "wire type 3 at byte 1 of 2"],
    [
      "random bytes",
      Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7_919) & 0xff)),
      "not a readable pprof",
    ],
  ])("%s", (_, bytes, message) => {
    const result = attack(bytes);
    expect(result.message).toContain(message);
    expect(result.ms).toBeLessThan(500);
    expect(result.megabytes).toBeLessThan(200);
  });

  test("2 GiB of zeros in 2 MB of gzip", () => {
    // 16 members of 128 MiB each: gzip may be concatenated.
    const member = gzipSync(Buffer.alloc(134_217_728), { level: 1 });
    const bomb = Buffer.concat(Array.from({ length: 16 }, () => member));
    const result = attack(bomb);
    expect(result.message).toContain("larger than 67108864 bytes uncompressed");
    expect(result.ms).toBeLessThan(2_000);
    expect(result.megabytes).toBeLessThan(300);
  }, 60_000);

  test("a trailer that promises 4 GB reserves nothing", () => {
    const bytes = Buffer.from(recordedProfile("go-heap"));
    bytes.writeUInt32LE(0xffff_ffff, bytes.length - 4);
    const result = attack(bytes);
    expect(result.message).toContain("gzip is damaged");
    expect(result.megabytes).toBeLessThan(100);
  });

  test("few bytes that spell out many frames cost what was sent, not what they spell", () => {
    // One location of 100,000 inlined calls, in 300,000 samples of three such locations each.
    const lines = Array.from({ length: 100_000 }, (_, index) => [1 + (index % 3), index] as const);
    const samples = Array.from({ length: 300_000 }, () => ({ locations: [4, 4, 4], values: [1, 1] }));
    const bytes = drawPprof({ ...RIGHT, samples, locations: [...(RIGHT.locations ?? []), { id: 4, lines }] });
    const result = attack(bytes);
    expect(result.message).toContain("stacks have more than 72000000 frames");
    expect(result.ms).toBeLessThan(5_000);
    expect(result.megabytes).toBeLessThan(300);
  }, 60_000);
});
