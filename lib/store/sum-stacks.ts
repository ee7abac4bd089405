import type { SampleSelector } from "@/lib/correlation/selector";
import { sumByEndpointSql } from "@/lib/store/entry-endpoint";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { type SqlCondition, valueColumn } from "@/lib/store/sample-filter";

export type StackGroup = "service" | "endpoint" | "none";

/**
 * The selected samples merged by equal stack.
 * @returns a SELECT of (service, stack_id, key, v, c, a, t, p, q): sum of values, of samples, of absolute values, the
 * weakest tie, the shortest and longest sampling period; `key` is the service or endpoint when grouped by it, "" else
 */
export function sumByStackSql({ selector, filter }: ResolvedSelector, group: StackGroup): string {
  const value = valueColumn(selector.type);
  if (group === "endpoint") {
    return `SELECT in_service AS service, stack_id, endpoint AS key, v, c, a, t, p, q FROM (${sumByEndpointSql(
      filter.sql,
      { in_service: "service", stack_id: "stack_id" },
      value,
    )})`;
  }
  return `SELECT service, stack_id, ${group === "service" ? "toString(service)" : "''"} AS key, sum(${value}) AS v, sum(count) AS c, sum(abs(${value})) AS a,
      min(tie) AS t, min(period_ns) AS p, max(period_ns) AS q
    FROM samples WHERE ${filter.sql} GROUP BY service, stack_id`;
}

/**
 * The stacks that can occur in the selection: columns of `stacks`, possibly with not yet merged duplicates, so join with
 * ANY. A trace touches few stacks, which are sought by id; a range of a service touches most of them, and reading all is
 * faster than seeking.
 */
export function stacksSql(resolved: ResolvedSelector, columns: string): SqlCondition {
  const narrow: string[] = [];
  const params: Record<string, unknown> = {};
  if (resolved.services !== undefined) {
    narrow.push("service IN {stackServices:Array(String)}");
    params.stackServices = resolved.services;
  }
  if (isNarrow(resolved.selector)) {
    narrow.push(`stack_id IN (SELECT stack_id FROM samples WHERE ${resolved.filter.sql})`);
  }
  return {
    sql: `SELECT service, stack_id, ${columns} FROM stacks${narrow.length === 0 ? "" : ` WHERE ${narrow.join(" AND ")}`}`,
    params,
  };
}

function isNarrow(selector: SampleSelector): boolean {
  return selector.traceId !== undefined;
}
