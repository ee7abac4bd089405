/** The ingest process with a watched folder, killed while it takes files: each is stored once, none is lost. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { drawPprof, RIGHT } from "@/lib/ingest/test-pprof-writer";
import { countSpans, jsonExport, jsonSpan } from "@/lib/ingest/test-receiver";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn } from "@/lib/store/row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

const HTTP_PORT = 24_118;
const KILLS = 3;
const BATCH = 6;

vi.setConfig({ testTimeout: 300_000 });

let store: TestStore;
let base: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  store = await startTestStore();
  base = await mkdtemp(join(tmpdir(), "hotspan-watch-process-"));
  await mkdir(join(base, "watched", "shop"), { recursive: true });
});
afterEach(() => end("SIGKILL"));
afterAll(async () => {
  await store?.stop();
  await rm(base, { recursive: true, force: true });
});

function start(): void {
  const script = fileURLToPath(new URL("../../dist/ingest.mjs", import.meta.url));
  child = fork(script, {
    env: {
      ...process.env,
      HOTSPAN_ENGINE_URL: store.url,
      HOTSPAN_DATA: base,
      HOTSPAN_OTLP_HTTP_PORT: String(HTTP_PORT),
      HOTSPAN_OTLP_GRPC_PORT: String(HTTP_PORT + 1),
      HOTSPAN_SAMPLE_DATA: "off",
      HOTSPAN_WATCH: join(base, "watched"),
    },
    silent: true,
  });
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const process_ = child;
  child = undefined;
  if (process_ === undefined || process_.exitCode !== null || process_.signalCode !== null) return;
  const ended = new Promise((resolve) => process_.once("exit", resolve));
  process_.kill(signal);
  await ended;
}

interface Watch {
  readonly watch: readonly { readonly files: number; readonly taken: number }[];
}

/** @returns how many files are taken, once it is as asked */
async function untilTaken(enough: (taken: number) => boolean): Promise<number> {
  for (;;) {
    if (child === undefined || child.exitCode !== null) throw new Error("The ingest process ended.");
    const answer = await fetch(`http://127.0.0.1:${HTTP_PORT}/health`).catch(() => undefined);
    const health = answer?.ok === true ? ((await answer.json()) as Watch) : undefined;
    const taken = health?.watch[0]?.taken ?? 0;
    if (enough(taken)) return taken;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function stored() {
  const [row] = await queryRows(
    "SELECT count() AS rows, sum(value) AS value, uniqExact(profile_id) AS profiles FROM samples",
  );
  return (
    row && {
      rows: numberColumn(row, "rows"),
      value: numberColumn(row, "value"),
      profiles: numberColumn(row, "profiles"),
    }
  );
}

test("killed with SIGKILL between its steps, again and again", async () => {
  const folder = join(base, "watched", "shop");
  let files = 0;
  const more = async () => {
    for (let index = 0; index < BATCH; index++, files++) {
      const timeNanos = 1_750_766_400_000_000_000n + BigInt(files) * 1_000_000_000n;
      await writeFile(
        join(folder, `cpu-${files}.pprof`),
        drawPprof({ ...RIGHT, timeNanos, durationNanos: 1_000_000n }),
      );
      await writeFile(join(folder, `traces-${files}.json`), jsonExport([jsonSpan()]));
    }
  };
  for (let kill = 0; kill < KILLS; kill++) {
    await more();
    start();
    const before = kill * BATCH * 2;
    // The first few of the new files are in: the others are at some step on their way.
    await untilTaken((taken) => taken > Math.max(0, before - BATCH * 2) + 1 + kill * 2);
    await end("SIGKILL");
  }
  start();
  await untilTaken((taken) => taken === files * 2);
  await end("SIGTERM");
  expect(await stored()).toEqual({ rows: files * 2, value: files * 30_000_000, profiles: files });
  expect(await countSpans()).toBe(files);
  const catalogue: Catalogue = await openCatalogue(`file:${join(base, "catalogue.db")}`);
  expect(await catalogue.profile.count({ where: { state: "stored" } })).toBe(files);
  expect(await catalogue.watchedFile.count({ where: { state: "taken" } })).toBe(files * 2);
  await catalogue.$disconnect();
});
