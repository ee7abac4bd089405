/** POST /api/v1/profiles: one pprof of one service, described by the query. */
import { invalidInput } from "@/lib/errors";
import { parseTraceId } from "@/lib/ids";
import { MAX_DURATION_NS, parseInstant } from "@/lib/ingest/profile-time";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import type { Temporality } from "@/lib/profile/meaning";
import type { LockKind } from "@/lib/profile/sample-type";
import { type Nanos, unixNanoFromMillis } from "@/lib/units";

const MAX_SERVICE_LENGTH = 256;
const MAX_LABELS = 32;
const MAX_LABEL_LENGTH = 1_024;
const LABEL_PREFIX = "label.";
/** The other names under /debug/pprof, and Node's. */
const OTHER_KINDS: ReadonlySet<string> = new Set([
  "cpu",
  "profile",
  "heap",
  "allocs",
  "goroutine",
  "threadcreate",
  "wall",
]);

/**
 * @param body uncompressed or gzipped as the profiler wrote it; not to be used afterwards
 * @param source whether it is allowed was decided by who took the request
 * @param maxBytes limit after inflation
 * @throws HotspanError `invalid-input` naming the parameter
 */
export function readProfileRequest(
  body: Buffer,
  query: URLSearchParams,
  source: string,
  maxBytes: number,
): ProfileUpload {
  const service = query.get("service")?.trim() ?? "";
  if (service === "") {
    throw invalidInput("The parameter service is missing: POST /api/v1/profiles?service=NAME.");
  }
  if (service.length > MAX_SERVICE_LENGTH) {
    throw invalidInput(`The parameter service is longer than ${MAX_SERVICE_LENGTH} characters.`);
  }
  const instance = query.get("instance")?.trim() ?? "";
  if (instance.length > MAX_SERVICE_LENGTH) {
    throw invalidInput(`The parameter instance is longer than ${MAX_SERVICE_LENGTH} characters.`);
  }
  return {
    bytes: body,
    service,
    receivedUnixNano: unixNanoFromMillis(Date.now()),
    ...readWindow(query),
    temporality: readTemporality(query.get("temporality")),
    instance: instance === "" ? undefined : instance,
    traceId: readTraceId(query.get("trace_id")),
    labels: readLabels(query),
    lockKind: readKind(query.get("kind")),
    source,
    maxBytes,
  };
}

/** `start`, and its length as `duration` or by its `end`. */
function readWindow(query: URLSearchParams): Pick<ProfileUpload, "startUnixNano" | "durationNs"> {
  const [start, end] = (["start", "end"] as const).map((name) => {
    const text = query.get(name);
    return text === null ? undefined : parseInstant(name, text);
  });
  const text = query.get("duration");
  if (text !== null && end !== undefined) {
    throw invalidInput("The parameters duration and end say the same: give one of them.");
  }
  if (text !== null) return { startUnixNano: start, durationNs: parseLength("duration", text) };
  if (end === undefined) return { startUnixNano: start, durationNs: undefined };
  if (start === undefined) throw invalidInput("The parameter end needs start.");
  return { startUnixNano: start, durationNs: checkLength("end", end - start) };
}

function parseLength(name: string, text: string): Nanos {
  return checkLength(name, /^\d{1,19}$/.test(text) ? BigInt(text) : -1n);
}

function checkLength(name: string, length: bigint): Nanos {
  if (length < 0n || length > MAX_DURATION_NS) {
    throw invalidInput(`The parameter ${name} makes the profile no length between 0 and 31 days.`);
  }
  return Number(length);
}

function readTemporality(text: string | null): Temporality | undefined {
  if (text === null || text === "delta" || text === "cumulative") return text ?? undefined;
  throw invalidInput(`temporality=${text.slice(0, 40)} is neither delta nor cumulative.`);
}

function readTraceId(text: string | null): string {
  if (text === null) return "";
  const traceId = parseTraceId(text);
  if (traceId === undefined) {
    throw invalidInput(`trace_id=${text.slice(0, 40)} is not 32 hex digits that are not all zero.`);
  }
  return traceId;
}

/** Go's mutex and block profiles look the same. The others say what they are: their kind is taken and not needed. */
function readKind(text: string | null): LockKind | undefined {
  if (text === "mutex" || text === "block") return text;
  if (text === null || OTHER_KINDS.has(text)) return undefined;
  throw invalidInput(`kind=${text.slice(0, 40)} is none of mutex, block, ${[...OTHER_KINDS].join(", ")}.`);
}

function readLabels(query: URLSearchParams): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [name, value] of query) {
    if (!name.startsWith(LABEL_PREFIX)) continue;
    const key = name.slice(LABEL_PREFIX.length);
    if (key === "" || key.length + value.length > MAX_LABEL_LENGTH) {
      throw invalidInput(
        `${name.slice(0, 60)} is no usable label: a key and a value of together at most ${MAX_LABEL_LENGTH} characters.`,
      );
    }
    labels.set(key, value);
  }
  if (labels.size > MAX_LABELS)
    throw invalidInput(`There are ${labels.size} labels; the limit is ${MAX_LABELS}.`);
  return labels;
}
