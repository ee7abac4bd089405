import type { TraceResponse, TraceSpan } from "@/lib/api/contract";
import { HotspanError } from "@/lib/errors";
import type { TraceId } from "@/lib/ids";
import { BY_TRACE_SETTINGS, byTraceSql } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { explainEmptyTrace } from "@/lib/store/explain-empty-trace";
import { mapColumn, mapsColumn, type Row, textColumn, textsColumn } from "@/lib/store/row";
import { SUMMARY_SPAN_COLUMNS, summarySpanFromRow } from "@/lib/store/summary-span-row";
import { sumOneTraceCpu, type TracesInTime, timeOfSpans } from "@/lib/store/trace-cpu";
import { findCriticalPath } from "@/lib/trace/critical-path";
import { computeSelfTimes } from "@/lib/trace/self-time";
import { adoptCalleeSpans } from "@/lib/trace/shared-span";
import { computeUnexplained, type SummarySpan } from "@/lib/trace/summarize-trace";
import { buildTraceTree } from "@/lib/trace/trace-tree";

/** More spans than a person can read; the earliest are kept and the cut is told. */
export const MAX_TRACE_SPANS = 50_000;

/**
 * One trace with what is derived from it. Spans come depth first, parents before children.
 * @throws HotspanError `not-found` when no span of it is stored, and as queryRows
 */
export async function findTrace(traceId: TraceId, signal?: AbortSignal): Promise<TraceResponse> {
  const reading = findSpans(traceId, signal);
  const [{ spans: kept, isCut, isStaged }, cpu] = await Promise.all([
    reading,
    sumOneTraceCpu(
      traceId,
      reading.then(({ spans }) => placeOf(traceId, spans)),
      signal,
    ),
  ]);
  const tree = buildTraceTree(kept);
  const selfNs = computeSelfTimes(tree);
  const { onPath } = findCriticalPath(tree);
  const reason =
    cpu.sampleCount > 0
      ? null
      : await explainEmptyTrace({ traceId, ...placeOf(traceId, kept) }, "cpu", signal);
  return {
    traceId,
    startUnixNano: String(tree.startUnixNano),
    durationNs: tree.durationNs,
    cpuNs: cpu.cpuNs,
    sampleCount: cpu.sampleCount,
    unexplainedNs: computeUnexplained(tree, cpu),
    spans: tree.nodes.map(({ span }, index) =>
      toTraceSpan(span, {
        selfNs: selfNs[index] ?? 0,
        cpuNs: cpu.bySpan.get(span.spanId) ?? 0,
        sampleCount: cpu.samplesBySpan.get(span.spanId) ?? 0,
        critical: onPath[index] === 1,
      }),
    ),
    warnings: [
      ...(isCut
        ? [`The trace has more than ${MAX_TRACE_SPANS.toLocaleString("en")} spans: the earliest are shown.`]
        : []),
      ...(isStaged
        ? ["The trace is still coming in: sampling decides whether it is kept when it is quiet."]
        : []),
      ...tree.warnings,
    ],
    noSamplesReason: reason?.sentence ?? null,
    noSamplesCode: reason?.code ?? null,
  };
}

type StoredSpan = SummarySpan & { readonly row: Row };

async function findSpans(
  traceId: TraceId,
  signal: AbortSignal | undefined,
): Promise<{ spans: readonly StoredSpan[]; isCut: boolean; isStaged: boolean }> {
  const stored = await readSpans("otel_traces", traceId, signal);
  // Sampling has not decided yet: whoever asks for a trace by its id need not wait.
  const isStaged = stored.length === 0;
  const rows = isStaged ? await readSpans("staged_spans", traceId, signal) : stored;
  if (rows.length === 0) {
    throw new HotspanError(
      "not-found",
      `No trace ${traceId} is stored: it may not have arrived yet, its time to be kept is over, or sampling dropped it.`,
    );
  }
  const spans = rows.slice(0, MAX_TRACE_SPANS).map((row) => ({ ...summarySpanFromRow(row), row }));
  return { spans: adoptCalleeSpans(spans), isCut: rows.length > MAX_TRACE_SPANS, isStaged };
}

function readSpans(
  table: "otel_traces" | "staged_spans",
  traceId: TraceId,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  const ofTrace = "TraceId = {traceId:String}";
  return queryRows(
    `SELECT ${SUMMARY_SPAN_COLUMNS}, StatusMessage, SpanAttributes, ResourceAttributes,
       arrayMap(t -> toString(toUnixTimestamp64Nano(t)), Events.Timestamp) AS event_times,
       Events.Name AS event_names, Events.Attributes AS event_attributes,
       Links.TraceId AS link_traces, Links.SpanId AS link_spans, Links.Attributes AS link_attributes
     FROM ${table} WHERE ${table === "otel_traces" ? byTraceSql(table, ofTrace) : ofTrace}
     ORDER BY Timestamp, SpanId${table === "staged_spans" ? " LIMIT 1 BY SpanId" : ""} LIMIT ${MAX_TRACE_SPANS + 1}`,
    { traceId },
    { rows: MAX_TRACE_SPANS + 1, signal, settings: BY_TRACE_SETTINGS },
  );
}

function placeOf(traceId: TraceId, spans: readonly StoredSpan[]): TracesInTime {
  return {
    traceIds: [traceId],
    traceOfSpan: new Map(spans.map((span) => [span.spanId, traceId])),
    services: [...new Set(spans.map((span) => span.service))],
    ...timeOfSpans(spans),
  };
}

function toTraceSpan(
  span: StoredSpan,
  derived: Pick<TraceSpan, "selfNs" | "cpuNs" | "sampleCount" | "critical">,
): TraceSpan {
  const { row } = span;
  const times = textsColumn(row, "event_times");
  const eventNames = textsColumn(row, "event_names");
  const eventAttributes = mapsColumn(row, "event_attributes");
  const linkSpans = textsColumn(row, "link_spans");
  const linkAttributes = mapsColumn(row, "link_attributes");
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    service: span.service,
    name: span.name,
    kind: span.kind,
    startUnixNano: String(span.startUnixNano),
    durationNs: span.durationNs,
    status: span.status,
    statusMessage: textColumn(row, "StatusMessage"),
    attributes: toRecord(mapColumn(row, "SpanAttributes")),
    resource: toRecord(mapColumn(row, "ResourceAttributes")),
    events: times.map((timeUnixNano, index) => ({
      name: eventNames[index] ?? "",
      timeUnixNano,
      attributes: toRecord(eventAttributes[index]),
    })),
    links: textsColumn(row, "link_traces").map((traceId, index) => ({
      traceId,
      spanId: linkSpans[index] ?? "",
      attributes: toRecord(linkAttributes[index]),
    })),
    ...derived,
  };
}

/** For JSON only. fromEntries defines properties, so `__proto__` stays a key. */
function toRecord(attributes: ReadonlyMap<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(attributes ?? []);
}
