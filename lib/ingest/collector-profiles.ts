/**
 * Turns what a collector writes to `otel_profiles` into profiles like all others, each row once. Why not a materialized
 * view: function and stack ids are hashes computed in TypeScript over the name as UTF-16 (lib/profile/hash64.ts), and
 * samples of several types are to meet in one row's count; in SQL one function would have two ids and be two frames.
 *
 *     new rows     second by second, those of the last minute again when their number has changed
 *     old rows     from the newest down, a few hundred batches at a time, whenever nothing new waits
 *
 * Each batch is stored under the hash of its content by insertProfiles, which stores a profile once however often it is tried.
 * So the marks of how far it came only save work: killed anywhere, it goes on from an older mark and finds what is done.
 */
import { createHash, randomUUID } from "node:crypto";
import { HotspanError } from "@/lib/errors";
import { ProfileDraft } from "@/lib/ingest/profile-draft";
import { labelsOfResource, labelText, serviceOfProcess } from "@/lib/ingest/resource-labels";
import { pause } from "@/lib/pause";
import { instanceFromLabels } from "@/lib/profile/instance";
import type { Catalogue } from "@/lib/store/catalogue";
import { holdLease, releaseLease } from "@/lib/store/collector-lease";
import {
  type CollectorBatch,
  countCollectorRows,
  countCollectorSeconds,
  findCollectorBatches,
  readCollectorBatch,
} from "@/lib/store/find-collector-profiles";
import { keepState, readState } from "@/lib/store/keep-state";
import { encodeProfileRows, type ProfileRows } from "@/lib/store/profile-row";
import { unixNano, unixNanoFromMillis } from "@/lib/units";

const STATE_KEY = "otel-profiles";
const LEASE_KEY = "otel-profiles-lease";
/** A process that dies is followed after so long; one that lives says so before each insert. */
const LEASE_MS = 30_000;
const RENEW_MS = 5_000;
const PAUSE_MS = 2_000;
/** No insert is under way for longer than this between its rows' stamp and their being readable. */
const LATE_MS = 60_000;
/** Of old rows, in one round. */
const BACKFILL_BATCHES = 200;
const BACKFILL_WINDOW_MS = 3_600_000;
const TELL_MS = 10_000;
const PARTS_ASKED = 500;
const SAMPLES_PER_INSERT = 100_000;

export interface CollectorProfilesState {
  /** Milliseconds; what was ingested before is converted but for what back-filling has yet to reach. */
  live: number;
  /** Milliseconds; what was ingested before is yet to be back-filled. 0: all is. */
  below: number;
  /** Second -> rows in it when they were converted. */
  readonly seen: Map<number, number>;
}

export interface CollectorProfilesOptions {
  readonly catalogue: Catalogue;
  /** lib/store/insert-profiles.ts */
  readonly insert: (profiles: readonly ProfileRows[]) => Promise<unknown>;
  readonly signal?: AbortSignal;
  readonly log?: (sentence: string) => void;
  /** Asked before each insert: two processes that convert one batch at once might both store it. */
  readonly mayGoOn?: () => Promise<boolean>;
}

/** Converts until told to stop. Trouble with the store is logged once and waited out. */
export async function runCollectorProfiles(
  options: CollectorProfilesOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { catalogue, signal } = options;
  const owner = randomUUID();
  let state: CollectorProfilesState | undefined;
  let troubled = false;
  let told = 0;
  let renewed = 0;
  const mayGoOn = async () => {
    if (Date.now() - renewed < RENEW_MS) return true;
    const holds = await holdLease(catalogue, owner, Date.now(), LEASE_MS, LEASE_KEY);
    renewed = holds ? Date.now() : 0;
    return holds;
  };
  while (!signal.aborted) {
    let more = false;
    try {
      if (await mayGoOn()) {
        state ??= await loadState(catalogue, signal);
        const isOld = state.below > 0;
        ({ more } = await convertOnce(state, { ...options, mayGoOn }));
        if (isOld && (state.below === 0 || Date.now() - told > TELL_MS)) {
          told = Date.now();
          await tellProgress(state, options);
        }
      } else {
        state = undefined; // another process goes on meanwhile
      }
      troubled = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!troubled) {
        const reason = error instanceof Error ? error.message : String(error);
        options.log?.(`Profiles in otel_profiles wait: ${reason}`);
      }
      troubled = true;
    }
    if (!more) await pause(PAUSE_MS, signal);
  }
  // The catalogue may be closing; the lease ends by itself then.
  await releaseLease(catalogue, owner, LEASE_KEY).catch(() => undefined);
}

