/**
 * Stores spans once. There is no transaction to lean on, so: one writer, one group at a time, and before each insert
 * one question which of the group's spans exist. A retried export, within a group or after a crash, adds nothing.
 */
import { ClickHouseError } from "@clickhouse/client";
import { HotspanError } from "@/lib/errors";
import { queryRows } from "@/lib/store/clickhouse";
import { insertEncoded } from "@/lib/store/insert-encoded";
import { textColumn } from "@/lib/store/row";
import { waitForRunningInserts } from "@/lib/store/running-inserts";
import { SPAN_COLUMNS, SPAN_ID_LENGTH, type SpanRows } from "@/lib/store/span-row";
import { writeSpansAlone } from "@/lib/store/span-writer";

const NANOS_PER_DAY = 86_400_000_000_000n;
/** Ids asked for at once: 50 bytes each in a bound parameter. */
const IDS_PER_QUESTION = 20_000;
/** Of one trace, before its spans are asked for by name. */
const SPANS_LISTED = 32;
/** Of one insert; the engine takes a quarter of a gigabyte. */
const MAX_INSERT_BYTES = 67_108_864;
const MAX_REFUSED = 50;
const PARALLEL_INSERTS = 3;
/**
 * CANNOT_PARSE_TEXT, _ESCAPE_SEQUENCE, _QUOTED_STRING, _INPUT_ASSERTION_FAILED, _DATE, _DATETIME, _NUMBER, _UUID,
 * INCORRECT_DATA, DECIMAL_OVERFLOW, CANNOT_READ_ARRAY_FROM_TEXT, CANNOT_READ_MAP_FROM_TEXT: about a row, not the store.
 */
const UNREADABLE = new Set(["6", "25", "26", "27", "38", "41", "72", "376", "117", "407", "130", "457"]);

/** An insert of ours, or of a process before us, may go on without anyone who waits for it. */
let mayStillRun = true;

type SpanTable = "otel_traces" | "staged_spans";

