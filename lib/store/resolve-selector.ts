/** Asks the store what a selector of a trace or span means in it, and gives the condition that all reads share. */
import { chooseTieRule, type TieRule } from "@/lib/correlation/choose-ties";
import type { SampleSelector } from "@/lib/correlation/selector";
import { spanSubtree } from "@/lib/correlation/span-subtree";
import { invalidInput } from "@/lib/errors";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { byTraceSql, NAMES_SPAN_ALONE } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { countTied, findTiedProfiles, tiedSql } from "@/lib/store/profile-ties";
import { numberColumn, type Row, textColumn, textsColumn, unixNanoColumn } from "@/lib/store/row";
import {
  type SpanOnlySamples,
  sampleFilter,
  type TraceTie,
  typeFilter,
  valueColumn,
} from "@/lib/store/sample-filter";
import { type SelectionSum, selectionColumns, selectionFromRow } from "@/lib/store/selection-sum";
import type { SqlCondition } from "@/lib/store/sql-condition";
import { adoptCalleeSpans } from "@/lib/trace/shared-span";
import { NANOS_PER_SECOND, type UnixNano, unixNano } from "@/lib/units";

export interface ResolvedSelector {
  readonly selector: SampleSelector;
  readonly filter: SqlCondition;
  /** Of a trace or span; with it further filters over the same samples can be made. */
  readonly tie: TraceTie | undefined;
  /** undefined for a range. */
  readonly rule: TieRule | undefined;
  /** Whose samples can match, when the store was asked; undefined when any service's can. Narrows the read of stacks. */
  readonly services: readonly string[] | undefined;
  /** A superset of the stacks of what can match, when there are few. Saves the read of stacks from asking samples again. */
  readonly stackIds: readonly bigint[] | undefined;
  /** The samples of a whole trace by stack, when there are few: asked anyway, so they need not be read again. */
  readonly stackSums: readonly StackSum[] | undefined;
  /** The sum of a whole trace, which was asked anyway; undefined when the selector narrows it further. */
  readonly selection: SelectionSum | undefined;
}

/** Equal stacks of a service; a row may come more than once. 64-bit integers as decimals. */
export interface StackSum {
  readonly service: string;
  readonly stackId: string;
  readonly value: string;
  readonly count: string;
  readonly absoluteValue: string;
}

/** More stacks than this are sought by a subquery. */
const FEW_STACKS = 2_000;

/** More spans than a page shows; beyond it a subtree may miss descendants. */
const MAX_SPANS = 200_000;
/** Profiles longer than this are not searched for samples that name a span of the trace without the trace. */
const MAX_WINDOW_NANOS = 3_600n * BigInt(NANOS_PER_SECOND);

/**
 * @param prefix of the bound parameters, for two selectors in one query
 * @throws HotspanError `invalid-input` for a span without its trace, and as queryRows
 */
