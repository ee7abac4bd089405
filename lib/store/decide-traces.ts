/**
 * Tail-based sampling. Spans wait in `staged_spans`, stored and acknowledged, until nothing of their trace has come for a
 * while; then the whole trace is kept or dropped. A process may die between any two steps, and each can be repeated:
 *
 *     decide   verdicts into sampling_decisions, done = 0      from here on a verdict is final
 *     keep     staged -> otel_traces, but for what is there
 *     count    entry spans -> dropped_requests, but for what is there
 *     done     the same verdicts, done = 1                     these very rows are not looked at again
 *     forget   minutes of staging in which every row is done are dropped as partitions
 */
import type { SamplingRules } from "@/lib/api/sampling-contract";
import { NAMES_SPAN_ALONE } from "@/lib/store/by-trace";
import { commandStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { waitForRunningInserts } from "@/lib/store/running-inserts";
import { SPAN_COLUMNS } from "@/lib/store/span-row";
import { writeSpansAlone } from "@/lib/store/span-writer";
import { keepTrace, type Verdict } from "@/lib/trace/keep-trace";

/** Of one step: bounds its memory and how long spans of others wait for it. */
const TRACES_PER_STEP = 5_000;
const SPANS_PER_STEP = 50_000;
/** A minute of staging is left alone for so long after its end: inserts under way may still be stamped with it. */
const LEAVE_SECONDS = 120;
/** How long a verdict is remembered for spans that come late. */
const REMEMBER_HOURS = 2;
/** Samples that name a span but no trace are looked for as far back. */
const SPAN_SAMPLES_MINUTES = 15;

/** A statement of a process before us, or of an attempt that was cut off, may go on without anyone who waits for it. */
let mayStillRun = true;

export interface DecisionCounts {
  readonly keptTraces: number;
  readonly droppedTraces: number;
  readonly droppedSpans: number;
  /** More is due. */
  readonly more: boolean;
}

interface DueTrace {
  readonly traceId: string;
  readonly spans: number;
  /** (minute, fingerprint) of its staged rows. */
  readonly rows: readonly (readonly [string, string])[];
  readonly row: Row;
}

/**
 * Decides the traces that have been quiet for long enough, at most one step of them.
 * @param quietSeconds by the store's clock
 * @throws HotspanError as queryRows; the next call goes on where this one ended
 */
export async function decideTraces(
  rules: SamplingRules,
  quietSeconds: number,
  signal?: AbortSignal,
): Promise<DecisionCounts> {
  const found = await findDue(quietSeconds, signal);
  const due = takeStep(found);
  if (due.length === 0) return { keptTraces: 0, droppedTraces: 0, droppedSpans: 0, more: false };
  const ids = due.map(({ traceId }) => traceId);
  const [earlier, profiled] = await Promise.all([
    findVerdicts(ids, signal),
    rules.enabled && rules.keepProfiled ? findProfiled(ids, signal) : new Set<string>(),
  ]);
  const verdicts = new Map<string, Verdict>();
  for (const { row, traceId } of due) {
    verdicts.set(traceId, earlier.get(traceId) ?? keepTrace(factsFromRow(row, profiled.has(traceId)), rules));
  }
  await writeVerdicts(due, verdicts, 0, signal);
  const kept = ids.filter((id) => verdicts.get(id)?.kept === true);
  const dropped = ids.filter((id) => verdicts.get(id)?.kept === false);
  await writeSpansAlone(async () => {
    if (mayStillRun) {
      await waitForRunningInserts(signal);
      await waitForRunningInserts(signal, "dropped_requests");
    }
    mayStillRun = true;
    for (const [share, group] of groupByShare(kept, verdicts)) await moveToTraces(group, share, signal);
    if (dropped.length > 0) await countDropped(dropped, signal);
    mayStillRun = false;
  });
  await writeVerdicts(due, verdicts, 1, signal);
  const spansOf = new Map(due.map(({ spans, traceId }) => [traceId, spans]));
  return {
    keptTraces: kept.length,
    droppedTraces: dropped.length,
    droppedSpans: dropped.reduce((sum, id) => sum + (spansOf.get(id) ?? 0), 0),
    more: found.length > due.length || found.length === TRACES_PER_STEP,
  };
}

/** Staged rows by trace and minute, and whether these very rows have been decided. */
const STAGED = `SELECT TraceId, toStartOfMinute(IngestedAt) AS minute, sum(cityHash64(SpanId, IngestedAt)) AS fingerprint, count() AS spans,
    max(IngestedAt) AS last, max(StatusCode = 'Error') AS error, max(IsServerError) AS server_error, max(NamesProfile) AS names_profile,
    max(Source = 'sample') AS sample, min(toUnixTimestamp64Nano(Timestamp)) AS first_start, max(toUnixTimestamp64Nano(Timestamp) + toInt64(least(Duration, 1000000000000000000))) AS last_end,
    _partition_id AS part, (TraceId, minute, fingerprint) NOT IN (
      SELECT trace_id, minute, fingerprint FROM sampling_decisions
      WHERE done = 1 AND minute >= (SELECT toStartOfMinute(min(IngestedAt)) FROM staged_spans)
    ) AS open
  FROM staged_spans GROUP BY TraceId, minute, part`;

async function findDue(quietSeconds: number, signal?: AbortSignal): Promise<DueTrace[]> {
  const rows = await queryRows(
    `SELECT TraceId, groupArray((toString(minute), toString(fingerprint))) AS rows, sum(spans) AS all_spans,
       max(error) AS has_error, max(server_error) AS has_server_error, max(names_profile) AS has_profile, max(sample) AS is_sample,
       toFloat64(max(last_end) - min(first_start)) AS duration, cityHash64(TraceId) / 18446744073709551616. AS place
     FROM (${STAGED}) GROUP BY TraceId
     HAVING max(open) = 1 AND max(last) <= now64(3) - INTERVAL {quiet:UInt32} SECOND
     ORDER BY max(last) LIMIT ${TRACES_PER_STEP}`,
    { quiet: quietSeconds },
    { seconds: 60, signal, settings: { max_threads: 1 } },
  );
  return rows.map((row) => ({
    traceId: textColumn(row, "TraceId"),
    spans: numberColumn(row, "all_spans"),
    rows: row.rows as [string, string][],
    row,
  }));
}

function takeStep(found: readonly DueTrace[]): DueTrace[] {
  let spans = 0;
  const end = found.findIndex((trace) => {
    spans += trace.spans;
    return spans > SPANS_PER_STEP;
  });
  return found.slice(0, end === -1 ? undefined : Math.max(1, end));
}

function factsFromRow(row: Row, isProfiled: boolean) {
  return {
    hasError: numberColumn(row, "has_error") === 1,
    hasServerError: numberColumn(row, "has_server_error") === 1,
    hasProfile: isProfiled || numberColumn(row, "has_profile") === 1,
    isSample: numberColumn(row, "is_sample") === 1,
    durationNs: numberColumn(row, "duration"),
    place: numberColumn(row, "place"),
  };
}

async function findVerdicts(ids: readonly string[], signal?: AbortSignal): Promise<Map<string, Verdict>> {
  const rows = await queryRows(
    `SELECT trace_id, argMin(kept, decided_at) AS verdict, argMin(kept_share, decided_at) AS share
     FROM sampling_decisions WHERE trace_id IN {ids:Array(String)} GROUP BY trace_id`,
    { ids },
    { signal },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "trace_id"),
      { kept: numberColumn(row, "verdict") === 1, keptShare: numberColumn(row, "share") },
    ]),
  );
}

