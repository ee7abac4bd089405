import type { HeatmapResponse } from "@/lib/api/contract";
import type { TraceFilter } from "@/lib/api/query";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";
import { FINAL_SETTINGS, TRACES_FINAL, traceFilterSql } from "@/lib/store/trace-filter";

const MOST_COLUMNS = 60n;
/** Per decade of duration. */
const STEPS = [1, 2, 5];

/**
 * Counts traces by when they started and how long they took. Columns span the range asked for, or the traces found;
 * rows are steps of 1, 2 and 5 that cover the durations found.
 * @throws HotspanError as queryRows
 */
export async function sumTraceHeatmap(filter: TraceFilter, signal?: AbortSignal): Promise<HeatmapResponse> {
  const where = traceFilterSql(filter);
  const limits = { signal, settings: FINAL_SETTINGS };
  const [extent] = await queryRows(
    `SELECT count() AS traces, toString(toUnixTimestamp64Nano(min(start))) AS first, toString(toUnixTimestamp64Nano(max(start))) AS last,
       min(duration_ns) AS shortest, max(duration_ns) AS longest
     FROM ${TRACES_FINAL} WHERE ${where.sql}`,
    where.params,
    limits,
  );
  if (extent === undefined || numberColumn(extent, "traces") === 0) {
    return {
      fromUnixNano: String(filter.from ?? 0n),
      stepNs: 1,
      columns: 0,
      durationBoundsNs: [],
      cells: [],
    };
  }
  const from = filter.from ?? BigInt(textColumn(extent, "first"));
  const to = filter.to ?? BigInt(textColumn(extent, "last")) + 1n;
  const step = (to - from + MOST_COLUMNS - 1n) / MOST_COLUMNS;
  const bounds = durationBounds(numberColumn(extent, "shortest"), numberColumn(extent, "longest"));
  const rows = await queryRows(
    `SELECT intDiv(toUnixTimestamp64Nano(start) - {heatFrom:Int64}, {step:Int64}) AS column,
       roundDown(duration_ns, {bounds:Array(UInt64)}) AS bound, count() AS traces, countIf(error_count > 0) AS errors
     FROM ${TRACES_FINAL} WHERE ${where.sql} GROUP BY column, bound ORDER BY column, bound`,
    { ...where.params, heatFrom: String(from), step: String(step), bounds },
    limits,
  );
  const rowOf = new Map(bounds.map((bound, index) => [bound, index]));
  return {
    fromUnixNano: String(from),
    stepNs: Number(step),
    columns: Number((to - from + step - 1n) / step),
    durationBoundsNs: bounds,
    cells: rows.map((row) => ({
      column: numberColumn(row, "column"),
      row: rowOf.get(numberColumn(row, "bound")) ?? 0,
      traces: numberColumn(row, "traces"),
      errors: numberColumn(row, "errors"),
    })),
  };
}

/** @returns lower bounds 1, 2, 5, 10, ... ascending, the first at or below the shortest, the last at or below the longest */
function durationBounds(shortest: number, longest: number): number[] {
  const bounds: number[] = shortest < 1 ? [0] : [];
  for (let decade = 1; decade <= longest; decade *= 10) {
    for (const step of STEPS) {
      const bound = decade * step;
      if (bound > longest) break;
      while (bounds.length > 0 && bound <= shortest) bounds.pop();
      bounds.push(bound);
    }
  }
  return bounds;
}
