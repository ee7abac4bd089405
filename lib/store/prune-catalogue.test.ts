import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { pruneCatalogue } from "@/lib/store/prune-catalogue";

const NOW = Date.UTC(2026, 0, 31);
const DAY = 86_400_000;
let folder: string;
let catalogue: Catalogue;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-prune-"));
  catalogue = await openCatalogue(pathToFileURL(join(folder, "catalogue.db")).href);
});
afterAll(async () => {
  await catalogue.$disconnect();
  await rm(folder, { recursive: true });
});

const nano = (atMs: number) => `${atMs}000000`;

test("profiles and captures are known as long as their samples are", async () => {
  const profile = (name: string, startDays: number, receivedDays: number, state = "stored") => ({
    sha256: name,
    profileId: name,
    service: "shop",
    sampleTypes: "[]",
    samples: 1,
    labelled: 0,
    startUnixNano: nano(NOW - startDays * DAY),
    durationNs: "0",
    receivedAt: new Date(NOW - receivedDays * DAY),
    state,
  });
  await catalogue.profile.createMany({
    data: [
      profile("kept", 7.5, 7.5),
      profile("old", 8.1, 8.1),
      profile("old, brought lately", 300, 1),
      profile("old, half stored", 9, 9, "pending"),
    ],
  });
  await catalogue.capture.createMany({ data: [capture("kept", 7.5), capture("old", 8.1)] });
  const left = async () => ({
    profiles: (await catalogue.profile.findMany({ orderBy: { sha256: "asc" } })).map(({ sha256 }) => sha256),
    captures: (await catalogue.capture.findMany()).map(({ id }) => id),
  });
  const all = await left();
  await pruneCatalogue(catalogue, undefined, NOW);
  expect(await left()).toEqual(all);
  await pruneCatalogue(catalogue, 7, NOW);
  expect(await left()).toEqual({
    profiles: ["kept", "old, brought lately", "old, half stored"],
    captures: ["kept"],
  });
});

test("of more captures than anybody looks at, the newest stay", async () => {
  await catalogue.capture.deleteMany();
  await catalogue.capture.createMany({
    data: ["d", "b", "c", "e", "a"].map((id) => capture(id, id === "e" ? 2 : 1)),
  });
  await pruneCatalogue(catalogue, undefined, NOW, 3);
  const left = await catalogue.capture.findMany({ orderBy: { id: "asc" } });
  expect(left.map(({ id }) => id)).toEqual(["b", "c", "d"]);
});

function capture(id: string, daysAgo: number) {
  return {
    id,
    service: "shop",
    trigger: "cpu",
    reason: "",
    seconds: 30,
    state: "done",
    startUnixNano: nano(Math.round(NOW - daysAgo * DAY)),
  };
}
