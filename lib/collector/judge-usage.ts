/** From two looks at a target to how busy it is, and from that to whether it deserves a capture. */
import type { Capture, TargetInput, UsageReading } from "@/lib/api/targets-contract";
import type { ProcessNumbers } from "@/lib/collector/parse-metrics";
import { formatBytes, formatCount, formatPercent } from "@/lib/format";

export interface Look {
  readonly atMs: number;
  readonly source: "metrics" | "vars";
  readonly numbers: ProcessNumbers;
}

/** CPU time of the last continuous CPU profile over its length. */
export interface ProfiledCpu {
  readonly atMs: number;
  readonly cores: number;
}

/** A look longer ago than this says nothing about now. */
const STALE_MS = 180_000;

/**
 * @param previous the look before, for what is counted since the process started; undefined for the first one
 * @param look undefined where the target has neither /metrics nor /debug/vars
 */
export function readUsage(
  { adaptive }: Pick<TargetInput, "adaptive">,
  nowMs: number,
  previous: Look | undefined,
  look: Look | undefined,
  profiled: ProfiledCpu | undefined,
): UsageReading {
  const measured = coresBetween(previous, look);
  const estimated =
    look?.numbers.cpuSeconds === undefined && profiled !== undefined && nowMs - profiled.atMs < STALE_MS
      ? profiled.cores
      : undefined;
  const cpuCores = measured ?? estimated;
  const procs = look?.numbers.maxProcs;
  return {
    atUnixNano: String(BigInt(Math.trunc(nowMs)) * 1_000_000n),
    cpuSource: measured !== undefined ? "metrics" : estimated !== undefined ? "profile" : null,
    cpuCores: cpuCores ?? null,
    // Where nobody says how many there are, one: to take a capture too many is the smaller mistake.
    ofCores: cpuCores === undefined ? null : (adaptive.cores ?? procs ?? 1),
    ofCoresSource:
      cpuCores === undefined
        ? null
        : adaptive.cores !== undefined
          ? "configured"
          : procs !== undefined
            ? "gomaxprocs"
            : "assumed",
    ...readMemory(adaptive.memoryLimitBytes, look),
  };
}

function coresBetween(previous: Look | undefined, look: Look | undefined): number | undefined {
  const [before, after] = [previous?.numbers.cpuSeconds, look?.numbers.cpuSeconds];
  if (previous === undefined || look === undefined || before === undefined || after === undefined)
    return undefined;
  const seconds = (look.atMs - previous.atMs) / 1_000;
  // A counter that fell is another process's: it restarted.
  return seconds <= 0 || look.atMs - previous.atMs > STALE_MS || after < before
    ? undefined
    : (after - before) / seconds;
}

type MemoryReading = Pick<
  UsageReading,
  "memorySource" | "memoryBytes" | "memoryLimitBytes" | "memoryLimitSource"
>;

/** A container's limit holds what is resident; GOMEMLIMIT what Go has taken: each is held against its own. */
function readMemory(configured: number | undefined, look: Look | undefined): MemoryReading {
  const { goBytes, goMemLimitBytes, residentBytes } = look?.numbers ?? {};
  const bytes =
    configured === undefined && goMemLimitBytes !== undefined
      ? (goBytes ?? residentBytes)
      : (residentBytes ?? goBytes);
  if (look === undefined || bytes === undefined) {
    return { memorySource: null, memoryBytes: null, memoryLimitBytes: null, memoryLimitSource: null };
  }
  return {
    memorySource: look.source,
    memoryBytes: bytes,
    memoryLimitBytes: configured ?? goMemLimitBytes ?? null,
    memoryLimitSource:
      configured !== undefined ? "configured" : goMemLimitBytes !== undefined ? "gomemlimit" : null,
  };
}

export interface Trigger {
  readonly trigger: Extract<Capture["trigger"], "cpu" | "memory">;
  /** "CPU at 91 % of 4 cores (GOMAXPROCS), above 70 %; read from /metrics." */
  readonly reason: string;
  readonly reading: UsageReading;
}

/** @returns why this reading deserves a capture, or undefined; at the threshold is not above it */
export function judgeUsage(
  { adaptive }: Pick<TargetInput, "adaptive">,
  reading: UsageReading,
): Trigger | undefined {
  if (!adaptive.on) return undefined;
  const cpu = reading.cpuCores === null || reading.ofCores === null ? 0 : reading.cpuCores / reading.ofCores;
  if (cpu * 100 > adaptive.cpuPercent) {
    const of = `${formatCount(reading.ofCores)} ${reading.ofCores === 1 ? "core" : "cores"}`;
    const reason = `CPU at ${formatPercent(cpu)} of ${of} (${OF_CORES[reading.ofCoresSource ?? "assumed"]}), above ${adaptive.cpuPercent} %; ${CPU_SOURCE[reading.cpuSource ?? "profile"]}.`;
    return { trigger: "cpu", reason, reading };
  }
  const memory =
    reading.memoryBytes === null || reading.memoryLimitBytes === null
      ? 0
      : reading.memoryBytes / reading.memoryLimitBytes;
  if (memory * 100 > adaptive.memoryPercent) {
    const limit = `${formatBytes(reading.memoryLimitBytes)} (${LIMIT[reading.memoryLimitSource ?? "configured"]})`;
    const source = reading.memorySource === "vars" ? "/debug/vars" : "/metrics";
    const reason = `Memory at ${formatPercent(memory)} of ${limit}, above ${adaptive.memoryPercent} %; read from ${source}.`;
    return { trigger: "memory", reason, reading };
  }
  return undefined;
}

const OF_CORES = {
  configured: "configured",
  gomaxprocs: "GOMAXPROCS",
  assumed: "assumed: it does not say how many it has",
} as const;
const CPU_SOURCE = {
  metrics: "read from /metrics",
  vars: "read from /debug/vars",
  profile: "estimated from the last CPU profile",
} as const;
const LIMIT = { configured: "configured limit", gomemlimit: "GOMEMLIMIT" } as const;
