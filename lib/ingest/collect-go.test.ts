/** The collector in the ingest process before a real Go service, a real engine and kill -9. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Capture, targetInput, targetTest } from "@/lib/api/targets-contract";
import { buildGoClients } from "@/lib/ingest/test-go-clients";
import { endProcess, startIngestProcess, untilReady } from "@/lib/ingest/test-ingest-process";
import { findCaptures } from "@/lib/store/captures";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";
import { findTarget, insertTarget } from "@/lib/store/scrape-targets";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

const HTTP_PORT = 25_018;
const GRPC_PORT = 25_017;
const MIB = 1_048_576;
const SOURCE = fileURLToPath(new URL("../../e2e/clients/go/pprofserver", import.meta.url));

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describe("a Go service", () => {
  let cannot: string | undefined;
  let folder: string;
  let store: TestStore;
  let catalogue: Catalogue;
  let go: ChildProcess;
  let goUrl: string;
  let ingest: ChildProcess;
  let targetId: string;

  const startIngest = async () => {
    const ports = { httpPort: HTTP_PORT, grpcPort: GRPC_PORT };
    ingest = startIngestProcess({ storeUrl: store.url, dataDir: folder, ...ports });
    await untilReady(ingest, `http://127.0.0.1:${HTTP_PORT}`);
  };
  const ask = async (path: string) => (await fetch(`${goUrl}${path}`)).text();
  const captures = async () => (await findCaptures(catalogue, { limit: 100 })).captures;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hotspan-collect-go-"));
    cannot = buildGoClients(folder, ["."], SOURCE);
    if (cannot !== undefined) return console.warn(`Scraping a Go service is not tested: ${cannot}.`);
    go = spawn(join(folder, "pprofserver"), [], { stdio: ["ignore", "pipe", "inherit"] });
    goUrl = `http://${await new Promise<string>((resolve) => go.stdout?.once("data", (line) => resolve(String(line).trim())))}`;
    store = await startTestStore();
    catalogue = await openCatalogue(pathToFileURL(join(folder, "catalogue.db")).href);
    const target = await insertTarget(
      catalogue,
      targetInput.parse({
        url: goUrl,
        service: "checkout",
        labels: { region: "eu" },
        cpu: { seconds: 2, everySeconds: 10 },
        heap: { everySeconds: 10 },
        mutex: { everySeconds: 10 },
        adaptive: { readEverySeconds: 5, captureSeconds: 4, cores: 2, cpuPercent: 30 },
      }),
    );
    targetId = target.id;
    await startIngest();
  });
  beforeEach(({ skip }) => skip(cannot !== undefined, cannot));
  afterAll(async () => {
    go?.kill("SIGKILL");
    await endProcess(ingest, "SIGKILL");
    await catalogue?.$disconnect();
    await store?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Waits for a state of the store or the catalogue. */
  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    return vi.waitFor(
      async () => {
        const found = await look();
        if (found === undefined) throw new Error("Not yet.");
        return found;
      },
      { timeout: 90_000, interval: 200 },
    );
  }

  const sumOf = async (type: string, fn: string) => {
    const [row] = await queryRows(
      `SELECT sum(value) AS total, any(instance) AS instance, any(labels['region']) AS region FROM samples
       WHERE service = 'checkout' AND type = {type:String} AND stack_id IN (
         SELECT stack_id FROM stacks WHERE hasAny(functions, (SELECT groupArray(function_id) FROM functions WHERE name = {fn:String})))`,
      { type, fn },
    );
    return row === undefined
      ? { total: 0, instance: "", region: "" }
      : {
          total: numberColumn(row, "total"),
          instance: textColumn(row, "instance"),
          region: textColumn(row, "region"),
        };
  };
  const lastHeapAfter = async (atMs: number) =>
    until(async () => {
      const { state } = await findTarget(catalogue, targetId);
      const last = state?.lastProfile;
      const heap = await catalogue.profile.findMany({ where: { service: "checkout", state: "stored" } });
      const isLater = heap.some(
        ({ receivedAt, sampleTypes }) => receivedAt.getTime() > atMs && sampleTypes.includes("alloc_space"),
      );
      return last != null && isLater ? last : undefined;
    });

  test("answers the connection test with what it has", async () => {
    const answer = await fetch(`http://127.0.0.1:${HTTP_PORT}/api/v1/targets/test`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: goUrl, service: "checkout" }),
    });
    const { checks, ok } = targetTest.parse(await answer.json());
    expect(ok).toBe(true);
    expect(checks.map(({ ok: works, what }) => [what, works])).toEqual([
      ["Profiles", true],
      ["Heap profile", true],
      ["CPU and memory in use", true],
    ]);
    expect(checks[2]?.message).toContain("Read from /metrics");
  });

  test("what it allocates between two scrapes is what is stored, each mebibyte once", async () => {
    await lastHeapAfter(0);
    // Go's runtime may charge the function with a hundred bytes of its own, as when it starts the garbage collector in it.
    const allocated = async () => {
      const { total, ...rest } = await sumOf("alloc_space", "main.allocateCart");
      return { ...rest, mebibytes: Math.floor(total / MIB) };
    };
    // A scrape that was under way when it allocated is stored without it: the one behind it is waited for.
    const untilAllocated = (mebibytes: number) =>
      until(async () => ((await allocated()).mebibytes >= mebibytes ? true : undefined));
    await ask("/allocate");
    await ask("/allocate?keep=1");
    await untilAllocated(20);
    expect(await allocated()).toEqual({ mebibytes: 20, instance: new URL(goUrl).host, region: "eu" });
    await ask("/allocate");
    await untilAllocated(30);
    await lastHeapAfter(Date.now());
    expect((await allocated()).mebibytes).toBe(30);
    const states = await queryRows(
      "SELECT DISTINCT toString(meaning) AS m FROM samples WHERE type = 'alloc_space'",
    );
    expect(states.map((row) => textColumn(row, "m"))).toEqual(["window"]);
  });

  test("under load is captured, with the reading that triggered it, and its hot function is there", async () => {
    await ask("/busy?on=1");
    const taken = await until(async () => (await captures()).find(({ endUnixNano }) => endUnixNano !== null));
    expect(taken).toMatchObject({ trigger: "cpu", state: "done", seconds: 4, message: "" });
    expect(taken.reason).toMatch(
      /^CPU at [\d.]+ % of 2 cores \(configured\), above 30 %; read from \/metrics\.$/,
    );
    expect(taken.profiles.map(({ kind }) => kind)).toEqual(["cpu", "heap", "goroutine"]);
    const cpu = await catalogue.profile.findUnique({
      where: { profileId: taken.profiles[0]?.profileId ?? "" },
    });
    expect(Number(cpu?.durationNs) / 1e9).toBeGreaterThan(3.5);
    expect((await sumOf("cpu", "main.burnCheckout")).total).toBeGreaterThan(1e9);
  });

  test("is left to rest after kill -9 in the middle of a capture, and collected again", async () => {
    // A capture that was asked for, killed while it is taken.
    const id = "11111111-1111-4111-8111-111111111111";
    await catalogue.capture.create({
      data: {
        id,
        targetId,
        service: "checkout",
        trigger: "manual",
        reason: "Asked for by hand.",
        seconds: 60,
        state: "requested",
        startUnixNano: String(BigInt(Date.now()) * 1_000_000n),
      },
    });
    const one = async (state: Capture["state"]) =>
      until(async () => (await captures()).find((capture) => capture.id === id && capture.state === state));
    await one("running");
    await endProcess(ingest, "SIGKILL");
    const killedAt = Date.now();
    await startIngest();
    await one("interrupted");
    await lastHeapAfter(killedAt);
    expect((await captures()).filter(({ trigger }) => trigger === "cpu").length).toBe(1);
    expect(await ask("/most")).toBe("1");
  });
});
