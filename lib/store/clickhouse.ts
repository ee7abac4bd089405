/**
 * The only door to telemetry: the official ClickHouse client over HTTP, whether a server, a cluster or the embedded
 * engine's process answers. Reads are bounded in time, memory and rows; failures leave here as HotspanErrors.
 */
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from "@clickhouse/client";
import { readConfig } from "@/lib/config";
import { HotspanError } from "@/lib/errors";
import type { Row } from "@/lib/store/row";

export interface QueryLimits {
  /** Seconds the engine may work on the query. */
  readonly seconds?: number;
  readonly memoryBytes?: number;
  /** More rows than this are an error, never a silent cut: a query says LIMIT when it wants one. */
  readonly rows?: number;
  /** Ends the query in the engine when whoever asked has gone away. */
  readonly signal?: AbortSignal;
  /** Further settings; never a user's text (settings are not escaped like parameters). */
  readonly settings?: ClickHouseSettings;
}

const DEFAULT_SECONDS = 10;
const DEFAULT_MEMORY_BYTES = 1_000_000_000;
const DEFAULT_ROWS = 100_000;
/** The socket's own limit, above the engine's so that the engine's clear error arrives first. */
const SOCKET_GRACE_SECONDS = 5;

// One client per process: bundlers may evaluate this module once per entry, so the process itself holds it.
const holder = globalThis as typeof globalThis & { hotspanStore?: { url: string; client: ClickHouseClient } };

/**
 * Makes the process talk to the store at `url` from now on. Processes and tests that know the url call it once;
 * everyone else gets the url of the configuration.
 */
