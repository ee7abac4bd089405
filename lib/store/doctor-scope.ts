/** How much of the range the doctor looks at: as much of its end as one second of work allows. */
import type { TimeRange } from "@/lib/api/query";
import { areNearNames } from "@/lib/diagnosis/near-names";
import { formatDuration } from "@/lib/format";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { type UnixNano, unixNano } from "@/lib/units";

export interface DoctorScope {
  readonly from: UnixNano;
  readonly to: UnixNano;
  /** Undefined: all. */
  readonly services: readonly string[] | undefined;
  /** What was not looked at, in a sentence; null when nothing was left out. */
  readonly cut: string | null;
}

/**
 * Of a clock: what can be labelled, and what a flame graph of `type=samples` counts. Captures of a whole process are no
 * one's, whether their rows say that they are or a tie does.
 */
export const CLOCK_SAMPLES = `is_primary = 1 AND (period_ns > 0 OR type IN ('cpu', 'wall')) AND tie != 'process'
  AND NOT (tie = 'none' AND profile_id IN (SELECT profile_id FROM profile_ties))`;

const MINUTE = 60_000_000_000n;
const LONGEST_LOOK = 1_440n * MINUTE;
const MOST_SAMPLES = 500_000;
const MOST_SPANS = 125_000;

/**
 * @param range without an end: until now; without a start: a day
 * @param service together with services of nearly its name, which may be the same one
 */
export async function findDoctorScope(
  range: TimeRange,
  service: string | undefined,
  signal?: AbortSignal,
): Promise<DoctorScope> {
  const to = range.to ?? unixNano(BigInt(Date.now()) * 1_000_000n);
  const asked = range.from ?? unixNano(to > LONGEST_LOOK ? to - LONGEST_LOOK : 0n);
  const earliest = to - asked > LONGEST_LOOK ? to - LONGEST_LOOK : asked;
  const services = service === undefined ? undefined : await findNearServices(service, earliest, to, signal);
  const params = { services: services ?? [], from: String(earliest), to: String(to) };
  const [samples, spans] = await Promise.all([
    queryRows(
      `SELECT toUnixTimestamp(toStartOfMinute(time)) AS minute, sum(count) AS n FROM samples
       WHERE type IN ('cpu', 'wall')${services === undefined ? "" : " AND service IN {services:Array(String)}"}
         AND toStartOfMinute(time) >= toStartOfMinute(fromUnixTimestamp64Nano({from:Int64})) AND toStartOfMinute(time) < fromUnixTimestamp64Nano({to:Int64})
       GROUP BY minute`,
      params,
      { signal },
    ),
    queryRows(
      `SELECT toUnixTimestamp(toStartOfMinute(Timestamp)) AS minute, count() AS n FROM otel_traces
       WHERE Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})
       GROUP BY minute`,
      params,
      { signal },
    ),
  ]);
  const from = latestStart(earliest, [
    { rows: samples, most: MOST_SAMPLES },
    { rows: spans, most: MOST_SPANS },
  ]);
  return {
    from: unixNano(from),
    to,
    services,
    cut:
      from === asked
        ? null
        : `Looked at the last ${formatDuration(Number(to - from))} of the range: there is more than one look can take.`,
  };
}

/** The first instant from which on nothing is too much; a whole minute is always looked at. */
function latestStart(
  earliest: bigint,
  columns: readonly { readonly rows: readonly Row[]; readonly most: number }[],
): bigint {
  let from = earliest;
  for (const { most, rows } of columns) {
    let sum = 0;
    let first = true;
    for (const row of rows.toSorted((a, b) => numberColumn(b, "minute") - numberColumn(a, "minute"))) {
      sum += numberColumn(row, "n");
      const start = BigInt(numberColumn(row, "minute")) * 1_000_000_000n;
      if (sum > most && !first && start + MINUTE > from) from = start + MINUTE;
      if (sum > most && !first) break;
      first = false;
    }
  }
  return from;
}

async function findNearServices(
  service: string,
  from: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const rows = await queryRows(
    `SELECT DISTINCT toString(name) AS name FROM (
       SELECT DISTINCT service AS name FROM samples
       WHERE toStartOfMinute(time) >= toStartOfMinute(fromUnixTimestamp64Nano({from:Int64})) AND toStartOfMinute(time) < fromUnixTimestamp64Nano({to:Int64})
       UNION ALL
       SELECT DISTINCT ServiceName AS name FROM otel_traces
       WHERE Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})
     )`,
    { from: String(from), to: String(to) },
    { signal },
  );
  const near = rows.map((row) => textColumn(row, "name")).filter((name) => areNearNames(name, service));
  return [service, ...near];
}

/** `name IN (the scope's services)`, or nothing; with the parameters of scopeParams. */
export function inServices(column: "service" | "ServiceName", { services }: DoctorScope): string {
  return services === undefined ? "" : ` AND ${column} IN {services:Array(String)}`;
}

export function scopeParams({ from, services, to }: DoctorScope): Record<string, unknown> {
  return { from: String(from), to: String(to), services: services ?? [] };
}

/** Samples whose window began in the scope. */
export const SAMPLES_IN_SCOPE =
  "time >= fromUnixTimestamp64Nano({from:Int64}) AND time < fromUnixTimestamp64Nano({to:Int64})";

/** What a look may cost: a slow machine gets an error that says so rather than a dashboard that stands. */
export const DOCTOR_LIMITS = { seconds: 8, memoryBytes: 800_000_000, rows: 20_000 } as const;