async function tellProgress(
  { below }: CollectorProfilesState,
  options: CollectorProfilesOptions,
): Promise<void> {
  const { rows } = below === 0 ? { rows: 0 } : await countCollectorRows(below, options.signal);
  options.log?.(
    rows === 0
      ? "Back-filling otel_profiles: all rows are taken over."
      : `Back-filling otel_profiles: ${rows.toLocaleString("en")} rows from before ${new Date(below).toISOString()} to go.`,
  );
}

/** A process goes on where the last one was; the first one finds whatever is there to be old. */
export async function loadState(catalogue: Catalogue, signal?: AbortSignal): Promise<CollectorProfilesState> {
  const [live = 0, below = 0] = (await readState(catalogue, STATE_KEY)).split(" ").map(Number);
  if (live > 0) return { live, below, seen: new Map() };
  const now = (await countCollectorSeconds(Date.now(), signal)).now * 1_000;
  const { rows } = await countCollectorRows(now, signal);
  return { live: now, below: rows === 0 ? 0 : now, seen: new Map() };
}

/**
 * Converts what is new, then some of what is old.
 * @returns how many profiles were stored or found stored, and whether more is known to wait
 */
export async function convertOnce(
  state: CollectorProfilesState,
  options: CollectorProfilesOptions,
): Promise<{ readonly converted: number; readonly more: boolean }> {
  let converted = await convertNew(state, options);
  let more = false;
  if (state.below > 0) {
    const { newest, rows } = await countCollectorRows(state.below, options.signal);
    if (rows === 0) {
      state.below = 0;
    } else {
      const from = Math.max(0, newest - BACKFILL_WINDOW_MS);
      const batches = await findCollectorBatches(from, state.below, BACKFILL_BATCHES, options.signal);
      converted += await convertAll(batches, options);
      state.below = batches.length < BACKFILL_BATCHES ? from : (batches.at(-1)?.ingestedAt ?? from);
      more = true;
    }
  }
  await keepState(options.catalogue, STATE_KEY, `${state.live} ${state.below}`);
  return { converted, more };
}

async function convertNew(state: CollectorProfilesState, options: CollectorProfilesOptions): Promise<number> {
  const { now, seconds } = await countCollectorSeconds(state.live, options.signal);
  let converted = 0;
  for (const { rows, second } of seconds) {
    // The second that is still filling is left for the next time.
    if (second >= now || state.seen.get(second) === rows) continue;
    const from = Math.max(state.live, second * 1_000);
    const batches = await findCollectorBatches(from, (second + 1) * 1_000, 100_000, options.signal);
    converted += await convertAll(batches, options);
    state.seen.set(second, rows);
  }
  // What was seen in seconds that may still grow stays known; the others are done for good.
  state.live = Math.max(state.live, now * 1_000 - LATE_MS);
  for (const second of state.seen.keys()) if ((second + 1) * 1_000 <= state.live) state.seen.delete(second);
  return converted;
}

