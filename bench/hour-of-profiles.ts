/**
 * One service's CPU over one hour: 360 profiles of 10 s, sent as a profiler sends them, asked for as one flame graph;
 * beside it `go tool pprof` merging the very same files.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { flamegraphResponse } from "@/lib/api/contract";
import { encodeCpuProfile } from "./cpu-profile";
import { type Figure, spreadOf, timeCalls } from "./figure";
import type { Hotspan } from "./hotspan";
import { randomBelow, randomHex } from "./random";
import { moveToService, type RecordedStacks } from "./recorded-stacks";

const SERVICE = "storefront";
const PROFILES = 360;
const SAMPLES_PER_PROFILE = 1_000;
const WINDOW_NS = 10_000_000_000n;

export async function measureHourOfProfiles(
  hotspan: Hotspan,
  recorded: RecordedStacks,
  start: bigint,
  folder: string,
): Promise<Figure[]> {
  const files = await writeProfiles(recorded, start, folder);
  const bytes = files.reduce((sum, file) => sum + file.body.length, 0);
  const began = performance.now();
  for (let from = 0; from < files.length; from += 4) {
    await Promise.all(files.slice(from, from + 4).map(({ body }) => upload(hotspan, body)));
  }
  const uploadSeconds = (performance.now() - began) / 1_000;

  const path = (round: number) =>
    `/api/v1/flamegraph?service=${SERVICE}&from=${start}&to=${start + BigInt(PROFILES) * WINDOW_NS + BigInt(round)}`;
  const answer = flamegraphResponse.parse(JSON.parse(await hotspan.get(path(0))));
  if (answer.sampleCount !== PROFILES * SAMPLES_PER_PROFILE)
    throw new Error(
      `${answer.sampleCount} samples of ${PROFILES * SAMPLES_PER_PROFILE} are in the flame graph.`,
    );
  const group = `${PROFILES} profiles, 1 h of one service`;
  const asked = await timeCalls(30, 20, (round) => hotspan.get(path(round)));
  const merged = await mergeWithPprof(
    files.map(({ file }) => file),
    folder,
  );
  const figures: Figure[] = [
    {
      group,
      name: "pprof upload, bytes to rows stored, 4 at a time",
      unit: "samples/s",
      value: (PROFILES * SAMPLES_PER_PROFILE) / uploadSeconds,
    },
    { group, name: "bytes sent", unit: "bytes", value: bytes },
    {
      group,
      name: "flame graph",
      unit: "ms",
      value: asked.p50,
      p95: asked.p95,
      repetitions: asked.repetitions,
    },
  ];
  if (merged === undefined) return figures;
  const against = (ms: number) => ({
    unit: "ms" as const,
    value: ms,
    ratio: ms / asked.p50,
    of: "the flame graph",
  });
  return [
    ...figures,
    {
      ...{ group, name: "go tool pprof, merged into one profile", ...against(merged.merge) },
      ...{ target: ">= 50 x", met: merged.merge >= 50 * asked.p50 },
    },
    { group, name: "go tool pprof -top", ...against(merged.top) },
  ];
}

async function writeProfiles(
  recorded: RecordedStacks,
  start: bigint,
  folder: string,
): Promise<{ file: string; body: Buffer }[]> {
  mkdirSync(folder, { recursive: true });
  const random = randomBelow(7);
  const code = recorded.profiles.map(({ profile }) => moveToService(profile, SERVICE, 0));
  const written: { file: string; body: Buffer }[] = [];
  for (let index = 0; index < PROFILES; index++) {
    const which = index % code.length;
    const profile = code[which];
    const samples = recorded.profiles[which]?.samples ?? [];
    if (profile === undefined) throw new Error("No recorded profile.");
    const traces = Array.from({ length: 40 }, () => ({
      trace: randomHex(random, 32),
      span: randomHex(random, 16),
    }));
    const taken = Array.from({ length: SAMPLES_PER_PROFILE }, () => {
      const { endpoint, stack } = samples[random(samples.length)] ?? { endpoint: 0, stack: 0 };
      const { span = "", trace = "" } = traces[random(traces.length)] ?? {};
      const route = `GET /${SERVICE}/${recorded.endpointNames[endpoint]}`;
      const labels = [["trace_id", trace] as const, ["span_id", span] as const, ["endpoint", route] as const];
      return { stack, labels };
    });
    const body = encodeCpuProfile(profile, taken, start + BigInt(index) * WINDOW_NS, Number(WINDOW_NS));
    const file = join(folder, `${index}.pb.gz`);
    await writeFile(file, body);
    written.push({ file, body });
  }
  return written;
}

async function upload(hotspan: Hotspan, body: Buffer): Promise<void> {
  const answer = await fetch(`${hotspan.url}/api/v1/profiles?service=${SERVICE}`, {
    method: "POST",
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`A profile was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

interface MergeTimes {
  /** Reading and merging, the result written as one profile; the fastest of three. */
  readonly merge: number;
  /** The same with the table of the largest functions; once, because it takes long. */
  readonly top: number;
}

/** @returns milliseconds, undefined without Go */
async function mergeWithPprof(files: readonly string[], folder: string): Promise<MergeTimes | undefined> {
  if ((await run("go", ["version"], folder)) === undefined) return undefined; // there is nothing to compare with
  const pprof = async (report: string) => {
    // Names are in the profiles: looking for binaries would only cost it time.
    const options = ["tool", "pprof", "-symbolize=none", report, `-output=${join(folder, "merged")}`];
    const took = await run("go", [...options, ...files], folder);
    if (took === undefined) throw new Error("go tool pprof could not merge the profiles.");
    return took;
  };
  const times: number[] = [];
  await pprof("-proto"); // builds the tool
  for (let round = 0; round < 3; round++) times.push(await pprof("-proto"));
  return { merge: spreadOf(times).least, top: await pprof("-top") };
}

/** Does not block: a server may close idle connections meanwhile. @returns milliseconds, undefined when it failed */
function run(file: string, args: readonly string[], folder: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(file, args, {
      env: { ...process.env, PPROF_TMPDIR: folder },
      stdio: "ignore",
      timeout: 120_000,
    });
    child.once("error", () => resolve(undefined));
    child.once("exit", (code) => resolve(code === 0 ? performance.now() - began : undefined));
  });
}
