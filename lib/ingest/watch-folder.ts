/**
 * One watched folder. A file passes through
 *
 *     seen ── same size and time at the next look ──> whole ── read, decoded, stored ──> taken
 *       ↑                                               └── cannot be read ──> quiet for a while? ──> refused
 *       └── it changed ──────────────────────────────────────────┴─────────────────────────┘
 *
 * and what became of it stands in the catalogue. Killed between storing and noting, a file is taken again, which stores
 * nothing twice: profiles are known by their bytes, spans by their ids.
 */
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { HotspanError } from "@/lib/errors";
import type { ByteBudget } from "@/lib/ingest/byte-budget";
import { instantOfName, parseFileName } from "@/lib/ingest/file-name";
import type { ImportIntake } from "@/lib/ingest/import-intake";
import { type FolderScan, type FoundFile, readUnchanged, scanFolder } from "@/lib/ingest/scan-folder";
import type { WatchedFile } from "@/lib/store/watched-files";
import { type UnixNano, unixNanoFromMillis } from "@/lib/units";

export interface WatchedFolderOptions {
  readonly root: string;
  /** Of profiles that neither sub-folder nor name tells. */
  readonly service: string;
  readonly imports: ImportIntake;
  readonly budget: ByteBudget;
  readonly maxFileBytes: number;
  /** What is known of the folder's files from before, by path. */
  readonly load: () => Promise<Map<string, WatchedFile>>;
  readonly save: (file: WatchedFile) => Promise<void>;
  readonly forget: (paths: readonly string[]) => Promise<void>;
  /** When the trace began, if it is stored: the time of a capture for it that knows no time itself. */
  readonly startOfTrace: (traceId: string) => Promise<UnixNano | undefined>;
  /** Called for each profile that was taken, now or before; `traceId` is one that it has yet to be tied to, or "". */
  readonly onProfile: (name: string, profileId: string, traceId: string) => Promise<void>;
  /** For tests; default Date.now. */
  readonly now?: () => number;
}

export interface FolderStatus {
  readonly path: string;
  readonly state: FolderScan["state"];
  readonly message: string;
  readonly files: number;
  readonly taken: number;
  readonly refused: number;
  /** Still being written, as far as one can tell. */
  readonly waiting: number;
}

export interface WatchedFolder {
  /**
   * Looks once, and takes what is whole.
   * @returns what the looking cost, in milliseconds, without the taking
   * @throws what the catalogue or the store throws; the next look goes on from there
   */
  look(signal: AbortSignal): Promise<number>;
  status(): FolderStatus;
}

/** What cannot be read may be half of what is still coming, until nothing has come for so long. */
const QUIET_MS = 30_000;
/** Nothing is remembered of a file that is gone for so long. Should it come back, it is read again, and stored once. */
const FORGET_MS = 86_400_000;
/** To look at one file costs less; what took longer stood and waited, as on a busy machine, and is no reason to look less often. */
const MOST_MS_OF_FILE = 1;

interface Sighting {
  readonly version: string;
  readonly sinceMillis: number;
  /** It could not be read as it was: not tried again before it is quiet. */
  tried: boolean;
}

