import { Readable } from "node:stream";
import type { ClickHouseSettings } from "@clickhouse/client";
import { storeClient, storeError, withDeadline } from "@/lib/store/clickhouse";

/** Far above what the largest insert takes (measured: 64 MB of spans, 3 s): whoever needs longer has stopped answering. */
const INSERT_SECONDS = 60;

/**
 * Inserts rows that are text already: lines of JSONCompactEachRow, in the order of `columns`.
 * @param runs the lines, in as many pieces as they come
 * @throws HotspanError whose cause is a ClickHouseError when the engine ended the insert; after any other it may go on
 */
export async function insertEncoded(
  table: string,
  columns: readonly string[],
  runs: readonly Uint8Array[],
  { signal, settings }: { signal?: AbortSignal | undefined; settings?: ClickHouseSettings } = {},
): Promise<void> {
  try {
    const { stream } = await storeClient().exec({
      query: `INSERT INTO ${table} (${columns.join(", ")}) FORMAT JSONCompactEachRow`,
      values: Readable.from(runs, { objectMode: false }),
      abort_signal: withDeadline(INSERT_SECONDS, signal),
      ...(settings === undefined ? {} : { clickhouse_settings: settings }),
    });
    // An insert answers nothing; reading that frees the connection.
    stream.resume();
  } catch (error) {
    throw storeError(error, signal);
  }
}
