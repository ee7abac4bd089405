/** Recorded profiles through the store: what is read back against what went in, decoded without the store, and pprof's own sums. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SampleSelector } from "@/lib/correlation/selector";
import { parseTraceId } from "@/lib/ids";
import { decodePprof } from "@/lib/ingest/pprof";
import { decodeProfileUpload } from "@/lib/ingest/profile-upload";
import { readTops, recordedProfile, recordedTops } from "@/lib/ingest/test-pprof-top";
import type { Profile } from "@/lib/profile/profile";
import { buildFlamegraph } from "@/lib/store/build-flamegraph";
import { exportProfile } from "@/lib/store/export-profile";
import { insertSamples, insertStacks } from "@/lib/store/insert-profile";
import { sumFunctions } from "@/lib/store/sum-functions";
import { allNodes } from "@/lib/store/test-draw-flame";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { unixNano } from "@/lib/units";

const RECEIVED = unixNano(1_800_000_000_000_000_000n);
const RECORDS = [
  ["go-cpu-10s", "cpu"],
  ["go-cpu-60s", "cpu"],
  ["go-heap", "inuse_space"],
  ["go-goroutine", "goroutine"],
  ["node-wall-24", "wall"],
] as const;

function select(service: string, type: string, fields: Partial<SampleSelector> = {}): SampleSelector {
  return { service, type, scope: "span", endpoints: [], labels: new Map(), ...fields };
}

function decode(bytes: Uint8Array): Profile {
  return decodePprof(bytes, { service: "any", receivedUnixNano: RECEIVED }).profile;
}

/** `{labels} root:line;...;leaf:line` -> sum of values, zero ones left out. */
function foldedWithLabels(profile: Profile, type: string): Map<string, bigint> {
  const at = profile.sampleTypes.findIndex((candidate) => candidate.type === type);
  const folded = new Map<string, bigint>();
  const { functions, labelSets, samples, stacks, texts } = profile;
  for (let i = 0; i < samples.length; i++) {
    const stack = samples.stacks[i] ?? 0;
    const frames: string[] = [];
    for (let frame = stacks.offsets[stack] ?? 0; frame < (stacks.offsets[stack + 1] ?? 0); frame++) {
      frames.push(`${functions.names[stacks.functions[frame] ?? 0]}:${stacks.lines[frame]}`);
    }
    const ids = [samples.traceIds, samples.spanIds, samples.rootSpanIds, samples.endpoints].map(
      (column) => texts[column[i] ?? 0],
    );
    const key = `${JSON.stringify([ids, labelSets[samples.labelSets[i] ?? 0]])} ${frames.join(";")}`;
    const value = samples.values[i * profile.sampleTypes.length + at] ?? 0n;
    if (value !== 0n) folded.set(key, (folded.get(key) ?? 0n) + value);
  }
  return folded;
}

const sumOf = (folded: Map<string, bigint>) => Number([...folded.values()].reduce((a, b) => a + b, 0n));

let store: TestStore;
let folder: string;
beforeAll(async () => {
  store = await startTestStore();
  folder = mkdtempSync(join(tmpdir(), "hotspan-export-"));
  for (const [service] of RECORDS) {
    const rows = decodeProfileUpload({
      bytes: recordedProfile(service),
      service,
      receivedUnixNano: RECEIVED,
      startUnixNano: undefined,
      traceId: "",
      labels: new Map(),
      lockKind: undefined,
      source: "",
      maxBytes: 10_000_000,
    });
    await insertStacks([rows]);
    await insertSamples([rows]);
  }
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await store.stop();
});

describe.each(RECORDS)("%s", (service, type) => {
  const original = foldedWithLabels(decode(recordedProfile(service)), type);

  test("functions are those that go tool pprof -top printed", async () => {
    const tops = recordedTops(service).filter((top) => top.type === type || top.type.startsWith(`${type}/`));
    expect(tops.length).toBeGreaterThan(0);
    for (const top of tops) {
      const sort = top.order === "flat" ? "self" : "total";
      const answer = await sumFunctions(select(service, type), { sort, descending: true, limit: 10_000 });
      const names = new Set(answer.functions.map((row) => row.name));
      expect(answer.total).toBe(top.total);
      for (const { name, flat, cum } of top.rows) {
        const rows = answer.functions.filter((row) => row.name === name);
        expect([name, rows.reduce((sum, row) => sum + row.self, 0)]).toEqual([name, flat]);
        // In scripts two files' functions of one name are two to us and one to pprof, which merges by name alone.
        if (rows.length === 1) expect([name, rows[0]?.total]).toEqual([name, cum]);
      }
      if (names.size === answer.functions.length) {
        expect(answer.functions.slice(0, top.rows.length).map((row) => row[sort])).toEqual(
          top.rows.map((row) => row[top.order]),
        );
      }
    }
  });

  test("the flame graph's selfs add up to the profile, and a cut one has the same numbers", async () => {
    const whole = await buildFlamegraph(select(service, type), { maxNodes: 90_000 });
    expect(whole.truncated).toBe(false);
    expect(allNodes(whole.root).reduce((sum, node) => sum + node.self, 0)).toBe(sumOf(original));
    const nodes = new Map(allNodes(whole.root).map((node) => [node.id, node]));
    const cut = await buildFlamegraph(select(service, type), { maxNodes: Math.ceil(nodes.size / 3) });
    for (const { id, name, total, self } of allNodes(cut.root)) {
      expect(nodes.get(id)).toMatchObject({ name, total, self });
    }
  });

  test("exported and decoded again it is the same samples with the same labels", async () => {
    const exported = await exportProfile(select(service, type), "pprof");
    if (!exported.found) throw new Error(exported.reason);
    expect(foldedWithLabels(decode(exported.body), type)).toEqual(original);
  });
});

