/** Looks for what samples name in other places and other forms than it should be: at any time, and with the id read otherwise. */
import { hexOfDecimalDigits, readIdForm } from "@/lib/diagnosis/id-forms";
import { BY_TRACE_SETTINGS, byTraceSql } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { type Meetings, SPANS_AROUND_NANOS, type Stray } from "@/lib/store/doctor-meetings";
import { DOCTOR_LIMITS, type DoctorScope } from "@/lib/store/doctor-scope";
import { textColumn, textsColumn } from "@/lib/store/row";

/** A trace as far as it was asked for. */
interface FoundTrace {
  readonly start: bigint;
  readonly end: bigint;
  /** Of the spans asked for, those it has. */
  readonly spanIds: ReadonlySet<string>;
}

/** Ids of stored spans and traces that match when the samples' are read in another way. */
export interface FoundIds {
  /** Trace id of each span found. */
  readonly traceOfSpan: ReadonlyMap<string, string>;
  readonly traces: ReadonlySet<string>;
  /** Trace id by its last 16 digits. */
  readonly traceOfTail: ReadonlyMap<string, string>;
}

const MOST_LOOKUPS = 2_000;
const ZEROS = "0".repeat(16);

/** @returns the strays' traces that are stored at any time, by id */
export async function findStrayTraces(
  meetings: Iterable<Meetings>,
  signal?: AbortSignal,
): Promise<Map<string, FoundTrace>> {
  const strays = [...meetings].flatMap(({ strays }) => strays).filter(({ traceId }) => traceId !== "");
  const largest = strays.sort((a, b) => b.samples - a.samples).slice(0, MOST_LOOKUPS);
  if (largest.length === 0) return new Map();
  const rows = await queryRows(
    `SELECT TraceId AS trace_id, toString(min(toUnixTimestamp64Nano(Timestamp))) AS start,
       toString(max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration))) AS end, groupUniqArrayIf(SpanId, SpanId IN {spanIds:Array(String)}) AS spans
     FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId IN {traceIds:Array(String)}")} GROUP BY trace_id`,
    {
      traceIds: [...new Set(largest.map(({ traceId }) => traceId))],
      spanIds: [...new Set(largest.map(({ spanId }) => spanId))],
    },
    { ...DOCTOR_LIMITS, signal, settings: BY_TRACE_SETTINGS },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "trace_id"),
      {
        start: BigInt(textColumn(row, "start")),
        end: BigInt(textColumn(row, "end")),
        spanIds: new Set(textsColumn(row, "spans")),
      },
    ]),
  );
}

/**
 * Which ids exist among spans around the scope, when strays' ids and labels' values are read in every way they can be.
 * @param values of labels that look like ids
 */
export async function findIdsReadOtherwise(
  scope: DoctorScope,
  meetings: Iterable<Meetings>,
  values: readonly string[],
  signal?: AbortSignal,
): Promise<FoundIds> {
  const spans = new Set<string>();
  const traces = new Set<string>();
  const tails = new Set<string>();
  for (const stray of [...meetings].flatMap(({ strays }) => strays)) {
    if (stray.traceId.startsWith(ZEROS)) tails.add(stray.traceId.slice(16));
    const decimal = hexOfDecimalDigits(stray.spanId);
    if (decimal !== undefined) spans.add(decimal);
  }
  for (const value of values) {
    const reading = readIdForm(value);
    if (reading?.kind === "trace") traces.add(reading.hex);
    if (reading?.kind === "span") {
      spans.add(reading.hex);
      tails.add(reading.hex); // a trace id of 64 bits is as long
    }
  }
  const found = {
    traceOfSpan: new Map<string, string>(),
    traces: new Set<string>(),
    traceOfTail: new Map<string, string>(),
  };
  if (spans.size + traces.size + tails.size === 0) return found;
  const rows = await queryRows(
    `SELECT TraceId AS trace_id, SpanId AS span_id FROM otel_traces
     WHERE Timestamp >= fromUnixTimestamp64Nano({from:Int64} - ${SPANS_AROUND_NANOS}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64} + ${SPANS_AROUND_NANOS})
       AND (SpanId IN {spans:Array(String)} OR TraceId IN {traces:Array(String)} OR substring(TraceId, 17) IN {tails:Array(String)})
     LIMIT 5000`,
    {
      from: String(scope.from),
      to: String(scope.to),
      spans: [...spans],
      traces: [...traces],
      tails: [...tails],
    },
    { ...DOCTOR_LIMITS, signal },
  );
  for (const row of rows) {
    const traceId = textColumn(row, "trace_id");
    found.traceOfSpan.set(textColumn(row, "span_id"), traceId);
    found.traces.add(traceId);
    found.traceOfTail.set(traceId.slice(16), traceId);
  }
  return found;
}

export type StrayFate =
  | { readonly kind: "met" | "span-missing" | "trace-missing" }
  | { readonly kind: "skewed"; readonly offsetNs: number }
  | { readonly kind: "other-form"; readonly form: string; readonly traceId: string };

const TOLERANCE_NANOS = 60_000_000_000n;

/** @returns what became of the samples of a stray, from all that was found */
export function judgeStray(
  { from, spanId, to, traceId }: Stray,
  traces: ReadonlyMap<string, FoundTrace>,
  ids: FoundIds,
): StrayFate {
  const trace = traces.get(traceId);
  if (trace !== undefined) {
    const after = from - trace.end;
    const before = trace.start - to;
    if (after > TOLERANCE_NANOS) return { kind: "skewed", offsetNs: Number(after) };
    if (before > TOLERANCE_NANOS) return { kind: "skewed", offsetNs: -Number(before) };
    return { kind: spanId === "" || trace.spanIds.has(spanId) ? "met" : "span-missing" };
  }
  if (traceId.startsWith(ZEROS)) {
    const whole = ids.traceOfTail.get(traceId.slice(16));
    if (whole !== undefined) return { kind: "other-form", form: "the last 64 bits of 128", traceId: whole };
  }
  const ofDecimal = ids.traceOfSpan.get(hexOfDecimalDigits(spanId) ?? "");
  if (ofDecimal !== undefined) return { kind: "other-form", form: "decimal", traceId: ofDecimal };
  return { kind: "trace-missing" };
}
