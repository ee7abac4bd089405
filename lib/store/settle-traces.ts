/**
 * Keeps `traces` true: finds the traces of which something new has arrived, and has their rows written. Rows carry the
 * second they were ingested in; what is counted in a second is compared with what was counted when it was last settled,
 * so rows that were stamped early and committed late are found without going over anything twice.
 */
import { setTimeout } from "node:timers/promises";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";
import { settleTraces } from "@/lib/store/settle-batch";

/** No insert is under way for longer than this between its rows' stamp and their being readable. */
const LATE_MS = 60_000;
/** How much of a long backlog is looked at in one go. */
const WINDOW_MS = 3_600_000;
const PAUSE_MS = 1_000;

/** Where a settler stands. Made by startOfSettling, moved on by settleOnce. */
export interface SettleState {
  /** Milliseconds. Everything ingested before is settled. */
  watermark: number;
  /** Second -> rows of spans and samples in it when it was last settled; from the watermark on. */
  readonly settled: Map<number, number>;
}

/** A new process goes on where the rows of the last one say it was. */
export async function startOfSettling(signal?: AbortSignal): Promise<SettleState> {
  const [row] = await queryRows(
    "SELECT toUnixTimestamp64Milli(max(ingested_until)) AS until FROM traces",
    {},
    { signal },
  );
  const until = row === undefined ? 0 : numberColumn(row, "until");
  return { watermark: Math.max(0, until - LATE_MS), settled: new Map() };
}

export interface SettleOptions {
  readonly signal?: AbortSignal;
  /** Leaves the second that is still filling for the next time, so that its traces are settled once, not twice. */
  readonly onlyPast?: boolean;
}

/**
 * Settles what arrived since, oldest first, at most one window of time.
 * @returns how many traces were settled, and whether more is known to wait
 */
export async function settleOnce(
  state: SettleState,
  { signal, onlyPast = false }: SettleOptions = {},
): Promise<{ settled: number; more: boolean }> {
  const until = state.watermark + WINDOW_MS;
  const seconds = await countSeconds(state.watermark, until, signal);
  let settled = 0;
  for (const { second, rows, isOver } of seconds) {
    if (state.settled.get(second) === rows || (onlyPast && !isOver)) continue;
    const at = { version: Date.now(), ingestedUntil: second * 1_000 };
    settled += await settleTraces(await findTraceIds(second, signal), at, signal);
    state.settled.set(second, rows);
  }
  const newest = seconds.at(-1);
  const more = await existsFrom(until, signal);
  let next = newest === undefined ? 0 : newest.second * 1_000;
  if (more) next = newest === undefined ? await findNext(until, signal) : until;
  // Seconds that may still grow stay; those before them are done for good.
  state.watermark = Math.max(state.watermark, next - LATE_MS);
  for (const second of state.settled.keys()) {
    if (second * 1_000 < state.watermark) state.settled.delete(second);
  }
  return { settled, more };
}

/**
 * Settles until told to stop. Trouble with the store is logged once and waited out.
 * Any number may run beside each other (one in each ingest process): they write the same rows.
 */
export async function runSettler({ signal }: { readonly signal: AbortSignal }): Promise<void> {
  let state: SettleState | undefined;
  let troubled = false;
  while (!signal.aborted) {
    let more = false;
    try {
      state ??= await startOfSettling(signal);
      ({ more } = await settleOnce(state, { signal, onlyPast: true }));
      troubled = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!troubled)
        console.error("Traces are not being summed up:", error instanceof Error ? error.message : error);
      troubled = true;
    }
    if (!more) await pause(signal);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(PAUSE_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error; // aborted: the caller's loop ends
  }
}

/** A second in which rows were ingested; `isOver` when the store's own clock has passed it. */
interface IngestedSecond {
  readonly second: number;
  readonly rows: number;
  readonly isOver: boolean;
}