export async function resolveSelector(
  selector: SampleSelector,
  prefix = "",
  signal?: AbortSignal,
): Promise<ResolvedSelector> {
  if (selector.traceId === undefined) {
    if (selector.spanId !== undefined) {
      throw invalidInput(
        "A span is selected together with its trace: span ids are unique within a trace only.",
      );
    }
    return {
      selector,
      filter: sampleFilter(selector, undefined, prefix),
      tie: undefined,
      rule: undefined,
      services: selector.service === undefined ? undefined : [selector.service],
      stackIds: undefined,
      stackSums: undefined,
      selection: undefined,
    };
  }
  const [own, spanIds, tiedProfiles] = await Promise.all([
    findSamplesOfTrace(selector, signal),
    findSpanIds(selector, signal),
    selector.spanId === undefined ? findTiedProfiles(selector.traceId, signal) : undefined,
  ]);
  const spans = own.someNameSpansAlone ? await findSpanOnlySamples(selector, signal) : undefined;
  const ofTied =
    tiedProfiles === undefined ? 0 : await countTied(tiedProfiles, typeFilter(selector.type), signal);
  const found = { labelled: own.labelled + (spans?.count ?? 0), process: own.process + ofTied };
  const rule = chooseTieRule(selector, found) ?? "labelled";
  const tied = rule === "process" && tiedProfiles !== undefined ? tiedProfiles : undefined;
  const services = [...new Set([...own.services, ...(spans?.services ?? []), ...(tied?.services ?? [])])];
  const spanOnly =
    spans === undefined
      ? undefined
      : {
          services,
          fromUnixNano:
            own.labelled > 0 ? earliest(own.fromUnixNano, spans.fromUnixNano) : spans.fromUnixNano,
          toUnixNano: latest(own.toUnixNano, spans.toUnixNano),
        };
  /** What was read of the trace's own rows is all that there is of it, and all of it counts. */
  const isAll = spanOnly === undefined && tied === undefined && isAlwaysWindow(selector.type);
  const tie = { rule, spanIds, spanOnly, tied: tied === undefined ? undefined : tiedSql(tied) };
  return {
    selector,
    filter: sampleFilter(selector, tie, prefix),
    tie,
    rule,
    services,
    stackIds: isAll ? own.stackIds : undefined,
    stackSums: isAll && isWholeTrace(selector) ? own.stackSums?.[rule] : undefined,
    selection: isAll && isWholeTrace(selector) ? own.sums[rule] : undefined,
  };
}

/** Everything a flame graph of the whole trace needs of its samples, in one read of them. */
async function findSamplesOfTrace(selector: SampleSelector, signal?: AbortSignal) {
  const type = typeFilter(selector.type);
  const value = valueColumn(selector.type);
  const summed = { value: "v", count: "c" };
  const [row] = await queryRows(
    `SELECT sumIf(n, tie != 'process') AS labelled, sumIf(n, tie = 'process') AS process, groupUniqArray(service) AS services,
       toUnixTimestamp64Nano(min(start)) AS first, toUnixTimestamp64Nano(max(end)) AS last,
       groupUniqArray(${FEW_STACKS + 1})(stack_id) AS stack_ids,
       groupArray(${FEW_STACKS + 1})([toString(service), toString(stack_id), if(tie = 'process', 'process', 'labelled'), toString(v), toString(c), toString(a)]) AS stack_sums,
       (SELECT count() FROM (SELECT 1 FROM samples WHERE ${NAMES_SPAN_ALONE} LIMIT 1)) AS span_only,
       ${selectionColumns(selector.type, "tie != 'process'", "labelled_", summed)},
       ${selectionColumns(selector.type, "tie = 'process'", "process_", summed)}
     FROM (
       SELECT service, stack_id, tie, period_ns, count() AS n, min(time) AS start, max(time) AS end,
         sum(${value}) AS v, sum(count) AS c, sum(abs(${value})) AS a
       FROM samples WHERE ${type.sql} AND ${byTraceSql("samples", "trace_id = {traceId:String}")}
       GROUP BY service, stack_id, tie, period_ns
     )`,
    { ...type.params, traceId: selector.traceId },
    { signal },
  );
  if (row === undefined) throw new Error("An aggregate without GROUP BY has one row.");
  const stackIds = textsColumn(row, "stack_ids");
  return {
    someNameSpansAlone: numberColumn(row, "span_only") > 0,
    stackSums: stackSumsFromRow(row),
    stackIds: stackIds.length > FEW_STACKS ? undefined : stackIds.map(BigInt),
    sums: { labelled: selectionFromRow(row, "labelled_"), process: selectionFromRow(row, "process_") },
    labelled: numberColumn(row, "labelled"),
    process: numberColumn(row, "process"),
    services: textsColumn(row, "services"),
    fromUnixNano: unixNanoColumn(row, "first"),
    toUnixNano: unixNanoColumn(row, "last"),
  };
}

