/** Watched folders before the real engine: each file once, whole, by whatever way it comes. */
import { randomBytes } from "node:crypto";
import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseTraceId } from "@/lib/ids";
import type { UploadOf } from "@/lib/ingest/import-intake";
import { type Receiver, startReceiver } from "@/lib/ingest/receiver";
import { recordedProfile } from "@/lib/ingest/test-pprof-top";
import { drawPprof, RIGHT } from "@/lib/ingest/test-pprof-writer";
import { countSpans, jsonExport, jsonSpan, WORKER_SCRIPT } from "@/lib/ingest/test-receiver";
import { createWatchedFolder, type WatchedFolder } from "@/lib/ingest/watch-folder";
import { createWatchTies } from "@/lib/ingest/watch-ties";
import { buildFlamegraph } from "@/lib/store/build-flamegraph";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { countLabels } from "@/lib/store/doctor-samples";
import { findTrace } from "@/lib/store/find-trace";
import { insertProfile } from "@/lib/store/insert-profile";
import { findNamingSpans, findTraceStart, tieProfile } from "@/lib/store/profile-ties";
import { textColumn } from "@/lib/store/row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { loadWatchedFiles, removeWatchedFiles, saveWatchedFile } from "@/lib/store/watched-files";
import { unixNano, unixNanoFromMillis } from "@/lib/units";

const MAX_FILE = 4_194_304;
let base: string;
let store: TestStore;
let catalogue: Catalogue;
let receiver: Receiver;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "hotspan-watch-"));
  store = await startTestStore();
  catalogue = await openCatalogue(`file:${join(base, "catalogue.db")}`);
  receiver = await startReceiver({
    host: "127.0.0.1",
    httpPort: 0,
    grpcPort: 0,
    maxBodyBytes: MAX_FILE,
    workerScript: WORKER_SCRIPT,
    insertProfile: (rows) => insertProfile(catalogue, rows),
  });
});
afterAll(async () => {
  await receiver.stop(2_000);
  await catalogue.$disconnect();
  await store.stop();
  await rm(base, { recursive: true });
});

let root: string;
let clock: number;
let reads: number;
beforeEach(async () => {
  root = join(base, randomBytes(4).toString("hex"));
  await mkdir(root);
  clock = Date.now();
  reads = 0;
});

const signal = new AbortController().signal;
const ties = () =>
  createWatchTies({
    findNamingSpans,
    tie: (profileId, traceId) => tieProfile(catalogue, profileId, traceId),
  });

/** A process that has just started. */
function watchRoot(service = "shop", met = ties()): WatchedFolder {
  return createWatchedFolder({
    root,
    service,
    imports: {
      accept: (...file) => {
        reads++;
        return receiver.imports.accept(...file);
      },
    },
    budget: receiver.budget,
    maxFileBytes: MAX_FILE,
    load: () => loadWatchedFiles(catalogue, root),
    save: (file) => saveWatchedFile(catalogue, file),
    forget: (paths) => removeWatchedFiles(catalogue, paths),
    startOfTrace: findTraceStart,
    onProfile: async (name, profileId, traceId) => {
      if (traceId !== "") await tieProfile(catalogue, profileId, traceId);
      await met.addFile(name, profileId);
    },
    now: () => clock,
  });
}

async function looks(folder: WatchedFolder, count = 2): Promise<string> {
  for (let look = 0; look < count; look++) await folder.look(signal);
  const { refused, taken, waiting } = folder.status();
  return `${taken} taken, ${refused} refused, ${waiting} waiting`;
}

/** A profile that no other test has sent. */
let unique = 0n;
const freshPprof = (more = {}) =>
  drawPprof({
    ...RIGHT,
    timeNanos: 1_750_766_400_000_000_000n + unique++,
    durationNanos: 1_000_000_000n,
    ...more,
  });

const profiles = async () =>
  (await catalogue.profile.findMany({ where: { origin: { startsWith: "watch:" } } })).length;
const rowOf = (name: string) => catalogue.watchedFile.findUnique({ where: { path: join(root, name) } });

