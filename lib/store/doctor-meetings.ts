import type { Counted, PlaceFacts } from "@/lib/diagnosis/facts";
import { queryRows } from "@/lib/store/clickhouse";
import {
  CLOCK_SAMPLES,
  DOCTOR_LIMITS,
  type DoctorScope,
  inServices,
  SAMPLES_IN_SCOPE,
  scopeParams,
} from "@/lib/store/doctor-scope";
import { mapColumn, numberColumn, type Row, textColumn, textsColumn } from "@/lib/store/row";
import type { Nanos } from "@/lib/units";

/** Labelled samples of which nothing was found around their time, one trace and span each. */
export interface Stray {
  readonly traceId: string;
  readonly spanId: string;
  readonly samples: number;
  /** Of the profiles' windows, Unix nanoseconds. */
  readonly from: bigint;
  readonly to: bigint;
}

export interface Meetings {
  readonly met: number;
  readonly waiting: number;
  readonly spanMissing: Counted;
  readonly skewed: Counted & { readonly offsetNs: Nanos };
  /** Of neither their span nor their trace anything was found: doctor-strays.ts looks for them elsewhere. */
  readonly unknown: Counted & { readonly traces: number };
  readonly strays: readonly Stray[];
  readonly places: PlaceFacts;
}

/** Spans that began longer than this before or after the scope are found by their ids only. */
export const SPANS_AROUND_NANOS = 600_000_000_000n;
/** The most samples of a service's strays are in few of them. */
const MOST_STRAYS = 500;
/** Profiles are pushed as soon as they end; their spans may come later by as much. */
const ARRIVAL_NANOS = 60_000_000_000n;
/** A window is no further from its span than it is long; where the length is unknown, a minute. */
const TOLERANCE = "greatest(if(g.length = 0, 60000000000, toInt64(g.length)), 2000000000)";

/** Further away than `TOLERANCE`: how many nanoseconds the profile lies after the span, negative before; else 0. */
const offsetSql = (start: string, end: string) =>
  `multiIf(g.first - ${end} > ${TOLERANCE}, g.first - ${end}, ${start} - g.last > ${TOLERANCE}, g.last - ${start}, 0)`;

/**
 * Asks of every labelled sample in the scope whether the span that it names is stored, and where.
 * @param now Unix nanoseconds
 */
export async function findMeetings(
  scope: DoctorScope,
  now: bigint,
  signal?: AbortSignal,
): Promise<Map<string, Meetings>> {
  const around = `Timestamp >= fromUnixTimestamp64Nano({from:Int64} - ${SPANS_AROUND_NANOS}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64} + ${SPANS_AROUND_NANOS})`;
  const some = (condition: string, name: string) =>
    `sumIf(c, ${condition}) AS ${name}, groupUniqArrayIf(3)(trace, ${condition} AND trace != '') AS ${name}_traces`;
  const rows = await queryRows(
    `SELECT service, sumIf(c, outcome = 'met') AS met, sumIf(c, outcome = 'waiting') AS waiting,
       ${some("outcome = 'span-missing'", "span_missing")}, ${some("outcome = 'skewed'", "skewed")}, ${some("outcome = 'unknown'", "unknown")},
       toInt64(quantileExactIf(0.5)(offset, outcome = 'skewed')) AS skew, uniqIf(trace, outcome = 'unknown') AS unknown_count,
       groupArrayIf(${MOST_STRAYS})([trace_id, span, toString(c), toString(first), toString(last)], outcome = 'unknown') AS strays,
       ${some("known AND NOT own", "foreign")}, sumMapIf(map(span_service, c), known AND NOT own) AS foreign_services,
       ${some("known AND own AND is_entry", "in_entries")}, sumIf(c, known AND own AND NOT is_entry) AS in_deeper
     FROM (
       SELECT g.service AS service, g.trace_id AS trace_id, g.span AS span, g.c AS c, g.first AS first, g.last AS last,
         if(g.trace_id = '', s.trace_id, g.trace_id) AS trace, toString(s.service) AS span_service, s.is_entry AS is_entry,
         g.span != '' AND s.trace_id != '' AND (g.trace_id = '' OR g.trace_id = s.trace_id) AS known,
         g.service = s.service AS own, t.start > 0 AS trace_known,
         multiIf(known, ${offsetSql("s.start", "s.end")}, trace_known AND g.span = '', ${offsetSql("t.start", "t.end")}, 0) AS offset,
         multiIf(offset != 0, 'skewed', known OR (trace_known AND g.span = ''), 'met',
           g.last > {settled:Int64}, 'waiting', trace_known, 'span-missing', 'unknown') AS outcome
       FROM (
         SELECT service, trace_id, if(span_id = '', root_span_id, span_id) AS span, sum(count) AS c, max(duration_ns) AS length,
           min(toUnixTimestamp64Nano(time)) AS first, max(toUnixTimestamp64Nano(time) + toInt64(duration_ns)) AS last
         FROM samples WHERE ${CLOCK_SAMPLES} AND tie IN ('trace', 'span') AND ${SAMPLES_IN_SCOPE}${inServices("service", scope)}
         GROUP BY service, trace_id, span
       ) AS g
       ANY LEFT JOIN (
         SELECT SpanId AS span, TraceId AS trace_id, ServiceName AS service, IsEntry = 1 AS is_entry,
           toUnixTimestamp64Nano(Timestamp) AS start, start + toInt64(Duration) AS end
         FROM otel_traces WHERE ${around}
       ) AS s ON s.span = g.span
       ANY LEFT JOIN (
         SELECT TraceId AS trace_id, min(toUnixTimestamp64Nano(Timestamp)) AS start, max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) AS end
         FROM otel_traces WHERE ${around} GROUP BY trace_id
       ) AS t ON t.trace_id = g.trace_id
     ) GROUP BY service`,
    { ...scopeParams(scope), settled: String(now - ARRIVAL_NANOS) },
    { ...DOCTOR_LIMITS, signal },
  );
  return new Map(rows.map((row) => [textColumn(row, "service"), meetingsFromRow(row)]));
}

function meetingsFromRow(row: Row): Meetings {
  const counted = (name: string): Counted => ({
    samples: numberColumn(row, name),
    traceIds: textsColumn(row, `${name}_traces`).sort(),
  });
  const foreignTraces = textsColumn(row, "foreign_traces").sort();
  const foreign = [...mapColumn(row, "foreign_services")]
    .map(([service, samples]) => ({ service, samples: Number(samples), traceIds: foreignTraces }))
    .sort((a, b) => b.samples - a.samples);
  return {
    met: numberColumn(row, "met"),
    waiting: numberColumn(row, "waiting"),
    spanMissing: counted("span_missing"),
    skewed: { ...counted("skewed"), offsetNs: numberColumn(row, "skew") },
    unknown: { ...counted("unknown"), traces: numberColumn(row, "unknown_count") },
    strays: straysFromColumn(row.strays),
    places: { foreign, inEntries: counted("in_entries"), inDeeper: numberColumn(row, "in_deeper") },
  };
}

function straysFromColumn(value: unknown): Stray[] {
  if (!Array.isArray(value)) throw new Error("Column strays should be an array.");
  return (value as string[][]).map(([traceId = "", spanId = "", samples = "0", from = "0", to = "0"]) => ({
    traceId,
    spanId,
    samples: Number(samples),
    from: BigInt(from),
    to: BigInt(to),
  }));
}
