import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { migrateCatalogue } from "@/lib/store/migrate-catalogue";

describe("the catalogue", () => {
  let folder: string;
  let opened: Catalogue[];
  const open = async () => {
    const catalogue = await openCatalogue(pathToFileURL(join(folder, "50% #1 ?", "catalogue.db")).href);
    opened.push(catalogue);
    return catalogue;
  };

  beforeEach(async () => {
    opened = [];
    folder = await mkdtemp(join(tmpdir(), "hotspan-catalogue-"));
  });
  afterEach(async () => {
    for (const catalogue of opened) await catalogue.$disconnect();
    await rm(folder, { recursive: true });
  });

  test("holds every model on the migrated tables", async () => {
    const catalogue = await open();
    const profile = await catalogue.profile.create({
      data: {
        sha256: "ab".repeat(32),
        profileId: "ab".repeat(8),
        service: "shop",
        sampleTypes: "[]",
        samples: 3,
        labelled: 1,
        startUnixNano: "1795174691626000000",
        durationNs: "10000000000",
        state: "pending",
      },
    });
    expect(await catalogue.profile.findUnique({ where: { profileId: profile.profileId } })).toEqual(profile);
    const service = await catalogue.service.create({ data: { name: "shop" } });
    expect(await catalogue.service.findMany()).toEqual([service]);
    const setting = await catalogue.setting.create({ data: { key: "sample-data", value: "loaded" } });
    expect(await catalogue.setting.findMany()).toEqual([setting]);
  });

  test("is migrated once, and opens again with what it held", async () => {
    const first = await open();
    await first.setting.create({ data: { key: "a", value: "b" } });
    const second = await open();
    expect(await migrateCatalogue(second)).toEqual([]);
    expect(await second.setting.count()).toBe(1);
  });

  test("survives power cuts and waits for other writers, also after a transaction", async () => {
    const catalogue = await open();
    await catalogue.$transaction(async (transaction) => {
      await transaction.setting.create({ data: { key: "a", value: "b" } });
    });
    const pragma = async (name: string) =>
      Object.values((await catalogue.$queryRawUnsafe<Record<string, unknown>[]>(`PRAGMA ${name}`))[0] ?? {})
        .map(String)
        .at(0);
    expect(await pragma("journal_mode")).toBe("wal");
    expect(await pragma("synchronous")).toBe("2");
    expect(await pragma("busy_timeout")).toBe("5000");
  });

  test("two processes' writers do not fail on each other", async () => {
    const [left, right] = [await open(), await open()];
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? left : right).setting.create({ data: { key: String(index), value: "" } }),
      ),
    );
    expect(await left.setting.count()).toBe(50);
  });
});
