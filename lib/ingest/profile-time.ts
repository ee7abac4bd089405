import { invalidInput } from "@/lib/errors";
import type { Language } from "@/lib/profile/language";
import { MAX_UNIX_NANO, type Nanos, type UnixNano, unixNano } from "@/lib/units";

/** A profile of more than a month is a broken clock's. */
export const MAX_DURATION_NS = 31n * 86_400_000_000_000n;

export interface WrittenTime {
  /** `time_nanos` and `duration_nanos` as the profile has them; 0 when missing. */
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
}

/** What the sender says of the window beside the profile. */
export interface AskedWindow {
  readonly startUnixNano?: UnixNano;
  readonly durationNs?: Nanos;
  /** Stands in for a missing time: profiles are sent when their window ends. */
  readonly receivedUnixNano: UnixNano;
}

/**
 * When a profile's window began, and how long it was. Go writes its start; @datadog/pprof, and so every profiler of
 * Node, its end. The sender's own word wins over both.
 *
 * @throws HotspanError `invalid-input` for a negative or impossible time
 */
export function readWindow(
  { timeNanos, durationNanos }: WrittenTime,
  language: Language,
  asked: AskedWindow,
): { startUnixNano: UnixNano; durationNs: Nanos } {
  if (durationNanos < 0n || durationNanos > MAX_DURATION_NS) {
    throw invalidInput(`The profile's duration_nanos is ${durationNanos}; it must be between 0 and 31 days.`);
  }
  if (timeNanos < 0n) throw invalidInput(`The profile's time_nanos is ${timeNanos}, before 1970.`);
  const durationNs = asked.durationNs ?? Number(durationNanos);
  if (asked.startUnixNano !== undefined) return { startUnixNano: asked.startUnixNano, durationNs };
  const isEnd = timeNanos === 0n || language === "nodejs";
  const written = timeNanos === 0n ? asked.receivedUnixNano : timeNanos;
  const start = isEnd ? written - BigInt(durationNs) : written;
  return { startUnixNano: unixNano(start > 0n ? start : 0n), durationNs };
}

/** @param name of the parameter @throws HotspanError `invalid-input` for what is no instant between 1970 and 2262 */
export function parseInstant(name: string, text: string): UnixNano {
  const instant = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (instant <= 0n || instant > MAX_UNIX_NANO) {
    throw invalidInput(`${name}=${text.slice(0, 40)} is not an instant in Unix nanoseconds.`);
  }
  return unixNano(instant);
}
