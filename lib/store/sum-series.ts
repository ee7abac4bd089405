/**
 * Values over time. A profile's window counts in the step in which it starts: pprof samples have no time of their own,
 * so with 10 s windows a step shorter than that has gaps which are none. The sum over all points is the flame graph's
 * total for the same selector. Of states and counters a point is what is at that time (series-states.ts).
 */
import type { SeriesResponse } from "@/lib/api/contract";
import { type SampleSelector, UNATTRIBUTED } from "@/lib/correlation/selector";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { queryRows } from "@/lib/store/clickhouse";
import { describeMeaning } from "@/lib/store/describe-meaning";
import { findUnit } from "@/lib/store/find-unit";
import { type ResolvedSelector, resolveSelector } from "@/lib/store/resolve-selector";
import { numberColumn, textColumn, unixNanoColumn } from "@/lib/store/row";
import { narrowedFilter } from "@/lib/store/sample-filter";
import { exactCellsSql, type SeriesKey } from "@/lib/store/series-cells";
import { wholeMinutes } from "@/lib/store/series-minutes";
import { findKnownSteps, statesSql } from "@/lib/store/series-states";
import { chooseStep } from "@/lib/store/series-step";
import type { SqlCondition } from "@/lib/store/sql-condition";
import type { Nanos, UnixNano } from "@/lib/units";

export interface SeriesOptions {
  readonly by: SeriesKey;
  readonly stepNs?: Nanos;
}

/** More lines than this no one can tell apart; the rest is one line. */
const MAX_SERIES = 20;
export const OTHER = "(other)";

/**
 * @returns the largest series first, "(other)" for the rest last; every series has the same points: those of all steps of
 * the range, 0 where nothing was measured, or of states those at which one is known. Without `from` or `to` the range ends at the samples there are.
 */
export async function sumSeries(
  selector: SampleSelector,
  { by, stepNs: asked }: SeriesOptions,
  signal?: AbortSignal,
): Promise<SeriesResponse> {
  const resolved = await resolveSelector(selector, "", signal);
  const [range, unit, { meaning }] = await Promise.all([
    findRange(resolved, signal),
    findUnit(selector.type),
    describeMeaning(resolved, signal),
  ]);
  const stepNs = chooseStep(range === undefined ? 0 : Number(range.to - range.from), asked);
  if (range === undefined) return { unit, meaning, stepNs, series: [] };
  const step = BigInt(stepNs);
  let starts: bigint[] = [];
  for (let at = range.from - (range.from % step); at < range.to; at += step) starts.push(at);

  const states = isAlwaysWindow(selector.type) ? undefined : statesSql(resolved, by, stepNs, range);
  if (states !== undefined && (meaning === "snapshot" || meaning === "cumulative")) {
    const known = await findKnownSteps(states, signal);
    starts = starts.filter((at) => known.has(String(at)));
  }
  const cells = states?.cells ?? cellsSql(resolved, by, stepNs);
  const params = { ...cells.params, step: String(step) };
  const rows = await queryRows(
    `SELECT key, sum(v) AS total, groupArray((toString(at), toString(v))) AS points
     FROM (SELECT key, intDiv(at, {step:Int64}) * {step:Int64} AS at, sum(v) AS v FROM (${cells.sql}) GROUP BY key, at)
     GROUP BY key ORDER BY total DESC, key LIMIT ${MAX_SERIES + 1}`,
    params,
    { signal },
  );
  const series = rows.slice(0, rows.length > MAX_SERIES ? MAX_SERIES - 1 : MAX_SERIES).map((row) => ({
    key: keyName(textColumn(row, "key"), by),
    values: pointsColumn(row.points),
  }));
  if (rows.length > MAX_SERIES) {
    const [all] = await queryRows(
      `SELECT groupArray((toString(at), toString(v))) AS points
       FROM (SELECT intDiv(at, {step:Int64}) * {step:Int64} AS at, sum(v) AS v FROM (${cells.sql}) GROUP BY at)`,
      params,
      { signal },
    );
    const rest = pointsColumn(all?.points);
    for (const { values } of series)
      for (const [at, value] of values) rest.set(at, (rest.get(at) ?? 0) - value);
    series.push({ key: OTHER, values: rest });
  }
  return {
    unit,
    meaning,
    stepNs,
    series: series.map(({ key, values }) => ({
      key,
      points: starts.map((at) => [String(at), values.get(String(at)) ?? 0]),
    })),
  };
}

/** `to` is exclusive. */
async function findRange(
  { selector, filter, tie }: ResolvedSelector,
  signal?: AbortSignal,
): Promise<{ from: UnixNano | bigint; to: bigint } | undefined> {
  // Of states all count somewhere in the range, not only the latest.
  const { params, sql } = isAlwaysWindow(selector.type) ? filter : narrowedFilter(selector, tie);
  if (selector.from !== undefined && selector.to !== undefined)
    return { from: selector.from, to: selector.to };
  const [row] = await queryRows(
    `SELECT count() AS rows, toUnixTimestamp64Nano(min(time)) AS first, toUnixTimestamp64Nano(max(time)) AS last
     FROM samples WHERE ${sql}`,
    { ...params },
    { signal },
  );
  if (row === undefined || numberColumn(row, "rows") === 0) return undefined;
  return {
    from: selector.from ?? unixNanoColumn(row, "first"),
    to: selector.to ?? unixNanoColumn(row, "last") + 1n,
  };
}

/** A SELECT of (key, at, v), `at` in Unix nanoseconds, with any number of rows for one key and time. */
function cellsSql(resolved: ResolvedSelector, by: SeriesKey, stepNs: Nanos): SqlCondition {
  const { selector, filter } = resolved;
  const minutes = wholeMinutes(selector, stepNs);
  if (minutes === undefined) return { sql: exactCellsSql(selector, by, filter.sql), params: filter.params };
  const parts = [
    `SELECT ${by === "none" ? "''" : `toString(${by})`} AS key, toInt64(toUnixTimestamp(minute)) * 1000000000 AS at, v FROM (${minutes.sql})`,
    exactCellsSql(selector, by, `${filter.sql} AND ${minutes.rest}`),
  ];
  return { sql: parts.join(" UNION ALL "), params: { ...filter.params, ...minutes.params } };
}

function keyName(key: string, by: SeriesKey): string {
  if (by === "none") return "total";
  return by === "endpoint" && key === "" ? UNATTRIBUTED : key;
}

function pointsColumn(value: unknown): Map<string, number> {
  const points = new Map<string, number>();
  if (!Array.isArray(value)) return points;
  for (const pair of value) {
    if (Array.isArray(pair)) points.set(String(pair[0]), Number(pair[1]));
  }
  return points;
}
