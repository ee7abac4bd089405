import { parseInstant } from "@/lib/api/instant";
import { formatDateTime } from "@/lib/format";

/** What the URL says: `from`/`to` as the HTTP interface takes them (`now-1h`, RFC 3339, Unix nanoseconds). */
export interface TimeRangeTokens {
  readonly from: string;
  /** `now` for ranges that move along. */
  readonly to: string;
}

export const DEFAULT_RANGE: TimeRangeTokens = { from: "now-1h", to: "now" };

/** Of `2026-11-20 ` before a time of that day. */
const DAY_LENGTH = 11;

export const RELATIVE_RANGES = [
  { from: "now-15m", short: "15 m", label: "Last 15 minutes" },
  { from: "now-1h", short: "1 h", label: "Last hour" },
  { from: "now-3h", short: "3 h", label: "Last 3 hours" },
  { from: "now-24h", short: "24 h", label: "Last 24 hours" },
  { from: "now-7d", short: "7 d", label: "Last 7 days" },
] as const;

/** @returns [from, to) in Unix nanoseconds; undefined when a token is no instant or the range is empty */
export function resolveRange(
  tokens: TimeRangeTokens,
  nowMillis: number,
): { from: bigint; to: bigint } | undefined {
  const from = parseInstant(tokens.from, nowMillis);
  const to = parseInstant(tokens.to, nowMillis);
  return from === undefined || to === undefined || from >= to ? undefined : { from, to };
}

/** `Last hour`, or both ends of an absolute range in local time. */
export function formatRange(tokens: TimeRangeTokens): string {
  if (tokens.to === "now") {
    const known = RELATIVE_RANGES.find((range) => range.from === tokens.from);
    if (known !== undefined) return known.label;
    if (tokens.from.startsWith("now-")) return `Last ${tokens.from.slice(4)}`;
  }
  const from = formatEnd(tokens.from);
  const to = formatEnd(tokens.to);
  const day = from.slice(0, DAY_LENGTH);
  return `${from} – ${to.startsWith(day) ? to.slice(DAY_LENGTH) : to}`;
}

function formatEnd(token: string): string {
  if (token.startsWith("now")) return token;
  const instant = parseInstant(token, 0);
  return instant === undefined ? token : formatDateTime(instant);
}
