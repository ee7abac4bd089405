/** Doors with a store and a catalogue behind them, and what the store holds of the profiles that came through. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReceiverOptions } from "@/lib/ingest/receiver";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { insertProfile } from "@/lib/store/insert-profile";
import { insertProfiles } from "@/lib/store/insert-profiles";
import { numberColumn, textColumn } from "@/lib/store/row";
import { startTestStore } from "@/lib/store/test-store";

export interface TestProfileDoors extends TestReceiver {
  readonly catalogue: Catalogue;
}

export async function startTestProfileDoors(
  options: Partial<ReceiverOptions> = {},
): Promise<TestProfileDoors> {
  const folder = await mkdtemp(join(tmpdir(), "hotspan-profiles-"));
  const store = await startTestStore();
  const catalogue = await openCatalogue(`file:${join(folder, "catalogue.db")}`);
  const doors = await startTestDoors({
    insertProfile: (rows) => insertProfile(catalogue, rows),
    insertProfiles: (all) => insertProfiles(catalogue, all),
    ...options,
  });
  return {
    ...doors,
    catalogue,
    stop: async () => {
      await doors.stop();
      await catalogue.$disconnect();
      await store.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Sums of a service as `type meaning` -> value; what a clock counted as `samples`. */
export async function storedTotals(service: string): Promise<Record<string, bigint>> {
  const rows = await queryRows(
    `SELECT concat(type, ' ', toString(meaning)) AS name, sum(value) AS total FROM samples
     WHERE service = {service:String} GROUP BY name
     UNION ALL
     SELECT 'samples' AS name, toInt64(sum(count)) AS total FROM samples
     WHERE service = {service:String} AND is_primary = 1 AND type IN ('cpu', 'wall') HAVING total > 0`,
    { service },
  );
  return Object.fromEntries(
    rows.map((row) => [textColumn(row, "name"), BigInt(textColumn(row, "total"))] as const).sort(byKey),
  );
}

export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly rootSpanId: string;
  readonly endpoint: string;
  readonly value: bigint;
}

/** What is stored for each span of one type, samples without a span among them. */
export async function storedSpansOf(service: string, type: string): Promise<StoredSpan[]> {
  const rows = await queryRows(
    `SELECT trace_id, span_id, root_span_id, endpoint, sum(value) AS total FROM samples
     WHERE service = {service:String} AND type = {type:String}
     GROUP BY ALL ORDER BY trace_id, span_id, root_span_id, endpoint`,
    { service, type },
  );
  return rows.map((row) => ({
    traceId: textColumn(row, "trace_id"),
    spanId: textColumn(row, "span_id"),
    rootSpanId: textColumn(row, "root_span_id"),
    endpoint: textColumn(row, "endpoint"),
    value: BigInt(textColumn(row, "total")),
  }));
}

export async function countRows(service: string): Promise<number> {
  const [row] = await queryRows("SELECT count() AS rows FROM samples WHERE service = {service:String}", {
    service,
  });
  return row === undefined ? 0 : numberColumn(row, "rows");
}

function byKey([left]: readonly [string, bigint], [right]: readonly [string, bigint]): number {
  return left < right ? -1 : 1;
}
