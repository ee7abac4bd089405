/**
 * Ties files to the spans that name them (`cpu_profile`), whichever arrives first. Both sides come in one by one, so each
 * is kept by the file's name and met by the other when it comes:
 *
 *     span names cpu-1.pprof  ->  named   ─┐
 *                                          ├─ same name: tie the profile to the trace
 *     file cpu-1.pprof taken  ->  taken   ─┘
 *
 * By name without folders, because a program knows its file under another path than whoever watches the folder from
 * outside its container. Spans are asked for by when they were ingested, each once, so a question costs what arrived since
 * the last one and not what is stored. What a restart forgets of spans is asked for again, an hour back; files are in the
 * catalogue. A span and a file more than an hour and a restart apart do not meet.
 */
import type { NamingSpan } from "@/lib/store/profile-ties";

export interface WatchTieOptions {
  readonly findNamingSpans: (
    sinceMillis: number,
    limit: number,
  ) => Promise<{ spans: NamingSpan[]; untilMillis: number }>;
  /** Safe to repeat. */
  readonly tie: (profileId: string, traceId: string) => Promise<unknown>;
}

export interface WatchTies {
  /** A profile was taken from a file of that name. */
  addFile(name: string, profileId: string): Promise<void>;
  /** Looks for spans that came since the last time. */
  lookForSpans(nowMillis: number): Promise<void>;
}

const LOOK_BACK_MS = 3_600_000;
/** Spans become visible some time after the instant that they carry. */
const OVERLAP_MS = 30_000;
const SPANS_PER_LOOK = 5_000;
const MAX_NAMES = 20_000;
const MAX_TRACES_OF_FILE = 200;

export function createWatchTies({ findNamingSpans, tie }: WatchTieOptions): WatchTies {
  /** Traces of the spans that name a file, and the profile of it; both by name. */
  const named = new Map<string, Set<string>>();
  const taken = new Map<string, string>();
  const tied = new Set<string>();
  let lookedUntil: number | undefined;

  async function meet(name: string): Promise<void> {
    const profileId = taken.get(name);
    if (profileId === undefined) return;
    for (const traceId of named.get(name) ?? []) {
      const pair = `${profileId} ${traceId}`;
      if (tied.has(pair)) continue;
      await tie(profileId, traceId);
      remember(tied, pair);
    }
  }

  return {
    addFile: async (name, profileId) => {
      taken.delete(name);
      taken.set(name, profileId);
      dropOldest(taken);
      await meet(name);
    },
    lookForSpans: async (nowMillis) => {
      const since = lookedUntil ?? nowMillis - LOOK_BACK_MS;
      const { spans, untilMillis } = await findNamingSpans(since, SPANS_PER_LOOK);
      const names = new Set<string>();
      for (const { file, traceId } of spans) {
        const name = file.replace(/^.*[/\\]/, "");
        if (name === "") continue;
        const traces = named.get(name) ?? new Set();
        named.delete(name);
        if (traces.size < MAX_TRACES_OF_FILE) traces.add(traceId);
        named.set(name, traces);
        names.add(name);
      }
      dropOldest(named);
      for (const name of names) await meet(name);
      // Only now: what failed above is looked for again. A whole look of one instant must not be the next one too.
      const next = Math.min(untilMillis, nowMillis - OVERLAP_MS);
      lookedUntil = next > since ? next : since + (Number.isFinite(untilMillis) ? 1 : 0);
    },
  };
}

function remember(set: Set<string>, value: string): void {
  set.add(value);
  if (set.size > MAX_NAMES) for (const oldest of set) return void set.delete(oldest);
}

function dropOldest(map: Map<string, unknown>): void {
  for (const name of map.keys()) {
    if (map.size <= MAX_NAMES) return;
    map.delete(name);
  }
}
