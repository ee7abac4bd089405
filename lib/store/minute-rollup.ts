import type { TimeRange } from "@/lib/api/query";
import type { SqlCondition } from "@/lib/store/sql-condition";

const NANOS_PER_MINUTE = 60_000_000_000n;

/**
 * Sums of samples over a range of any length for the price of its minutes: whole minutes come from the projection
 * `by_minute`, which the engine takes only when a query names nothing but its columns and expressions; the broken minutes
 * at both ends come from the rows.
 *
 * @param keys of service, type, endpoint
 * @param condition over service, type and endpoint alone, for types that are always of windows: the roll-up has forgotten
 * which profile was the latest
 * @returns a SELECT of (...keys, v, c): sum of values, of sample counts; parameters `rollup*` beside the condition's own
 */
export function minuteRollupSql(
  keys: readonly ("service" | "type" | "endpoint")[],
  condition: SqlCondition,
  range: TimeRange,
): SqlCondition {
  const { from, to } = range;
  const names = keys.join(", ");
  const sums = (when: string) =>
    `SELECT ${names}, sum(value) AS v, sum(count) AS c FROM samples WHERE ${condition.sql}${when} GROUP BY ${names}`;
  const firstWhole = from === undefined ? undefined : ceilMinute(from);
  const lastWhole = to === undefined ? undefined : to - (to % NANOS_PER_MINUTE);
  const params: Record<string, unknown> = { ...condition.params };
  const parts: string[] = [];
  if (
    from !== undefined &&
    to !== undefined &&
    firstWhole !== undefined &&
    lastWhole !== undefined &&
    firstWhole >= lastWhole
  ) {
    parts.push(sums(rowsBetween("rollupFrom", "rollupTo")));
    Object.assign(params, { rollupFrom: String(from), rollupTo: String(to) });
  } else {
    let whole = "";
    if (from !== undefined && firstWhole !== undefined) {
      whole += " AND toStartOfMinute(time) >= toDateTime({rollupFirst:UInt32})";
      params.rollupFirst = Number(firstWhole / 1_000_000_000n);
      if (from !== firstWhole) {
        parts.push(sums(rowsBetween("rollupFrom", "rollupHead")));
        Object.assign(params, { rollupFrom: String(from), rollupHead: String(firstWhole) });
      }
    }
    if (to !== undefined && lastWhole !== undefined) {
      whole += " AND toStartOfMinute(time) < toDateTime({rollupLast:UInt32})";
      params.rollupLast = Number(lastWhole / 1_000_000_000n);
      if (to !== lastWhole) {
        parts.push(sums(rowsBetween("rollupTail", "rollupTo")));
        Object.assign(params, { rollupTail: String(lastWhole), rollupTo: String(to) });
      }
    }
    parts.push(sums(whole));
  }
  return {
    sql: `SELECT ${names}, sum(v) AS v, sum(c) AS c FROM (${parts.join(" UNION ALL ")}) GROUP BY ${names}`,
    params,
  };
}

function rowsBetween(from: string, to: string): string {
  return ` AND time >= fromUnixTimestamp64Nano({${from}:Int64}) AND time < fromUnixTimestamp64Nano({${to}:Int64})`;
}

function ceilMinute(instant: bigint): bigint {
  return ((instant + NANOS_PER_MINUTE - 1n) / NANOS_PER_MINUTE) * NANOS_PER_MINUTE;
}
