/** Files of traces, told apart by what is in them: OTLP JSON, one or many or one a line, and Jaeger's JSON. */
import { HotspanError, invalidInput } from "@/lib/errors";
import { isJaegerTrace, readJaegerTrace } from "@/lib/ingest/jaeger-json";
import { readTracesObject } from "@/lib/ingest/otlp-json";
import { Tally } from "@/lib/ingest/otlp-limits";
import { isObject, parseJson } from "@/lib/ingest/parse-json";
import type { Span } from "@/lib/trace/span";

export interface TraceDocuments {
  /** Spans as they are read, so that no more of the file than one document is held as objects. */
  readonly spans: Iterable<readonly Span[]>;
  /** Spans that cannot be stored, with reasons; complete once `spans` was read to its end. */
  readonly rejected: Tally;
  /** What was cut from spans that were kept, and what else the file holds. */
  readonly cuts: Tally;
  /** Documents or lines that are none, as sentence fragments. */
  readonly broken: Tally;
}

/** Lists of documents in documents: Jaeger's `{data: [...]}` in an array is as deep as any tool writes. */
const MAX_DEPTH = 3;
const NEWLINE = 10;
const EXPECTED =
  "OTLP JSON (resourceSpans; one object, an array or one a line) or Jaeger's JSON ({data:[{traceID, spans, processes}]})";

/** Signals that collectors write into the same files. */
const OTHER_SIGNALS = [
  ["resourceMetrics", "metrics, which are not stored"],
  ["resourceLogs", "logs, which are not stored"],
  ["resourceProfiles", "OTLP profiles, which are not read from files"],
] as const;

/**
 * @param bytes UTF-8, not compressed
 * @param now the receiver's clock in Unix nanoseconds
 * @returns documents to be read once; reading throws HotspanError `invalid-input` when the file is one document and that
 *   is broken or of another kind. Of many, the broken ones are counted and the others read.
 */
export function readTraceDocuments(bytes: Buffer, now: bigint): TraceDocuments {
  const [rejected, cuts, broken] = [new Tally(), new Tally(), new Tally()];
  const read = (value: unknown, depth: number) => spansOf(value, depth, { now, rejected, cuts });

  function* spans(): Generator<readonly Span[]> {
    if (!isLines(bytes)) {
      yield* read(parseJson(bytes, "This"), 0);
      return;
    }
    let number = 0;
    for (const line of linesOf(bytes)) {
      number++;
      try {
        yield* read(parseJson(line, "This"), 0);
      } catch (error) {
        if (!(error instanceof HotspanError)) throw error;
        broken.add(`line ${number}: ${error.message.slice(0, 200)}`);
      }
    }
  }
  return { spans: spans(), rejected, cuts, broken };
}

interface Reading {
  readonly now: bigint;
  readonly rejected: Tally;
  readonly cuts: Tally;
}

function* spansOf(value: unknown, depth: number, reading: Reading): Generator<readonly Span[]> {
  const { cuts, now, rejected } = reading;
  if (Array.isArray(value) && depth < MAX_DEPTH) {
    for (const item of value) yield* spansOf(item, depth + 1, reading);
    return;
  }
  if (!isObject(value)) throw invalidInput(`This JSON is no trace: expected ${EXPECTED}.`);
  const other = OTHER_SIGNALS.find(([key]) => value[key] !== undefined);
  if (isJaegerTrace(value)) {
    yield readJaegerTrace(value, now, rejected, cuts);
  } else if (value.resourceSpans !== undefined) {
    yield readTracesObject(value, now, rejected, cuts);
  } else if (value.batches !== undefined) {
    yield readTracesObject({ resourceSpans: value.batches }, now, rejected, cuts);
  } else if (depth < MAX_DEPTH && (Array.isArray(value.data) || isObject(value.data))) {
    yield* spansOf(value.data, depth + 1, reading);
  } else if (depth < MAX_DEPTH && isObject(value.trace)) {
    yield* spansOf(value.trace, depth + 1, reading);
  } else if (other !== undefined) {
    cuts.add(other[1]);
  } else {
    const keys = Object.keys(value).slice(0, 5).join(", ").slice(0, 100);
    throw invalidInput(`This JSON is no trace (its keys: ${keys || "none"}): expected ${EXPECTED}.`);
  }
}

/** One document a line: then the first line is a document and not the last. */
function isLines(bytes: Buffer): boolean {
  const end = bytes.indexOf(NEWLINE);
  if (end === -1 || isBlank(bytes.subarray(end))) return false;
  try {
    return isObject(parseJson(bytes.subarray(0, end), "This"));
  } catch {
    return false; // a pretty-printed document, or a broken one: parsing the whole says what is wrong
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    if (!isBlank(line)) yield line;
    start = end + 1;
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));
}