describe("what is taken", () => {
  test("a file is taken at the second look that finds it the same, and never again", async () => {
    const before = await profiles();
    await writeFile(join(root, "cpu-20250624-120000.pprof"), freshPprof());
    const folder = watchRoot();
    expect(await looks(folder, 1)).toBe("0 taken, 0 refused, 1 waiting");
    expect(await looks(folder, 1)).toBe("1 taken, 0 refused, 0 waiting");
    expect(await looks(folder, 3)).toBe("1 taken, 0 refused, 0 waiting");
    expect(await looks(watchRoot(), 3)).toBe("1 taken, 0 refused, 0 waiting"); // after a restart
    expect(reads).toBe(1);
    expect((await profiles()) - before).toBe(1);
    const row = await rowOf("cpu-20250624-120000.pprof");
    expect(row).toMatchObject({ state: "taken", kind: "profile", service: "shop", reason: "" });
    expect(row?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("one that is gone is forgotten after a day, and stored once all the same when it comes back", async () => {
    const before = await profiles();
    const bytes = freshPprof();
    await writeFile(join(root, "cpu-1.pprof"), bytes);
    const folder = watchRoot();
    await looks(folder);
    await rm(join(root, "cpu-1.pprof"));
    await looks(folder);
    clock += 86_000_000;
    await looks(folder);
    expect(await rowOf("cpu-1.pprof")).not.toBeNull();
    clock += 1_000_000;
    await looks(folder);
    expect(await rowOf("cpu-1.pprof")).toBeNull();
    await writeFile(join(root, "cpu-1.pprof"), bytes);
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
    expect(reads).toBe(2);
    expect((await profiles()) - before).toBe(1);
  });

  test("whose it is: its sub-folder, else what is configured, else its name", async () => {
    await mkdir(join(root, "checkout", "deep"), { recursive: true });
    await mkdir(join(root, "2025-06-24"));
    await writeFile(join(root, "checkout", "deep", "cart-heap-1.pprof"), freshPprof());
    await writeFile(join(root, "2025-06-24", "cart-cpu.pprof"), freshPprof());
    await writeFile(join(root, "nobody.pprof"), freshPprof());
    expect(await looks(watchRoot(""))).toBe("2 taken, 0 refused, 1 waiting");
    const services = (
      await catalogue.watchedFile.findMany({
        where: { path: { startsWith: root } },
        orderBy: { path: "asc" },
      })
    ).map((row) => row.service);
    expect(services).toEqual(["cart", "checkout"]);
    expect(await looks(watchRoot("rest"))).toBe("3 taken, 0 refused, 0 waiting");
  });

  test("files of traces too; other files are left alone, links that lead out as well", async () => {
    const before = await countSpans();
    await writeFile(join(base, "secret.json"), jsonExport([jsonSpan()]));
    await writeFile(join(root, "traces.jsonl"), `${jsonExport([jsonSpan()])}\n${jsonExport([jsonSpan()])}\n`);
    await writeFile(join(root, "app.log"), "hello");
    await writeFile(join(root, ".hidden.pprof"), "x");
    await symlink(join(base, "secret.json"), join(root, "out.json"));
    await symlink(base, join(root, "up"));
    await symlink(join(root, "traces.jsonl"), join(root, "latest.json"));
    expect(await looks(watchRoot())).toBe("2 taken, 0 refused, 0 waiting"); // the same file under two names
    expect((await countSpans()) - before).toBe(2);
    expect(await rowOf("traces.jsonl")).toMatchObject({ kind: "traces" });
  });

  test("a name's time counts where the profile knows none, as the zone in which the file's own time lies near", async () => {
    const noTime = (n: number) => drawPprof({ ...RIGHT, period: ["cpu", "nanoseconds", BigInt(1_000 + n)] });
    const files = [
      ["cpu-20250624-120000.pprof", "2025-06-24T12:00:10Z", "2025-06-24T12:00:00Z"],
      ["cpu-20250624-120001Z.pprof", "2026-01-01T00:00:00Z", "2025-06-24T12:00:01Z"],
      ["mem-1.pprof", "2025-06-24T13:00:00Z", "2025-06-24T13:00:00Z"],
    ] as const;
    for (const [index, [name, mtime]] of files.entries()) {
      await writeFile(join(root, name), noTime(index));
      await utimes(join(root, name), new Date(mtime), new Date(mtime));
    }
    expect(await looks(watchRoot())).toBe("3 taken, 0 refused, 0 waiting");
    for (const [name, , start] of files) {
      const profile = await catalogue.profile.findFirst({ where: { origin: `watch:${name}` } });
      expect([
        name,
        new Date(Number(BigInt(profile?.startUnixNano ?? 0) / 1_000_000n)).toISOString(),
      ]).toEqual([name, start.replace("Z", ".000Z")]);
    }
  });
});

describe("what is not whole, or broken", () => {
  test("a file that is being written is left until it is whole", async () => {
    const bytes = freshPprof();
    const path = join(root, "cpu-1.pprof");
    const folder = watchRoot();
    await writeFile(path, bytes.subarray(0, 20));
    expect(await looks(folder, 1)).toBe("0 taken, 0 refused, 1 waiting");
    await appendFile(path, bytes.subarray(20, 40));
    expect(await looks(folder, 1)).toBe("0 taken, 0 refused, 1 waiting");
    expect(reads).toBe(0);
    // The writer pauses for longer than two looks: what is there cannot be read, and is not given up.
    expect(await looks(folder, 4)).toBe("0 taken, 0 refused, 1 waiting");
    expect(reads).toBe(1);
    await appendFile(path, bytes.subarray(40));
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
  });

  test("an empty file waits for its content", async () => {
    const folder = watchRoot();
    await writeFile(join(root, "cpu-2.pprof"), "");
    expect(await looks(folder, 3)).toBe("0 taken, 0 refused, 1 waiting");
    expect(reads).toBe(0);
    await writeFile(join(root, "cpu-2.pprof"), freshPprof());
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
  });

  test("a broken one is refused with its reason once it is quiet, and tried again only when it changes", async () => {
    const path = join(root, "heap-1.pb.gz");
    const half = recordedProfile("go-heap").subarray(0, 900);
    await writeFile(path, half);
    const folder = watchRoot();
    expect(await looks(folder, 3)).toBe("0 taken, 0 refused, 1 waiting");
    clock += 31_000;
    expect(await looks(folder, 1)).toBe("0 taken, 1 refused, 0 waiting");
    expect(reads).toBe(2);
    expect((await rowOf("heap-1.pb.gz"))?.reason).toMatch(/^The profile's gzip is damaged: /);
    expect(await looks(folder, 3)).toBe("0 taken, 1 refused, 0 waiting");
    expect(await looks(watchRoot(), 3)).toBe("0 taken, 1 refused, 0 waiting");
    expect(reads).toBe(2);
    await writeFile(path, gunzipSync(recordedProfile("go-heap")));
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
    expect(await rowOf("heap-1.pb.gz")).toMatchObject({ state: "taken", reason: "" });
  });

  test("one that is old is refused at once; one that is too large is not read", async () => {
    await writeFile(join(root, "cpu-old.pprof"), "not a profile");
    await utimes(join(root, "cpu-old.pprof"), new Date(clock - 86_400_000), new Date(clock - 86_400_000));
    await writeFile(join(root, "cpu-big.pprof"), Buffer.alloc(MAX_FILE + 1));
    const folder = watchRoot();
    expect(await looks(folder)).toBe("0 taken, 1 refused, 1 waiting");
    clock += 31_000;
    expect(await looks(folder)).toBe("0 taken, 2 refused, 0 waiting");
    expect((await rowOf("cpu-big.pprof"))?.reason).toMatch(/the limit is 4194304 \(HOTSPAN_MAX_BODY_BYTES\)/);
    expect(reads).toBe(1);
  });

  test("a folder that is missing is waited for; one that comes back is known", async () => {
    const away = `${root}-away`;
    await writeFile(join(root, "cpu-3.pprof"), freshPprof());
    await rename(root, away);
    const folder = watchRoot();
    await folder.look(signal);
    expect(folder.status()).toMatchObject({
      state: "missing",
      message: `${root} does not exist: it is looked for again until it does.`,
    });
    await rename(away, root);
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
    await rename(root, away);
    expect(await looks(folder)).toBe("0 taken, 0 refused, 0 waiting");
    await rename(away, root);
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
    expect(reads).toBe(1);
  });

  test.skipIf(process.getuid?.() === 0)("what may not be read is said, and read when it may be", async () => {
    const path = join(root, "cpu-4.pprof");
    await writeFile(path, freshPprof());
    await chmod(path, 0);
    const folder = watchRoot();
    clock += 60_000;
    expect(await looks(folder)).toBe("0 taken, 1 refused, 0 waiting");
    expect((await rowOf("cpu-4.pprof"))?.reason).toMatch(/permission denied/);
    await chmod(path, 0o644);
    expect(await looks(folder)).toBe("1 taken, 0 refused, 0 waiting");
  });
});

describe("what is tied to a trace", () => {
  const traceIdOf = (text: string) => {
    const id = parseTraceId(text);
    if (id === undefined) throw new Error("no id");
    return id;
  };
  const flame = (traceId: string) =>
    buildFlamegraph(
      { type: "cpu", scope: "span", endpoints: [], labels: new Map(), traceId: traceIdOf(traceId) },
      { maxNodes: 100 },
    );
  const send = async (span: Record<string, unknown>) => {
    const lease = receiver.budget.lease();
    const receivedUnixNano = unixNanoFromMillis(Date.now());
    const rest = { startUnixNano: undefined, traceId: "", labels: new Map(), lockKind: undefined };
    const uploadOf: UploadOf = (_, bytes) => ({
      ...rest,
      bytes,
      service: "",
      receivedUnixNano,
      source: "",
      maxBytes: MAX_FILE,
    });
    await receiver.imports.accept("span.json", Buffer.from(jsonExport([span])), uploadOf, lease);
    lease.release();
  };
  const naming = (traceId: string, file: string) =>
    jsonSpan({ traceId, attributes: [{ key: "cpu_profile", value: { stringValue: file } }] });

  test("by the trace id in the name; the profile's own time stays, a missing one is the trace's", async () => {
    const traceId = randomBytes(16).toString("hex");
    const span = jsonSpan({ traceId });
    await send(span);
    await writeFile(
      join(root, `endpoint-cpu-${traceId}.pprof`),
      drawPprof({ ...RIGHT, period: ["cpu", "nanoseconds", 77n] }),
    );
    expect(await looks(watchRoot())).toBe("1 taken, 0 refused, 0 waiting");
    const { certainty, total } = await flame(traceId);
    expect({ certainty, total }).toEqual({ certainty: "process-capture", total: 30_000_000 });
    const profile = await catalogue.profile.findFirst({
      where: { origin: `watch:endpoint-cpu-${traceId}.pprof` },
    });
    expect(profile?.startUnixNano).toBe(span.startTimeUnixNano);
  });

  test("bytes that came before without the trace are tied to it by the name", async () => {
    const traceId = randomBytes(16).toString("hex");
    const bytes = freshPprof();
    await writeFile(join(root, "cpu-5.pprof"), bytes);
    const folder = watchRoot();
    await looks(folder);
    expect((await flame(traceId)).total).toBe(0);
    await writeFile(join(root, `endpoint-cpu-${traceId}.pprof`), bytes);
    expect(await looks(folder)).toBe("2 taken, 0 refused, 0 waiting");
    expect(await flame(traceId)).toMatchObject({ certainty: "process-capture", total: 30_000_000 });
  });

  test.each(["span first", "file first", "file first, then a restart"])(
    "by a span that names the file: %s",
    async (order) => {
      const traceId = randomBytes(16).toString("hex");
      const name = `cpu-${traceId.slice(0, 8)}.pprof`;
      const span = naming(traceId, `/app/profiles/${name}`);
      const write = () => writeFile(join(root, name), freshPprof());
      const service = `shop-${traceId}`;
      const scope = {
        from: unixNano(0n),
        to: unixNanoFromMillis(Date.now()),
        services: [service],
        cut: null,
      };
      let met = ties();
      if (order === "span first") {
        await send(span);
        await met.lookForSpans(Date.now());
        await write();
        await looks(watchRoot(service, met));
      } else {
        await write();
        await looks(watchRoot(service, met));
        await met.lookForSpans(Date.now());
        expect((await flame(traceId)).total).toBe(0);
        expect((await countLabels(scope)).has(service)).toBe(true);
        if (order !== "file first") {
          met = ties();
          await watchRoot(service, met).look(signal);
        }
        await send(span);
        await met.lookForSpans(Date.now());
      }
      expect(await flame(traceId)).toMatchObject({
        certainty: "process-capture",
        total: 30_000_000,
        emptyReason: null,
      });
      await met.lookForSpans(Date.now());
      const rows = await queryRows("SELECT trace_id FROM profile_ties WHERE trace_id = {traceId:String}", {
        traceId,
      });
      expect(rows.map((row) => textColumn(row, "trace_id"))).toEqual([traceId]);
      // The trace's page says whose the flame graph is, and the doctor misses no labels on what is of the whole process.
      const { noSamplesCode, noSamplesReason } = await findTrace(traceIdOf(traceId));
      expect(noSamplesCode).toBe("captured");
      expect(noSamplesReason).toContain("captured while the trace ran (3 samples)");
      expect((await countLabels(scope)).has(service)).toBe(false);
    },
  );
});