describe("a trace of go-cpu-10s", () => {
  const original = foldedWithLabels(decode(recordedProfile("go-cpu-10s")), "cpu");
  const byTrace = new Map<string, number>();
  for (const [key, value] of original) {
    const id = /^\[\["([0-9a-f]{32})"/.exec(key)?.[1];
    if (id !== undefined) byTrace.set(id, (byTrace.get(id) ?? 0) + Number(value));
  }

  test("its flame graph and its export hold its labelled samples and no others", async () => {
    expect(byTrace.size).toBeGreaterThan(100);
    for (const [id, value] of [...byTrace].slice(0, 8)) {
      const selector = select("go-cpu-10s", "cpu", { traceId: parseTraceId(id) ?? raise(id) });
      const { certainty, total } = await buildFlamegraph(selector, { maxNodes: 1_500 });
      expect({ total, certainty }).toEqual({ total: value, certainty: "span-label" });
      const exported = await exportProfile(selector, "pprof");
      if (!exported.found) throw new Error(exported.reason);
      const expected = new Map([...original].filter(([key]) => key.includes(id)));
      expect(foldedWithLabels(decode(exported.body), "cpu")).toEqual(expected);
    }
  });

  test("nothing to export is a reason", async () => {
    const selector = select("go-cpu-10s", "cpu", { traceId: parseTraceId("f".repeat(32)) ?? raise("f") });
    expect(await exportProfile(selector, "pprof")).toMatchObject({
      found: false,
      reason: expect.stringContaining("Neither"),
    });
  });
});

test("folded stacks are one line a stack, without line numbers", async () => {
  const exported = await exportProfile(select("go-heap", "inuse_space"), "folded");
  if (!exported.found) throw new Error(exported.reason);
  const lines = exported.body.toString().trimEnd().split("\n");
  const sum = lines.reduce((all, line) => all + Number(line.slice(line.lastIndexOf(" "))), 0);
  expect(sum).toBe(recordedTops("go-heap").find((top) => top.type.startsWith("inuse_space"))?.total);
});

test("top prints what go tool pprof prints", async () => {
  for (const [service, type] of [
    ["go-cpu-10s", "cpu"],
    ["go-heap", "inuse_space"],
  ] as const) {
    const exported = await exportProfile(select(service, type), "top");
    if (!exported.found) throw new Error(exported.reason);
    const stored = recordedTops(service).find((top) => top.type.startsWith(type) && top.order === "flat");
    const [printed] = readTops(`## ${type} flat\n${exported.body}`);
    expect(printed?.total).toBe(stored?.total);
    expect(printed?.rows.slice(0, stored?.rows.length)).toEqual(stored?.rows);
  }
});

test("speedscope gets every stack once, and all of the profile", async () => {
  const exported = await exportProfile(select("go-cpu-10s", "cpu"), "speedscope");
  if (!exported.found) throw new Error(exported.reason);
  const { profiles, shared } = JSON.parse(exported.body.toString());
  const [{ endValue, samples, unit, weights }] = profiles;
  const total = recordedTops("go-cpu-10s").find((top) => top.type.startsWith("cpu"))?.total;
  expect([unit, endValue]).toEqual(["nanoseconds", total]);
  expect(weights.reduce((sum: number, weight: number) => sum + weight, 0)).toBe(total);
  expect(new Set(samples.map(String)).size).toBe(samples.length);
  const selfs = new Map<string, number>();
  for (const [index, stack] of samples.entries()) {
    const { name } = shared.frames[stack.at(-1)];
    selfs.set(name, (selfs.get(name) ?? 0) + weights[index]);
  }
  const first = recordedTops("go-cpu-10s").find((top) => top.type.startsWith("cpu") && top.order === "flat")
    ?.rows[0];
  expect(selfs.get(first?.name ?? "")).toBe(first?.flat);
});

const hasGo = spawnSync("go", ["version"]).status === 0;
test.skipIf(!hasGo)("go tool pprof itself reads the export (only where Go is installed)", async () => {
  const exported = await exportProfile(select("go-cpu-10s", "cpu"), "pprof");
  if (!exported.found) throw new Error(exported.reason);
  const file = join(folder, exported.fileName);
  writeFileSync(file, exported.body);
  const printed = execFileSync("go", ["tool", "pprof", "-top", "-unit=ns", "-nodecount=20", file], {
    encoding: "utf8",
  });
  const [stored] = recordedTops("go-cpu-10s").filter(
    (top) => top.type === "cpu/nanoseconds" || top.type === "cpu",
  );
  for (const { name, flat, cum } of stored?.rows.slice(0, 10) ?? []) {
    expect(printed).toMatch(
      new RegExp(`\\b${flat}ns .*\\b${cum}ns .*${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`),
    );
  }
});

function raise(text: string): never {
  throw new Error(`Not an id: ${text}`);
}
