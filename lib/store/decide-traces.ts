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
import { commandStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import {
  type DueTrace,
  factsFromRow,
  findDueTraces,
  findKeptTraces,
  findProfiledTraces,
  findVerdicts,
  STAGED,
  TRACES_FOUND,
} from "@/lib/store/find-due-traces";
import { textColumn } from "@/lib/store/row";
import { waitForRunningInserts } from "@/lib/store/running-inserts";
import { SPAN_COLUMNS } from "@/lib/store/span-row";
import { writeSpansAlone } from "@/lib/store/span-writer";
import { keepTrace, type Verdict } from "@/lib/trace/keep-trace";

/** Of one step: bounds its memory and how long spans of others wait for it. A trace of more spans is moved in pieces. */
const TRACES_PER_STEP = 5_000;
const SPANS_PER_STEP = 50_000;
/** A minute of staging is left alone for so long after its end: inserts under way may still be stamped with it. */
const LEAVE_SECONDS = 120;
/** How long a verdict is remembered for spans that come late. */
const REMEMBER_HOURS = 2;
/** A statement of a process before us, or of an attempt that was cut off, may go on without anyone who waits for it. */
let mayStillRun = true;

export interface DecisionCounts {
  readonly keptTraces: number;
  readonly droppedTraces: number;
  readonly droppedSpans: number;
  /** More is due. */
  readonly more: boolean;
}

/**
 * Decides the traces that have been quiet for long enough, up to TRACES_FOUND of them.
 * @param quietSeconds by the store's clock
 * @throws HotspanError as queryRows; the next call goes on where this one ended
 */
export async function decideTraces(
  rules: SamplingRules,
  quietSeconds: number,
  signal?: AbortSignal,
): Promise<DecisionCounts> {
  const found = await findDueTraces(quietSeconds, signal);
  const counts = { keptTraces: 0, droppedTraces: 0, droppedSpans: 0 };
  for (let at = 0; at < found.length; ) {
    signal?.throwIfAborted();
    const due = takeStep(found, at);
    const verdicts = await decideStep(due, rules, signal);
    for (const { spans, traceId } of due) {
      const isKept = verdicts.get(traceId)?.kept === true;
      counts.keptTraces += isKept ? 1 : 0;
      counts.droppedTraces += isKept ? 0 : 1;
      counts.droppedSpans += isKept ? 0 : spans;
    }
    at += due.length;
  }
  return { ...counts, more: found.length === TRACES_FOUND };
}

async function decideStep(
  due: readonly DueTrace[],
  rules: SamplingRules,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Verdict>> {
  const ids = due.map(({ traceId }) => traceId);
  const [earlier, stored, profiled] = await Promise.all([
    findVerdicts(ids, signal),
    findKeptTraces(due, signal),
    rules.enabled && rules.keepProfiled ? findProfiledTraces(ids, signal) : new Set<string>(),
  ]);
  const verdicts = new Map<string, Verdict>();
  for (const { row, traceId } of due) {
    const known = earlier.get(traceId) ?? stored.get(traceId);
    verdicts.set(traceId, known ?? keepTrace(factsFromRow(row, profiled.has(traceId)), rules));
  }
  await writeVerdicts(due, verdicts, 0, signal);
  const kept = due.filter(({ traceId }) => verdicts.get(traceId)?.kept === true);
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
  return verdicts;
}

function takeStep(found: readonly DueTrace[], from: number): DueTrace[] {
  const most = found.slice(from, from + TRACES_PER_STEP);
  let spans = 0;
  const end = most.findIndex((trace) => {
    spans += trace.spans;
    return spans > SPANS_PER_STEP;
  });
  return most.slice(0, end === -1 ? undefined : Math.max(1, end));
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

function groupByShare(
  traces: readonly DueTrace[],
  verdicts: ReadonlyMap<string, Verdict>,
): Map<number, DueTrace[]> {
  const groups = new Map<number, DueTrace[]>();
  for (const trace of traces) {
    const share = verdicts.get(trace.traceId)?.keptShare ?? 1;
    const group = groups.get(share);
    if (group === undefined) groups.set(share, [trace]);
    else group.push(trace);
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

/**
 * A span that was sent twice, or moved by an attempt before, is stored once. Its spans may lie in any number of days. Whole
 * rows are sorted, so those of a trace of a million spans are taken in pieces, in the order of staging.
 */
async function moveToTraces(
  traces: readonly DueTrace[],
  keptShare: number,
  signal?: AbortSignal,
): Promise<void> {
  const columns = [...SPAN_COLUMNS, "Weight"].join(", ");
  const list = idList(traces.map(({ traceId }) => traceId));
  const isLong = traces.reduce((sum, { spans }) => sum + spans, 0) > SPANS_PER_STEP;
  const starts = isLong ? await findPieces(list, signal) : [""];
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1];
    const piece = `SpanId >= {start:String}${end === undefined ? "" : " AND SpanId < {end:String}"}`;
    const where = `TraceId IN ${list}${isLong ? ` AND ${piece}` : ""}`;
    await commandStore(
      `INSERT INTO otel_traces (${columns}, KeptShare)
       SELECT ${columns}, {share:Float32} FROM staged_spans
       WHERE ${where} AND (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM otel_traces WHERE ${where})
       ORDER BY TraceId, SpanId LIMIT 1 BY TraceId, SpanId`,
      { share: keptShare, start, ...(end === undefined ? {} : { end }) },
      { signal, settings: ONE_STATEMENT },
    );
  }
}

/** @returns where each piece begins, by span id; the first at "" */
async function findPieces(list: string, signal: AbortSignal | undefined): Promise<string[]> {
  const rows = await queryRows(
    `SELECT SpanId FROM (SELECT SpanId FROM staged_spans WHERE TraceId IN ${list} ORDER BY SpanId)
     WHERE rowNumberInAllBlocks() % ${SPANS_PER_STEP} = 0`,
    {},
    { signal, seconds: 60, settings: { max_query_size: "4000000" } },
  );
  return ["", ...rows.slice(1).map((row) => textColumn(row, "SpanId"))];
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
