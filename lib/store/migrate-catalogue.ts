/**
 * Brings the catalogue's tables to this version. Prisma's own `migrate` needs an engine that is downloaded; its
 * migration files are plain SQL, so they are applied here, in order of their names, each in one transaction.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HotspanError } from "@/lib/errors";
import type { PrismaClient } from "@/prisma/generated/client";

/**
 * @returns the names of the migrations that this call applied, in order
 * @throws HotspanError `unavailable` when an applied migration's text has changed
 */
export async function migrateCatalogue(catalogue: PrismaClient, folder = findFolder()): Promise<string[]> {
  await catalogue.$executeRawUnsafe(
    `CREATE TABLE IF NOT EXISTS "hotspan_migrations" (
       "name" TEXT NOT NULL PRIMARY KEY, "checksum" TEXT NOT NULL, "appliedAt" TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
  );
  const ran: string[] = [];
  for (const name of (await readdir(/* turbopackIgnore: true */ folder)).sort()) {
    const path = join(folder, name, "migration.sql");
    if (!existsSync(/* turbopackIgnore: true */ path)) continue; // migration_lock.toml and the like
    const text = await readFile(/* turbopackIgnore: true */ path, "utf8");
    if (await applyMigration(catalogue, name, text)) ran.push(name);
  }
  return ran;
}

async function applyMigration(catalogue: PrismaClient, name: string, text: string): Promise<boolean> {
  const checksum = createHash("sha256").update(text).digest("hex");
  const known = await catalogue.$queryRawUnsafe<{ checksum: string }[]>(
    `SELECT "checksum" FROM "hotspan_migrations" WHERE "name" = ?`,
    name,
  );
  if (known[0]?.checksum === checksum) return false;
  if (known[0] !== undefined) {
    throw new HotspanError(
      "unavailable",
      `The catalogue was made by another version: ${name} has changed since it was applied.`,
    );
  }
  await catalogue.$transaction(async (transaction) => {
    // Claiming the name first makes a second process wait here, then fail on it and look again at the next start.
    await transaction.$executeRawUnsafe(
      `INSERT INTO "hotspan_migrations" ("name", "checksum") VALUES (?, ?)`,
      name,
      checksum,
    );
    for (const statement of statementsOf(text)) await transaction.$executeRawUnsafe(statement);
  });
  return true;
}

/** A statement ends with ";" at the end of a line, as Prisma writes them. */
function statementsOf(text: string): string[] {
  return text
    .replace(/^--.*$/gm, "")
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/**
 * The nearest prisma/migrations upwards: of the sources, of a bundle in dist/, or of the working directory where a
 * bundler leaves `import.meta.dirname` out. Told to follow these paths, it would pack the whole repository.
 */
function findFolder(): string {
  const starts: (string | undefined)[] = [import.meta.dirname, /* turbopackIgnore: true */ process.cwd()];
  for (const start of starts) {
    for (let folder = start; folder !== undefined; folder = parentOf(folder)) {
      const candidate = join(folder, "prisma", "migrations");
      if (existsSync(/* turbopackIgnore: true */ candidate)) return candidate;
    }
  }
  throw new HotspanError("unavailable", "prisma/migrations is missing beside this installation.");
}

function parentOf(folder: string): string | undefined {
  const parent = dirname(folder);
  return parent === folder ? undefined : parent;
}
