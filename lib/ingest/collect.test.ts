/** `npm run collect` as its own process: what it scrapes arrives at another Hotspan as if that had scraped it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { RECORDED, startTestTarget, type TestTarget } from "@/lib/collector/test-target";
import { decodePprof } from "@/lib/ingest/pprof";
import { endProcess } from "@/lib/ingest/test-ingest-process";
import { startTestProfileDoors, storedTotals, type TestProfileDoors } from "@/lib/ingest/test-profile-doors";
import { unixNano } from "@/lib/units";

const SCRIPT = fileURLToPath(new URL("../../dist/collect.mjs", import.meta.url));

let folder: string;
let go: TestTarget;
let doors: TestProfileDoors;
let collector: ChildProcess | undefined;
let printed = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-collect-"));
  go = await startTestTarget();
  doors = await startTestProfileDoors();
});
afterAll(async () => {
  await endProcess(collector, "SIGKILL");
  await doors.stop();
  await go.stop();
  await rm(folder, { recursive: true });
});

async function collect(yaml: string): Promise<ChildProcess> {
  const file = join(folder, "collector.yaml");
  await writeFile(file, yaml);
  printed = "";
  const child = spawn(process.execPath, [SCRIPT, "--config", file], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += String(chunk)));
  return child;
}

test("a broken file stops the start with one sentence", async () => {
  collector = await collect(
    `push: ${doors.url}\ntargets:\n  - url: ${go.url}\n    service: shop\n    cpu: { seconds: 99 }\n`,
  );
  expect(await endProcess(collector)).toMatch(/^1 /);
  expect(printed).toMatch(/^\S+collector\.yaml: targets\[0\]\.cpu\.seconds is at most 60\n$/);
});

test("profiles arrive whole: windows, states, and of counters nothing before the second scrape", async () => {
  collector = await collect(
    `push: ${doors.url}\ntargets:\n  - url: ${go.url}\n    service: shop\n    heap: { everySeconds: 10 }\n`,
  );
  const kinds = ["cpu", "heap", "goroutine"] as const;
  await vi.waitFor(
    async () =>
      expect(await doors.catalogue.profile.count({ where: { state: "stored" } })).toBe(kinds.length),
    { timeout: 25_000, interval: 100 },
  );
  const recorded = new Map(
    kinds.flatMap((kind) => {
      const { profile } = decodePprof(RECORDED[kind], { service: "shop", receivedUnixNano: unixNano(1n) });
      return profile.sampleTypes.map(({ type }, at) => {
        let sum = 0n;
        for (let sample = 0; sample < profile.samples.length; sample++)
          sum += profile.samples.values[sample * profile.sampleTypes.length + at] ?? 0n;
        return [type, sum] as const;
      });
    }),
  );
  const { samples: _, ...stored } = await storedTotals("shop");
  expect(stored).toEqual({
    "cpu window": recorded.get("cpu"),
    "goroutine snapshot": recorded.get("goroutine"),
    "inuse_objects snapshot": recorded.get("inuse_objects"),
    "inuse_space snapshot": recorded.get("inuse_space"),
  });
  expect(await endProcess(collector, "SIGTERM")).toBe("0");
});
