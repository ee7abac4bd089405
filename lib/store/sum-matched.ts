import { queryRows } from "@/lib/store/clickhouse";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { numberColumn } from "@/lib/store/row";
import { stacksSql, sumByStackSql } from "@/lib/store/sum-stacks";

/**
 * What a search finds: samples with a function in their stack whose name holds the text, upper and lower case alike.
 * Exact over the whole selection, not over the nodes that are drawn, and each sample once however often it matches.
 */
export async function sumMatched(
  resolved: ResolvedSelector,
  text: string,
  signal?: AbortSignal,
): Promise<{ total: number; sampleCount: number }> {
  const stacks = stacksSql(resolved, "functions");
  const merged = sumByStackSql(resolved, "none");
  const [row] = await queryRows(
    `SELECT sum(v) AS total, sum(c) AS samples FROM (${merged.sql})
     WHERE (service, stack_id) IN (
       SELECT service, stack_id FROM (${stacks.sql}) ARRAY JOIN functions AS frame
       WHERE frame IN (SELECT function_id FROM functions WHERE positionCaseInsensitiveUTF8(name, {text:String}) > 0)
     )`,
    { ...merged.params, ...stacks.params, text },
    { signal },
  );
  if (row === undefined) return { total: 0, sampleCount: 0 };
  return { total: numberColumn(row, "total"), sampleCount: numberColumn(row, "samples") };
}
