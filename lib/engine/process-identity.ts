/** Which process a file speaks of. A container gives the same small pids again, so a pid alone proves nothing. */
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** tells a process from a later one with the same pid; "" where the system does not say */
  readonly born: string;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, born: birthOf(pid) };
}

/** @returns what `JSON.stringify(identityOf(pid))` left in a file; undefined when there is no such thing in it */
export function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null || !("pid" in parsed) || !("born" in parsed))
      return undefined;
    return { pid: Number(parsed.pid), born: String(parsed.born) };
  } catch {
    return undefined; // gone, or of no use to anybody
  }
}

/** Whether that very process lives; never true of the caller itself, whose pid an earlier container may have given. */
export function isAlive({ pid, born }: ProcessIdentity): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return birthOf(pid) === born;
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
