import { MAX_UNIX_NANO, type Nanos, type UnixNano, unixNano, unixNanoFromMillis } from "@/lib/units";

const UNIT_NS: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3_600e9],
  ["d", 86_400e9],
  ["w", 604_800e9],
]);

/** @returns nanoseconds of `250ms`, `1.5s`, `90us`; undefined when it is none, or longer than time itself (292 years) */
export function parseDuration(text: string): Nanos | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d|w)$/.exec(text);
  const unit = UNIT_NS.get(match?.[2] ?? "");
  if (match === null || unit === undefined) return undefined;
  const nanos = Math.round(Number(match[1]) * unit);
  return nanos <= MAX_UNIX_NANO ? nanos : undefined;
}

/** @returns the instant of Unix nanoseconds, RFC 3339, `now` or `now-1h`; undefined when it is none */
export function parseInstant(text: string, nowMillis: number): UnixNano | undefined {
  if (/^\d{1,19}$/.test(text)) {
    const nanos = BigInt(text);
    return nanos <= MAX_UNIX_NANO ? unixNano(nanos) : undefined;
  }
  if (text === "now") return unixNanoFromMillis(nowMillis);
  if (text.startsWith("now-")) {
    const back = parseDuration(text.slice(4));
    const instant = back === undefined ? -1n : unixNanoFromMillis(nowMillis) - BigInt(back);
    return instant < 0n ? undefined : unixNano(instant);
  }
  return parseRfc3339(text);
}

function parseRfc3339(text: string): UnixNano | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, day, time, fraction = "", zone = "Z"] = match;
  const millis = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(millis) || millis < 0) return undefined;
  const nanos = BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  return nanos <= MAX_UNIX_NANO ? unixNano(nanos) : undefined;
}
