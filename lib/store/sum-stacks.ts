import { sumByEndpointSql } from "@/lib/store/entry-endpoint";
import type { ResolvedSelector, StackSum } from "@/lib/store/resolve-selector";
import { valueColumn } from "@/lib/store/sample-filter";
import type { SqlCondition } from "@/lib/store/sql-condition";

export type StackGroup = "service" | "endpoint" | "none";

/**
 * The selected samples merged by equal stack.
 * @returns a SELECT of (service, stack_id, key, v, c, a): sum of values, of samples, of absolute values; `key` is the
 * service or endpoint when grouped by it, "" else
 */
export function sumByStackSql(
  { selector, filter, stackSums }: ResolvedSelector,
  group: StackGroup,
): SqlCondition {
  const value = valueColumn(selector.type);
  if (group === "endpoint") {
    return {
      sql: `SELECT in_service AS service, stack_id, endpoint AS key, v, c, a FROM (${sumByEndpointSql(
        filter.sql,
        { in_service: "service", stack_id: "stack_id" },
        value,
        selector,
      )})`,
      params: filter.params,
    };
  }
  const key = group === "service" ? "toString(service)" : "''";
  if (stackSums !== undefined) return knownSumsSql(stackSums, key);
  return {
    sql: `SELECT service, stack_id, ${key} AS key, sum(${value}) AS v, sum(count) AS c, sum(abs(${value})) AS a
      FROM samples WHERE ${filter.sql} GROUP BY service, stack_id`,
    params: filter.params,
  };
}

/** Sums that were read before, as a table. */
function knownSumsSql(sums: readonly StackSum[], key: string): SqlCondition {
  return {
    sql: `SELECT service, stack_id, ${key} AS key, sum(value) AS v, sum(samples) AS c, sum(absolute) AS a
      FROM (
        SELECT service, stack_id, value, samples, absolute FROM (SELECT 1)
        ARRAY JOIN {sumServices:Array(String)} AS service, {sumStacks:Array(UInt64)} AS stack_id, {sumValues:Array(Int64)} AS value,
          {sumSamples:Array(UInt64)} AS samples, {sumAbsolutes:Array(UInt64)} AS absolute
      ) GROUP BY service, stack_id`,
    params: {
      sumServices: sums.map((sum) => sum.service),
      sumStacks: sums.map((sum) => BigInt(sum.stackId)),
      sumValues: sums.map((sum) => BigInt(sum.value)),
      sumSamples: sums.map((sum) => BigInt(sum.count)),
      sumAbsolutes: sums.map((sum) => BigInt(sum.absoluteValue)),
    },
  };
}

/**
 * The stacks that can occur in the selection: columns of `stacks`, possibly with not yet merged duplicates, so join with
 * ANY.
 *
 * @param how `seek` reads the selection's stacks alone, by id; `scan` all of its services'. A trace touches few stacks;
 * a range of a service touches most of them, and seeking each costs more than reading all.
 */
export function stacksSql(
  resolved: ResolvedSelector,
  columns: string,
  how: "seek" | "scan" = resolved.selector.traceId === undefined ? "scan" : "seek",
): SqlCondition {
  const narrow: string[] = [];
  const params: Record<string, unknown> = {};
  if (resolved.services !== undefined) {
    narrow.push("service IN {stackServices:Array(String)}");
    params.stackServices = resolved.services;
  }
  if (how === "seek" && resolved.stackIds !== undefined) {
    narrow.push("stack_id IN {stackIds:Array(UInt64)}");
    params.stackIds = resolved.stackIds;
  } else if (how === "seek") {
    narrow.push(`stack_id IN (SELECT stack_id FROM samples WHERE ${resolved.filter.sql})`);
  }
  return {
    sql: `SELECT service, stack_id, ${columns} FROM stacks${narrow.length === 0 ? "" : ` WHERE ${narrow.join(" AND ")}`}`,
    params,
  };
}
