import { byTraceSql } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { numberColumn, textColumn } from "@/lib/store/row";
import { sampleFilter } from "@/lib/store/sample-filter";
import type { SelectionSum } from "@/lib/store/selection-sum";
import { sumSelection } from "@/lib/store/sum-selection";
import { explainNoSamples } from "@/lib/trace/why-no-samples";

/** @returns why a selection has no samples and what would help, in one sentence. @param selection its sum: where there are samples after all, one node of the flame graph was asked for in vain */
export async function explainEmptySelection(
  resolved: ResolvedSelector,
  selection: SelectionSum,
  signal?: AbortSignal,
): Promise<string> {
  const { selector } = resolved;
  if (selection.sampleCount > 0) {
    return "This frame has no samples in the current selection: go back to the whole flame graph.";
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
    const what = selector.spanId === undefined ? "this part of the trace" : "this span";
    return `No sample fell into ${what}; the trace has ${ofTrace.sampleCount} in other places.`;
  }
  return await explainEmptyTrace(resolved, selector.traceId, signal);
}

async function explainEmptyTrace(
  { selector }: ResolvedSelector,
  traceId: string,
  signal?: AbortSignal,
): Promise<string> {
  const [trace] = await queryRows(
    `SELECT groupUniqArray(ServiceName) AS services, toString(toUnixTimestamp64Nano(min(Timestamp))) AS start,
       toString(max(toUnixTimestamp64Nano(Timestamp) + Duration)) AS end
     FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")}`,
    { traceId },
    { signal },
  );
  const services = trace === undefined ? [] : textList(trace.services);
  if (trace === undefined || services.length === 0) {
    return "Neither spans nor samples of this trace are stored.";
  }
  const start = BigInt(textColumn(trace, "start"));
  const end = BigInt(textColumn(trace, "end"));
  const type = sampleFilter(
    { type: selector.type, scope: "span", endpoints: [], labels: new Map() },
    undefined,
  );
  const [around] = await queryRows(
    `SELECT uniqExact(profile_id) AS profiles, sum(count) AS samples, sumIf(count, trace_id != '' OR span_id != '') AS labelled,
       max(period_ns) AS period
     FROM samples
     WHERE ${type.sql} AND service IN {services:Array(String)} AND time < fromUnixTimestamp64Nano({end:Int64})
       AND time >= fromUnixTimestamp64Nano({earliest:Int64}) AND toUnixTimestamp64Nano(time) + duration_ns > {start:Int64}`,
    {
      ...type.params,
      services,
      start: String(start),
      end: String(end),
      earliest: String(start - HOUR_NANOS),
    },
    { signal },
  );
  const count = (column: string) => (around === undefined ? 0 : numberColumn(around, column));
  return explainNoSamples(
    Number(end - start),
    services,
    {
      profiles: count("profiles"),
      samples: count("samples"),
      labelledSamples: count("labelled"),
      periodNs: count("period"),
    },
    selector.type === "cpu" ? "CPU" : selector.type,
  );
}

const HOUR_NANOS = 3_600_000_000_000n;

async function explainEmptyRange({ selector }: ResolvedSelector, signal?: AbortSignal): Promise<string> {
  const who = selector.service === undefined ? "any service" : selector.service;
  const rows = await queryRows(
    `SELECT type, countIf(${selector.service === undefined ? "1" : "service = {service:String}"}) AS rows FROM samples
     GROUP BY type HAVING rows > 0 ORDER BY type LIMIT 20`,
    selector.service === undefined ? {} : { service: selector.service },
    { signal },
  );
  const types = rows.map((row) => textColumn(row, "type"));
  if (types.length === 0) return `No profile of ${who} is stored yet: send one to /api/v1/profiles.`;
  if (selector.type !== "samples" && !types.includes(selector.type)) {
    return `There are no ${selector.type} samples of ${who}; there are ${types.join(", ")}.`;
  }
  return `${capitalized(who)} has ${selector.type} samples, but none that match: widen the time range or take a filter away.`;
}

function capitalized(text: string): string {
  return text === "any service" ? "The store" : text;
}

function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
