/**
 * Keeps `traces` true: finds the traces of which something new has arrived, and has their rows written. Rows carry the
 * second they were ingested in; what is counted in a second is compared with what was counted when it was last settled,
 * so rows that were stamped early and committed late are found without going over anything twice.
 */
import { pause } from "@/lib/pause";
import { Arrivals } from "@/lib/store/arrivals";
import { NAMES_SPAN_ALONE } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { KnownTraces } from "@/lib/store/known-traces";
import { numberColumn, textColumn } from "@/lib/store/row";
import { settleTraces } from "@/lib/store/settle-batch";

/** No insert is under way for longer than this between its rows' stamp and their being readable. */
const LATE_MS = 60_000;
/** How much of a long backlog is looked at in one go. */
const WINDOW_MS = 3_600_000;
const PAUSE_MS = 1_000;

/** Traces that have a row are remembered up to so many; of those that began earlier it is not known at the start. */
const MOST_LOADED = 500_000;
/** Of a filter that holds what was seen: an hour and more of 2,000 traces a second, in 10 MB. */
const KNOWN_CAPACITY = 8_000_000;
/** Samples that arrive longer than this before the first span of their trace are not counted after a restart. */
const EARLY_SAMPLES_MS = 3_600_000;
/** So many are settled before more is looked at. */
const MOST_WAITING = 20_000;

/** Where a settler stands. Made by startOfSettling or settlingFrom, moved on by settleOnce. */
export interface SettleState {
  /** Milliseconds. Everything ingested before is settled. */
  watermark: number;
  /** Second -> rows of spans and samples in it when it was last looked at; from the watermark on. */
  readonly seen: Map<number, number>;
  readonly arrivals: Arrivals;
}

/** Everything ingested from the watermark (milliseconds) on is to be settled, and nothing is known of what was before. */
export function settlingFrom(watermark: number): SettleState {
  return stateFrom(watermark, new KnownTraces(1_000, Number.POSITIVE_INFINITY));
}

function stateFrom(watermark: number, known: KnownTraces): SettleState {
  return { watermark, seen: new Map(), arrivals: new Arrivals(known) };
}

/** A new process goes on where the rows of the last one say it was. */
export async function startOfSettling(signal?: AbortSignal): Promise<SettleState> {
  const [row] = await queryRows(
    "SELECT toUnixTimestamp64Milli(max(ingested_until)) AS until FROM traces",
    {},
    { signal },
  );
  const until = row === undefined ? 0 : numberColumn(row, "until");
  const watermark = Math.max(0, until - LATE_MS);
  return stateFrom(watermark, await loadKnown(watermark, signal));
}

async function loadKnown(watermark: number, signal?: AbortSignal): Promise<KnownTraces> {
  const limits = { signal, seconds: 60, rows: 2 * MOST_LOADED };
  const [settled, early] = await Promise.all([
    queryRows(
      `SELECT trace_id, toUnixTimestamp(start_hour) AS hour FROM traces ORDER BY start_hour DESC LIMIT ${MOST_LOADED}`,
      {},
      limits,
    ),
    queryRows(
      `SELECT DISTINCT trace_id FROM samples
       WHERE ingested_at >= fromUnixTimestamp64Milli({from:Int64}) AND ingested_at < fromUnixTimestamp64Milli({until:Int64})
         AND trace_id != '' AND type = 'cpu' LIMIT ${MOST_LOADED}`,
      { from: Math.max(0, watermark - EARLY_SAMPLES_MS), until: watermark },
      limits,
    ),
  ]);
  const last = settled.length < MOST_LOADED ? undefined : settled.at(-1);
  // The oldest hour may be there in part.
  const known = new KnownTraces(KNOWN_CAPACITY, last === undefined ? 0 : numberColumn(last, "hour") + 3_600);
  const now = Math.floor(Date.now() / 1_000);
  for (const trace of [...settled, ...early]) known.add(textColumn(trace, "trace_id"), now);
  return known;
}

export interface SettleOptions {
  readonly signal?: AbortSignal;
  /**
   * Leaves the second that is still filling, and traces that are still arriving, for the next time: spans of one trace
   * come from several services, and it is settled once, not each time.
   */
  readonly patient?: boolean;
}

/**
 * Settles what arrived since, oldest first, at most one window of time.
 * @returns how many traces were settled, and whether more is known to wait
 */
