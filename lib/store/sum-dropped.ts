/** Requests of traces that tail-based sampling dropped: they were made, so every count of requests includes them. */
import type { TimeRange } from "@/lib/api/query";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";

export interface DroppedRequests {
  readonly service: string;
  readonly endpoint: string;
  readonly requests: number;
  readonly errors: number;
}

const NANOS = 1_000_000_000n;

/**
 * By service and endpoint ("" where the entry span had none). Whole minutes come from the projection `by_minute`.
 * @param service undefined: of all
 */
export async function sumDropped(
  { from, to }: TimeRange,
  service: string | undefined,
  signal?: AbortSignal,
): Promise<DroppedRequests[]> {
  const first = from === undefined ? 0 : toSecond(from);
  const end = to === undefined ? 4_294_967_280 : toSecond(to);
  const firstMinute = Math.min(Math.ceil(first / 60) * 60, end);
  const lastMinute = Math.max(Math.floor(end / 60) * 60, firstMinute);
  const own = service === undefined ? "" : " AND service = {service:String}";
  const sums = (when: string) =>
    `SELECT service, endpoint, sum(weight) AS w, sumIf(weight, is_error = 1) AS e FROM dropped_requests WHERE ${when}${own} GROUP BY service, endpoint`;
  const rows = await queryRows(
    `SELECT service, endpoint, sum(w) AS requests, sum(e) AS errors FROM (
       ${sums("toStartOfMinute(time) >= toDateTime({firstMinute:UInt32}) AND toStartOfMinute(time) < toDateTime({lastMinute:UInt32})")}
       UNION ALL ${sums("time >= toDateTime({first:UInt32}) AND time < toDateTime({firstMinute:UInt32})")}
       UNION ALL ${sums("time >= toDateTime({lastMinute:UInt32}) AND time < toDateTime({end:UInt32})")}
     ) GROUP BY service, endpoint`,
    { first, firstMinute, lastMinute, end, ...(service === undefined ? {} : { service }) },
    { signal },
  );
  return rows.map((row) => ({
    service: textColumn(row, "service"),
    endpoint: textColumn(row, "endpoint"),
    requests: numberColumn(row, "requests"),
    errors: numberColumn(row, "errors"),
  }));
}

/** By service and column of `stepNs` from `from` on: for drawings. */
export async function sumDroppedByStep(
  from: bigint,
  to: bigint,
  step: bigint,
  signal?: AbortSignal,
): Promise<{ service: string; column: number; requests: number }[]> {
  const rows = await queryRows(
    `SELECT service, intDiv(toInt64(toUnixTimestamp(time)) * 1000000000 - {from:Int64}, {step:Int64}) AS column, sum(weight) AS requests
     FROM dropped_requests
     WHERE time >= toDateTime({first:UInt32}) AND time < toDateTime({end:UInt32}) GROUP BY service, column HAVING column >= 0`,
    { from: String(from), step: String(step), first: toSecond(from), end: toSecond(to) },
    { signal },
  );
  return rows.map((row) => ({
    service: textColumn(row, "service"),
    column: numberColumn(row, "column"),
    requests: numberColumn(row, "requests"),
  }));
}

/** The first whole second at or after an instant, as far as the column reaches. */
function toSecond(instant: bigint): number {
  return Math.min(Number((instant + NANOS - 1n) / NANOS), 4_294_967_280);
}