/** Traces of which there are samples, whether these name the trace or only a span of it. */
async function findProfiled(ids: readonly string[], signal?: AbortSignal): Promise<Set<string>> {
  const rows = await queryRows(
    `SELECT DISTINCT trace_id AS id FROM samples WHERE trace_id IN {ids:Array(String)}
     UNION DISTINCT
     SELECT DISTINCT TraceId AS id FROM staged_spans WHERE TraceId IN {ids:Array(String)} AND SpanId IN (
       SELECT arrayJoin([span_id, root_span_id]) AS span FROM samples
       WHERE time >= now64(9) - INTERVAL ${SPAN_SAMPLES_MINUTES} MINUTE AND ${NAMES_SPAN_ALONE} AND span != '')`,
    { ids },
    { seconds: 30, signal },
  );
  return new Set(rows.map((row) => textColumn(row, "id")));
}

async function writeVerdicts(
  due: readonly DueTrace[],
  verdicts: ReadonlyMap<string, Verdict>,
  done: 0 | 1,
  signal?: AbortSignal,
): Promise<void> {
  const rows = due.flatMap(({ rows: staged, traceId }) => {
    const { kept, keptShare } = verdicts.get(traceId) ?? { kept: true, keptShare: 1 };
    return staged.map(([minute, fingerprint]) => [
      traceId,
      minute,
      fingerprint,
      kept ? 1 : 0,
      keptShare,
      done,
    ]);
  });
  const columns = ["trace_id", "minute", "fingerprint", "kept", "kept_share", "done"] as const;
  await insertRows("sampling_decisions", columns, rows, signal);
}

