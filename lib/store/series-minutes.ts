import { type SampleSelector, UNATTRIBUTED } from "@/lib/correlation/selector";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { SAMPLES_TYPE } from "@/lib/store/sample-filter";
import type { SqlCondition } from "@/lib/store/sql-condition";
import { NANOS_PER_SECOND, type Nanos } from "@/lib/units";

const MINUTE = 60n * BigInt(NANOS_PER_SECOND);

export interface WholeMinutes extends SqlCondition {
  /** The condition on `samples` for what the roll-up does not hold: the cut minutes at the ends, and rows without their own endpoint. */
  readonly rest: string;
}

/**
 * The whole minutes of a range out of the projection `by_minute`: about a hundredth of the rows.
 *
 *     from ├──┤ samples ├═══════ by_minute ═══════┤ samples ├──┤ to
 *
 * Rows without an endpoint label stay with `samples`: their endpoint comes from their trace, which the roll-up forgot.
 *
 * @returns a SELECT of (service, endpoint, minute, v); undefined when the selector or step asks for more than it holds
 */
export function wholeMinutes(selector: SampleSelector, stepNs: Nanos): WholeMinutes | undefined {
  if (BigInt(stepNs) % MINUTE !== 0n || selector.type === SAMPLES_TYPE) return undefined;
  if (!isAlwaysWindow(selector.type)) return undefined;
  const { labels, profileId, traceId } = selector;
  if (traceId !== undefined || profileId !== undefined || labels.size > 0) return undefined;
  const named = selector.endpoints.filter((endpoint) => endpoint !== UNATTRIBUTED);
  if (selector.endpoints.length > 0 && named.length === 0) return undefined;

  const conditions = ["type = {type:String}", "endpoint != ''"];
  const edges = ["endpoint = ''"];
  const params: Record<string, unknown> = { type: selector.type };
  if (selector.service !== undefined) {
    conditions.push("service = {service:String}");
    params.service = selector.service;
  }
  if (named.length > 0) {
    conditions.push("endpoint IN {endpoints:Array(String)}");
    params.endpoints = named;
  }
  if (selector.from !== undefined) {
    conditions.push("toStartOfMinute(time) >= toDateTime({firstMinute:UInt32})");
    edges.push("time < fromUnixTimestamp64Second({firstMinute:UInt32})");
    params.firstMinute = String(((selector.from + MINUTE - 1n) / MINUTE) * 60n);
  }
  if (selector.to !== undefined) {
    conditions.push("toStartOfMinute(time) < toDateTime({endMinute:UInt32})");
    edges.push("time >= fromUnixTimestamp64Second({endMinute:UInt32})");
    params.endMinute = String((selector.to / MINUTE) * 60n);
  }
  return {
    sql: `SELECT service, endpoint, toStartOfMinute(time) AS minute, sum(value) AS v FROM samples
      WHERE ${conditions.join(" AND ")} GROUP BY service, type, endpoint, toStartOfMinute(time)`,
    params,
    rest: `(${edges.join(" OR ")})`,
  };
}
