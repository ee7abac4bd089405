import type { Tie } from "@/lib/correlation/choose-ties";
import { numberColumn, type Row } from "@/lib/store/row";
import { valueColumn } from "@/lib/store/sample-filter";
import { NANOS_PER_SECOND } from "@/lib/units";

/** What holds for some samples as a whole. */
export interface SelectionSum {
  /** In the unit of the type. */
  readonly total: number;
  readonly sampleCount: number;
  /** "none" when there are no samples. */
  readonly weakestTie: Tie;
  /** null when the samples were not taken by time, or at different rates. */
  readonly sampleRateHz: number | null;
}

const TIES: readonly Tie[] = ["none", "process", "trace", "span"];

/**
 * The aggregates over `samples` that `selectionFromRow` reads, for those that meet the condition.
 * @param from where the sums are taken from: other names where rows of equal `tie` and `period_ns` were summed before
 */
export function selectionColumns(
  type: string,
  condition: string,
  prefix = "",
  from: { readonly value: string; readonly count: string } = { value: valueColumn(type), count: "count" },
): string {
  return `sumIf(${from.value}, ${condition}) AS ${prefix}total, sumIf(${from.count}, ${condition}) AS ${prefix}samples,
    toString(minIf(tie, ${condition})) AS ${prefix}weakest,
    minIf(period_ns, ${condition}) AS ${prefix}shortest, maxIf(period_ns, ${condition}) AS ${prefix}longest`;
}

export function selectionFromRow(row: Row, prefix = ""): SelectionSum {
  const period = numberColumn(row, `${prefix}shortest`);
  const same = period > 0 && period === numberColumn(row, `${prefix}longest`);
  return {
    total: numberColumn(row, `${prefix}total`),
    sampleCount: numberColumn(row, `${prefix}samples`),
    weakestTie: TIES.find((tie) => tie === row[`${prefix}weakest`]) ?? "none",
    sampleRateHz: same ? NANOS_PER_SECOND / period : null,
  };
}
