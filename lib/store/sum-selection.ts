import { queryRows } from "@/lib/store/clickhouse";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { type SelectionSum, selectionColumns, selectionFromRow } from "@/lib/store/selection-sum";

/** @throws HotspanError as queryRows */
export async function sumSelection(
  { filter, selection, selector }: Pick<ResolvedSelector, "filter" | "selection" | "selector">,
  signal?: AbortSignal,
): Promise<SelectionSum> {
  if (selection !== undefined) return selection;
  const [row] = await queryRows(
    `SELECT ${selectionColumns(selector.type, "1")} FROM samples WHERE ${filter.sql}`,
    { ...filter.params },
    { signal },
  );
  if (row === undefined) throw new Error("An aggregate without GROUP BY has one row.");
  return selectionFromRow(row);
}