/** @returns undefined when there are too many to be handed back */
function stackSumsFromRow(row: Row): Record<TieRule, StackSum[]> | undefined {
  const groups = row.stack_sums;
  if (!Array.isArray(groups) || groups.length > FEW_STACKS) return undefined;
  const sums: Record<TieRule, StackSum[]> = { labelled: [], process: [] };
  for (const group of groups as string[][]) {
    const [service = "", stackId = "0", tie, value = "0", count = "0", absoluteValue = "0"] = group;
    sums[tie === "process" ? "process" : "labelled"].push({ service, stackId, value, count, absoluteValue });
  }
  return sums;
}

/** Of profilers that know spans but no traces: Datadog's, and older clients of Pyroscope. */
async function findSpanOnlySamples(
  selector: SampleSelector,
  signal?: AbortSignal,
): Promise<(SpanOnlySamples & { count: number }) | undefined> {
  const [where] = await queryRows(
    `SELECT groupUniqArray(ServiceName) AS services, groupUniqArray(SpanId) AS spans,
       toUnixTimestamp64Nano(min(Timestamp)) AS start, max(toUnixTimestamp64Nano(Timestamp) + Duration) AS end
     FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")}`,
    { traceId: selector.traceId },
    { signal },
  );
  if (where === undefined || textsColumn(where, "services").length === 0) return undefined;
  const type = typeFilter(selector.type);
  const [row] = await queryRows(
    `SELECT count() AS found, groupUniqArray(service) AS services,
       toUnixTimestamp64Nano(min(time)) AS first, toUnixTimestamp64Nano(max(time)) AS last
     FROM samples
     WHERE ${type.sql} AND service IN {services:Array(String)} AND trace_id = '' AND ${NAMES_SPAN_ALONE}
       AND time >= fromUnixTimestamp64Nano({from:Int64}) AND time <= fromUnixTimestamp64Nano({to:Int64})
       AND (span_id IN {spans:Array(String)} OR root_span_id IN {spans:Array(String)})`,
    {
      ...type.params,
      services: textsColumn(where, "services"),
      spans: textsColumn(where, "spans"),
      from: String(earlier(unixNanoColumn(where, "start"))),
      to: String(unixNanoColumn(where, "end")),
    },
    { signal },
  );
  const count = row === undefined ? 0 : numberColumn(row, "found");
  if (row === undefined || count === 0) return undefined;
  return {
    count,
    services: textsColumn(row, "services"),
    fromUnixNano: unixNanoColumn(row, "first"),
    toUnixNano: unixNanoColumn(row, "last"),
  };
}

async function findSpanIds(selector: SampleSelector, signal?: AbortSignal): Promise<string[] | undefined> {
  if (selector.spanId === undefined) return undefined;
  if (selector.scope === "span") return [selector.spanId];
  const rows = await queryRows(
    `SELECT SpanId, ParentSpanId, ServiceName FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")} LIMIT ${MAX_SPANS}`,
    { traceId: selector.traceId },
    { signal, rows: MAX_SPANS },
  );
  const spans = rows.map((row) => ({
    spanId: textColumn(row, "SpanId"),
    parentSpanId: textColumn(row, "ParentSpanId"),
    service: textColumn(row, "ServiceName"),
  }));
  return spanSubtree(selector.spanId, adoptCalleeSpans(spans));
}

function isWholeTrace(selector: SampleSelector): boolean {
  const { endpoints, from, labels, profileId, service, spanId, to } = selector;
  return (
    [service, profileId, spanId, from, to].every((part) => part === undefined) &&
    endpoints.length + labels.size === 0
  );
}

function earliest(a: UnixNano, b: UnixNano): UnixNano {
  return a < b ? a : b;
}

function latest(a: UnixNano, b: UnixNano): UnixNano {
  return a > b ? a : b;
}

function earlier(instant: UnixNano): UnixNano {
  return unixNano(instant > MAX_WINDOW_NANOS ? instant - MAX_WINDOW_NANOS : 0n);
}
