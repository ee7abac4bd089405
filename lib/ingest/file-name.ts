/**
 * What profilers write into the names of their files. Nothing but a hint: what a file is, its content says.
 *
 *     cpu-20250624-120000.pprof               when
 *     checkout-heap-2025-06-24T12:00:00Z.pb.gz     whose, when in UTC
 *     mutex-3.pprof                           which of Go's two profiles of contentions
 *     endpoint-cpu-<32 hex digits>.pprof      for which trace the process was profiled
 */
import { parseTraceId, type TraceId } from "@/lib/ids";
import type { LockKind } from "@/lib/profile/sample-type";
import { type UnixNano, unixNanoFromMillis } from "@/lib/units";

export interface FileName {
  /** "" when the name does not say. */
  readonly service: string;
  readonly lockKind: LockKind | undefined;
  /** The trace for which the process was profiled, or "". */
  readonly traceId: TraceId | "";
  readonly written: WrittenName | undefined;
}

/** A date and a time of day, read both ways. */
export interface WrittenName {
  readonly asUtc: number;
  readonly asLocal: number;
  /** The name itself ends in Z. */
  readonly saysUtc: boolean;
}

const KINDS = "cpu|profile|mem(?:ory)?|heap|allocs?|goroutines?|mutex|block|threadcreate|wall";
/** A kind stands at the start, or after what is then the service's name; `endpoint-` says that one trace is meant. */
const KIND_FIRST = new RegExp(`^(?:(?:endpoint|trace)[-_.])?(${KINDS})(?:[-_.]|$)`, "i");
const SERVICE_FIRST = new RegExp(`^(.+?)[-_.](?:(?:endpoint|trace)[-_.])?(${KINDS})(?:[-_.]|$)`, "i");
const OF_ONE_TRACE = /(?:^|[-_.])(?:endpoint|trace)[-_.].*?(?<![0-9a-f])([0-9a-f]{32})(?![0-9a-f])/i;
const TIME =
  /(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])[-_T]?([01]\d|2[0-3])[-:]?([0-5]\d)[-:]?([0-5]\d)(Z)?(?!\d)/;
const EXTENSION = /(?:\.(?:gz|pprof|pb|prof|profile))+$/i;
/** How far the clock of a file system and a name may be apart for one to explain the other. */
const NEAR_MS = 3_600_000;

/** @param name without folders */
export function parseFileName(name: string): FileName {
  const stem = name.replace(EXTENSION, "");
  const first = KIND_FIRST.exec(stem);
  const later = first === null ? SERVICE_FIRST.exec(stem) : null;
  const kind = (first?.[1] ?? later?.[2] ?? "").toLowerCase();
  return {
    service: later?.[1]?.replace(TIME, "").replace(/^[-_.]+|[-_.]+$/g, "") ?? "",
    lockKind: kind === "mutex" || kind === "block" ? kind : undefined,
    traceId: parseTraceId(OF_ONE_TRACE.exec(stem)?.[1] ?? "") ?? "",
    written: readTime(stem),
  };
}

/**
 * Programs write their local time (Go's `time.Now().Format`), containers run on UTC, and a name says neither. The file's
 * own time is an instant, so the reading that lies nearer to it is right. When both lie far off, the file was copied: then
 * it is local time, as on this machine.
 *
 * @param mtimeMillis of the file; undefined when it came without one
 */
export function instantOfName(written: WrittenName, mtimeMillis: number | undefined): UnixNano {
  const { asLocal, asUtc, saysUtc } = written;
  const distance = (reading: number) => Math.abs(reading - (mtimeMillis ?? asLocal));
  const isUtc = saysUtc || (distance(asUtc) < distance(asLocal) && distance(asUtc) < NEAR_MS);
  return unixNanoFromMillis(isUtc ? asUtc : asLocal);
}

function readTime(stem: string): WrittenName | undefined {
  const match = TIME.exec(stem);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  return {
    asUtc: Date.UTC(year, month - 1, day, hour, minute, second),
    asLocal: new Date(year, month - 1, day, hour, minute, second).getTime(),
    saysUtc: match[7] === "Z",
  };
}
