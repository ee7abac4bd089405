import { setTimeout as sleep } from "node:timers/promises";
import { queryRows } from "@/lib/store/clickhouse";

const LIMIT_MS = 10_000;
const PAUSE_MS = 25;

/**
 * An insert outlives the connection, and the process, that sent it. While one of unknown fate may still run, asking
 * what is stored would miss its rows, and sending them again would store them twice.
 * @returns when no insert into the table runs in the store; on a server whose other writers never pause, after ten seconds
 */
export async function waitForRunningInserts(
  signal?: AbortSignal,
  table: "otel_traces" | "dropped_requests" = "otel_traces",
): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const running = await queryRows(
      "SELECT 1 FROM system.processes WHERE query_kind = 'Insert' AND position(query, {table:String}) > 0 LIMIT 1",
      { table },
      signal === undefined ? {} : { signal },
    );
    if (running.length === 0) return;
    await sleep(PAUSE_MS, undefined, { signal });
  }
}
