import { z } from "zod";
import type { TraceSummary, TracesResponse } from "@/lib/api/contract";
import type { TraceListQuery } from "@/lib/api/query";
import { invalidInput } from "@/lib/errors";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, type Row, textColumn, textsColumn } from "@/lib/store/row";
import { sumDropped } from "@/lib/store/sum-dropped";
import { FINAL_SETTINGS, TRACES_FINAL, traceFilterSql } from "@/lib/store/trace-filter";

type SortKey = { readonly sql: string; readonly type: "Int64" | "String" };

/** What each order compares. Whole numbers and text only: a float would not survive the way through a cursor. */
const SORT_KEYS: Readonly<Record<TraceListQuery["sort"], SortKey>> = {
  start: { sql: "toUnixTimestamp64Nano(start)", type: "Int64" },
  duration: { sql: "toInt64(duration_ns)", type: "Int64" },
  cpu: { sql: "toInt64(cpu_ns)", type: "Int64" },
  cpu_ratio: { sql: "toInt64(intDiv(cpu_ns * 10000, greatest(duration_ns, 1)))", type: "Int64" },
  unexplained: { sql: "toInt64(unexplained_ns)", type: "Int64" },
  spans: { sql: "toInt64(span_count)", type: "Int64" },
  errors: { sql: "toInt64(error_count)", type: "Int64" },
  samples: { sql: "toInt64(sample_count)", type: "Int64" },
  service: { sql: "toString(root_service)", type: "String" },
  name: { sql: "toString(root_name)", type: "String" },
  services: { sql: "toInt64(length(services))", type: "Int64" },
  top_function: { sql: "top_function", type: "String" },
};

/** The last row seen, in the order it was seen in. */
const cursorShape = z.tuple([z.string(), z.boolean(), z.string(), z.string()]);

/**
 * One page of traces with the number of all that match. Pages are cut by key, not by number: traces that arrive
 * meanwhile shift nothing, and each trace is visited once.
 * @throws HotspanError `invalid-input` for a cursor of another order, and as queryRows
 */
export async function searchTraces(query: TraceListQuery, signal?: AbortSignal): Promise<TracesResponse> {
  const filter = traceFilterSql(query);
  const key = SORT_KEYS[query.sort];
  const direction = query.descending ? "DESC" : "ASC";
  const after = query.cursor === undefined ? undefined : readCursor(query, query.cursor);
  const beyond =
    after === undefined
      ? ""
      : `AND (${key.sql}, trace_id) ${query.descending ? "<" : ">"} ({afterKey:${key.type}}, {afterId:String})`;
  const limits = { signal, settings: FINAL_SETTINGS };
  const count = () =>
    queryRows(`SELECT count() AS total FROM ${TRACES_FINAL} WHERE ${filter.sql}`, filter.params, limits);
  const find = () =>
    queryRows(
      `SELECT trace_id, toString(toUnixTimestamp64Nano(start)) AS start_nanos, duration_ns, root_service, root_name, endpoint, services,
         span_count, error_count, cpu_ns, sample_count, unexplained_ns, top_function, toString(${key.sql}) AS sort_key
       FROM ${TRACES_FINAL} WHERE ${filter.sql} ${beyond}
       ORDER BY ${key.sql} ${direction}, trace_id ${direction} LIMIT {limit:UInt32}`,
      { ...filter.params, ...after, limit: query.limit + 1 },
      limits,
    );
  // A search of text reads all spans in the range: the engine remembers where it found nothing, so the second is cheap.
  const [[rows, [counted]], droppedRequests] = await Promise.all([
    query.text === undefined
      ? Promise.all([find(), count()])
      : find().then(async (found) => [found, await count()] as const),
    query.cursor === undefined ? countDropped(query, signal) : 0,
  ]);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    traces: page.map(fromRow),
    total: counted === undefined ? 0 : numberColumn(counted, "total"),
    droppedRequests,
    nextCursor: rows.length > page.length && last !== undefined ? writeCursor(query, last) : null,
  };
}

async function countDropped(query: TraceListQuery, signal: AbortSignal | undefined): Promise<number> {
  const dropped = await sumDropped(query, query.service, signal);
  const ofEndpoint = dropped.filter(
    ({ endpoint }) => query.endpoints.length === 0 || query.endpoints.includes(endpoint),
  );
  return Math.round(ofEndpoint.reduce((sum, { requests }) => sum + requests, 0));
}

function fromRow(row: Row): TraceSummary {
  return {
    traceId: textColumn(row, "trace_id"),
    rootService: textColumn(row, "root_service"),
    rootName: textColumn(row, "root_name"),
    endpoint: textColumn(row, "endpoint"),
    startUnixNano: textColumn(row, "start_nanos"),
    durationNs: numberColumn(row, "duration_ns"),
    spanCount: numberColumn(row, "span_count"),
    errorCount: numberColumn(row, "error_count"),
    services: textsColumn(row, "services"),
    cpuNs: numberColumn(row, "cpu_ns"),
    sampleCount: numberColumn(row, "sample_count"),
    unexplainedNs: numberColumn(row, "unexplained_ns"),
    topFunction: textColumn(row, "top_function"),
  };
}

function writeCursor(query: TraceListQuery, row: Row): string {
  const position = [query.sort, query.descending, textColumn(row, "sort_key"), textColumn(row, "trace_id")];
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function readCursor(query: TraceListQuery, cursor: string): { afterKey: string; afterId: string } {
  const position = cursorShape.safeParse(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  const [sort, descending, afterKey, afterId] = position.data ?? [];
  const isNumber = SORT_KEYS[query.sort].type === "Int64";
  if (
    sort !== query.sort ||
    descending !== query.descending ||
    afterKey === undefined ||
    afterId === undefined ||
    (isNumber && !/^-?\d{1,19}$/.test(afterKey))
  ) {
    throw invalidInput('Parameter "cursor" belongs to another list: ask again without it.');
  }
  return { afterKey, afterId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the caller like any other cursor that is not ours
  }
}
