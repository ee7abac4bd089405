import { carriesLabels } from "@/lib/diagnosis/labelless-types";
import type { EmptyReason } from "@/lib/diagnosis/reason";
import { BY_TRACE_SETTINGS, byTraceSql } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { explainEmptyTrace } from "@/lib/store/explain-empty-trace";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { numberColumn, textColumn, textsColumn, unixNanoColumn } from "@/lib/store/row";
import { sampleFilter } from "@/lib/store/sample-filter";
import type { SelectionSum } from "@/lib/store/selection-sum";
import { sumSelection } from "@/lib/store/sum-selection";
import { unixNano } from "@/lib/units";

/** @returns why a selection has no samples and what would help. @param selection its sum: where there are samples after all, one node of the flame graph was asked for in vain */
export async function explainEmptySelection(
  resolved: ResolvedSelector,
  selection: SelectionSum,
  signal?: AbortSignal,
): Promise<EmptyReason> {
  const { selector } = resolved;
  if (selection.sampleCount > 0) {
    return {
      code: "frame-gone",
      sentence: "This frame has no samples in the current selection: go back to the whole flame graph.",
    };
  }
  if (selector.traceId === undefined) return await explainEmptyRange(resolved, signal);
  const whole = {
    type: selector.type,
    traceId: selector.traceId,
    scope: "span",
    endpoints: [],
    labels: new Map(),
  } as const;
  const filter = sampleFilter(whole, {
    rule: resolved.rule ?? "labelled",
    spanIds: undefined,
    spanOnly: undefined,
  });
  const ofTrace = await sumSelection({ selector: whole, filter, selection: undefined }, signal);
  if (ofTrace.sampleCount > 0) {
    return await explainEmptyPart(resolved, selector.traceId, ofTrace.sampleCount, signal);
  }
  const [trace] = await queryRows(
    `SELECT groupUniqArray(ServiceName) AS services, toString(min(toUnixTimestamp64Nano(Timestamp))) AS start,
       toString(max(toUnixTimestamp64Nano(Timestamp) + Duration)) AS end
     FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")}`,
    { traceId: selector.traceId },
    { signal, settings: BY_TRACE_SETTINGS },
  );
  const services = trace === undefined ? [] : textsColumn(trace, "services").sort();
  if (trace === undefined || services.length === 0) {
    return { code: "unknown-trace", sentence: "Neither spans nor samples of this trace are stored." };
  }
  const place = {
    traceId: selector.traceId,
    services,
    fromUnixNano: unixNanoColumn(trace, "start"),
    toUnixNano: unixNano(BigInt(textColumn(trace, "end"))),
  };
  return await explainEmptyTrace(place, selector.type, signal);
}

/** A span or service of a trace that has samples elsewhere: by chance, or because deeper spans are never named. */
async function explainEmptyPart(
  { selector }: ResolvedSelector,
  traceId: string,
  samples: number,
  signal: AbortSignal | undefined,
): Promise<EmptyReason> {
  const part = selector.spanId === undefined ? "this part of the trace" : "this span";
  const sentence = `No sample fell into ${part}; the trace has ${samples} in other places.`;
  if (selector.spanId === undefined) return { code: "elsewhere", sentence };
  const ofTrace = byTraceSql("otel_traces", "TraceId = {traceId:String}");
  const [row] = await queryRows(
    `SELECT countIf(service = own AND NOT entry) AS deeper, countIf(service = own AND entry) AS entries,
       (SELECT any(IsEntry) FROM otel_traces WHERE ${ofTrace} AND SpanId = {spanId:String}) AS is_entry
     FROM (
       SELECT ServiceName AS service, IsEntry = 1 AS entry,
         (SELECT any(ServiceName) FROM otel_traces WHERE ${ofTrace} AND SpanId = {spanId:String}) AS own
       FROM otel_traces WHERE ${ofTrace}
         AND SpanId IN (SELECT span_id FROM samples WHERE ${byTraceSql("samples", "trace_id = {traceId:String}")})
     )`,
    { traceId, spanId: selector.spanId },
    { signal, settings: BY_TRACE_SETTINGS },
  );
  const onlyEntries =
    row !== undefined &&
    numberColumn(row, "entries") > 0 &&
    numberColumn(row, "deeper") === 0 &&
    row.is_entry === 0;
  if (!onlyEntries) return { code: "elsewhere", sentence };
  return {
    code: "entry-only",
    sentence: `${sentence} All samples of its service name the span of the request itself: label inner spans too.`,
  };
}

async function explainEmptyRange({ selector }: ResolvedSelector, signal?: AbortSignal): Promise<EmptyReason> {
  const who = selector.service === undefined ? "any service" : selector.service;
  const rows = await queryRows(
    `SELECT type, countIf(${selector.service === undefined ? "1" : "service = {service:String}"}) AS rows FROM samples
     GROUP BY type HAVING rows > 0 ORDER BY type LIMIT 20`,
    selector.service === undefined ? {} : { service: selector.service },
    { signal },
  );
  const types = rows.map((row) => textColumn(row, "type"));
  if (types.length === 0) {
    return {
      code: "nothing-stored",
      sentence: `No profile of ${who} is stored yet: send one to /api/v1/profiles.`,
    };
  }
  if (selector.type !== "samples" && !types.includes(selector.type)) {
    return {
      code: "other-type",
      sentence: `There are no ${selector.type} samples of ${who}; there are ${types.join(", ")}.`,
    };
  }
  if (selector.endpoints.length > 0 && !carriesLabels(selector.type)) {
    return {
      code: "type-without-labels",
      sentence: `Profilers put no labels on ${selector.type} samples, so none belongs to an endpoint: take the endpoint away to see those of ${who}.`,
    };
  }
  return {
    code: "nothing-matches",
    sentence: `${capitalized(who)} has ${selector.type} samples, but none that match: widen the time range or take a filter away.`,
  };
}

function capitalized(text: string): string {
  return text === "any service" ? "The store" : text;
}
