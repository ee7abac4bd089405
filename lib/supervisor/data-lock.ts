/** One Hotspan to a data folder. The lock names its holder, and a dead holder's lock is taken over. */
import { linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityOf, isAlive, readIdentity } from "../engine/process-identity";
import { HotspanError } from "../errors";

/**
 * @param dataDir absolute; made when missing
 * @returns gives the lock back
 * @throws HotspanError `unavailable` when a living process holds the lock or the folder cannot be written
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = join(dataDir, "hotspan.lock");
  const mine = `${lock}.${process.pid}`;
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(mine, JSON.stringify(identityOf(process.pid)));
  } catch (error) {
    throw unwritable(dataDir, error);
  }
  try {
    // A link appears whole or not at all: nobody reads a lock that is half written.
    if (!link(mine, lock)) {
      const holder = readIdentity(lock);
      if (holder !== undefined && isAlive(holder)) {
        throw new HotspanError(
          "unavailable",
          `The folder ${dataDir} is already in use by pid ${holder.pid}.`,
        );
      }
      rmSync(lock, { force: true });
      if (!link(mine, lock))
        throw new HotspanError("unavailable", `The folder ${dataDir} is already in use.`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readIdentity(lock)?.pid === process.pid) rmSync(lock, { force: true });
  };
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function unwritable(dataDir: string, cause: unknown): HotspanError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
  if (code === "ENOSPC")
    return new HotspanError("unavailable", `The disk that holds ${dataDir} is full.`, { cause });
  return new HotspanError(
    "unavailable",
    `The folder ${dataDir} is not writable (${code}). Set HOTSPAN_DATA to one that is.`,
    { cause },
  );
}
