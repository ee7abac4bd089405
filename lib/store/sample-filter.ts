import type { TieRule } from "@/lib/correlation/choose-ties";
import { type SampleSelector, UNATTRIBUTED } from "@/lib/correlation/selector";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { byTraceSql } from "@/lib/store/by-trace";
import { entryEndpointSql, entryTimeSql } from "@/lib/store/entry-endpoint";
import { countsSql } from "@/lib/store/latest-profiles";
import type { SqlCondition } from "@/lib/store/sql-condition";
import type { UnixNano } from "@/lib/units";

/** What the store had to be asked before a selector of a trace or span could become a condition (resolve-selector.ts). */
export interface TraceTie {
  readonly rule: TieRule;
  /** Of the selected span or its subtree; undefined when the whole trace is selected. */
  readonly spanIds: readonly string[] | undefined;
  /** Where samples of the trace are, when some of them name only a span and not the trace. */
  readonly spanOnly: SpanOnlySamples | undefined;
  /** Of the rule `process`: profiles tied to the trace from outside (profile-ties.ts). */
  readonly tied?: SqlCondition | undefined;
}

export interface SpanOnlySamples {
  readonly services: readonly string[];
  readonly fromUnixNano: UnixNano;
  readonly toUnixNano: UnixNano;
}

/** A type that sums samples rather than a value, whatever the profilers' value types are. */
export const SAMPLES_TYPE = "samples";

/**
 * One condition for flame graph, functions, series, diff and export, so that they count the same samples.
 *
 * - `from` <= start of the profile's window < `to`: pprof samples have no time of their own, and a window that counts
 *   where it starts is counted once when ranges lie side by side. With 10 s windows an edge is off by 10 s at most.
 * - Of states and counters only the latest profile of each process counts (latest-profiles.ts).
 * - Endpoint: the sample's own label, else the trace's entry span in that service (entry-endpoint.ts), else UNATTRIBUTED.
 *
 * @param prefix keeps the parameters of two selectors in one query apart
 */
export function sampleFilter(selector: SampleSelector, tie: TraceTie | undefined, prefix = ""): SqlCondition {
  const counting = isAlwaysWindow(selector.type)
    ? []
    : [countsSql(profilesFilter(selector, tie, prefix).sql)];
  return narrowedFilter(selector, tie, prefix, counting);
}

/**
 * The same without the choice of profiles, for who chooses by itself.
 * @param further conditions over `samples`, already bound
 */
export function narrowedFilter(
  selector: SampleSelector,
  tie: TraceTie | undefined,
  prefix = "",
  further: readonly string[] = [],
): SqlCondition {
  const conditions = new Conditions(prefix);
  addPlace(conditions, selector, tie);
  for (const sql of further) conditions.add(sql, {});
  let index = 0;
  for (const [key, value] of selector.labels) {
    conditions.add(`labels[{labelKey${index}:String}] = {labelValue${index}:String}`, {
      [`labelKey${index}`]: key,
      [`labelValue${index}`]: value,
    });
    index++;
  }
  const withoutEndpoints = conditions.all();
  if (selector.endpoints.length === 0) return withoutEndpoints;
  conditions.add(endpointsSql(selector, withoutEndpoints), {
    endpoints: selector.endpoints.filter((name) => name !== UNATTRIBUTED),
    ...(selector.from === undefined ? {} : { from: String(selector.from) }),
    ...(selector.to === undefined ? {} : { to: String(selector.to) }),
  });
  return conditions.all();
}

/** Rows of a type, whatever they mean. */
export function typeFilter(type: string): SqlCondition {
  return { sql: typeSql(type), params: { type } };
}

/**
 * Among which profiles the latest is sought: those of the selector's type, services, time and trace. A profile that has
 * nothing of an endpoint, a label or a span is not passed over: it says that there was nothing of it.
 */
