/**
 * Brings the store's tables to this version. Migrations are the files of ./migrations in order of their names; each is
 * written so that running it twice, or by two processes at once, ends in the same tables (IF NOT EXISTS), because
 * ClickHouse has no lock to hold and no transaction to roll back. A statement ends with ";" at the end of a line.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { attachProfileTable } from "@/lib/store/attach-profile-table";
import { attachSpanTable } from "@/lib/store/attach-span-table";
import { commandStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import { applyRetention } from "@/lib/store/retention";
import { textColumn } from "@/lib/store/row";

/** A bundle carries the folder beside itself, as the source does. */
const FOLDER = new URL("./migrations/", import.meta.url);

/**
 * The embedded engine forgets sources of a merge before the result is on disk unless told otherwise, and cannot free
 * space on a full disk; on somebody's server these are its operator's decisions.
 */
const DURABLE = {
  embedded:
    "fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, " +
    "min_compressed_bytes_to_fsync_after_merge = 1, min_free_disk_bytes_to_perform_insert = 536870912, " +
    "ttl_only_drop_parts = 1, non_replicated_deduplication_window = 0",
  remote: "ttl_only_drop_parts = 1",
} as const;

export interface MigrateOptions {
  readonly storeKind: "embedded" | "remote";
  /** undefined keeps everything. */
  readonly retentionDays: number | undefined;
}

/**
 * @returns the names of the migrations that this call applied, in order
 * @throws HotspanError `unavailable` when the store does not answer; Error when an applied migration's text has changed
 */
export async function migrateStore(options: MigrateOptions): Promise<string[]> {
  await commandStore(
    `CREATE TABLE IF NOT EXISTS hotspan_migrations (name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3))
     ENGINE = ReplacingMergeTree ORDER BY name SETTINGS ${DURABLE[options.storeKind]}`,
  );
  const rows = await queryRows(
    "SELECT name, any(checksum) AS checksum FROM hotspan_migrations GROUP BY name",
  );
  const applied = new Map(rows.map((row) => [textColumn(row, "name"), textColumn(row, "checksum")]));
  const ran: string[] = [];
  for (const name of (await readdir(FOLDER)).filter((file) => file.endsWith(".sql")).sort()) {
    const text = await readFile(new URL(name, FOLDER), "utf8");
    const checksum = createHash("sha256").update(text).digest("hex");
    const known = applied.get(name);
    if (known === checksum) continue;
    if (known !== undefined) {
      throw new Error(
        `The store was made by another version: ${name} has changed since it was applied (${fileURLToPath(FOLDER)}).`,
      );
    }
    await attachTables();
    for (const statement of splitStatements(text)) {
      await commandStore(statement.replace("{durable}", DURABLE[options.storeKind]));
    }
    await attachTables(); // a collector may write into tables that we have made, too
    await insertRows("hotspan_migrations", ["name", "checksum"], [[name, checksum]]);
    ran.push(name);
  }
  await applyRetention(options.retentionDays);
  return ran;
}

async function attachTables(): Promise<void> {
  await attachSpanTable();
  await attachProfileTable();
}

/** @returns the statements of a migration, without the comments that would be all there is of one */
export function splitStatements(text: string): string[] {
  return text
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replace(/--.*$/gm, "").trim() !== "");
}