export async function settleOnce(
  state: SettleState,
  { signal, patient = false }: SettleOptions = {},
): Promise<{ settled: number; more: boolean }> {
  const until = state.watermark + WINDOW_MS;
  const { now, seconds } = await countSeconds(state.watermark, until, signal);
  const due = patient ? now : undefined;
  let settled = 0;
  for (const { second, rows } of seconds) {
    if (state.seen.get(second) === rows || (patient && second >= now)) continue;
    await takeSecond(state.arrivals, second, signal);
    state.seen.set(second, rows);
    if (state.arrivals.waiting > MOST_WAITING) settled += await settleDue(state.arrivals, due, signal);
  }
  settled += await settleDue(state.arrivals, due, signal);
  const newest = seconds.at(-1);
  const more = await existsFrom(until, signal);
  let next = newest === undefined ? 0 : newest.second * 1_000;
  if (more) next = newest === undefined ? await findNext(until, signal) : until;
  // Seconds that may still grow stay; those before them are done for good.
  state.watermark = Math.max(state.watermark, next - LATE_MS);
  for (const second of state.seen.keys()) {
    if (second * 1_000 < state.watermark) state.seen.delete(second);
  }
  state.arrivals.forgetBefore(state.watermark / 1_000);
  return { settled, more };
}

async function settleDue(
  arrivals: Arrivals,
  now: number | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  let settled = 0;
  for (const { traceIds, ...known } of arrivals.due(now)) {
    const at = { version: Date.now(), ingestedUntil: (arrivals.oldest() ?? 0) * 1_000 };
    settled += await settleTraces(traceIds, at, signal, known);
    arrivals.settled(traceIds);
  }
  return settled;
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
      ({ more } = await settleOnce(state, { signal, patient: true }));
      troubled = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!troubled)
        console.error("Traces are not being summed up:", error instanceof Error ? error.message : error);
      troubled = true;
    }
    if (!more) await pause(PAUSE_MS, signal);
  }
}

/** @returns the seconds in which rows were ingested, and the store's own clock in Unix seconds */
async function countSeconds(
  from: number,
  until: number,
  signal?: AbortSignal,
): Promise<{ now: number; seconds: { second: number; rows: number }[] }> {
  const rows = await queryRows(
    `SELECT second, sum(rows) AS rows, toUnixTimestamp(now()) AS now FROM (
       SELECT toUnixTimestamp(IngestedAt) AS second, count() AS rows FROM otel_traces WHERE ${stamped("IngestedAt")} GROUP BY second
       UNION ALL
       SELECT toUnixTimestamp(ingested_at) AS second, count() AS rows FROM samples WHERE ${stamped("ingested_at")} GROUP BY second
     ) GROUP BY second ORDER BY second`,
    { from, until },
    { signal, seconds: 60, settings: { max_threads: 1 } },
  );
  return {
    now: rows[0] === undefined ? Math.floor(Date.now() / 1_000) : numberColumn(rows[0], "now"),
    seconds: rows.map((row) => ({ second: numberColumn(row, "second"), rows: numberColumn(row, "rows") })),
  };
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

async function takeSecond(arrivals: Arrivals, second: number, signal?: AbortSignal): Promise<void> {
  const params = { from: second * 1_000, until: (second + 1) * 1_000 };
  const ingested = stamped("ingested_at");
  const rows = await queryRows(
    `SELECT trace_id, sum(spans) AS spans, min(begins) AS begins FROM (
       SELECT TraceId AS trace_id, count() AS spans, toInt64(min(Timestamp)) AS begins FROM otel_traces WHERE ${stamped("IngestedAt")} GROUP BY trace_id
       UNION ALL
       SELECT trace_id, 0 AS spans, toInt64(min(time)) AS begins FROM samples WHERE ${ingested} AND trace_id != '' AND type = 'cpu' GROUP BY trace_id
     ) GROUP BY trace_id`,
    params,
    { signal, seconds: 60, rows: 2_000_000, settings: { max_threads: 1 } },
  );
  for (const row of rows) {
    const spans = numberColumn(row, "spans");
    arrivals.add(textColumn(row, "trace_id"), second, spans, numberColumn(row, "begins"));
  }
  // Of these it is not known since when: their samples say nothing of the trace.
  for (const traceId of await findTracesOfSpanSamples(ingested, params, signal)) {
    arrivals.add(traceId, second, 0, Number.NEGATIVE_INFINITY);
  }
}

/** Samples that name a span but no trace. Their profile may have begun long after the span, or before it. */
async function findTracesOfSpanSamples(
  ingested: string,
  params: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<string[]> {
  const spanOnly = `${ingested} AND type = 'cpu' AND trace_id = '' AND ${NAMES_SPAN_ALONE}`;
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