export function connectStore(url: string): ClickHouseClient {
  const client = createClient({
    url,
    request_timeout: 660_000, // each request brings its own, shorter limit
    log: { level: ClickHouseLogLevel.OFF }, // what fails is thrown; whoever catches it decides what to log
    max_open_connections: 32,
    use_multipart_params_auto: true,
    compression: { request: false, response: false }, // loopback or one rack away: the CPU is worth more
    keep_alive: { enabled: true, idle_socket_ttl: 2_000, eagerly_destroy_stale_sockets: true },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  holder.hotspanStore = { url, client };
  return client;
}

/**
 * @returns the process's client
 * @throws HotspanError `unavailable` when no store is configured
 */
export function storeClient(): ClickHouseClient {
  if (holder.hotspanStore !== undefined) return holder.hotspanStore.client;
  const { clickhouseUrl } = readConfig();
  if (clickhouseUrl === undefined) {
    throw new HotspanError(
      "unavailable",
      "No store is configured: start Hotspan with `npm start` or set CLICKHOUSE_URL.",
    );
  }
  return connectStore(clickhouseUrl);
}

export async function closeStore(): Promise<void> {
  const held = holder.hotspanStore;
  holder.hotspanStore = undefined;
  await held?.client.close();
}

/**
 * Runs one SELECT. `params` are bound by the engine as `{name:Type}`; text never becomes SQL.
 * @returns the rows as the engine's JSON: 64-bit integers are strings (read them with lib/store/row)
 * @throws HotspanError `unavailable` (away, or the question costs more than its limits) or `overloaded`
 */
export async function queryRows(
  sql: string,
  params: Record<string, unknown> = {},
  limits: QueryLimits = {},
): Promise<Row[]> {
  const seconds = limits.seconds ?? DEFAULT_SECONDS;
  try {
    const result = await storeClient().query({
      query: sql,
      query_params: params,
      format: "JSON",
      abort_signal: withDeadline(seconds, limits.signal),
      clickhouse_settings: {
        max_execution_time: seconds,
        max_memory_usage: String(limits.memoryBytes ?? DEFAULT_MEMORY_BYTES),
        max_result_rows: String(limits.rows ?? DEFAULT_ROWS),
        wait_end_of_query: 1, // an error midway is then a status, not half a document
        ...limits.settings,
      },
    });
    return (await result.json<Row>()).data;
  } catch (error) {
    throw storeError(error, limits.signal);
  }
}

/** One statement that returns no rows (DDL, INSERT SELECT, mutations). Errors as queryRows. */
export async function commandStore(
  sql: string,
  params: Record<string, unknown> = {},
  limits: Pick<QueryLimits, "seconds" | "signal" | "settings"> = {},
): Promise<void> {
  const seconds = limits.seconds ?? 60;
  try {
    await storeClient().command({
      query: sql,
      query_params: params,
      abort_signal: withDeadline(seconds, limits.signal),
      clickhouse_settings: { max_execution_time: seconds, ...limits.settings },
    });
  } catch (error) {
    throw storeError(error, limits.signal);
  }
}

/**
 * Inserts rows given as arrays in the order of `columns`. Rows of several partitions are not atomic: one partition a call.
 * Instants are bound as strings of Unix nanoseconds for DateTime64(9), of milliseconds for DateTime64(3).
 */
export async function insertRows(
  table: string,
  columns: readonly [string, ...string[]],
  values: readonly (readonly unknown[])[],
  signal?: AbortSignal,
): Promise<void> {
  if (values.length === 0) return;
  try {
    await storeClient().insert({
      table,
      columns: [columns[0], ...columns.slice(1)],
      values,
      format: "JSONCompactEachRow",
      abort_signal: withDeadline(60, signal),
    });
  } catch (error) {
    throw storeError(error, signal);
  }
}

/** For a request that the engine should end by itself within `seconds`: the socket is given up a little later. */
export function withDeadline(seconds: number, signal: AbortSignal | undefined): AbortSignal {
  const deadline = AbortSignal.timeout((seconds + SOCKET_GRACE_SECONDS) * 1_000);
  return signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
}

const TIMEOUT_EXCEEDED = "159";
const TOO_SLOW = "160";
const MEMORY_LIMIT_EXCEEDED = "241";
const TOO_MANY_ROWS_OR_BYTES = "396";
const TOO_MANY_SIMULTANEOUS_QUERIES = "202";
const NOT_ENOUGH_SPACE = "243";
const UNKNOWN_TABLE = "60";

/**
 * An engine's or a socket's error in the words of the HTTP interface. Whatever we do not know is the store's trouble
 * (`unavailable`, worth a retry): answering 500 makes exporters drop what they hold.
 */
export function storeError(error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof HotspanError) return error;
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof ClickHouseError) {
    switch (error.code) {
      case TIMEOUT_EXCEEDED:
      case TOO_SLOW:
      case MEMORY_LIMIT_EXCEEDED:
      case TOO_MANY_ROWS_OR_BYTES:
        // Never a 4xx: the same happens to a cheap question on a busy machine, and a sender would drop its data.
        return new HotspanError(
          "unavailable",
          "This takes more than one query may take: choose a shorter time range or a narrower filter, or try again when the store is less busy.",
          { cause: error, retryAfterSeconds: 5 },
        );
      case TOO_MANY_SIMULTANEOUS_QUERIES:
        return new HotspanError(
          "overloaded",
          "The store is busy with other queries: try again in a moment.",
          { cause: error, retryAfterSeconds: 1 },
        );
      case NOT_ENOUGH_SPACE:
        return new HotspanError(
          "unavailable",
          "The store's disk is full: free some space or set HOTSPAN_RETENTION_DAYS.",
          { cause: error, retryAfterSeconds: 5 },
        );
      case UNKNOWN_TABLE:
        return new HotspanError(
          "unavailable",
          "The store has no tables yet: the ingest process makes them when it starts.",
          { cause: error, retryAfterSeconds: 2 },
        );
      default:
        return new HotspanError(
          "unavailable",
          `The store refused the query (code ${error.code}): ${error.message.slice(0, 300)}`,
          { cause: error, retryAfterSeconds: 2 },
        );
    }
  }
  return new HotspanError(
    "unavailable",
    "The store does not answer right now: it is starting or being restarted.",
    { cause: error, retryAfterSeconds: 1 },
  );
}
