import { invalidInput } from "@/lib/errors";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { textColumn } from "@/lib/store/row";

export interface KnownColumn {
  readonly type: string;
  readonly defaultExpression: string;
}

/** @returns the columns of a table by name; none when there is no such table */
export async function findColumns(table: string): Promise<Map<string, KnownColumn>> {
  const rows = await queryRows(
    `SELECT name, type, default_expression FROM system.columns
     WHERE database = currentDatabase() AND table = {table:String}`,
    { table },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "name"),
      { type: textColumn(row, "type"), defaultExpression: textColumn(row, "default_expression") },
    ]),
  );
}

/**
 * The exporter can make its tables with attributes of the type JSON, which reads differently in every expression.
 * @throws HotspanError `invalid-input` naming the setting that makes tables we can read
 */
export function expectMaps(table: string, columns: ReadonlyMap<string, KnownColumn>): void {
  const type = columns.get("ResourceAttributes")?.type ?? "";
  if (type.startsWith("Map(")) return;
  throw invalidInput(
    `The table ${table} has ResourceAttributes of type ${type || "none"}, not Map: let the Collector's ClickHouse exporter run without json (its default), or give Hotspan a database of its own.`,
  );
}

/**
 * Gives a collector's table the column by which arrivals are found. Rows from before were not ingested "now" each time they
 * are read: they keep their own time, and only what arrives from here on gets the clock's. Stopped midway, it is done
 * again at the next start.
 */
export async function attachIngestedAt(
  table: "otel_traces" | "otel_profiles",
  columns: ReadonlyMap<string, KnownColumn>,
): Promise<void> {
  if (columns.get("IngestedAt")?.defaultExpression === "now64(3)") return;
  await commandStore(
    `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS IngestedAt DateTime64(3) DEFAULT toDateTime64(Timestamp, 3)`,
  );
  await commandStore(
    `ALTER TABLE ${table} MATERIALIZE COLUMN IngestedAt`,
    {},
    { seconds: 600, settings: { mutations_sync: "1" } },
  );
  await commandStore(`ALTER TABLE ${table} MODIFY COLUMN IngestedAt DateTime64(3) DEFAULT now64(3)`);
  await commandStore(
    `ALTER TABLE ${table} ADD INDEX IF NOT EXISTS idx_ingested_at IngestedAt TYPE minmax GRANULARITY 1`,
  );
}
