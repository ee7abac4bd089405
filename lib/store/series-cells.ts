import type { SampleSelector } from "@/lib/correlation/selector";
import { sumByEndpointSql } from "@/lib/store/entry-endpoint";
import { valueColumn } from "@/lib/store/sample-filter";

export type SeriesKey = "endpoint" | "service" | "none";

/** @returns a SELECT of (key, at, v) over `samples`, `at` in Unix nanoseconds, with any number of rows for one key and time */
export function exactCellsSql(selector: SampleSelector, by: SeriesKey, condition: string): string {
  return sumByKeySql(selector, by, condition, "at", "toUnixTimestamp64Nano(time)");
}

/** @returns a SELECT of (key, `name`, v) over `samples`, summed by what the series are of and by one more expression */
export function sumByKeySql(
  selector: SampleSelector,
  by: SeriesKey,
  condition: string,
  name: string,
  expression: string,
): string {
  const value = valueColumn(selector.type);
  if (by === "endpoint") {
    return `SELECT endpoint AS key, ${name}, v FROM (${sumByEndpointSql(condition, { [name]: expression }, value, selector)})`;
  }
  const key = by === "service" ? "toString(service)" : "''";
  return `SELECT ${key} AS key, ${expression} AS ${name}, sum(${value}) AS v FROM samples WHERE ${condition} GROUP BY key, ${name}`;
}
