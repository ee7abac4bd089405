import type { FlamegraphResponse } from "@/lib/api/contract";
import { formatCountExact, formatDateTime } from "@/lib/format";

type Meant = Pick<FlamegraphResponse, "type" | "meaning" | "profileCount" | "instanceCount" | "asOfUnixNano">;

/** What a state is of; it follows the value: `12 MiB heap in use`. */
const STATES: ReadonlyMap<string, string> = new Map([
  ["inuse_space", "heap in use"],
  ["inuse_objects", "objects in use"],
  ["goroutine", "goroutines"],
  ["threadcreate", "threads"],
]);

/**
 * @param nowMillis Unix milliseconds: of today the time of day is enough
 * @returns `heap in use at 12:03:10, latest of 14 snapshots`; null for windows, whose values add up over the range
 */
export function describeMeaning(
  { asOfUnixNano, instanceCount, meaning, profileCount, type }: Meant,
  nowMillis: number,
): { short: string; long: string } | null {
  if (meaning === "window" || asOfUnixNano === null || profileCount === null || instanceCount === null) {
    return null;
  }
  const when = formatMoment(asOfUnixNano, nowMillis);
  const counted = (noun: string) => {
    const processes = `${formatCountExact(instanceCount)} processes`;
    const all = `${formatCountExact(profileCount)} ${noun}s`;
    if (instanceCount === 1) return profileCount === 1 ? "" : `, latest of ${all}`;
    return profileCount === instanceCount
      ? `, one ${noun} of each of ${processes}`
      : `, latest of each of ${processes}, ${all} in all`;
  };
  switch (meaning) {
    case "snapshot":
      return {
        short: `${STATES.get(type) ?? "as it was"} at ${when}${counted("snapshot")}`,
        long: "A snapshot is the state at one moment. Two of them do not add up, so the latest of each process in the range is shown.",
      };
    case "cumulative":
      return {
        short: `since the ${instanceCount === 1 ? "process" : "processes"} started, until ${when}${counted("reading")}`,
        long: "These counters count from the start of their process, also what was before the range. The latest reading holds all earlier ones.",
      };
    case "mixed":
      return {
        short: `in the range, and as of ${when} for ${formatCountExact(instanceCount)} ${instanceCount === 1 ? "process" : "processes"}`,
        long: "Some processes send what each window added, which is summed over the range; of the others the latest reading counts.",
      };
  }
}

function formatMoment(instant: string, nowMillis: number): string {
  const [day, time = ""] = formatDateTime(instant).split(" ");
  const [today] = formatDateTime(BigInt(nowMillis) * 1_000_000n).split(" ");
  return day === today ? time : `${day} ${time}`;
}
