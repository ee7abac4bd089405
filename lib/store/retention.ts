/** How long telemetry is kept: a TTL that drops whole parts, so it costs no rewriting. */
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { textColumn } from "@/lib/store/row";

/** Table -> the day a row belongs to. Stacks and functions live as long as a sample that was last sent with them. */
const KEPT_BY: ReadonlyMap<string, string> = new Map([
  ["otel_traces", "toDate(Timestamp)"],
  ["otel_profiles", "toDate(Timestamp)"],
  ["traces", "toDate(start_hour)"],
  ["samples", "toDate(time)"],
  ["profile_ties", "toDate(time)"],
  ["dropped_requests", "toDate(time)"],
  ["stacks", "last_seen"],
  ["functions", "last_seen"],
]);

/**
 * Sets the tables' TTL where it differs from what is asked. Without days a TTL of ours is removed; one that somebody
 * else put on a table (a collector's) is left alone, for it is not written as ours is.
 * @param days HOTSPAN_RETENTION_DAYS; undefined keeps everything
 */
export async function applyRetention(days: number | undefined): Promise<void> {
  const rows = await queryRows(
    "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)}",
    { names: [...KEPT_BY.keys()] },
  );
  for (const row of rows) {
    const table = textColumn(row, "name");
    const day = KEPT_BY.get(table);
    if (day === undefined) continue;
    const present = / TTL (.*?)(?: SETTINGS |$)/s.exec(textColumn(row, "engine_full"))?.[1];
    const ours = present?.startsWith(`${day} + toIntervalDay(`) === true;
    if (days === undefined) {
      if (ours) await commandStore(`ALTER TABLE ${table} REMOVE TTL`);
    } else if (present !== `${day} + toIntervalDay(${days})`) {
      // Old parts take the new TTL when they next merge or expire as wholes: no rewriting of the whole store now.
      await commandStore(
        `ALTER TABLE ${table} MODIFY TTL ${day} + toIntervalDay(${days}) SETTINGS materialize_ttl_after_modify = 0`,
      );
    }
  }
}
