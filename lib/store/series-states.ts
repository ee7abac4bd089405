/** Series of types that may be states or counters: windows add up, of all else a point is what is at that time. */
import type { SampleSelector } from "@/lib/correlation/selector";
import { queryRows } from "@/lib/store/clickhouse";
import { heldNanos, heldProfilesSql } from "@/lib/store/latest-profiles";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { textColumn } from "@/lib/store/row";
import { narrowedFilter, profilesFilter } from "@/lib/store/sample-filter";
import { exactCellsSql, type SeriesKey, sumByKeySql } from "@/lib/store/series-cells";
import type { SqlCondition } from "@/lib/store/sql-condition";
import { type Nanos, unixNano } from "@/lib/units";

export interface StatesSql {
  /** A SELECT of (key, at, v). */
  readonly cells: SqlCondition;
  /** A SELECT of (profile, at): of every step of the range the profiles that hold in it. */
  readonly held: SqlCondition;
}

/** What was taken shortly before the range still holds when it begins: without it every series would start too low. */
export function statesSql(
  { selector, tie }: ResolvedSelector,
  by: SeriesKey,
  stepNs: Nanos,
  range: { readonly from: bigint; readonly to: bigint },
): StatesSql {
  const earlier: SampleSelector =
    selector.from === undefined
      ? selector
      : { ...selector, from: unixNano(max(0n, selector.from - BigInt(heldNanos(stepNs)))) };
  const all = heldProfilesSql(profilesFilter(earlier, tie, "held_"), stepNs);
  const first = range.from - (range.from % BigInt(stepNs));
  const held = {
    sql: `SELECT profile, at FROM (${all.sql}) WHERE at >= {firstStep:Int64} AND at < {afterSteps:Int64}`,
    params: { ...all.params, firstStep: String(first), afterSteps: String(range.to) },
  };
  const windows = narrowedFilter(selector, tie, "", ["meaning = 'window'"]);
  const states = narrowedFilter(earlier, tie, "held_", [
    "meaning != 'window'",
    `profile_id IN (SELECT profile FROM (${held.sql}))`,
  ]);
  return {
    held,
    cells: {
      sql: `${exactCellsSql(selector, by, windows.sql)}
        UNION ALL
        SELECT summed.key AS key, steps.at AS at, summed.v AS v
        FROM (${sumByKeySql(selector, by, states.sql, "profile", "profile_id")}) AS summed
        INNER JOIN (${held.sql}) AS steps ON steps.profile = summed.profile`,
      params: { ...windows.params, ...states.params, ...held.params },
    },
  };
}

/** @returns the steps, in Unix nanoseconds, at which the state of some process is known */
export async function findKnownSteps({ held }: StatesSql, signal?: AbortSignal): Promise<Set<string>> {
  const rows = await queryRows(
    `SELECT DISTINCT toString(at) AS step FROM (${held.sql})`,
    { ...held.params },
    { signal },
  );
  return new Set(rows.map((row) => textColumn(row, "step")));
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
