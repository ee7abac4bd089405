/** What the collector needs of a target's own numbers: Prometheus' text format and Go's expvar JSON. */
import { z } from "zod";

export interface ProcessNumbers {
  /** Since the process started. */
  readonly cpuSeconds?: number | undefined;
  /** Resident, as the kernel counts it. */
  readonly residentBytes?: number | undefined;
  /** What Go has from the kernel and has not given back: what its GOMEMLIMIT limits. */
  readonly goBytes?: number | undefined;
  readonly maxProcs?: number | undefined;
  readonly goMemLimitBytes?: number | undefined;
}

/** GOMEMLIMIT is this or about this when it is off: math.MaxInt64, rounded to a float. */
const NO_LIMIT = 2 ** 62;

/**
 * The exposition's lines of Go's own process, in any order and under either collector's names. Lines that are not
 * understood are left out: an exposition may hold anything beside.
 */
export function parseMetrics(text: string): ProcessNumbers {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    // Without labels alone: with them it would be one series of many.
    const match = /^([a-zA-Z_:][\w:]{0,200})(?:\{\})?[ \t]+(\S{1,40})/.exec(line);
    const [, name = "", number = ""] = match ?? [];
    const value = Number(number);
    if (name !== "" && Number.isFinite(value) && value >= 0 && !values.has(name)) values.set(name, value);
  }
  const sys = values.get("go_memstats_sys_bytes");
  const released = values.get("go_memstats_heap_released_bytes") ?? 0;
  return {
    cpuSeconds: values.get("process_cpu_seconds_total"),
    residentBytes: values.get("process_resident_memory_bytes"),
    goBytes: sys === undefined ? undefined : Math.max(0, sys - released),
    maxProcs: positive(values.get("go_sched_gomaxprocs_threads")),
    goMemLimitBytes: positive(values.get("go_gc_gomemlimit_bytes"), NO_LIMIT),
  };
}

function positive(value: number | undefined, below = Number.MAX_VALUE): number | undefined {
  return value !== undefined && value > 0 && value < below ? value : undefined;
}

const vars = z.object({
  memstats: z.object({ Sys: z.number().nonnegative(), HeapReleased: z.number().nonnegative().default(0) }),
});

/** @returns the memory that expvar's memstats tell (it has nothing on CPU); undefined when the text is not expvar's */
export function parseVars(text: string): ProcessNumbers | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined; // whatever is served there is not expvar
  }
  const parsed = vars.safeParse(json);
  if (!parsed.success) return undefined;
  return { goBytes: Math.max(0, parsed.data.memstats.Sys - parsed.data.memstats.HeapReleased) };
}
