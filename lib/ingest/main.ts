/** The ingest process: the one writer of the store. Receives on 4318 (HTTP) and 4317 (gRPC) until told to stop. */
import { readCollectorFile } from "@/lib/collector/collector-file";
import { createGuard, type Guard } from "@/lib/collector/guard-target";
import { connectableHost, readConfig } from "@/lib/config";
import { HotspanError } from "@/lib/errors";
import { collectHere } from "@/lib/ingest/collect-here";
import { runCollectorProfiles } from "@/lib/ingest/collector-profiles";
import { targetTestDoor } from "@/lib/ingest/door-targets";
import { type Receiver, startReceiver } from "@/lib/ingest/receiver";
import { createFolderWatch, type FolderWatch } from "@/lib/ingest/watch-folders";
import { withPatience } from "@/lib/ingest/with-patience";
import { pause } from "@/lib/pause";
import { loadSampleData } from "@/lib/sample-data/load-sample-data";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";
import { closeStore, connectStore } from "@/lib/store/clickhouse";
import { insertProfile } from "@/lib/store/insert-profile";
import { insertProfiles } from "@/lib/store/insert-profiles";
import { migrateStore } from "@/lib/store/migrate";
import type { ProfileRows } from "@/lib/store/profile-row";
import { runPruning } from "@/lib/store/prune-catalogue";
import { createSampler } from "@/lib/store/run-sampler";
import { runSettler } from "@/lib/store/settle-traces";
import { unixNanoFromMillis } from "@/lib/units";

/** Under the supervisor's patience (6 s), so that an orderly end is the rule. */
const DRAIN_MS = 5_000;
const STORE_START_MS = 60_000;
const COLLECTOR_MS = 1_000;

let receiver: Receiver | undefined;
let folders: FolderWatch | undefined;
let collecting: Promise<void> | undefined;
let stopping = false;
/** What goes on beside receiving: both take up at the next start where they were stopped. */
const background = new AbortController();

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  background.abort();
  // Whatever hangs, the process ends.
  setTimeout(() => process.exit(code), DRAIN_MS + 1_000).unref();
  await Promise.race([collecting, pause(COLLECTOR_MS)]); // its captures are written down as interrupted
  await receiver?.stop(DRAIN_MS);
  await closeCatalogue();
  await closeStore();
  process.exit(code);
}

process.on("SIGTERM", () => void stop(0));
process.on("SIGINT", () => void stop(0));
process.once("disconnect", () => void stop(0));

try {
  await start();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}

async function start(): Promise<void> {
  const config = readConfig();
  if (config.clickhouseUrl === undefined) {
    throw new Error("No store is configured: start Hotspan with npm start, or set CLICKHOUSE_URL.");
  }
  connectStore(config.clickhouseUrl);
  await untilStoreAnswers(() =>
    migrateStore({ storeKind: config.storeKind, retentionDays: config.retentionDays }),
  );
  const profiles = await catalogue(config.catalogueUrl);
  const sampler = await createSampler({ isAlone: config.storeKind === "embedded" });
  const file = config.collectorFile === undefined ? undefined : await readCollectorFile(config.collectorFile);
  const guard = createConfiguredGuard(config.collectAllow ?? file?.allow);
  const insert = (rows: ProfileRows) => withPatience(() => insertProfile(profiles, rows), background.signal);
  const insertMany = (all: readonly ProfileRows[]) =>
    withPatience(() => insertProfiles(profiles, all), background.signal);
  const opened = await startReceiver({
    host: config.host,
    httpPort: config.otlpHttpPort,
    grpcPort: config.otlpGrpcPort,
    maxBodyBytes: config.maxBodyBytes,
    maxQueuedBatches: config.maxQueuedBatches,
    sampler,
    moreDoors: [targetTestDoor(guard, config.maxBodyBytes)],
    workerScript: new URL("./decode-worker.mjs", import.meta.url),
    insertProfile: insert,
    insertProfiles: insertMany,
    moreHealth: () => ({ watch: folders?.status() ?? [] }),
  });
  receiver = opened;
  const { signal } = background;
  folders = createFolderWatch({
    folders: config.watchFolders,
    service: config.watchService,
    catalogue: profiles,
    imports: opened.imports,
    budget: opened.budget,
    maxFileBytes: config.maxBodyBytes,
  });
  if (config.watchFolders.length > 0) {
    folders.run(signal).catch((error: unknown) => tellUnless(signal, "Folders are not watched", error));
  }
  void sampler.run(signal);
  collecting = collectHere(
    {
      catalogue: profiles,
      profiles: opened.profiles,
      guard,
      fileTargets: file?.targets ?? [],
      maxBodyBytes: config.maxBodyBytes,
    },
    signal,
  ).catch((error: unknown) => tellUnless(signal, "Nothing is collected", error));
  runSettler({ signal }).catch((error: unknown) => tellUnless(signal, "Traces are not summed up", error));
  void runPruning({
    catalogue: profiles,
    retentionDays: config.retentionDays,
    signal,
    log: (line) => console.error(line),
  });
  runCollectorProfiles({ catalogue: profiles, insert: insertMany, signal, log: console.log }).catch(
    (error: unknown) => tellUnless(signal, "otel_profiles is not taken over", error),
  );
  const ingestUrl = `http://${connectableHost(config.host)}:${opened.httpPort}`;
  loadSampleData({ ingestUrl, now: unixNanoFromMillis(Date.now()), signal }).catch((error: unknown) =>
    tellUnless(signal, "The sample data were not loaded", error),
  );
}

/** @throws Error with one sentence that names the variable */
function createConfiguredGuard(allow: readonly string[] | undefined): Guard {
  try {
    return createGuard(allow);
  } catch (error) {
    throw new Error(`HOTSPAN_COLLECT_ALLOW: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function tellUnless(signal: AbortSignal, what: string, error: unknown): void {
  if (!signal.aborted) console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}

/** Tries again while the store is starting; anything but its absence is told at once. */
async function untilStoreAnswers<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + STORE_START_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof HotspanError && error.code === "unavailable";
      if (!isAway || stopping || performance.now() > deadline) throw error;
      await pause(200);
    }
  }
}
