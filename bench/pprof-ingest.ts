/**
 * What it costs to take in a profile: gzipped bytes to our columns and on to rows ready to insert, beside gunzip alone
 * (the floor), pprof-format, and google/pprof's profile.Parse where Go is installed. Interleaved, so that a busy machine
 * disturbs all alike; medians and minima of the repetitions.
 *
 *     npx esbuild bench/pprof-ingest.ts --bundle --platform=node --format=esm --packages=external --outfile=dist/bench-pprof-ingest.mjs
 *     node dist/bench-pprof-ingest.mjs
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Profile as PprofFormat } from "pprof-format";
import { decodePprof } from "@/lib/ingest/pprof";
import { decodeProfileUpload } from "@/lib/ingest/profile-upload";
import { encodePprof } from "@/lib/profile/encode-pprof";
import { unixNano } from "@/lib/units";

const root = fileURLToPath(new URL("..", import.meta.url));
const RECORDED = ["go-cpu-10s", "go-cpu-60s", "go-heap-large"];
const NOW = unixNano(1_800_000_000_000_000_000n);

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
}

export interface PprofIngestFigures {
  readonly name: string;
  readonly gzippedBytes: number;
  readonly samples: number;
  readonly gunzip: Timing;
  /** Bytes to columns: stacks with ids, label columns, the function table. */
  readonly decode: Timing;
  /** Bytes to the text of all rows. */
  readonly toRows: Timing;
  readonly pprofFormat: Timing;
  /** undefined without Go, or without the module proxy. */
  readonly goParse: Timing | undefined;
  /** Of minima, which other work on the machine disturbs least. */
  readonly ratios: {
    readonly decodeToGunzip: number;
    readonly rowsToGunzip: number;
    readonly decodeToPprofFormat: number;
    readonly decodeToGoParse: number | undefined;
  };
}

export function measurePprofIngest(repetitions = 40): PprofIngestFigures[] {
  const folder = mkdtempSync(join(tmpdir(), "hotspan-bench-"));
  try {
    const goParse = buildGoParse(folder);
    const profiles = [
      ...RECORDED.map((name) => ({
        name,
        bytes: readFileSync(join(root, `lib/ingest/records/profiles/${name}.pb.gz`)),
      })),
      { name: "generated-100k", bytes: generateProfile(100_000) },
    ];
    return profiles.map(({ bytes, name }) => {
      const file = join(folder, `${name}.pb.gz`);
      writeFileSync(file, bytes);
      return measureOne(name, bytes, name.startsWith("generated") ? repetitions / 4 : repetitions, (count) =>
        goParse === undefined
          ? undefined
          : readTiming(execFileSync(goParse, [file, String(count)], { encoding: "utf8" })),
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
  goParse: (count: number) => Timing | undefined,
): PprofIngestFigures {
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
  const works = {
    gunzip: () => gunzipSync(bytes),
    decode: () => decodePprof(bytes, context),
    toRows: () => decodeProfileUpload(upload),
    pprofFormat: () => PprofFormat.decode(new Uint8Array(gunzipSync(bytes))),
  };
  const times = {
    gunzip: [] as number[],
    decode: [] as number[],
    toRows: [] as number[],
    pprofFormat: [] as number[],
  };
  for (let round = -3; round < repetitions; round++) {
    for (const key of ["gunzip", "decode", "toRows", "pprofFormat"] as const) {
      const begun = performance.now();
      works[key]();
      if (round >= 0) times[key].push(performance.now() - begun);
    }
  }
  const [gunzip, decode, toRows, pprofFormat] = [
    times.gunzip,
    times.decode,
    times.toRows,
    times.pprofFormat,
  ].map(summarize) as [Timing, Timing, Timing, Timing];
  const go = goParse(Math.ceil(repetitions));
  const ratio = (left: Timing, right: Timing) => Math.round((left.minMs / right.minMs) * 100) / 100;
  return {
    name,
    gzippedBytes: bytes.length,
    samples: works.decode().profile.samples.length,
    gunzip,
    decode,
    toRows,
    pprofFormat,
    goParse: go,
    ratios: {
      decodeToGunzip: ratio(decode, gunzip),
      rowsToGunzip: ratio(toRows, gunzip),
      decodeToPprofFormat: ratio(decode, pprofFormat),
      decodeToGoParse: go === undefined ? undefined : ratio(decode, go),
    },
  };
}

function summarize(times: readonly number[]): Timing {
  const sorted = [...times].sort((left, right) => left - right);
  const rounded = (ms: number | undefined) => Math.round((ms ?? 0) * 1_000) / 1_000;
  return { medianMs: rounded(sorted[Math.floor(sorted.length / 2)]), minMs: rounded(sorted[0]) };
}

/** A profile like those of a busy service: 60 % of the samples have a stack of their own, 36 frames deep on average. */
function generateProfile(samples: number): Buffer {
  let state = 42;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
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
  const hex = (digits: number) =>
    Array.from({ length: digits / 8 }, () =>
      random(2 ** 31)
        .toString(16)
        .padStart(8, "0"),
    ).join("");
  const traces = Array.from({ length: samples / 25 }, () => ({
    trace: hex(32),
    span: hex(16),
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

function buildGoParse(folder: string): string | undefined {
  const program = join(folder, "go-parse");
  try {
    execFileSync("go", ["build", "-o", program, "."], { cwd: join(root, "bench/go-parse"), stdio: "pipe" });
    return program;
  } catch (error) {
    console.error(`Without google/pprof: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    return undefined;
  }
}

function readTiming(text: string): Timing {
  const timing: unknown = JSON.parse(text);
  if (typeof timing === "object" && timing !== null && "medianMs" in timing && "minMs" in timing) {
    return { medianMs: Number(timing.medianMs), minMs: Number(timing.minMs) };
  }
  throw new Error(`go-parse printed ${text}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(measurePprofIngest(), undefined, 2));
}
