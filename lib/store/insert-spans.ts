/**
 * Stores spans once. There is no transaction to lean on, so: one writer, one group at a time, and before each insert
 * one question which of the group's spans exist. A retried export, within a group or after a crash, adds nothing.
 */
import { Readable } from "node:stream";
import { queryRows, storeClient, storeError } from "@/lib/store/clickhouse";
import { textColumn } from "@/lib/store/row";
import { SPAN_COLUMNS, SPAN_ID_LENGTH, type SpanRows } from "@/lib/store/span-row";

const NANOS_PER_DAY = 86_400_000_000_000n;
/** Ids asked for at once: 50 bytes each in a bound parameter. */
const IDS_PER_QUESTION = 20_000;

interface NewRow {
  readonly rows: SpanRows;
  readonly index: number;
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * Inserts the spans that are not stored yet; one insert per UTC day, because an insert is atomic per partition only.
 * A failure may leave earlier days stored: sending the same rows again completes them.
 * @returns how many rows were new
 * @throws HotspanError `unavailable` (and the like) when the store did not take everything
 */
export async function insertSpans(groups: readonly SpanRows[], signal?: AbortSignal): Promise<number> {
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
  for (const rows of splitByDay(candidates.values())) await insertText(rows, signal);
  return candidates.size;
}

/** @returns trace id + span id of those that are stored */
async function findStoredSpans(
  spans: readonly NewRow[],
  first: bigint,
  last: bigint,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const stored: string[] = [];
  for (let from = 0; from < spans.length; from += IDS_PER_QUESTION) {
    const part = spans.slice(from, from + IDS_PER_QUESTION);
    const found = await queryRows(
      // The time bounds leave out every part that does not reach into them: for live data all but the newest few.
      `SELECT TraceId, SpanId FROM otel_traces
       WHERE Timestamp BETWEEN fromUnixTimestamp64Nano({first:Int64}) AND fromUnixTimestamp64Nano({last:Int64})
         AND TraceId IN {traceIds:Array(String)} AND SpanId IN {spanIds:Array(String)}`,
      {
        first: String(first),
        last: String(last),
        traceIds: [...new Set(part.map(({ traceId }) => traceId))],
        spanIds: part.map(({ spanId }) => spanId),
      },
      { rows: 10 * IDS_PER_QUESTION, seconds: 20, ...(signal === undefined ? {} : { signal }) },
    );
    for (const row of found) stored.push(textColumn(row, "TraceId") + textColumn(row, "SpanId"));
  }
  return stored;
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

async function insertText(spans: readonly NewRow[], signal: AbortSignal | undefined): Promise<void> {
  const [column, ...columns] = SPAN_COLUMNS;
  try {
    await storeClient().insert({
      table: "otel_traces",
      columns: [column, ...columns],
      values: Readable.from([Buffer.concat(textRuns(spans))], { objectMode: false }),
      format: "JSONCompactEachRow",
      // A key or value we do not write must fail loudly; half a nanosecond of a date must not be guessed at.
      clickhouse_settings: { input_format_skip_unknown_fields: 0 },
      ...(signal === undefined ? {} : { abort_signal: signal }),
    });
  } catch (error) {
    throw storeError(error, signal);
  }
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
