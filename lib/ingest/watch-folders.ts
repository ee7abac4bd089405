/** Keeps looking at the watched folders: soon after something happened in them, and every few seconds in any case. */
import { type FSWatcher, watch } from "node:fs";
import type { ByteBudget } from "@/lib/ingest/byte-budget";
import type { ImportIntake } from "@/lib/ingest/import-intake";
import { createWatchedFolder, type FolderStatus } from "@/lib/ingest/watch-folder";
import { createWatchTies } from "@/lib/ingest/watch-ties";
import { pause } from "@/lib/pause";
import type { Catalogue } from "@/lib/store/catalogue";
import { findNamingSpans, findTraceStart, tieProfile } from "@/lib/store/profile-ties";
import { loadWatchedFiles, removeWatchedFiles, saveWatchedFile } from "@/lib/store/watched-files";

export interface WatchFoldersOptions {
  readonly folders: readonly string[];
  readonly service: string;
  readonly catalogue: Catalogue;
  readonly imports: ImportIntake;
  readonly budget: ByteBudget;
  readonly maxFileBytes: number;
}

export interface FolderWatch {
  /** Until told to stop; what fails is said and tried again. */
  run(signal: AbortSignal): Promise<void>;
  status(): readonly FolderStatus[];
}

/** Between two looks, so also how long a file has to stay as it is to count as whole. */
const LOOK_MS = 2_000;
/** Looking at a folder of many files may take this share of the time. */
const SHARE = 1 / 20;
const SLOWEST_MS = 60_000;

export function createFolderWatch(options: WatchFoldersOptions): FolderWatch {
  const { budget, catalogue, imports, maxFileBytes, service } = options;
  const tie = (profileId: string, traceId: string) => tieProfile(catalogue, profileId, traceId);
  const ties = createWatchTies({ findNamingSpans, tie });
  const folders = options.folders.map((root) =>
    createWatchedFolder({
      root,
      service,
      imports,
      budget,
      maxFileBytes,
      load: () => loadWatchedFiles(catalogue, root),
      save: (file) => saveWatchedFile(catalogue, file),
      forget: (paths) => removeWatchedFiles(catalogue, paths),
      startOfTrace: findTraceStart,
      onProfile: async (name, profileId, traceId) => {
        if (traceId !== "") await tie(profileId, traceId);
        await ties.addFile(name, profileId);
      },
    }),
  );
  let told = "";

  function tell(problems: readonly string[]): void {
    const text = problems.filter((problem) => problem !== "").join(" ");
    if (text !== told && text !== "") console.error(`Watched folders: ${text}`);
    told = text;
  }

  /** @returns what looking cost, in milliseconds: what was taken is work that the next look will not find again */
  async function lookOnce(signal: AbortSignal): Promise<number> {
    const problems: string[] = [];
    let costMs = 0;
    const attempt = async (work: () => Promise<void>) => {
      try {
        if (!signal.aborted) await work();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    };
    for (const folder of folders) {
      await attempt(async () => {
        costMs += await folder.look(signal);
      });
    }
    await attempt(() => ties.lookForSpans(Date.now()));
    if (!signal.aborted) tell([...folders.map((folder) => folder.status().message), ...problems]);
    return costMs;
  }

  return {
    status: () => folders.map((folder) => folder.status()),
    run: async (signal) => {
      const hints = createHints(options.folders);
      while (!signal.aborted) {
        const costMs = await lookOnce(signal);
        hints.renew();
        await hints.pause(Math.min(SLOWEST_MS, Math.max(LOOK_MS, costMs / SHARE)), signal);
      }
      hints.close();
    },
  };
}

/**
 * The kernel's word that something happened, as a hint alone: it does not cross network file systems and bind mounts, so
 * nothing depends on it. It shortens long waits to LOOK_MS, never below, for a file has to stay as it is so long.
 */
function createHints(folders: readonly string[]) {
  const watchers = new Map<string, FSWatcher>();
  let wake: () => void = () => undefined;
  const drop = (folder: string) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    renew: () => {
      for (const folder of folders) {
        if (watchers.has(folder)) continue;
        try {
          const watcher = watch(folder, { persistent: false }, () => wake());
          watcher.on("error", () => drop(folder));
          watchers.set(folder, watcher);
        } catch {
          // not there yet, or out of inotify watches: the clock alone then
        }
      }
    },
    pause: async (ms: number, signal: AbortSignal) => {
      await pause(LOOK_MS, signal);
      if (ms <= LOOK_MS) return;
      const woken = new AbortController();
      wake = () => woken.abort();
      await pause(ms - LOOK_MS, AbortSignal.any([signal, woken.signal]));
    },
    close: () => {
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}