export function createWatchedFolder(options: WatchedFolderOptions): WatchedFolder {
  const { root } = options;
  const now = options.now ?? Date.now;
  let known: Map<string, WatchedFile> | undefined;
  let sightings = new Map<string, Sighting>();
  let goneSince = new Map<string, number>();
  let scan: FolderScan = { state: "watching", message: "", files: [] };

  async function start(): Promise<Map<string, WatchedFile>> {
    const files = await options.load();
    for (const { path, profileId } of files.values()) {
      if (profileId !== "") await options.onProfile(path.replace(/^.*\//, ""), profileId, "");
    }
    return files;
  }

  async function note(
    file: FoundFile,
    files: Map<string, WatchedFile>,
    what: Partial<WatchedFile>,
  ): Promise<void> {
    const row: WatchedFile = {
      path: file.path,
      size: String(file.size),
      mtimeNs: String(file.changedNs),
      sha256: "",
      state: "taken",
      reason: "",
      kind: "",
      service: "",
      profileId: "",
      spans: 0,
      ...what,
    };
    await options.save(row);
    files.set(file.path, row);
  }

  async function take(file: FoundFile, files: Map<string, WatchedFile>, sighting: Sighting): Promise<void> {
    const lease = options.budget.lease();
    try {
      lease.take(Math.min(file.size, options.maxFileBytes));
      const bytes = await readUnchanged(file, options.maxFileBytes);
      if (bytes === undefined) return;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const { traceId } = parseFileName(file.name);
      const start = traceId === "" ? undefined : await options.startOfTrace(traceId);
      const upload = (name: string, content: Buffer) => uploadOf(file, start, name, content, options);
      const stored = await options.imports.accept(file.name, bytes, upload, lease);
      const refused = stored.files.filter(({ error }) => error !== null);
      const only = stored.files.length === 1 ? stored.files[0] : undefined;
      const reason = [
        ...stored.files.map(({ message }) => message),
        ...refused.map(({ error, name }) => `${name}: ${error}`),
      ].filter((sentence) => sentence !== "");
      await note(file, files, {
        sha256,
        state: refused.length === stored.files.length ? "refused" : "taken",
        reason: reason.slice(0, 5).join(" ").slice(0, 1_000),
        kind: only === undefined || only.kind === "unknown" ? "" : only.kind,
        service: only?.service ?? "",
        profileId: only?.profileId ?? "",
        spans: stored.spans,
      });
      for (const { duplicates, name, profileId } of stored.files) {
        if (profileId === "") continue;
        // Rows say for which trace they were captured, unless the same bytes came before without it.
        await options.onProfile(name, profileId, duplicates > 0 ? parseFileName(name).traceId : "");
      }
    } catch (error) {
      if (!(error instanceof HotspanError) || !IS_THE_FILES_FAULT.has(error.code)) throw error;
      sighting.tried = true;
      if (isQuiet(file, sighting))
        await note(file, files, { state: "refused", reason: error.message.slice(0, 1_000) });
    } finally {
      lease.release();
    }
  }

  async function forgetGone(files: Map<string, WatchedFile>): Promise<void> {
    if (scan.state !== "watching") return;
    const present = new Set(scan.files.map(({ path }) => path));
    const gone = new Map<string, number>();
    for (const path of files.keys()) {
      if (!present.has(path)) gone.set(path, goneSince.get(path) ?? now());
    }
    goneSince = gone;
    const forgotten = [...gone].flatMap(([path, since]) => (now() - since > FORGET_MS ? [path] : []));
    if (forgotten.length === 0) return;
    await options.forget(forgotten);
    for (const path of forgotten) files.delete(path);
  }

  function isQuiet(file: FoundFile, { sinceMillis }: Sighting): boolean {
    // Both clocks: an old file need not be watched first, and one whose time lies in the future is not waited for.
    return now() - file.mtimeMillis > QUIET_MS || now() - sinceMillis > QUIET_MS;
  }

  return {
    look: async (signal) => {
      known ??= await start();
      const began = performance.now();
      scan = await scanFolder(root);
      const costMs = Math.min(performance.now() - began, scan.files.length * MOST_MS_OF_FILE);
      await forgetGone(known);
      const seen = new Map<string, Sighting>();
      for (const file of scan.files) {
        if (isKnown(file, known)) continue;
        const version = `${file.size} ${file.changedNs}`;
        const last = sightings.get(file.path);
        const sighting = last?.version === version ? last : { version, sinceMillis: now(), tried: false };
        seen.set(file.path, sighting);
      }
      const previous = sightings;
      sightings = seen;
      for (const file of scan.files) {
        const sighting = seen.get(file.path);
        if (signal.aborted) break;
        // An empty file is one that was just made, until it is quiet.
        if (sighting === undefined || previous.get(file.path) !== sighting) continue;
        if ((sighting.tried || file.size === 0) && !isQuiet(file, sighting)) continue;
        await take(file, known, sighting);
        if (isKnown(file, known)) seen.delete(file.path);
      }
      return costMs;
    },
    status: () => {
      const counts = { taken: 0, refused: 0 };
      for (const { path } of scan.files) {
        const state = sightings.has(path) ? undefined : known?.get(path)?.state;
        if (state !== undefined) counts[state]++;
      }
      const files = scan.files.length;
      const waiting = files - counts.taken - counts.refused;
      return { path: root, state: scan.state, message: scan.message, files, ...counts, waiting };
    },
  };
}

/** What became of it is noted, as it is now. */
function isKnown({ changedNs, path, size }: FoundFile, files: ReadonlyMap<string, WatchedFile>): boolean {
  const row = files.get(path);
  return row !== undefined && row.size === String(size) && row.mtimeNs === String(changedNs);
}

const IS_THE_FILES_FAULT: ReadonlySet<string> = new Set([
  "invalid-input",
  "too-large",
  "unsupported-media-type",
]);
/** A sub-folder for each day is no service. */
const DATE_FOLDER = /^[\d._-]+$/;

function uploadOf(
  file: FoundFile,
  traceStart: UnixNano | undefined,
  name: string,
  bytes: Buffer,
  { maxFileBytes, root, service }: WatchedFolderOptions,
) {
  const { lockKind, service: named, traceId, written } = parseFileName(name);
  const folder = DATE_FOLDER.test(file.subFolder) ? "" : file.subFolder;
  const ofName = written === undefined ? undefined : instantOfName(written, file.mtimeMillis);
  return {
    bytes,
    service: folder || service || named,
    receivedUnixNano: unixNanoFromMillis(Date.now()),
    // A profile's own time is what it measured; these stand in for a missing one, the surest first.
    writtenUnixNano: traceStart ?? ofName ?? unixNanoFromMillis(file.mtimeMillis),
    startUnixNano: undefined,
    traceId,
    labels: new Map<string, string>(),
    lockKind,
    source: "",
    origin: `watch:${relative(root, file.path)}`,
    maxBytes: maxFileBytes,
  };
}
