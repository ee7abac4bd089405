import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Capture, type CaptureReport, type TargetState, targetInput } from "@/lib/api/targets-contract";
import {
  findCaptures,
  findLastTriggered,
  findRequestedCaptures,
  insertCaptureReport,
  interruptCaptures,
  requestCapture,
  writeCapture,
} from "@/lib/store/captures";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { holdLease, releaseLease } from "@/lib/store/collector-lease";
import {
  findTargets,
  insertTarget,
  removeTarget,
  replaceFileTargets,
  updateTarget,
  writeTargetState,
} from "@/lib/store/scrape-targets";
import { unixNano } from "@/lib/units";

let folder: string;
let catalogue: Catalogue;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-targets-"));
  catalogue = await openCatalogue(pathToFileURL(join(folder, "catalogue.db")).href);
});
afterEach(async () => {
  await catalogue.$disconnect();
  await rm(folder, { recursive: true });
});

const input = (url: string, more: object = {}) => targetInput.parse({ url, service: "shop", ...more });
const state: TargetState = {
  phase: "idle",
  atUnixNano: "1790000000000000000",
  lastProfile: null,
  reading: null,
  nextCpuUnixNano: null,
  backingOff: null,
  lastCaptureUnixNano: null,
  problems: [],
};

describe("targets", () => {
  test("keep what a change does not name, and forget their state with their address", async () => {
    const { id } = await insertTarget(
      catalogue,
      input("http://a:1", { labels: { region: "eu" }, cpu: { seconds: 5 } }),
    );
    await writeTargetState(catalogue, id, state);
    const paused = await updateTarget(catalogue, id, { paused: true });
    expect(paused).toMatchObject({ paused: true, labels: { region: "eu" }, cpu: { seconds: 5 }, state });
    const moved = await updateTarget(catalogue, id, { url: "http://b:1" });
    expect(moved).toMatchObject({ paused: true, labels: { region: "eu" }, state: null });
  });

  test("of one address and service there is one", async () => {
    await insertTarget(catalogue, input("http://a:1"));
    const other = await insertTarget(catalogue, input("http://a:1", { service: "cart" }));
    await expect(insertTarget(catalogue, input("http://a:1"))).rejects.toThrow(
      'There is a target http://a:1 of service "shop"',
    );
    await expect(updateTarget(catalogue, other.id, { service: "shop" })).rejects.toThrow("There is a target");
  });

  test("of the file come, go and stay with it, and are changed nowhere else", async () => {
    const mine = await insertTarget(catalogue, input("http://mine:1"));
    await insertTarget(catalogue, input("http://a:1")); // the file takes it over
    await replaceFileTargets(catalogue, [input("http://a:1"), input("http://b:1")]);
    const [first] = (await findTargets(catalogue)).filter(({ origin }) => origin === "file");
    await writeTargetState(catalogue, first?.id ?? "", state);
    await expect(updateTarget(catalogue, first?.id ?? "", { paused: true })).rejects.toThrow(
      "written in the collector's file",
    );
    const [, second] = (await findTargets(catalogue)).filter(({ origin }) => origin === "file");
    for (const target of [first, second, mine])
      if (target !== undefined) await requestCapture(catalogue, target, 10, unixNano(1n));
    await expect(removeTarget(catalogue, first?.id ?? "")).rejects.toThrow("written in the collector's file");
    await replaceFileTargets(catalogue, [input("http://a:1", { cpu: { seconds: 3 } })]);
    expect(await findTargets(catalogue)).toMatchObject([
      { id: first?.id, url: "http://a:1", cpu: { seconds: 3 }, state },
      { id: mine.id, url: "http://mine:1", origin: "settings" },
    ]);
    // What was asked for of the one that is gone would wait for ever.
    const waiting = (await findRequestedCaptures(catalogue)).map(({ targetId }) => targetId);
    expect(waiting.sort()).toEqual([first?.id, mine.id].sort());
    await replaceFileTargets(catalogue, []);
    expect((await findTargets(catalogue)).map(({ id }) => id)).toEqual([mine.id]);
  });
});

