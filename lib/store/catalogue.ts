/**
 * The catalogue: what needs uniqueness, transactions and editing, which the telemetry engine does not give. SQLite in
 * a file, or a remote libSQL server when several dashboards share one.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { readConfig, withoutSecrets } from "@/lib/config";
import { HotspanError } from "@/lib/errors";
import { migrateCatalogue } from "@/lib/store/migrate-catalogue";
import { PrismaClient } from "@/prisma/generated/client";

export type Catalogue = PrismaClient;

/** How long a writer waits for another process's transaction before SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the catalogue at a `file:` or libSQL url, makes the file's folder, and applies outstanding migrations.
 * The caller ends it with `$disconnect()`.
 *
 * @throws HotspanError `unavailable` when the file or server cannot be opened
 */
export async function openCatalogue(url: string): Promise<Catalogue> {
  const isFile = url.startsWith("file:");
  // As the client's option, not as a PRAGMA: it opens a new connection after each transaction.
  const catalogue = new PrismaClient({ adapter: new PrismaLibSql({ url, timeout: BUSY_TIMEOUT_MS }) });
  try {
    if (isFile) {
      await mkdir(dirname(filePath(url)), { recursive: true });
      await catalogue.$queryRawUnsafe("PRAGMA journal_mode = WAL"); // is kept in the file
      await catalogue.$queryRawUnsafe("PRAGMA synchronous = FULL"); // also what a new connection starts with
    }
    await migrateCatalogue(catalogue);
    return catalogue;
  } catch (error) {
    await catalogue.$disconnect();
    if (error instanceof HotspanError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HotspanError(
      "unavailable",
      `The catalogue ${withoutSecrets(url)} cannot be opened: ${reason}`,
      {
        cause: error,
        retryAfterSeconds: 2,
      },
    );
  }
}

// One catalogue per process: bundlers may evaluate this module once per entry, so the process itself holds it.
const holder = globalThis as typeof globalThis & {
  hotspanCatalogue?: { readonly url: string; readonly opened: Promise<Catalogue> };
};

/** @returns the process's catalogue, opened on first use at the configured url */
export async function catalogue(url: string = readConfig().catalogueUrl): Promise<Catalogue> {
  if (holder.hotspanCatalogue?.url !== url) {
    holder.hotspanCatalogue = { url, opened: openCatalogue(url) };
  }
  const held = holder.hotspanCatalogue;
  try {
    return await held.opened;
  } catch (error) {
    if (holder.hotspanCatalogue === held) delete holder.hotspanCatalogue; // the next caller tries again
    throw error;
  }
}

export async function closeCatalogue(): Promise<void> {
  const held = holder.hotspanCatalogue;
  delete holder.hotspanCatalogue;
  await (await held?.opened)?.$disconnect();
}

function filePath(url: string): string {
  return url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length);
}
