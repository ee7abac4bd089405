/**
 * - `window`: happened during [start, start + duration], so that windows add up (cpu, wall, what was allocated between
 *   two readings).
 * - `snapshot`: the state at one moment (heap in use, goroutines). Two of them do not add up: the later one is what is.
 * - `cumulative`: since the process started (a plain scrape of Go's allocations and contentions). The later one holds
 *   the earlier one.
 */
export type Meaning = "window" | "snapshot" | "cumulative";

/** What a counter of a profile counts from: the last reading, or the start of its process. */
export type Temporality = "delta" | "cumulative";

export interface ProfileSpan {
  /** The sender's word; without one Go's `duration_nanos`, which it writes to differences of two readings alone. */
  readonly temporality: Temporality;
  readonly hasDuration: boolean;
}

const WINDOWS: ReadonlySet<string> = new Set(["cpu", "wall", "samples", "sample"]);
/** `objects` and `space` are V8's heap as @datadog/pprof names it. */
const SNAPSHOTS: ReadonlySet<string> = new Set([
  "goroutine",
  "goroutineleak",
  "threadcreate",
  "objects",
  "space",
]);
const SNAPSHOT_NAME = /^(?:inuse|in_use|live)_/;
const COUNTERS: ReadonlySet<string> = new Set([
  "mutex",
  "block",
  "mutex_contentions",
  "block_contentions",
  "contentions",
  "delay",
]);
const COUNTER_NAME = /^alloc_/;

/** @returns whether all values of the type are of windows, whoever sent them: its rows can be added up unseen */
export function isAlwaysWindow(type: string): boolean {
  return WINDOWS.has(type);
}

/**
 * A profiler's own types are windows where the profile has a length: it says that it measured for so long, and no
 * profiler gives a state a length. Without one there is nothing that a value could have been measured over, and adding
 * up what may be states would show numbers that never were; the latest one was true at its moment either way.
 *
 * @param type as it is stored (sample-type.ts)
 */
export function meaningOfType(type: string, { temporality, hasDuration }: ProfileSpan): Meaning {
  if (WINDOWS.has(type)) return "window";
  if (SNAPSHOTS.has(type) || SNAPSHOT_NAME.test(type)) return "snapshot";
  if (COUNTERS.has(type) || COUNTER_NAME.test(type)) return temporality === "delta" ? "window" : "cumulative";
  return hasDuration ? "window" : "snapshot";
}