async function countSeconds(from: number, until: number, signal?: AbortSignal): Promise<IngestedSecond[]> {
  const rows = await queryRows(
    `SELECT second, sum(rows) AS rows, second < toUnixTimestamp(now()) AS is_over FROM (
       SELECT toUnixTimestamp(IngestedAt) AS second, count() AS rows FROM otel_traces WHERE ${stamped("IngestedAt")} GROUP BY second
       UNION ALL
       SELECT toUnixTimestamp(ingested_at) AS second, count() AS rows FROM samples WHERE ${stamped("ingested_at")} GROUP BY second
     ) GROUP BY second ORDER BY second`,
    { from, until },
    { signal, seconds: 60 },
  );
  return rows.map((row) => ({
    second: numberColumn(row, "second"),
    rows: numberColumn(row, "rows"),
    isOver: numberColumn(row, "is_over") === 1,
  }));
}

function stamped(column: string): string {
  return `${column} >= fromUnixTimestamp64Milli({from:Int64}) AND ${column} < fromUnixTimestamp64Milli({until:Int64})`;
}

async function existsFrom(from: number, signal?: AbortSignal): Promise<boolean> {
  const rows = await queryRows(
    `SELECT 1 AS found FROM otel_traces WHERE IngestedAt >= fromUnixTimestamp64Milli({from:Int64}) LIMIT 1
     UNION ALL
     SELECT 1 AS found FROM samples WHERE ingested_at >= fromUnixTimestamp64Milli({from:Int64}) LIMIT 1`,
    { from },
    { signal, seconds: 60 },
  );
  return rows.length > 0;
}

/** The first stamp at or after `from`, so that years without data are one step. */
async function findNext(from: number, signal?: AbortSignal): Promise<number> {
  const rows = await queryRows(
    `SELECT toUnixTimestamp64Milli(min(IngestedAt)) AS next FROM otel_traces WHERE IngestedAt >= fromUnixTimestamp64Milli({from:Int64}) HAVING count() > 0
     UNION ALL
     SELECT toUnixTimestamp64Milli(min(ingested_at)) AS next FROM samples WHERE ingested_at >= fromUnixTimestamp64Milli({from:Int64}) HAVING count() > 0`,
    { from },
    { signal, seconds: 60 },
  );
  return rows.reduce((least, row) => Math.min(least, numberColumn(row, "next")), Number.POSITIVE_INFINITY);
}

async function findTraceIds(second: number, signal?: AbortSignal): Promise<string[]> {
  const params = { from: second * 1_000, until: (second + 1) * 1_000 };
  const ingested = stamped("ingested_at");
  const rows = await queryRows(
    `SELECT DISTINCT TraceId AS trace_id FROM otel_traces
     WHERE ${stamped("IngestedAt")}
     UNION DISTINCT
     SELECT DISTINCT trace_id FROM samples WHERE ${ingested} AND trace_id != '' AND type = 'cpu'`,
    params,
    { signal, seconds: 60, rows: 2_000_000 },
  );
  const traceIds = new Set(rows.map((row) => textColumn(row, "trace_id")));
  for (const traceId of await findTracesOfSpanSamples(ingested, params, signal)) traceIds.add(traceId);
  return [...traceIds];
}

/** Samples that name a span but no trace. Their profile may have begun long after the span, or before it. */
async function findTracesOfSpanSamples(
  ingested: string,
  params: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<string[]> {
  const spanOnly = `${ingested} AND type = 'cpu' AND trace_id = '' AND (span_id != '' OR root_span_id != '')`;
  const [when] = await queryRows(
    `SELECT count() AS found, toString(min(toUnixTimestamp64Nano(time))) AS first, toString(max(toUnixTimestamp64Nano(time) + duration_ns)) AS last
     FROM samples WHERE ${spanOnly}`,
    params,
    { signal },
  );
  if (when === undefined || numberColumn(when, "found") === 0) return [];
  const rows = await queryRows(
    `SELECT DISTINCT TraceId AS trace_id FROM otel_traces
     WHERE SpanId IN (SELECT arrayJoin([span_id, root_span_id]) AS id FROM samples WHERE ${spanOnly} AND id != '')
       AND Timestamp >= fromUnixTimestamp64Nano({first:Int64}) - INTERVAL 1 HOUR AND Timestamp <= fromUnixTimestamp64Nano({last:Int64})`,
    { ...params, first: textColumn(when, "first"), last: textColumn(when, "last") },
    { signal, seconds: 60, rows: 2_000_000 },
  );
  return rows.map((row) => textColumn(row, "trace_id"));
}