interface NewRow {
  readonly rows: SpanRows;
  readonly index: number;
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * Inserts the spans that are not stored yet; one insert per UTC day, because an insert is atomic per partition only.
 * A failure may leave earlier days stored: sending the same rows again completes them.
 * @returns for each of `groups`, how many of its rows the store cannot hold (0 unless our own checks missed something)
 * @throws HotspanError `unavailable` (and the like) when the store did not take everything
 */
export function insertSpans(groups: readonly SpanRows[], signal?: AbortSignal): Promise<number[]> {
  return writeSpansAlone(async () => {
    if (mayStillRun) {
      await waitForRunningInserts(signal);
      mayStillRun = false;
    }
    return insertNew(groups, signal);
  });
}

/**
 * Puts spans where they wait until their trace is decided (decide-traces.ts), without asking whether they are known.
 * @returns and throws as insertSpans
 */
export async function stageSpans(groups: readonly SpanRows[], signal?: AbortSignal): Promise<number[]> {
  const refused: NewRow[] = [];
  const rows = groups.flatMap((group) =>
    Array.from({ length: group.count }, (_, index) => ({ rows: group, index, traceId: "", spanId: "" })),
  );
  await insertOrRefuse("staged_spans", rows, refused, signal);
  return groups.map((group) => refused.filter((row) => row.rows === group).length);
}

async function insertNew(groups: readonly SpanRows[], signal: AbortSignal | undefined): Promise<number[]> {
  const candidates = new Map<string, NewRow>();
  let first = 0n;
  let last = 0n;
  for (const rows of groups) {
    const ids = Buffer.from(rows.ids.buffer, rows.ids.byteOffset, rows.ids.length);
    for (let index = 0; index < rows.count; index++) {
      const at = index * SPAN_ID_LENGTH;
      const id = ids.toString("latin1", at, at + SPAN_ID_LENGTH);
      if (candidates.has(id)) continue;
      candidates.set(id, { rows, index, traceId: id.slice(0, 32), spanId: id.slice(32) });
      const start = rows.starts[index] ?? 0n;
      if (start < first || first === 0n) first = start;
      if (start > last) last = start;
    }
  }
  for (const id of await findStoredSpans([...candidates.values()], first, last, signal))
    candidates.delete(id);
  const refused: NewRow[] = [];
  // Days are different partitions, so they may be written side by side; mostly there is one.
  const days = splitByDay(candidates.values()).values();
  const lane = async () => {
    for (const day of days) await insertOrRefuse("otel_traces", day, refused, signal);
  };
  // All of them are waited for: an insert left running would be unseen by the next group's question.
  const lanes = await Promise.allSettled(Array.from({ length: PARALLEL_INSERTS }, lane));
  for (const ended of lanes) if (ended.status === "rejected") throw ended.reason;
  return groups.map((rows) => refused.filter((row) => row.rows === rows).length);
}

/**
 * By their traces, of which most are new: naming every span as well doubles what the question costs both sides. Only
 * where a trace has more spans than are listed are its spans asked for by name.
 * @returns trace id + span id of those that are stored, and maybe of others of their traces
 */
async function findStoredSpans(
  spans: readonly NewRow[],
  first: bigint,
  last: bigint,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const stored: string[] = [];
  const longTraces = new Set<string>();
  const traceIds = [...new Set(spans.map(({ traceId }) => traceId))];
  for (let from = 0; from < traceIds.length; from += IDS_PER_QUESTION) {
    const part = traceIds.slice(from, from + IDS_PER_QUESTION);
    const listed = new Map<string, number>();
    for (const { traceId, spanId } of await askStored(first, last, part, undefined, signal)) {
      stored.push(traceId + spanId);
      listed.set(traceId, (listed.get(traceId) ?? 0) + 1);
    }
    for (const [traceId, count] of listed) if (count >= SPANS_LISTED) longTraces.add(traceId);
  }
  const unsure = longTraces.size === 0 ? [] : spans.filter(({ traceId }) => longTraces.has(traceId));
  for (let from = 0; from < unsure.length; from += IDS_PER_QUESTION) {
    const part = unsure.slice(from, from + IDS_PER_QUESTION);
    const spanIds = part.map(({ spanId }) => spanId);
    const ids = [...new Set(part.map(({ traceId }) => traceId))];
    for (const found of await askStored(first, last, ids, spanIds, signal)) {
      stored.push(found.traceId + found.spanId);
    }
  }
  return stored;
}

/** @param spanIds undefined: at most SPANS_LISTED spans of each trace */
async function askStored(
  first: bigint,
  last: bigint,
  traceIds: readonly string[],
  spanIds: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<{ traceId: string; spanId: string }[]> {
  const rows = await queryRows(
    // The time bounds leave out every part that does not reach into them: for live data all but the newest few.
    `SELECT TraceId, SpanId FROM otel_traces
     WHERE Timestamp BETWEEN fromUnixTimestamp64Nano({first:Int64}) AND fromUnixTimestamp64Nano({last:Int64})
       AND TraceId IN {traceIds:Array(String)}
       ${spanIds === undefined ? `LIMIT ${SPANS_LISTED} BY TraceId` : "AND SpanId IN {spanIds:Array(String)}"}`,
    { first: String(first), last: String(last), traceIds, ...(spanIds === undefined ? {} : { spanIds }) },
    {
      rows: SPANS_LISTED * IDS_PER_QUESTION,
      seconds: 20,
      settings: { max_threads: 1 },
      ...(signal === undefined ? {} : { signal }),
    },
  );
  return rows.map((row) => ({ traceId: textColumn(row, "TraceId"), spanId: textColumn(row, "SpanId") }));
}

function splitByDay(spans: Iterable<NewRow>): NewRow[][] {
  const days = new Map<bigint, NewRow[]>();
  for (const span of spans) {
    const day = (span.rows.starts[span.index] ?? 0n) / NANOS_PER_DAY;
    const rows = days.get(day);
    if (rows === undefined) days.set(day, [span]);
    else rows.push(span);
  }
  return [...days.values()];
}

/**
 * One row that the engine cannot parse fails the whole insert, and would fail every retry of it. So a refused batch
 * is halved until the row stands alone. Many such rows are no longer the rows' fault, and end the attempt.
 * @param refused collects the rows that the engine does not take
 */
async function insertOrRefuse(
  table: SpanTable,
  spans: readonly NewRow[],
  refused: NewRow[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const runs = textRuns(spans);
  const bytes = runs.reduce((sum, run) => sum + run.length, 0);
  if (spans.length === 1 || bytes <= MAX_INSERT_BYTES) {
    try {
      return await insertLines(table, runs, signal);
    } catch (error) {
      if (!isUnreadableRow(error) || refused.length >= MAX_REFUSED) throw error;
      const [only, ...others] = spans;
      if (only !== undefined && others.length === 0) {
        console.error("The store refused a span:", error instanceof Error ? error.message : error);
        refused.push(only);
        return;
      }
    }
  }
  const middle = Math.floor(spans.length / 2);
  await insertOrRefuse(table, spans.slice(0, middle), refused, signal);
  await insertOrRefuse(table, spans.slice(middle), refused, signal);
}

function isUnreadableRow(error: unknown): boolean {
  return isFromEngine(error) && UNREADABLE.has(error.cause.code);
}

async function insertLines(
  table: SpanTable,
  runs: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await insertEncoded(table, SPAN_COLUMNS, runs, { signal });
  } catch (error) {
    if (!isFromEngine(error) && table === "otel_traces") mayStillRun = true;
    throw error;
  }
}

/** The engine's own error ends an insert; a lost connection or a passed deadline does not. */
function isFromEngine(error: unknown): error is HotspanError & { cause: ClickHouseError } {
  return error instanceof HotspanError && error.cause instanceof ClickHouseError;
}

/** The rows' lines as few slices as possible: neighbours stay together. */
function textRuns(spans: readonly NewRow[]): Uint8Array[] {
  const runs: Uint8Array[] = [];
  let index = 0;
  while (index < spans.length) {
    const head = spans[index];
    if (head === undefined) break;
    const { rows } = head;
    let last = head.index;
    index++;
    for (let next = spans[index]; next !== undefined && next.rows === rows && next.index === last + 1; ) {
      last++;
      index++;
      next = spans[index];
    }
    runs.push(rows.text.subarray(head.index === 0 ? 0 : (rows.ends[head.index - 1] ?? 0), rows.ends[last]));
  }
  return runs;
}
