import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeOtlpProfiles } from "@/lib/ingest/otlp-profiles";
import { profilesRequest, TestDictionary } from "@/lib/ingest/test-otlp-profiles";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { claimProfile, insertSamples, insertStacks, markStored } from "@/lib/store/insert-profile";
import { insertProfiles } from "@/lib/store/insert-profiles";
import type { ProfileRows } from "@/lib/store/profile-row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { unixNano } from "@/lib/units";

let store: TestStore;
let catalogue: Catalogue;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-many-"));
  store = await startTestStore();
  catalogue = await openCatalogue(`file:${join(folder, "catalogue.db")}`);
});
afterAll(async () => {
  await catalogue.$disconnect();
  await store.stop();
  await rm(folder, { recursive: true });
});

const NOON = 1_790_000_000n * 1_000_000_000n;
const DAY = 86_400_000_000_000n;

/** Profiles of one service, the last of them of the next day; profile i has 10 and i milliseconds. */
function profilesOf(service: string, count: number): readonly ProfileRows[] {
  const d = new TestDictionary();
  const profiles = Array.from({ length: count }, (_, index) => ({
    sampleType: d.type("cpu", "nanoseconds"),
    timeUnixNano: String(NOON + BigInt(index) + (index === count - 1 ? DAY : 0n)),
    durationNano: "1000000000",
    samples: [
      { stackIndex: d.stack("main;shared"), values: ["10000000"] },
      { stackIndex: d.stack(`main;own${index}`), values: [String((index + 1) * 1_000_000)] },
    ],
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const bytes = Buffer.from(JSON.stringify(profilesRequest(d, profiles, resource)));
  const decoded = decodeOtlpProfiles({
    bytes,
    encoding: "json",
    receivedUnixNano: unixNano(NOON),
    source: "",
  });
  return decoded.profiles;
}

async function expectOnce(service: string, count: number): Promise<void> {
  const [row] = await queryRows(
    `SELECT toString(sum(value)) AS value, toString(count()) AS rows, toString(uniqExact(profile_id)) AS profiles,
       toString(uniqExact(stack_id)) AS stacks
     FROM samples WHERE service = {service:String}`,
    { service },
  );
  const value = count * 10_000_000 + (1_000_000 * count * (count + 1)) / 2;
  expect(row).toEqual({
    value: String(value),
    rows: String(count * 2),
    profiles: String(count),
    stacks: String(count + 1),
  });
  const [stacks] = await queryRows(
    "SELECT toString(uniqExact(stack_id)) AS stacks FROM stacks WHERE service = {service:String}",
    { service },
  );
  expect(stacks).toEqual({ stacks: String(count + 1) });
  expect(await catalogue.profile.count({ where: { service, state: "stored" } })).toBe(count);
}

test("many are stored by a part a day, and sent again change nothing", async () => {
  const profiles = profilesOf("many", 200);
  await insertProfiles(catalogue, profiles);
  await expectOnce("many", 200);
  const [parts] = await queryRows(
    "SELECT toString(uniqExact(_part)) AS parts FROM samples WHERE service = 'many'",
  );
  expect(parts).toEqual({ parts: "2" });
  await insertProfiles(catalogue, profiles);
  await expectOnce("many", 200);
});

test("sent twice at once they are stored once", async () => {
  const profiles = profilesOf("at once", 20);
  await Promise.all([insertProfiles(catalogue, profiles), insertProfiles(catalogue, profiles.slice(5))]);
  await expectOnce("at once", 20);
});

describe("a process that died", () => {
  const steps: ((profiles: readonly ProfileRows[]) => Promise<unknown>)[] = [
    async (profiles) => {
      for (const { record } of profiles) await claimProfile(catalogue, record);
    },
    insertStacks,
    // The first day's insert; that of the second never came.
    (profiles) => insertSamples(profiles.slice(0, -1)),
    async (profiles) => {
      for (const { record } of profiles.slice(0, 3)) await markStored(catalogue, record);
    },
  ];
  test.each([1, 2, 3, 4])("after %d steps: sent again, each is there once", async (count) => {
    const service = `after ${count}`;
    const profiles = profilesOf(service, 8);
    for (const step of steps.slice(0, count)) await step(profiles);
    await insertProfiles(catalogue, profiles);
    await expectOnce(service, 8);
  });
});
