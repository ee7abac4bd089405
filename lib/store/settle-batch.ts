/**
 * The rows of `traces`, each computed anew from all that is stored of its trace and written whole. Writing the same row
 * twice changes nothing, so a restart may go over old ground.
 */
import { byTraceSql } from "@/lib/store/by-trace";
import { insertRows, queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";
import { SUMMARY_SPAN_COLUMNS, summarySpanFromRow } from "@/lib/store/summary-span-row";
import { sumTraceCpu, timeOfSpans } from "@/lib/store/trace-cpu";
import { adoptCalleeSpans } from "@/lib/trace/shared-span";
import {
  NO_CPU,
  type SummarySpan,
  summarizeTrace,
  type TraceSummaryColumns,
} from "@/lib/trace/summarize-trace";
import type { UnixNano } from "@/lib/units";

/** Spans read for one batch of traces: some 20 MB of rows. */
const SPANS_PER_BATCH = 50_000;
const TRACES_PER_BATCH = 1_000;
/** A larger trace is summed up from its earliest spans, but for the counts. */
const MAX_SPANS = 50_000;
/** One thread: the pages' queries come first. */
const SETTLE_SETTINGS = { max_threads: 1 } as const;
const NANOS_PER_HOUR = 3_600_000_000_000n;

// biome-ignore format: one group a line reads better
const COLUMNS = [
  "start_hour", "trace_id", "start", "duration_ns", "root_service", "root_name", "endpoint", "services",
  "entry_services", "entry_endpoints", "entry_samples", "span_count", "error_count",
  "cpu_ns", "sample_count", "unexplained_ns", "top_function",
  "settled_at", "ingested_until", "is_deleted",
] as const;

interface SettledAt {
  /** Version of the rows, milliseconds: later ones replace earlier ones. */
  readonly version: number;
  /** Milliseconds; see settle-traces.ts. */
  readonly ingestedUntil: number;
}

export interface TracesToSettle {
  readonly traceIds: readonly string[];
  /** Unix seconds: nothing of these traces was ingested before, so only what was ingested since is read; 0 when unknown. */
  readonly since: number;
  /** At least as many as they have together, when `since` is known: few need not be counted first. */
  readonly spans?: number;
}

/**
 * Computes and writes the rows of these traces, in batches bounded by spans.
 * Traces without spans are passed over: their samples wait for them.
 * @returns how many rows were written
 */
export async function settleTraces(
  traceIds: readonly string[],
  at: SettledAt,
  signal?: AbortSignal,
  { since, spans }: Omit<TracesToSettle, "traceIds"> = { since: 0 },
): Promise<number> {
  if (since > 0 && spans !== undefined && spans <= MAX_SPANS) {
    const unknown = traceIds.map((traceId) => ({ traceId, spans: 0, errors: 0 }));
    return settleBatch(unknown, since, at, signal);
  }
  let written = 0;
  for (let from = 0; from < traceIds.length; from += TRACES_PER_BATCH) {
    const sizes = await findSizes(traceIds.slice(from, from + TRACES_PER_BATCH), since, signal);
    for (const batch of cutBatches(sizes)) written += await settleBatch(batch, since, at, signal);
  }
  return written;
}

interface TraceSize {
  readonly traceId: string;
  readonly spans: number;
  readonly errors: number;
}

/** Rows of `otel_traces`: those ingested since are few and close together, others are sought by their places. */
function spansOfTraces(since: number): string {
  const named = "TraceId IN {traceIds:Array(String)}";
  return since > 0
    ? `IngestedAt >= fromUnixTimestamp64Milli({since:Int64}) AND ${named}`
    : byTraceSql("otel_traces", named);
}

async function findSizes(
  traceIds: readonly string[],
  since: number,
  signal: AbortSignal | undefined,
): Promise<TraceSize[]> {
  const rows = await queryRows(
    `SELECT TraceId, count() AS spans, countIf(StatusCode = 'Error') AS errors
     FROM otel_traces WHERE ${spansOfTraces(since)} GROUP BY TraceId`,
    { traceIds, since: since * 1_000 },
    { signal, seconds: 60, settings: SETTLE_SETTINGS },
  );
  return rows.map((row) => ({
    traceId: textColumn(row, "TraceId"),
    spans: numberColumn(row, "spans"),
    errors: numberColumn(row, "errors"),
  }));
}

function cutBatches(sizes: readonly TraceSize[]): TraceSize[][] {
  const batches: TraceSize[][] = [];
  let room = 0;
  for (const size of sizes) {
    const batch = batches.at(-1);
    if (batch === undefined || size.spans > room) {
      batches.push([size]);
      room = SPANS_PER_BATCH - size.spans;
    } else {
      batch.push(size);
      room -= size.spans;
    }
  }
  return batches;
}

async function settleBatch(
  batch: readonly TraceSize[],
  since: number,
  at: SettledAt,
  signal: AbortSignal | undefined,
): Promise<number> {
  const spansOf = await findSpans(batch, since, signal);
  const spans = [...spansOf.values()].flat();
  const traceOfSpan = new Map<string, string>();
  for (const [traceId, own] of spansOf) for (const span of own) traceOfSpan.set(span.spanId, traceId);
  const cpu = await sumTraceCpu(
    {
      traceIds: [...spansOf.keys()],
      traceOfSpan,
      services: [...new Set(spans.map((span) => span.service))],
      ...timeOfSpans(spans),
      since,
    },
    signal,
  );
  const sizes = new Map(batch.map((size) => [size.traceId, size]));
  const byDay = new Map<bigint, unknown[][]>();
  for (const [traceId, own] of spansOf) {
    const summary = summarizeTrace(adoptCalleeSpans(own), cpu.get(traceId) ?? NO_CPU);
    const size = sizes.get(traceId);
    const whole =
      size !== undefined && size.spans > MAX_SPANS
        ? { ...summary, spanCount: size.spans, errorCount: size.errors }
        : summary;
    for (const [hour, row] of toRows(traceId, whole, own, at)) {
      const day = hour / (24n * NANOS_PER_HOUR);
      const rows = byDay.get(day);
      if (rows === undefined) byDay.set(day, [row]);
      else rows.push(row);
    }
  }
  // One insert per partition: each is stored whole or not at all.
  for (const rows of byDay.values()) await insertRows("traces", COLUMNS, rows, signal);
  return spansOf.size;
}

async function findSpans(
  batch: readonly TraceSize[],
  since: number,
  signal: AbortSignal | undefined,
): Promise<Map<string, SummarySpan[]>> {
  const rows = await queryRows(
    `SELECT TraceId, ${SUMMARY_SPAN_COLUMNS} FROM otel_traces WHERE ${spansOfTraces(since)}
     ${batch.some((size) => size.spans > MAX_SPANS) ? `ORDER BY Timestamp LIMIT ${MAX_SPANS} BY TraceId` : ""}`,
    { traceIds: batch.map((size) => size.traceId), since: since * 1_000 },
    { signal, seconds: 60, rows: 1_000_000, settings: SETTLE_SETTINGS },
  );
  const spansOf = new Map<string, SummarySpan[]>();
  for (const row of rows) {
    const traceId = textColumn(row, "TraceId");
    const spans = spansOf.get(traceId);
    if (spans === undefined) spansOf.set(traceId, [summarySpanFromRow(row)]);
    else spans.push(summarySpanFromRow(row));
  }
  return spansOf;
}

/**
 * The trace's row, and a tombstone at every other hour in which a span of it starts: an earlier row of the trace was
 * computed from some of these spans, so it can be nowhere else.
 */
function* toRows(
  traceId: string,
  summary: TraceSummaryColumns,
  spans: readonly SummarySpan[],
  at: SettledAt,
): Generator<[hour: bigint, row: unknown[]]> {
  const ownHour = summary.startUnixNano / NANOS_PER_HOUR;
  const hours = new Set(spans.map((span) => span.startUnixNano / NANOS_PER_HOUR));
  for (const hour of hours) {
    const gone = hour === ownHour ? 0 : 1;
    yield [hour * NANOS_PER_HOUR, toRow(hour, traceId, summary, at, gone)];
  }
}

function toRow(
  hour: bigint,
  traceId: string,
  summary: TraceSummaryColumns,
  at: SettledAt,
  isDeleted: 0 | 1,
): unknown[] {
  return [
    Number(hour) * 3_600,
    traceId,
    instantText(summary.startUnixNano),
    Math.round(summary.durationNs),
    summary.rootService,
    summary.rootName,
    summary.endpoint,
    summary.services,
    summary.entries.map((entry) => entry.service),
    summary.entries.map((entry) => entry.endpoint),
    summary.entries.map((entry) => entry.sampleCount),
    summary.spanCount,
    summary.errorCount,
    Math.max(0, Math.round(summary.cpuNs)),
    summary.sampleCount,
    Math.round(summary.unexplainedNs),
    summary.topFunction,
    millisText(at.version),
    millisText(at.ingestedUntil),
    isDeleted,
  ];
}

/** Seconds with decimals: read as an instant whatever the server's time zone. */
function instantText(instant: UnixNano): string {
  const digits = String(instant).padStart(19, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function millisText(millis: number): string {
  return (millis / 1_000).toFixed(3);
}
