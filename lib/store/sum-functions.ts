import type { FunctionRow, FunctionsResponse } from "@/lib/api/contract";
import type { SampleSelector } from "@/lib/correlation/selector";
import { queryRows } from "@/lib/store/clickhouse";
import { findUnit } from "@/lib/store/find-unit";
import { resolveSelector } from "@/lib/store/resolve-selector";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { sumSelection } from "@/lib/store/sum-selection";
import { stacksSql, sumByStackSql } from "@/lib/store/sum-stacks";

export type FunctionSort = "self" | "total" | "samples" | "name";

export interface FunctionsOptions {
  readonly sort: FunctionSort;
  readonly descending: boolean;
  readonly limit: number;
}

const ORDER: Readonly<Record<FunctionSort, (direction: string) => string>> = {
  self: (direction) => `self ${direction}, total ${direction}`,
  total: (direction) => `total ${direction}, self ${direction}`,
  samples: (direction) => `samples ${direction}, total ${direction}`,
  name: (direction) => `function_name ${direction}`,
};

/**
 * The selected samples by function, as `go tool pprof -top` counts: `self` (flat) where it is the leaf, `total` (cum)
 * where it is anywhere in the stack, once however often it recurs. Over all samples, not over a drawn part.
 */
export async function sumFunctions(
  selector: SampleSelector,
  options: FunctionsOptions,
  signal?: AbortSignal,
): Promise<FunctionsResponse> {
  const resolved = await resolveSelector(selector, "", signal);
  const stacks = stacksSql(resolved, "functions");
  const merged = sumByStackSql(resolved, "none");
  const [rows, selection, unit] = await Promise.all([
    queryRows(
      `SELECT name AS function_name, file, function_id, self, total, samples FROM (
         SELECT function_id, sumIf(v, function_id = leaf) AS self, sum(v) AS total, sum(c) AS samples
         FROM (
           SELECT merged.v AS v, merged.c AS c, known.functions AS frames, frames[-1] AS leaf
           FROM (${merged.sql}) AS merged
           ANY LEFT JOIN (${stacks.sql}) AS known ON known.service = merged.service AND known.stack_id = merged.stack_id
         )
         ARRAY JOIN arrayDistinct(frames) AS function_id
         GROUP BY function_id
       ) AS summed
       ANY LEFT JOIN (SELECT function_id, name, file FROM functions) AS texts USING (function_id)
       ORDER BY ${ORDER[options.sort](options.descending ? "DESC" : "ASC")}, function_name, function_id
       LIMIT {limit:UInt32}`,
      { ...merged.params, ...stacks.params, limit: options.limit },
      { signal },
    ),
    sumSelection(resolved, signal),
    findUnit(selector.type),
  ]);
  return { unit, total: selection.total, functions: rows.map(fromRow) };
}

function fromRow(row: Row): FunctionRow {
  const name = textColumn(row, "function_name");
  return {
    name: name === "" ? `function ${textColumn(row, "function_id")}` : name,
    file: textColumn(row, "file"),
    self: numberColumn(row, "self"),
    total: numberColumn(row, "total"),
    sampleCount: numberColumn(row, "samples"),
  };
}