export function profilesFilter(
  { type, service, profileId, traceId, from, to }: SampleSelector,
  tie: TraceTie | undefined,
  prefix = "",
): SqlCondition {
  const conditions = new Conditions(prefix);
  const wide: SampleSelector = {
    type,
    scope: "span",
    endpoints: [],
    labels: new Map(),
    ...(service === undefined ? {} : { service }),
    ...(profileId === undefined ? {} : { profileId }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  addPlace(conditions, wide, tie === undefined ? undefined : { ...tie, spanIds: undefined });
  return conditions.all();
}

function addPlace(conditions: Conditions, selector: SampleSelector, tie: TraceTie | undefined): void {
  conditions.add(typeSql(selector.type), { type: selector.type });
  if (selector.service !== undefined)
    conditions.add("service = {service:String}", { service: selector.service });
  if (selector.profileId !== undefined) {
    const profileId = String(BigInt(`0x${selector.profileId}`));
    conditions.add("profile_id = {profileId:UInt64}", { profileId });
  }
  if (tie !== undefined) addTrace(conditions, selector, tie);
  if (selector.from !== undefined) {
    conditions.add("time >= fromUnixTimestamp64Nano({from:Int64})", { from: String(selector.from) });
  }
  if (selector.to !== undefined) {
    conditions.add("time < fromUnixTimestamp64Nano({to:Int64})", { to: String(selector.to) });
  }
}

/** What one row adds: `samples` counts, every other type sums values. */
export function valueColumn(type: string): "value" | "count" {
  return type === SAMPLES_TYPE ? "count" : "value";
}

/** Heap and lock profiles count records, not samples of time: `samples` means those of a clock. */
function typeSql(type: string): string {
  return type === SAMPLES_TYPE
    ? "is_primary = 1 AND (period_ns > 0 OR type IN ('cpu', 'wall', {type:String}))"
    : "type = {type:String}";
}

/**
 * Samples that name the trace, and those that name only a span of it. The second are looked for where the trace was:
 * an OR is answered from no index, so service and time have to narrow both sides.
 */
function addTrace(conditions: Conditions, selector: SampleSelector, tie: TraceTie): void {
  const which = spansSql(selector, tie);
  const own = tie.rule === "process" ? "tie = 'process'" : `tie != 'process'${which}`;
  const params = {
    traceId: selector.traceId,
    ...(tie.spanIds === undefined ? {} : { spanIds: tie.spanIds }),
  };
  if (tie.rule === "process" && tie.tied !== undefined) {
    conditions.add(
      `(${tie.tied.sql} OR (tie = 'process' AND ${byTraceSql("samples", "trace_id = {traceId:String}")}))`,
      { ...params, ...tie.tied.params },
    );
    return;
  }
  if (tie.spanOnly === undefined) {
    conditions.add(`${byTraceSql("samples", "trace_id = {traceId:String}")} AND ${own}`, params);
    return;
  }
  const { services, fromUnixNano, toUnixNano } = tie.spanOnly;
  const named =
    tie.spanIds === undefined
      ? ` AND (span_id IN ${SPANS_OF_TRACE} OR root_span_id IN ${SPANS_OF_TRACE})`
      : which;
  conditions.add(
    `service IN {spanServices:Array(String)} AND time >= fromUnixTimestamp64Nano({spanFrom:Int64}) AND time <= fromUnixTimestamp64Nano({spanTo:Int64})
     AND ((trace_id = {traceId:String} AND ${own}) OR (trace_id = ''${named}))`,
    { ...params, spanServices: services, spanFrom: String(fromUnixNano), spanTo: String(toUnixNano) },
  );
}

const SPANS_OF_TRACE = `(SELECT SpanId FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")})`;

/**
 * A sample that names only its local root, or a span that was never stored, belongs to the local root's subtree: below
 * it we cannot say where.
 */
function spansSql(selector: SampleSelector, tie: TraceTie): string {
  if (tie.spanIds === undefined) return "";
  if (selector.scope === "span") return " AND span_id IN {spanIds:Array(String)}";
  return ` AND (span_id IN {spanIds:Array(String)} OR (root_span_id IN {spanIds:Array(String)} AND (span_id = '' OR span_id NOT IN ${SPANS_OF_TRACE})))`;
}

function endpointsSql(selector: SampleSelector, others: SqlCondition): string {
  const { endpoints } = selector;
  const named = endpoints.some((name) => name !== UNATTRIBUTED);
  const unattributed = endpoints.includes(UNATTRIBUTED);
  const entries = entryEndpointSql(others.sql, selector.traceId === undefined ? entryTimeSql(selector) : "");
  const parts: string[] = [];
  if (named) {
    parts.push(
      "endpoint IN {endpoints:Array(String)}",
      `(endpoint = '' AND (service, trace_id) IN (SELECT service, trace_id FROM (${entries}) WHERE entry_endpoint IN {endpoints:Array(String)}))`,
    );
  }
  if (unattributed) {
    parts.push(`(endpoint = '' AND (service, trace_id) NOT IN (SELECT service, trace_id FROM (${entries})))`);
  }
  return `(${parts.join(" OR ")})`;
}

class Conditions {
  private readonly parts: string[] = [];
  private readonly params: Record<string, unknown> = {};

  constructor(private readonly prefix: string) {}

  /** Both `sql` and `params` use plain names; the prefix is put here. What was already prefixed stays as it is. */
  add(sql: string, params: Record<string, unknown>): void {
    let bound = sql;
    for (const [name, value] of Object.entries(params)) {
      bound = bound.replaceAll(`{${name}:`, `{${this.prefix}${name}:`);
      this.params[this.prefix + name] = value;
    }
    this.parts.push(bound);
  }

  all(): SqlCondition {
    return { sql: this.parts.join(" AND "), params: { ...this.params } };
  }
}
