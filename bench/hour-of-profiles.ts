/**
 * One service's CPU over one hour: 360 profiles of 10 s, sent as a profiler sends them, asked for as one flame graph;
 * beside it `go tool pprof` merging the very same files.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
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
  const files = writeProfiles(recorded, start, folder);
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
  const merged = mergeWithPprof(
    files.map(({ file }) => file),
    folder,
  );
  const ratio = merged === undefined ? undefined : merged / asked.p50;
  return [
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
    ...(merged === undefined || ratio === undefined
      ? []
      : [
          {
            group,
            name: "go tool pprof -top",
            unit: "ms",
            value: merged,
            ratio,
            of: "the flame graph",
            target: ">= 50 x",
            met: ratio >= 50,
          } as const,
        ]),
  ];
}

function writeProfiles(
  recorded: RecordedStacks,
  start: bigint,
  folder: string,
): { file: string; body: Buffer }[] {
  mkdirSync(folder, { recursive: true });
  const random = randomBelow(7);
  const code = recorded.profiles.map(({ profile }) => moveToService(profile, SERVICE, 0));
  return Array.from({ length: PROFILES }, (_, index) => {
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
    writeFileSync(file, body);
    return { file, body };
  });
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

/** @returns milliseconds of the fastest of three, undefined without Go */
function mergeWithPprof(files: readonly string[], folder: string): number | undefined {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
  } catch {
    return undefined; // no Go here: there is nothing to compare with
  }
  const times: number[] = [];
  for (let round = -1; round < 3; round++) {
    const began = performance.now();
    const { status, stderr } = spawnSync("go", ["tool", "pprof", "-top", "-nodecount=50", ...files], {
      env: { ...process.env, PPROF_TMPDIR: folder },
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      timeout: 120_000,
    });
    if (status !== 0) throw new Error(`go tool pprof failed: ${stderr}`);
    if (round >= 0) times.push(performance.now() - began); // the round before the first builds the tool
  }
  return spreadOf(times).least;
}
