import type { SampleType } from "@/lib/profile/sample-type";

const SUFFIX = "_change";
/** States that come without the allocations which made them. */
const COUNTED_STATES: ReadonlySet<string> = new Set(["goroutine", "threadcreate"]);
/** Both are scaled from samples and rounded for themselves. */
const ROUNDING = 1n;

/**
 * Go's handlers answer `?seconds=N` with the difference of two readings, of states too: how much more is in use than N
 * seconds ago, which may be less than nothing. Such changes add up, as a window's; but they are no state, and
 * `inuse_space` would be a sum of both. So they have names of their own: `inuse_space_change`.
 *
 * Other profilers (godeltaprof, dd-trace-go) write the same duration and types with the allocations of the window and the
 * whole state beside them. What tells is the state: in a window no more can have come into use than was allocated in
 * it, while of a state most is older.
 *
 * @param sampleTypes of a profile that measured a window
 * @param values values[sample * sampleTypes.length + type]
 * @param sentAsDelta by a sender who said so: it knows its profiler, and only less than nothing says otherwise
 * @returns the types, those of changes renamed
 */
export function nameStateChanges(
  sampleTypes: readonly SampleType[],
  values: BigInt64Array,
  sentAsDelta: boolean,
): SampleType[] {
  return sampleTypes.map((sampleType, column) =>
    sampleType.meaning === "snapshot" && isChange(sampleTypes, column, values, sentAsDelta)
      ? { ...sampleType, type: `${sampleType.type}${SUFFIX}`, meaning: "window" }
      : sampleType,
  );
}

function isChange(
  sampleTypes: readonly SampleType[],
  column: number,
  values: BigInt64Array,
  sentAsDelta: boolean,
): boolean {
  const stride = sampleTypes.length;
  const { type = "" } = sampleTypes[column] ?? {};
  const allocated = sampleTypes.findIndex((other) => other.type === type.replace(/^inuse_/, "alloc_"));
  let exceeds = false;
  for (let sample = 0; sample < values.length; sample += stride) {
    const value = values[sample + column] ?? 0n;
    if (value < 0n) return true;
    if (allocated !== -1 && value > (values[sample + allocated] ?? 0n) + ROUNDING) exceeds = true;
  }
  if (sentAsDelta) return false;
  return COUNTED_STATES.has(type) || (allocated !== -1 && allocated !== column && !exceeds);
}