async function convertAll(
  batches: readonly CollectorBatch[],
  options: CollectorProfilesOptions,
): Promise<number> {
  const { catalogue, log, signal } = options;
  const insert = async (profiles: readonly ProfileRows[]) => {
    if ((await options.mayGoOn?.()) === false) throw new Error("another process has gone on with it");
    await options.insert(profiles);
  };
  const all = batches.flatMap((batch) =>
    Array.from({ length: batch.parts }, (_, part) => {
      const sha256 = createHash("sha256").update(`${batch.sha256} ${part}`).digest("hex");
      return { batch, part, sha256 };
    }),
  );
  let waiting: ProfileRows[] = [];
  let samples = 0;
  for (let from = 0; from < all.length; from += PARTS_ASKED) {
    const parts = all.slice(from, from + PARTS_ASKED);
    const stored = await catalogue.profile.findMany({
      where: { sha256: { in: parts.map(({ sha256 }) => sha256) }, state: "stored" },
      select: { sha256: true },
    });
    const done = new Set(stored.map(({ sha256 }) => sha256));
    for (const { batch, part, sha256 } of parts) {
      if (done.has(sha256)) continue;
      signal?.throwIfAborted();
      await options.mayGoOn?.(); // reading may take longer than the lease lasts
      const read = await readCollectorBatch(batch, part, signal);
      const rows = toRowsOrTell(batch, sha256, read, log);
      if (rows === undefined) continue;
      waiting.push(rows);
      samples += rows.samples.count;
      if (samples < SAMPLES_PER_INSERT) continue;
      await insert(waiting);
      waiting = [];
      samples = 0;
    }
  }
  if (waiting.length > 0) await insert(waiting);
  return all.length;
}

/** What cannot be a profile now will never be one: it is left out, and told. */
function toRowsOrTell(
  batch: CollectorBatch,
  sha256: string,
  { samples, stacks }: CollectorPart,
  log: CollectorProfilesOptions["log"],
): ProfileRows | undefined {
  try {
    return toRows(batch, sha256, samples, stacks);
  } catch (error) {
    if (!(error instanceof HotspanError)) throw error;
    const service = batch.service || "unknown_service";
    log?.(`A profile of ${service} in otel_profiles was left out: ${error.message}`);
    return undefined;
  }
}

type CollectorPart = Awaited<ReturnType<typeof readCollectorBatch>>;

function toRows(
  batch: CollectorBatch,
  sha256: string,
  samples: CollectorPart["samples"],
  stacks: CollectorPart["stacks"],
): ProfileRows {
  const types = [...new Map(samples.map(({ type, unit }) => [`${type}/${unit}`, { type, unit }])).values()];
  types.sort((a, b) => (a.type < b.type ? -1 : 1)); // rows have no order
  const typeIndexes = new Map(types.map(({ type, unit }, index) => [`${type}/${unit}`, index]));
  const { attributes, durationNanos, period, resource, timeNanos } = batch;
  const draft = new ProfileDraft(
    types,
    period,
    new Map([
      ...labelsOfResource(resource),
      ...[...attributes].map(([key, value]) => [key, labelText(value)] as const),
    ]),
  );
  const stackIndexes = new Map(
    [...stacks].map(([id, { files, functions, lines, mappings }]) => {
      const indexes = functions.map((name, at) =>
        draft.frames.addFunction(name, "", files[at] ?? "", 0, mappings[at] ?? ""),
      );
      return [
        id,
        draft.frames.addStack(
          indexes,
          lines.map((line) => Math.max(0, line)),
        ),
      ] as const;
    }),
  );
  for (const sample of samples) {
    const labels = [...sample.attributes].map(([key, value]) => [key, labelText(value)] as const);
    draft.add({
      stack: stackIndexes.get(sample.stack) ?? 0,
      tie: draft.labels.read(labels, sample),
      type: typeIndexes.get(`${sample.type}/${sample.unit}`) ?? 0,
      values: sample.values,
      timestamps: sample.timestamps,
    });
  }
  const now = unixNanoFromMillis(Date.now());
  const { language, profile } = draft.build({
    service: batch.service || serviceOfProcess(resource),
    instance: instanceFromLabels(resource),
    time: { timeNanos, durationNanos },
    asked: { receivedUnixNano: unixNano(timeNanos > 0n ? timeNanos : now) },
  });
  return encodeProfileRows(profile, { sha256, source: "", language }, new Date().toISOString().slice(0, 10));
}
