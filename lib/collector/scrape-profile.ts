/** One profile of one target: asked for, stored, and what came of it. */
import type { ProfileKind, SnapshotKind, Target } from "@/lib/api/targets-contract";
import type { Fetched, FetchOptions } from "@/lib/collector/fetch-target";
import type { Guard } from "@/lib/collector/guard-target";
import type { ProfileSink, Scrape, StoredProfile } from "@/lib/collector/parts";
import type { Outcome } from "@/lib/collector/schedule";
import { HotspanError } from "@/lib/errors";
import { unixNanoFromMillis } from "@/lib/units";

/** The time an answer may take over what it has to: its seconds. */
const PATIENCE_MS = 10_000;
/** Of a target that needs so long, less is asked. */
const SLOW_MS = 5_000;

export interface Scraped {
  readonly outcome: Outcome;
  readonly stored: StoredProfile | undefined;
}

export interface ScrapeParts {
  readonly guard: Guard;
  readonly sink: ProfileSink;
  readonly fetch: (url: URL, options: FetchOptions) => Promise<Fetched>;
  readonly now: () => number;
}

/** Addresses and ports: of each one CPU profile at a time, whatever names it has. */
const profiled = new Set<string>();
const PATHS: Readonly<Record<ProfileKind, string>> = {
  cpu: "/debug/pprof/profile",
  heap: "/debug/pprof/heap",
  goroutine: "/debug/pprof/goroutine",
  mutex: "/debug/pprof/mutex",
  block: "/debug/pprof/block",
};

/** @param seconds length of the window */
export async function scrapeCpu(
  parts: ScrapeParts,
  target: Target,
  seconds: number,
  signal: AbortSignal,
): Promise<Scraped> {
  const atMs = parts.now();
  let held: readonly string[] = [];
  try {
    const fetched = await parts.fetch(new URL(`${target.url}${PATHS.cpu}?seconds=${seconds}`), {
      guard: parts.guard,
      timeoutMs: seconds * 1_000 + PATIENCE_MS,
      signal,
      mayConnect: (places) => {
        if (places.some((place) => profiled.has(place))) return false;
        held = places;
        for (const place of places) profiled.add(place);
        return true;
      },
    });
    if (fetched.kind !== "ok") return { outcome: fetched, stored: undefined };
    return await storeFetched("cpu", fetched, seconds, () =>
      parts.sink.store(toScrape(target, "cpu", fetched.bytes, atMs)),
    );
  } finally {
    for (const place of held) profiled.delete(place);
  }
}

/** Counters of a process since it started: what is stored is their difference to the scrape before. */
const COUNTERS: ReadonlySet<ProfileKind> = new Set(["heap", "mutex", "block"]);
/** States beside the counters: worth storing from the first scrape on. */
const WITH_STATES: ReadonlySet<ProfileKind> = new Set(["heap"]);

/**
 * Where the next difference of a kind begins. Of `unsure` the store did not say whether it took it: the very same difference
 * is stored once more before the next one, which changes nothing when it did. One from `base` on would count it twice.
 *
 *     base ──────> unsure ──────> the next scrape
 */
interface Baseline {
  readonly base: Scrape;
  readonly unsure?: Scrape;
}
/** Of one target. */
export type Baselines = Map<ProfileKind, Baseline>;

export async function scrapeSnapshot(
  parts: ScrapeParts,
  target: Target,
  kind: SnapshotKind,
  baselines: Baselines,
  signal: AbortSignal,
): Promise<Scraped> {
  const options = { guard: parts.guard, timeoutMs: PATIENCE_MS, signal };
  const fetched = await parts.fetch(new URL(`${target.url}${PATHS[kind]}`), options);
  if (fetched.kind !== "ok") return { outcome: fetched, stored: undefined };
  const current = toScrape(target, kind, fetched.bytes, parts.now());
  return storeFetched(kind, fetched, 0, async () => {
    if (!COUNTERS.has(kind)) return parts.sink.store(current);
    const { base, unsure } = baselines.get(kind) ?? { base: current };
    if (unsure !== undefined) await advance(parts.sink, baselines, base, unsure);
    const previous = unsure ?? base;
    const stored = await advance(parts.sink, baselines, previous, current);
    return previous === current && !WITH_STATES.has(kind) ? { ...stored, profileId: "" } : stored;
  });
}

/** Stores a difference; the next one begins where it ends. @throws as ProfileSink */
async function advance(
  sink: ProfileSink,
  baselines: Baselines,
  base: Scrape,
  current: Scrape,
): Promise<StoredProfile> {
  const { kind } = current;
  baselines.set(kind, { base, unsure: current });
  try {
    const stored = await sink.storeDifference(base, current);
    baselines.set(kind, { base: current });
    return stored;
  } catch (error) {
    if (isOfTarget(error)) {
      // What is no profile was not stored, and nothing begins with it.
      if (base === current) baselines.delete(kind);
      else baselines.set(kind, { base });
    }
    throw error;
  }
}

async function storeFetched(
  kind: ProfileKind,
  fetched: Extract<Fetched, { kind: "ok" }>,
  seconds: number,
  store: () => Promise<StoredProfile>,
): Promise<Scraped> {
  try {
    const stored = await store();
    const overMs = fetched.tookMs - seconds * 1_000;
    if (overMs <= SLOW_MS) return { outcome: { kind: "ok" }, stored };
    const message = `Its ${kind} profile took ${(overMs / 1_000).toFixed(1)} s longer than it had to.`;
    return { outcome: { kind: "slow", message }, stored };
  } catch (error) {
    if (!(error instanceof HotspanError)) throw error;
    const message = isOfTarget(error)
      ? `What ${PATHS[kind]} answers is no profile that can be stored: ${error.message}`
      : `The ${kind} profile was taken and not stored: ${error.message}`;
    return { outcome: { kind: "failed", message, status: 200 }, stored: undefined };
  }
}

/** The target's fault: what it answers can never be stored. */
function isOfTarget(error: unknown): boolean {
  return error instanceof HotspanError && (error.code === "invalid-input" || error.code === "too-large");
}

function toScrape(target: Target, kind: ProfileKind, bytes: Uint8Array, atMs: number): Scrape {
  return {
    kind,
    bytes,
    service: target.service,
    instance: instanceOf(target.url),
    labels: new Map(Object.entries(target.labels)),
    atUnixNano: unixNanoFromMillis(atMs),
  };
}

export function instanceOf(url: string): string {
  const { host, port, protocol } = new URL(url);
  return port === "" ? `${host}:${protocol === "https:" ? 443 : 80}` : host;
}
