/** A profiler that sends again what was not taken, while Hotspan is killed under its pushes. */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { filesOf, runClient, startTap, type Tap } from "@/lib/ingest/test-clients";
import { sumPprof } from "@/lib/ingest/test-pprof-sums";
import { storedTotals } from "@/lib/ingest/test-profile-doors";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

vi.setConfig({ testTimeout: 120_000 });

const HTTP_PORT = 22_030;
const GRPC_PORT = 22_031;
const URL_ = `http://127.0.0.1:${HTTP_PORT}`;

let store: TestStore;
let folder: string;
let tap: Tap | undefined;
let ingest: ChildProcess | undefined;
beforeAll(async () => {
  store = await startTestStore();
  folder = await mkdtemp(join(tmpdir(), "hotspan-restart-"));
});
afterAll(async () => {
  await tap?.stop();
  await kill();
  await store?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** @returns when it answers */
async function start(): Promise<void> {
  const script = fileURLToPath(new URL("../../dist/ingest.mjs", import.meta.url));
  const env = {
    ...process.env,
    HOTSPAN_ENGINE_URL: store.url,
    HOTSPAN_DATA: folder,
    HOTSPAN_OTLP_HTTP_PORT: String(HTTP_PORT),
    HOTSPAN_OTLP_GRPC_PORT: String(GRPC_PORT),
    HOTSPAN_SAMPLE_DATA: "off",
  };
  ingest = fork(script, { env, silent: true });
  while (ingest.exitCode === null) {
    const answer = await fetch(`${URL_}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("The ingest process ended.");
}

async function kill(): Promise<void> {
  const victim = ingest;
  if (victim === undefined || victim.exitCode !== null || victim.signalCode !== null) return;
  const gone = new Promise((resolve) => victim.once("exit", resolve));
  victim.kill("SIGKILL");
  await gone;
}

/** The start of its window: the same however often it is sent. */
function nameOf({ body }: { readonly body: Buffer }): string {
  return /"start":"[^"]+"/.exec(body.toString("latin1"))?.[0] ?? "";
}

test("dd-trace: killed before an upload arrives and while others are stored, each profile is there once", async () => {
  await start();
  const uploads = new Set<string>();
  const restarts: Promise<void>[] = [];
  /** Before the first upload, and into the second and third: somewhere between claim, samples and answer. */
  const delays = [undefined, 10, 40];
  tap = await startTap(URL_, async ({ body, url }) => {
    if (url !== "/profiling/v1/input") return;
    const upload = nameOf({ body });
    if (uploads.has(upload) || uploads.size === delays.length) return; // one that is sent again is let through
    const delay = delays[uploads.size];
    uploads.add(upload);
    if (delay !== undefined) {
      const soon = new Promise((resolve) => setTimeout(resolve, delay));
      restarts.push(soon.then(kill).then(start));
      return;
    }
    await kill();
    restarts.push(start());
  });
  const enough = new AbortController();
  const client = runClient(
    "datadog.mjs",
    {
      DD_TRACE_AGENT_URL: tap.url,
      DD_SERVICE: "restarted",
      DD_PROFILING_ENABLED: "true",
      DD_PROFILING_UPLOAD_PERIOD: "1",
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
      DD_REMOTE_CONFIGURATION_ENABLED: "false",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_ENDPOINT: tap.url,
      WORK_MS: "4000",
      LINGER_MS: "50000",
    },
    enough.signal,
  );
  const { seen } = tap;
  const uploadsSeen = () => seen.filter(({ url }) => url === "/profiling/v1/input");
  // Each second of its four has an upload; the client lives on for those that it has to send again.
  await vi.waitFor(
    () => {
      const taken = uploadsSeen().filter(({ status }) => status === 200);
      expect(new Set(taken.map(nameOf)).size).toBeGreaterThanOrEqual(4);
      expect(new Set(taken.map(nameOf))).toEqual(new Set(uploadsSeen().map(nameOf)));
    },
    { timeout: 55_000, interval: 100 },
  );
  enough.abort();
  await client;
  await Promise.all(restarts);

  const sent = uploadsSeen();
  const files = await Promise.all(sent.map(filesOf));
  const profiles = new Map<string, Buffer>();
  const taken = new Set<string>();
  sent.forEach(({ status }, index) => {
    for (const [name, bytes] of files[index] ?? []) {
      if (!name.endsWith(".pprof")) continue;
      const id = createHash("sha256").update(bytes).digest("hex");
      profiles.set(id, bytes);
      if (status === 200) taken.add(id);
    }
  });
  expect([sent.filter(({ status }) => status === 0).length >= 2, taken.size]).toEqual([true, profiles.size]);
  const totals: Record<string, bigint> = {};
  for (const [type, value] of [...profiles.values()].flatMap((bytes) =>
    Object.entries(sumPprof(bytes).totals),
  )) {
    totals[type] = (totals[type] ?? 0n) + value;
  }
  expect(await storedTotals("restarted")).toEqual({
    "cpu window": totals.cpu,
    "inuse_objects snapshot": totals.inuse_objects,
    "inuse_space snapshot": totals.inuse_space,
    samples: totals.sample,
    "timeline window": totals.timeline,
    "wall window": totals.wall,
  });
});
