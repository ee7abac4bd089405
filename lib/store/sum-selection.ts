import type { Tie } from "@/lib/correlation/choose-ties";
import { queryRows } from "@/lib/store/clickhouse";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { numberColumn } from "@/lib/store/row";
import { valueColumn } from "@/lib/store/sample-filter";
import { NANOS_PER_SECOND } from "@/lib/units";

export interface SelectionSum {
  /** In the unit of the type. */
  readonly total: number;
  readonly sampleCount: number;
  /** "none" for an empty selection. */
  readonly weakestTie: Tie;
  /** null when the samples were not taken by time, or at different rates. */
  readonly sampleRateHz: number | null;
}

const TIES: readonly Tie[] = ["none", "process", "trace", "span"];

/** What holds for the selection as a whole. @throws HotspanError as queryRows */
export async function sumSelection(
  { selector, filter }: ResolvedSelector,
  signal?: AbortSignal,
): Promise<SelectionSum> {
  const [row] = await queryRows(
    `SELECT sum(${valueColumn(selector.type)}) AS total, sum(count) AS samples, toString(min(tie)) AS weakest,
       min(period_ns) AS shortest, max(period_ns) AS longest
     FROM samples WHERE ${filter.sql}`,
    { ...filter.params },
    { signal },
  );
  if (row === undefined) return { total: 0, sampleCount: 0, weakestTie: "none", sampleRateHz: null };
  const period = numberColumn(row, "shortest");
  return {
    total: numberColumn(row, "total"),
    sampleCount: numberColumn(row, "samples"),
    weakestTie: TIES.find((tie) => tie === row.weakest) ?? "none",
    sampleRateHz: period > 0 && period === numberColumn(row, "longest") ? NANOS_PER_SECOND / period : null,
  };
}
