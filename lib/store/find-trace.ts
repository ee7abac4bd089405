import type { TraceResponse, TraceSpan } from "@/lib/api/contract";
import { HotspanError } from "@/lib/errors";
import type { TraceId } from "@/lib/ids";
import { BY_TRACE_SETTINGS, byTraceSql } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { mapColumn, mapsColumn, numberColumn, type Row, textColumn, textsColumn } from "@/lib/store/row";
import { SUMMARY_SPAN_COLUMNS, summarySpanFromRow } from "@/lib/store/summary-span-row";
import { sumOneTraceCpu, type TracesInTime, timeOfSpans } from "@/lib/store/trace-cpu";
import { findCriticalPath } from "@/lib/trace/critical-path";
import { computeSelfTimes } from "@/lib/trace/self-time";
import { adoptCalleeSpans } from "@/lib/trace/shared-span";
import { computeUnexplained, type SummarySpan } from "@/lib/trace/summarize-trace";
import { buildTraceTree, type TraceTree } from "@/lib/trace/trace-tree";
import { explainNoSamples } from "@/lib/trace/why-no-samples";
import type { UnixNano } from "@/lib/units";

/** More spans than a person can read; the earliest are kept and the cut is told. */
export const MAX_TRACE_SPANS = 50_000;

/**
 * One trace with what is derived from it. Spans come depth first, parents before children.
 * @throws HotspanError `not-found` when no span of it is stored, and as queryRows
 */
export async function findTrace(traceId: TraceId, signal?: AbortSignal): Promise<TraceResponse> {
  const reading = findSpans(traceId, signal);
  const [{ spans: kept, isCut }, cpu] = await Promise.all([
    reading,
    sumOneTraceCpu(
      traceId,
      reading.then(({ spans }) => placeOf(traceId, spans)),
      signal,
    ),
  ]);
  const tree = buildTraceTree(kept);
  const { services, toUnixNano: end } = placeOf(traceId, kept);
  const selfNs = computeSelfTimes(tree);
  const { onPath } = findCriticalPath(tree);
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
    warnings: isCut
      ? [
          `The trace has more than ${MAX_TRACE_SPANS.toLocaleString("en")} spans: the earliest are shown.`,
          ...tree.warnings,
        ]
      : [...tree.warnings],
    noSamplesReason:
      cpu.sampleCount > 0 ? null : await findWhyNoSamples(traceId, tree, services, end, signal),
  };
}

type StoredSpan = SummarySpan & { readonly row: Row };

async function findSpans(
  traceId: TraceId,
  signal: AbortSignal | undefined,
): Promise<{ spans: readonly StoredSpan[]; isCut: boolean }> {
  const rows = await queryRows(
    `SELECT ${SUMMARY_SPAN_COLUMNS}, StatusMessage, SpanAttributes, ResourceAttributes,
       arrayMap(t -> toString(toUnixTimestamp64Nano(t)), Events.Timestamp) AS event_times,
       Events.Name AS event_names, Events.Attributes AS event_attributes,
       Links.TraceId AS link_traces, Links.SpanId AS link_spans, Links.Attributes AS link_attributes
     FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")}
     ORDER BY Timestamp, SpanId LIMIT ${MAX_TRACE_SPANS + 1}`,
    { traceId },
    { rows: MAX_TRACE_SPANS + 1, signal, settings: BY_TRACE_SETTINGS },
  );
  if (rows.length === 0) {
    throw new HotspanError(
      "not-found",
      `No trace ${traceId} is stored: it may not have arrived yet, or its time to be kept is over.`,
    );
  }
  const spans = rows.slice(0, MAX_TRACE_SPANS).map((row) => ({ ...summarySpanFromRow(row), row }));
  return { spans: adoptCalleeSpans(spans), isCut: rows.length > MAX_TRACE_SPANS };
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

/** Profiles longer than an hour are not looked for. */
const LONGEST_PROFILE_NANOS = 3_600_000_000_000n;

async function findWhyNoSamples(
  traceId: TraceId,
  tree: TraceTree<SummarySpan>,
  services: readonly string[],
  end: UnixNano,
  signal: AbortSignal | undefined,
): Promise<string> {
  const earliest = tree.startUnixNano - LONGEST_PROFILE_NANOS;
  const [around] = await queryRows(
    `SELECT uniqExact(profile_id) AS profiles, sum(count) AS samples, sumIf(count, trace_id != '' OR span_id != '') AS labelled,
       sumIf(count, trace_id = {traceId:String} AND tie = 'process') AS captured, max(period_ns) AS period
     FROM samples
     WHERE type = 'cpu' AND service IN {services:Array(String)}
       AND time >= fromUnixTimestamp64Nano({earliest:Int64}) AND time <= fromUnixTimestamp64Nano({end:Int64})
       AND toUnixTimestamp64Nano(time) + duration_ns >= {start:Int64}`,
    {
      traceId,
      services,
      earliest: String(earliest < 0n ? 0n : earliest),
      start: String(tree.startUnixNano),
      end: String(end),
    },
    { signal },
  );
  return explainNoSamples(tree.durationNs, services, {
    profiles: around === undefined ? 0 : numberColumn(around, "profiles"),
    samples: around === undefined ? 0 : numberColumn(around, "samples"),
    labelledSamples: around === undefined ? 0 : numberColumn(around, "labelled"),
    capturedSamples: around === undefined ? 0 : numberColumn(around, "captured"),
    periodNs: around === undefined ? 0 : numberColumn(around, "period"),
  });
}