function groupByShare(ids: readonly string[], verdicts: ReadonlyMap<string, Verdict>): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const id of ids) {
    const share = verdicts.get(id)?.keptShare ?? 1;
    const group = groups.get(share);
    if (group === undefined) groups.set(share, [id]);
    else group.push(id);
  }
  return groups;
}

/** Ids of a step stand in the statement itself, a few times. */
const ONE_STATEMENT = { max_partitions_per_insert_block: "0", max_query_size: "4000000" } as const;
const HEX = /^[0-9a-f]{32}$/;

/** A statement that writes takes its parameters in the address, which is too short for thousands of ids. */
function idList(ids: readonly string[]): string {
  const foreign = ids.find((id) => !HEX.test(id));
  if (foreign !== undefined) throw new Error(`A staged span has the trace id ${foreign.slice(0, 80)}.`);
  return `(${ids.map((id) => `'${id}'`).join(",")})`;
}

/** A span that was sent twice, or moved by an attempt before, is stored once. Its spans may lie in any number of days. */
async function moveToTraces(ids: readonly string[], keptShare: number, signal?: AbortSignal): Promise<void> {
  const columns = [...SPAN_COLUMNS, "Weight"].join(", ");
  const list = idList(ids);
  await commandStore(
    `INSERT INTO otel_traces (${columns}, KeptShare)
     SELECT ${columns}, {share:Float32} FROM staged_spans
     WHERE TraceId IN ${list} AND (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM otel_traces WHERE TraceId IN ${list})
     ORDER BY TraceId, SpanId LIMIT 1 BY TraceId, SpanId`,
    { share: keptShare },
    { signal, settings: ONE_STATEMENT },
  );
}

async function countDropped(ids: readonly string[], signal?: AbortSignal): Promise<void> {
  const place = "ServiceName, Endpoint, toDateTime(Timestamp), cityHash64(TraceId, SpanId)";
  const entries = `FROM staged_spans WHERE IsEntry = 1 AND TraceId IN ${idList(ids)}`;
  await commandStore(
    `INSERT INTO dropped_requests (service, endpoint, time, span_hash, weight, is_error)
     SELECT ${place}, Weight, StatusCode = 'Error' ${entries}
       AND (${place}) NOT IN (
         SELECT service, endpoint, time, span_hash FROM dropped_requests
         WHERE time IN (SELECT toDateTime(Timestamp) ${entries}) AND span_hash IN (SELECT cityHash64(TraceId, SpanId) ${entries}))
     ORDER BY TraceId, SpanId LIMIT 1 BY TraceId, SpanId`,
    {},
    { signal, settings: ONE_STATEMENT },
  );
}

const PARTITION_ID = /^[0-9A-Za-z_-]{1,64}$/;

/** Lets go of what is decided: whole minutes of staging, and verdicts too old for spans that come late. */
export async function forgetDecided(signal?: AbortSignal): Promise<void> {
  const staged = await queryRows(
    `SELECT part FROM (${STAGED}) GROUP BY part
     HAVING max(open) = 0 AND max(minute) < now() - INTERVAL ${LEAVE_SECONDS} SECOND`,
    {},
    { seconds: 60, signal, settings: { max_threads: 1 } },
  );
  for (const row of staged) await dropPartition("staged_spans", textColumn(row, "part"));
  const old = await queryRows(
    `SELECT DISTINCT _partition_id AS part FROM sampling_decisions
     WHERE decided_at < now() - INTERVAL ${REMEMBER_HOURS + 1} HOUR
       AND (SELECT count() FROM staged_spans WHERE IngestedAt < now() - INTERVAL ${REMEMBER_HOURS} HOUR) = 0`,
    {},
    { signal },
  );
  for (const row of old) await dropPartition("sampling_decisions", textColumn(row, "part"));
}

async function dropPartition(table: "staged_spans" | "sampling_decisions", id: string): Promise<void> {
  if (!PARTITION_ID.test(id)) throw new Error(`The store names a partition ${id.slice(0, 80)}.`);
  await commandStore(`ALTER TABLE ${table} DROP PARTITION ID '${id}'`);
}

/** Whether anything is staged, decided or not. */
export async function hasStagedSpans(signal?: AbortSignal): Promise<boolean> {
  return (await queryRows("SELECT 1 FROM staged_spans LIMIT 1", {}, { signal })).length > 0;
}