describe("captures", () => {
  const SECOND = 1_000_000_000n;
  const START = 1_790_000_000n * SECOND;
  const at = (seconds: number) => String(START + BigInt(seconds) * SECOND);
  const captureAt = (seconds: number, more: Partial<Capture> = {}): Capture => ({
    id: `00000000-0000-4000-8000-${String(seconds).padStart(12, "0")}`,
    targetId: "a",
    service: "shop",
    instance: "a:1",
    trigger: "cpu",
    reason: "CPU at 91 %.",
    reading: null,
    seconds: 30,
    state: "done",
    message: "",
    startUnixNano: at(seconds),
    endUnixNano: at(seconds + 30),
    profiles: [{ kind: "cpu", profileId: "ab".repeat(8) }],
    ...more,
  });
  const ids = ({ captures }: { captures: readonly Capture[] }) =>
    captures.map(({ startUnixNano }) => Number((BigInt(startUnixNano) - START) / SECOND));

  test("come newest first, page by page, and by the range that they overlap", async () => {
    for (let minute = 0; minute < 7; minute++) await writeCapture(catalogue, captureAt(minute * 60));
    const seen: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await findCaptures(catalogue, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...ids(page));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([360, 300, 240, 180, 120, 60, 0]);
    const range = { from: unixNano(BigInt(at(85))), to: unixNano(BigInt(at(200))), limit: 10 };
    expect(ids(await findCaptures(catalogue, range))).toEqual([180, 120, 60]);
    expect(ids(await findCaptures(catalogue, { ...range, service: "cart" }))).toEqual([]);
    expect((await findCaptures(catalogue, { limit: 1 })).captures[0]).toEqual(captureAt(360));
    await expect(findCaptures(catalogue, { limit: 1, cursor: "x" })).rejects.toThrow('"cursor"');
  });

  test("that were asked for are few, begun once, and go with their target", async () => {
    const target = await insertTarget(catalogue, input("http://a:1"));
    const ask = () => requestCapture(catalogue, target, 5, unixNano(START));
    const first = await ask();
    await ask();
    await ask();
    await expect(ask()).rejects.toThrow(
      "3 captures of this target are waiting already. Is the collector running?",
    );
    await writeCapture(catalogue, { ...first, state: "running" });
    expect(await findRequestedCaptures(catalogue)).toHaveLength(2);
    await interruptCaptures(catalogue);
    await removeTarget(catalogue, target.id);
    expect((await findCaptures(catalogue, { limit: 10 })).captures).toMatchObject([
      { id: first.id, state: "interrupted" },
    ]);
  });

  test("of a target give the begin of its last triggered one", async () => {
    await writeCapture(catalogue, captureAt(0));
    await writeCapture(catalogue, captureAt(60, { state: "interrupted" }));
    await writeCapture(catalogue, captureAt(120, { trigger: "manual" }));
    expect(await findLastTriggered(catalogue)).toEqual(new Map([["a", Number(START / 1_000_000n) + 60_000]]));
  });

  test("of another machine are written once", async () => {
    const { state: _, targetId: __, ...rest } = captureAt(0);
    const report: CaptureReport = { ...rest, state: "done", endUnixNano: at(30) };
    await insertCaptureReport(catalogue, report);
    await insertCaptureReport(catalogue, { ...report, reason: "Another." });
    expect((await findCaptures(catalogue, { limit: 10 })).captures).toMatchObject([
      { reason: "CPU at 91 %.", targetId: null },
    ]);
  });
});

test("of processes that share a catalogue one collects, and another follows when it is gone", async () => {
  const hold = (owner: string, nowMs: number) => holdLease(catalogue, owner, nowMs, 15_000);
  const race = await Promise.all(["a", "b", "c", "d"].map((owner) => hold(owner, 0)));
  expect(race.filter(Boolean)).toHaveLength(1);
  const winner = ["a", "b", "c", "d"][race.indexOf(true)] ?? "";
  expect(await hold(winner, 5_000)).toBe(true);
  expect(await hold("other", 19_000)).toBe(false); // renewed at 5 s
  expect(await hold("other", 20_001)).toBe(true);
  expect(await hold(winner, 20_002)).toBe(false);
  const second = await Promise.all(["e", "f", "g", "h"].map((owner) => hold(owner, 50_000))); // it has died
  expect(second.filter(Boolean)).toHaveLength(1);
  const heir = ["e", "f", "g", "h"][second.indexOf(true)] ?? "";
  await releaseLease(catalogue, winner); // not its own any more
  expect(await hold(winner, 50_001)).toBe(false);
  await releaseLease(catalogue, heir);
  expect(await hold(winner, 50_002)).toBe(true);
});
