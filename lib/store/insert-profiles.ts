/**
 * Many profiles at the price of one: an eBPF profiler sends those of hundreds of processes each few seconds, and each
 * insert makes a part on disk. The steps are those of insert-profile.ts, taken by all at once; whatever an earlier attempt
 * left half done is finished one by one.
 */
import type { Catalogue } from "@/lib/store/catalogue";
import {
  catalogueError,
  insertOnce,
  insertSamples,
  insertStacks,
  isUniqueViolation,
  toCatalogueRow,
  whileAlone,
} from "@/lib/store/insert-profile";
import type { ProfileRows } from "@/lib/store/profile-row";
import { touchService } from "@/lib/store/touch-service";

const NANOS_PER_DAY = 86_400_000_000_000n;
/** Of one insert, which is one block of one part: what one profile may have alone. */
const MAX_ROWS = 1_000_000;
const MAX_BYTES = 201_326_592;

/** @throws HotspanError as insertProfile does; sending all of them again is then right */
export async function insertProfiles(catalogue: Catalogue, profiles: readonly ProfileRows[]): Promise<void> {
  const bySha256 = new Map(profiles.map((rows) => [rows.record.sha256, rows]));
  await whileAlone([...bySha256.keys()], () => insertAll(catalogue, bySha256));
}

async function insertAll(catalogue: Catalogue, profiles: ReadonlyMap<string, ProfileRows>): Promise<void> {
  const states = await findStates(catalogue, [...profiles.keys()]);
  const left = [...profiles].filter(([sha256]) => states.get(sha256) !== "stored");
  const fresh = left.flatMap(([sha256, rows]) => (states.has(sha256) ? [] : [rows]));
  const begun = left.flatMap(([sha256, rows]) => (states.has(sha256) ? [rows] : []));
  if (await claimAll(catalogue, fresh)) {
    await insertStacks(fresh);
    for (const group of groupInserts(fresh)) {
      await insertSamples(group);
      await markAllStored(catalogue, group);
    }
  } else {
    begun.push(...fresh);
  }
  for (const rows of begun) await insertOnce(catalogue, rows);
}

async function findStates(catalogue: Catalogue, sha256s: readonly string[]): Promise<Map<string, string>> {
  try {
    const known = await catalogue.profile.findMany({
      where: { sha256: { in: [...sha256s] } },
      select: { sha256: true, state: true },
    });
    return new Map(known.map(({ sha256, state }) => [sha256, state]));
  } catch (error) {
    throw catalogueError(error);
  }
}

/** @returns whether all are ours: false when one of them was claimed by another process meanwhile, then none is */
async function claimAll(catalogue: Catalogue, profiles: readonly ProfileRows[]): Promise<boolean> {
  if (profiles.length === 0) return true;
  try {
    await catalogue.profile.createMany({
      data: profiles.map(({ record }) => ({ ...toCatalogueRow(record), state: "pending" })),
    });
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw catalogueError(error);
  }
}

/** Of one day each, because an insert is atomic per partition only. */
function groupInserts(profiles: readonly ProfileRows[]): ProfileRows[][] {
  const open = new Map<bigint, { profiles: ProfileRows[]; rows: number; bytes: number }>();
  const closed: ProfileRows[][] = [];
  for (const profile of profiles) {
    const day = BigInt(profile.record.startUnixNano) / NANOS_PER_DAY;
    const { count, text } = profile.samples;
    let group = open.get(day);
    if (group === undefined || group.rows + count > MAX_ROWS || group.bytes + text.length > MAX_BYTES) {
      if (group !== undefined) closed.push(group.profiles);
      group = { profiles: [], rows: 0, bytes: 0 };
      open.set(day, group);
    }
    group.profiles.push(profile);
    group.rows += count;
    group.bytes += text.length;
  }
  return [...closed, ...[...open.values()].map((group) => group.profiles)];
}

async function markAllStored(catalogue: Catalogue, profiles: readonly ProfileRows[]): Promise<void> {
  try {
    await catalogue.profile.updateMany({
      where: { sha256: { in: profiles.map(({ record }) => record.sha256) } },
      data: { state: "stored" },
    });
    const services = new Map(profiles.map(({ record }) => [record.service, record.language]));
    for (const [service, language] of services) await touchService(catalogue, service, language);
  } catch (error) {
    throw catalogueError(error);
  }
}
