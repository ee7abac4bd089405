/**
 * What it costs to take in a profile: gzipped bytes to our columns and on to rows ready to insert, beside gunzip alone
 * (the floor), pprof-format, and google/pprof's profile.Parse where Go is installed. In turn, so that a busy machine
 * disturbs all alike; ratios are of the fastest repetitions, which other work disturbs least.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Profile as PprofFormat } from "pprof-format";
import { decodePprof } from "@/lib/ingest/pprof";
import { decodeProfileUpload } from "@/lib/ingest/profile-upload";
import { encodePprof } from "@/lib/profile/encode-pprof";
import { unixNano } from "@/lib/units";
import { type Figure, type Spread, spreadOf } from "./figure";
import { randomBelow, randomHex } from "./random";

const RECORDED = ["go-cpu-10s", "go-cpu-60s", "go-heap-large"];
const NOW = unixNano(1_800_000_000_000_000_000n);
const AT_MOST_GUNZIPS = 5;

/** @param root the repository */
export function measurePprofIngest(root: string, repetitions: number): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "hotspan-bench-"));
  try {
    const goParse = buildGoParse(root, folder);
    const profiles = [
      ...RECORDED.map((name) => ({
        name,
        bytes: readFileSync(join(root, `lib/ingest/records/profiles/${name}.pb.gz`)),
      })),
      { name: "generated, 100,000 samples", bytes: generateProfile(100_000) },
    ];
    return profiles.flatMap(({ bytes, name }) => {
      const count = name.startsWith("generated") ? Math.ceil(repetitions / 4) : repetitions;
      const file = join(folder, "profile.pb.gz");
      writeFileSync(file, bytes);
      return measureOne(
        name,
        bytes,
        count,
        goParse === undefined ? undefined : [goParse, file, String(count)],
      );
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measureOne(
  name: string,
  bytes: Buffer,
  repetitions: number,
  goParse: readonly [string, ...string[]] | undefined,
): Figure[] {
  const context = { service: "bench", receivedUnixNano: NOW };
  const upload = {
    ...context,
    bytes,
    startUnixNano: undefined,
    traceId: "",
    labels: new Map<string, string>(),
    lockKind: undefined,
    source: "",
    maxBytes: 1_073_741_824,
  };
  const works = [
    () => gunzipSync(bytes),
    () => decodePprof(bytes, context),
    () => decodeProfileUpload(upload),
    () => PprofFormat.decode(new Uint8Array(gunzipSync(bytes))),
  ];
  const times: number[][] = works.map(() => []);
  for (let round = -3; round < repetitions; round++) {
    for (const [index, work] of works.entries()) {
      const begun = performance.now();
      work();
      if (round >= 0) times[index]?.push(performance.now() - begun);
    }
  }
  const [gunzip, decode, toRows, pprofFormat] = times.map(spreadOf) as [Spread, Spread, Spread, Spread];
  const { samples } = decodePprof(bytes, context).profile;
  const group = `pprof: ${name} (${samples.length.toLocaleString("en")} samples, ${Math.round(bytes.length / 1_000)} kB)`;
  const figure = (what: string, { p50, p95, repetitions: count }: Spread): Figure => ({
    ...{ group, name: what, unit: "ms", value: p50, p95, repetitions: count },
  });
  const against = (spread: Spread, other: Spread, of: string) => ({ ratio: spread.least / other.least, of });
  const gunzips = against(toRows, gunzip, "gunzip");
  const figures: Figure[] = [
    figure("gunzip", gunzip),
    { ...figure("bytes to columns", decode), ...against(decode, gunzip, "gunzip") },
    {
      ...figure("bytes to rows", toRows),
      ...gunzips,
      target: `<= ${AT_MOST_GUNZIPS} x`,
      met: gunzips.ratio <= AT_MOST_GUNZIPS,
    },
    {
      ...figure("pprof-format, bytes to objects", pprofFormat),
      ...against(pprofFormat, decode, "bytes to columns"),
    },
  ];
  if (goParse !== undefined) {
    const [program, ...args] = goParse;
    const go = readSpread(execFileSync(program, args, { encoding: "utf8" }), repetitions);
    const slower = against(go, toRows, "bytes to rows");
    figures.push({ ...figure("Go's profile.Parse", go), ...slower, target: "> 1 x", met: slower.ratio > 1 });
  }
  return figures;
}

/** A profile like those of a busy service: 60 % of the samples have a stack of their own, 36 frames deep on average. */
function generateProfile(samples: number): Buffer {
  const random = randomBelow(42);
  const functions = Array.from({ length: 20_000 }, (_, index) => ({
    name: `github.com/acme/shop/package${index % 300}.(*Type${index % 1_000}).Method${index}`,
    systemName: "",
    file: `/srv/shop/package${index % 300}/file${index % 900}.go`,
    startLine: 10,
  }));
  const stacks = Array.from({ length: Math.floor(samples * 0.6) }, () => {
    const depth = 12 + random(48);
    // Near the root there are few functions, near the leaf many, as in a real tree.
    const frames = Array.from({ length: depth }, (_, level) =>
      random(Math.min(functions.length, 4 + level * level * 12)),
    );
    return { functions: frames, lines: frames.map((frame) => 10 + (frame % 37)) };
  });
  const traces = Array.from({ length: samples / 25 }, () => ({
    trace: randomHex(random, 32),
    span: randomHex(random, 16),
    route: random(12),
  }));
  return encodePprof({
    sampleTypes: [
      { type: "samples", unit: "count" },
      { type: "cpu", unit: "nanoseconds" },
    ],
    periodType: { type: "cpu", unit: "nanoseconds" },
    period: 10_000_000,
    timeUnixNano: NOW,
    durationNs: 60e9,
    functions,
    stacks,
    samples: Array.from({ length: samples }, () => {
      const { route, span, trace } = traces[random(traces.length)] ?? { route: 0, span: "", trace: "" };
      return {
        stack: random(stacks.length),
        values: [1, 10_000_000],
        labels: [
          ["trace_id", trace],
          ["span_id", span],
          ["endpoint", `GET /route/${route}`],
        ] as const,
      };
    }),
  });
}

function buildGoParse(root: string, folder: string): string | undefined {
  const program = join(folder, "go-parse");
  try {
    execFileSync("go", ["build", "-o", program, "."], { cwd: join(root, "bench/go-parse"), stdio: "pipe" });
    return program;
  } catch (error) {
    console.error(`Without google/pprof: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    return undefined;
  }
}

/** Of one line of JSON from go-parse: { medianMs, p95Ms, minMs }. */
function readSpread(text: string, repetitions: number): Spread {
  const timing: unknown = JSON.parse(text);
  if (
    typeof timing === "object" &&
    timing !== null &&
    "medianMs" in timing &&
    "minMs" in timing &&
    "p95Ms" in timing
  ) {
    return {
      p50: Number(timing.medianMs),
      p95: Number(timing.p95Ms),
      least: Number(timing.minMs),
      repetitions,
    };
  }
  throw new Error(`go-parse printed ${text}`);
}
