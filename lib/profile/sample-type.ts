/**
 * The names under which values of profiles are kept and asked for (`type=` of a selector), whatever the profiler
 * called them, and which of a profile's types stands for it.
 */
import { invalidInput } from "@/lib/errors";
import { type Meaning, meaningOfType, type ProfileSpan } from "@/lib/profile/meaning";

export interface SampleType {
  /** `cpu`, `wall`, `alloc_space`, `mutex`, ... or the profile's own name. */
  readonly type: string;
  /** `nanoseconds`, `bytes`, `count` or the profile's own; every unit of time becomes nanoseconds. */
  readonly unit: string;
  /** True on exactly one type of a profile: its rows carry the profile's sample count. */
  readonly isPrimary: boolean;
  readonly meaning: Meaning;
}

/** One of a profile's own value columns, in its order. */
export type ValueColumn =
  | { readonly role: "count" }
  | { readonly role: "value"; readonly sampleType: SampleType; readonly scale: number };

/** Contentions of mutexes and of blocked goroutines look the same but for where they came from. */
export type LockKind = "mutex" | "block";

/** @returns undefined for what names neither */
export function parseLockKind(text: string | undefined): LockKind | undefined {
  return text === "mutex" || text === "block" ? text : undefined;
}

interface WireType {
  readonly type: string;
  readonly unit: string;
}

const NANOSECONDS_PER: ReadonlyMap<string, number> = new Map([
  ["nanoseconds", 1],
  ["nanosecond", 1],
  ["ns", 1],
  ["microseconds", 1_000],
  ["microsecond", 1_000],
  ["us", 1_000],
  ["milliseconds", 1_000_000],
  ["millisecond", 1_000_000],
  ["ms", 1_000_000],
  ["seconds", 1_000_000_000],
  ["second", 1_000_000_000],
  ["s", 1_000_000_000],
]);

/**
 * @param wireTypes the profile's types in its order
 * @param defaultType its `default_sample_type`, "" when it names none
 * @param lockKind asked for only when the profile has contentions
 * @param span what decides whether values were measured in a window, since the process started, or at one moment
 * @returns a column for each, exactly one of them primary
 * @throws HotspanError `invalid-input` when two columns would carry the same name
 */
export function nameSampleTypes(
  wireTypes: readonly WireType[],
  defaultType: string,
  lockKind: () => LockKind,
  span: ProfileSpan,
): ValueColumn[] {
  const onlyCounts = wireTypes.every(isSampleCount);
  let lock: LockKind | undefined;
  const named = wireTypes.map((wire): { type: string; unit: string; scale: number } | undefined => {
    if (!onlyCounts && isSampleCount(wire)) return undefined;
    const scale = NANOSECONDS_PER.get(wire.unit);
    const unit = scale === undefined ? wire.unit : "nanoseconds";
    if (wire.type !== "contentions" && wire.type !== "delay")
      return { type: wire.type, unit, scale: scale ?? 1 };
    lock ??= lockKind();
    return { type: wire.type === "delay" ? lock : `${lock}_contentions`, unit, scale: scale ?? 1 };
  });
  const primary = choosePrimary(
    wireTypes,
    named.map((column) => column !== undefined),
    defaultType,
  );
  const taken = new Set<string>();
  return named.map((column, index) => {
    if (column === undefined) return { role: "count" };
    if (taken.has(column.type))
      throw invalidInput(`The profile has two sample types named "${column.type}".`);
    taken.add(column.type);
    const { scale, type, unit } = column;
    const meaning = meaningOfType(type, span);
    return { role: "value", scale, sampleType: { type, unit, isPrimary: index === primary, meaning } };
  });
}

/** Go says `samples`, @datadog/pprof `sample`. It counts what the other types measure. */
function isSampleCount({ type, unit }: WireType): boolean {
  return (type === "samples" || type === "sample") && unit === "count";
}

/** Wall time where there is any (Node: CPU beside it is a part), else CPU, else what pprof itself would show first. */
function choosePrimary(types: readonly WireType[], isValue: readonly boolean[], defaultType: string): number {
  for (const wanted of ["wall", "cpu", defaultType]) {
    const index = types.findIndex(({ type }, at) => isValue[at] === true && type === wanted);
    if (index !== -1) return index;
  }
  return isValue.lastIndexOf(true);
}

const MUTEX_LEAF =
  /\)\.R?Unlock(?:Slow)?$|\.unlock(?:2|WithRank)?$|_LostContendedRuntimeLock$|\.semrelease1?$/;

/**
 * Tells mutex from block profiles when the sender does not: a mutex profile blames whoever unlocks, a block profile
 * whoever waits.
 *
 * @param leaves the leaf-most function names of its samples; none reads as mutex
 */
export function guessLockKind(leaves: Iterable<string>): LockKind {
  let unlocking = 0;
  let waiting = 0;
  for (const leaf of leaves) {
    if (MUTEX_LEAF.test(leaf)) unlocking++;
    else waiting++;
  }
  return unlocking >= waiting ? "mutex" : "block";
}
