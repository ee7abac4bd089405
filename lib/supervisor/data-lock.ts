/** One Hotspan to a data folder. The lock names its holder, and a dead holder's lock is taken over. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HotspanError } from "../errors";

interface Holder {
  readonly pid: number;
  /** tells a process from a later one with the same pid; "" where the system does not say */
  readonly born: string;
}

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
    writeFileSync(mine, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) } satisfies Holder));
  } catch (error) {
    throw unwritable(dataDir, error);
  }
  try {
    // A link appears whole or not at all: nobody reads a lock that is half written.
    if (!link(mine, lock)) {
      const holder = readHolder(lock);
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
    if (readHolder(lock)?.pid === process.pid) rmSync(lock, { force: true });
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

function readHolder(lock: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(lock, "utf8"));
    if (typeof parsed !== "object" || parsed === null || !("pid" in parsed) || !("born" in parsed))
      return undefined;
    return { pid: Number(parsed.pid), born: String(parsed.born) };
  } catch {
    return undefined; // gone, or of no use to anybody
  }
}

/** A container gives the same small pids again, so a pid alone proves nothing, least of all our own. */
function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return birthOf(holder.pid) === holder.born;
}

/** Linux: field 22 of /proc/pid/stat, ticks since boot. The second field may hold spaces, so count from its end. */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return ""; // not Linux
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
