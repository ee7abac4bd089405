/** The list of received profiles: GET /api/v1/profiles for those who ask for JSON. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { GET as getOne } from "@/app/api/v1/profiles/[profileId]/route";
import { GET as getProfiles } from "@/app/api/v1/profiles/route";
import { profilesResponse } from "@/lib/api/profiles-contract";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";

const START = 1_790_000_000_000_000_000n;
const id = (n: number) => n.toString(16).padStart(16, "0");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-list-"));
  vi.stubEnv("HOTSPAN_CATALOGUE_URL", `file:${join(folder, "catalogue.db")}`);
  const { profile } = await catalogue();
  await profile.createMany({
    data: Array.from({ length: 25 }, (_, n) => ({
      sha256: id(n).padEnd(64, "0"),
      profileId: id(n),
      service: n % 5 === 0 ? "cart" : "shop",
      sampleTypes: JSON.stringify([{ type: "cpu", unit: "nanoseconds", total: n * 1e7 }]),
      samples: n,
      labelled: 0,
      // Two at each instant: pages must not lose or repeat one of them.
      startUnixNano: String(START + BigInt(n >> 1)),
      durationNs: "1000000000",
      state: n === 24 ? "pending" : "stored",
      origin: n === 3 ? "file:cpu.pprof" : "",
    })),
  });
});
afterAll(async () => {
  await closeCatalogue();
  await rm(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const get = (query: string, headers: Record<string, string> = { accept: "application/json" }) =>
  getProfiles(new Request(`http://localhost/api/v1/profiles?${query}`, { headers }));
const list = async (query: string) => profilesResponse.parse(await (await get(query)).json());

test("newest first, page by page, each once; what is not stored yet is not there", async () => {
  const found: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await list(`limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`);
    expect(page.total).toBe(24);
    found.push(...page.profiles.map(({ profileId }) => profileId));
    cursor = page.nextCursor;
  }
  const newestFirst = Array.from({ length: 12 }, (_, pair) => [id(22 - pair * 2), id(23 - pair * 2)]).flat();
  expect(found).toEqual(newestFirst);
});

test("by service and range, and with format=json instead of the header", async () => {
  expect((await list("service=cart")).profiles.map(({ samples }) => samples)).toEqual([20, 15, 10, 5, 0]);
  const { profiles } = await list(`from=${START + 3n}&to=${START + 4n}`);
  expect(profiles.map(({ profileId }) => profileId)).toEqual([id(6), id(7)]);
  const named = await get("format=json&limit=1", {});
  expect(profilesResponse.parse(await named.json()).profiles).toHaveLength(1);
});

test("what is not understood is refused by name", async () => {
  expect(await (await get("cursor=x")).json()).toMatchObject({ error: { code: "invalid-input" } });
  expect(await (await get("q=x")).text()).toMatch(/Unknown parameter \\"q\\"/);
  expect(await (await get("limit=0")).text()).toMatch(/limit/);
});

test("one profile, or why there is none", async () => {
  const one = (profileId: string) =>
    getOne(new Request("http://localhost/x"), { params: Promise.resolve({ profileId }) });
  expect(await (await one(id(3))).json()).toMatchObject({
    origin: "file:cpu.pprof",
    samples: 3,
    durationNs: 1e9,
  });
  expect((await one(id(24))).status).toBe(404);
  expect((await one("..%2f..%2fetc")).status).toBe(400);
});
