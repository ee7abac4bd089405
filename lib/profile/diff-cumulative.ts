import type { Profile } from "@/lib/profile/profile";
import { type UnixNano, unixNano } from "@/lib/units";

/**
 * What happened between two readings of one process's counters. Go counts allocations and contentions from the start of
 * its process; the difference of two plain readings of `heap`, `allocs`, `mutex` or `block` is what the time between them
 * added, and such differences add up. States (`inuse_*`) are not subtracted: the later reading's pass through.
 *
 *     previous   a;b 10            a;b 10                     window    a;b 5
 *     current    a;b 15  a;c 2     ----------------->                   a;c 2
 *
 * In one process nothing that was counted goes away. So where any stack has less than before, or is missing, the process
 * was started anew, and all that the later reading holds happened since: it counts from its start.
 *
 * A scraper keeps each target's last reading and stores what every further one adds to it: `encodeProfileRows` of the
 * difference, then `profiles.acceptRows`. Its identity is not that of the later reading, which is a profile of its own,
 * but a hash over the bytes of both (lib/ingest/scrape-difference.ts), so that the same two are stored once.
 *
 * The very first reading has nothing to be subtracted from it and belongs to no window: stored, it is the base that the
 * windows count on; left out, nothing of any window is missing.
 *
 * @param previous both decoded without a temporality, of one process and one kind of profile
 * @param options.restarted what the caller knows by itself, such as from `process_start_time_seconds`
 * @returns the difference over [taken(previous), taken(current)], its counters of meaning `window`; samples without any
 * value are left out, so between two equal readings of counters alone there are none
 */
export function diffCumulative(
  previous: Profile,
  current: Profile,
  options: { readonly restarted?: boolean } = {},
): { profile: Profile; restarted: boolean } {
  const counters = current.sampleTypes.map(({ meaning }) => meaning === "cumulative");
  const columns = current.sampleTypes.map(({ type }) =>
    previous.sampleTypes.findIndex((before) => before.type === type),
  );
  const before = sumByKey(previous, columns);
  const now = sumByKey(
    current,
    current.sampleTypes.map((_, column) => column),
  );
  const restarted = options.restarted === true || hasFallen(before, now, counters);
  const left: Summed[] = [];
  for (const [key, sum] of now) {
    const old = restarted ? undefined : before.get(key);
    const values = sum.values.map((value, column) =>
      counters[column] === true ? value - (old?.values[column] ?? 0n) : value,
    );
    if (values.some((value) => value !== 0n)) left.push({ ...sum, values });
  }
  return { profile: { ...current, ...windowOf(previous, current), ...samplesOf(current, left) }, restarted };
}

interface Summed {
  /** The first sample of its key. */
  readonly sample: number;
  readonly count: number;
  readonly values: bigint[];
}

/** Samples by stack and labels; a profile may hold equal ones. @param columns of the profile, -1 for one it does not have */
function sumByKey({ labelSets, samples, sampleTypes, stacks, texts }: Profile, columns: readonly number[]) {
  const stride = sampleTypes.length;
  const labels = labelSets.map((set) => JSON.stringify(set));
  const sums = new Map<string, Summed>();
  for (let sample = 0; sample < samples.length; sample++) {
    const ids = [samples.traceIds, samples.spanIds, samples.rootSpanIds, samples.endpoints].map(
      (column) => texts[column[sample] ?? 0] ?? "",
    );
    const key = [
      stacks.ids[samples.stacks[sample] ?? 0],
      JSON.stringify(ids),
      labels[samples.labelSets[sample] ?? 0],
    ].join(" ");
    const known = sums.get(key);
    sums.set(key, {
      sample: known?.sample ?? sample,
      count: (known?.count ?? 0) + (samples.counts[sample] ?? 0),
      values: columns.map(
        (column, at) =>
          (known?.values[at] ?? 0n) + (column === -1 ? 0n : (samples.values[sample * stride + column] ?? 0n)),
      ),
    });
  }
  return sums;
}

function hasFallen(
  before: ReadonlyMap<string, Summed>,
  now: ReadonlyMap<string, Summed>,
  counters: readonly boolean[],
): boolean {
  for (const [key, { values }] of before) {
    const later = now.get(key)?.values;
    if (values.some((value, column) => counters[column] === true && (later?.[column] ?? 0n) < value))
      return true;
  }
  return false;
}

/** A reading is taken at the end of whatever time it has. */
function takenAt({ startUnixNano, durationNs }: Profile): bigint {
  return startUnixNano + BigInt(Math.round(durationNs));
}

/** A clock that was set back in between leaves no length, but the values count all the same. */
function windowOf(previous: Profile, current: Profile): { startUnixNano: UnixNano; durationNs: number } {
  const end = takenAt(current);
  const length = end - takenAt(previous);
  if (length < 0n) return { startUnixNano: unixNano(end), durationNs: 0 };
  return { startUnixNano: unixNano(end - length), durationNs: Number(length) };
}

/** The current profile's tables stay as they are: samples refer to them by index. */
function samplesOf(current: Profile, left: readonly Summed[]): Pick<Profile, "sampleTypes" | "samples"> {
  const { samples } = current;
  const pick = (column: Uint32Array) => Uint32Array.from(left, ({ sample }) => column[sample] ?? 0);
  return {
    sampleTypes: current.sampleTypes.map((type) =>
      type.meaning === "cumulative" ? { ...type, meaning: "window" } : type,
    ),
    samples: {
      length: left.length,
      stacks: pick(samples.stacks),
      traceIds: pick(samples.traceIds),
      spanIds: pick(samples.spanIds),
      rootSpanIds: pick(samples.rootSpanIds),
      endpoints: pick(samples.endpoints),
      ties: Uint8Array.from(left, ({ sample }) => samples.ties[sample] ?? 0),
      labelSets: pick(samples.labelSets),
      counts: Uint32Array.from(left, ({ count }) => Math.min(count, 0xffff_ffff)),
      values: BigInt64Array.from(left.flatMap(({ values }) => values)),
    },
  };
}
