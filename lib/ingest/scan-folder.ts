/** What is in a watched folder: names and sizes, no content. */
import { type BigIntStats, constants } from "node:fs";
import { lstat, open, opendir, realpath, stat } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { HotspanError } from "@/lib/errors";
import { parseFileName } from "@/lib/ingest/file-name";

export interface FoundFile {
  readonly path: string;
  readonly name: string;
  /** The first folder below the watched one, "" for a file in it. */
  readonly subFolder: string;
  readonly size: number;
  /** When its content or its permissions last changed, Unix nanoseconds. */
  readonly changedNs: bigint;
  /** When its content last changed, Unix milliseconds. */
  readonly mtimeMillis: number;
}

export interface FolderScan {
  readonly state: "watching" | "missing" | "denied";
  /** What is to be known about the folder, a sentence; "" when all is well. */
  readonly message: string;
  readonly files: readonly FoundFile[];
}

/** Sub-folders of services and days, not a whole disk. */
const MAX_DEPTH = 4;
const MAX_ENTRIES = 20_000;
/** Logs lie beside profiles: what is not named as a profile or trace is left alone rather than reported as broken. */
const EXTENSIONS: ReadonlySet<string> = new Set([
  ".pprof",
  ".prof",
  ".pb",
  ".json",
  ".jsonl",
  ".ndjson",
  ".zip",
]);

/** @returns the files of the folder and of folders in it; never throws for what a folder can be */
export async function scanFolder(root: string): Promise<FolderScan> {
  const files: FoundFile[] = [];
  const notes: string[] = [];
  let left = MAX_ENTRIES;
  let real: string;
  try {
    real = await realpath(root);
  } catch (error) {
    return unreadable(root, error);
  }

  async function enter(folder: string, depth: number): Promise<void> {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (left-- <= 0) return;
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH)
          await enter(path, depth + 1).catch((error) => notes.push(reasonOf(path, error)));
      } else if (isMeant(entry.name)) {
        const found = await look(path, entry.isSymbolicLink());
        if (found !== undefined) files.push(found);
      }
    }
  }

  /** A link may stand for a file of the same folder (`latest.pprof`), never for one elsewhere. */
  async function look(path: string, isLink: boolean): Promise<FoundFile | undefined> {
    try {
      if (isLink && !(await realpath(path)).startsWith(real + sep)) return undefined;
      const stats = isLink ? await stat(path, { bigint: true }) : await lstat(path, { bigint: true });
      return stats.isFile()
        ? { ...changeOf(stats), path, name: basename(path), subFolder: subFolderOf(root, path) }
        : undefined;
    } catch (error) {
      if (codeOf(error) !== "ENOENT") notes.push(reasonOf(path, error)); // gone since it was listed
      return undefined;
    }
  }

  try {
    await enter(root, 0);
  } catch (error) {
    return unreadable(root, error);
  }
  if (left < 0) notes.unshift(`Only ${MAX_ENTRIES} of its entries are looked at: move old files away.`);
  return { state: "watching", message: notes.slice(0, 3).join(" "), files };
}

/**
 * The content of a file that has not changed since it was seen, nor while it was read.
 * @returns undefined when it changed, or is gone
 * @throws HotspanError `too-large`, or `invalid-input` when it may not be read
 */
export async function readUnchanged(file: FoundFile, maxBytes: number): Promise<Buffer | undefined> {
  if (file.size > maxBytes) {
    throw new HotspanError(
      "too-large",
      `The file has ${file.size} bytes; the limit is ${maxBytes} (HOTSPAN_MAX_BODY_BYTES).`,
    );
  }
  try {
    const handle = await open(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const isSame = async () => {
        const stats = await handle.stat({ bigint: true });
        const { changedNs, size } = changeOf(stats);
        return stats.isFile() && size === file.size && changedNs === file.changedNs;
      };
      if (!(await isSame())) return undefined;
      const bytes = Buffer.allocUnsafeSlow(file.size);
      const { bytesRead } = await handle.read(bytes, 0, file.size, 0);
      return bytesRead === file.size && (await isSame()) ? bytes : undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new HotspanError("invalid-input", reasonOf(file.path, error), { cause: error });
  }
}

function changeOf(stats: BigIntStats): Pick<FoundFile, "size" | "changedNs" | "mtimeMillis"> {
  const { ctimeNs, mtimeNs, size } = stats;
  return {
    size: Number(size),
    // biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigint
    changedNs: ctimeNs > mtimeNs ? ctimeNs : mtimeNs,
    mtimeMillis: Number(mtimeNs / 1_000_000n),
  };
}

function isMeant(name: string): boolean {
  const extension = extname(name.replace(/\.gz$/i, "")).toLowerCase();
  if (EXTENSIONS.has(extension)) return true;
  if (extension !== "") return false;
  // `endpoint-cpu-<trace id>`, as programs without a habit of extensions write it.
  const { lockKind, traceId, written } = parseFileName(name.replace(/\.gz$/i, ""));
  return traceId !== "" || lockKind !== undefined || written !== undefined;
}

function subFolderOf(root: string, path: string): string {
  const [first = "", ...rest] = relative(root, path).split(sep);
  return rest.length === 0 ? "" : first;
}

function unreadable(root: string, error: unknown): FolderScan {
  const isMissing = codeOf(error) === "ENOENT";
  const message = isMissing
    ? `${root} does not exist: it is looked for again until it does.`
    : reasonOf(root, error);
  return { state: isMissing ? "missing" : "denied", message, files: [] };
}

function reasonOf(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM")
    return `${path} may not be read by this process (permission denied).`;
  if (code === "ENOTDIR") return `${path} is not a folder.`;
  if (code === "ELOOP") return `${path} is a link that leads in a circle.`;
  return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
