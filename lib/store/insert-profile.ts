/**
 * Stores each profile once, though it may be sent twice and the process may die at any step:
 *
 *     claim    catalogue: sha256 is new -> pending          died here: a retry finds no rows and goes on
 *     stacks   functions and stacks, safe to repeat         died here: likewise
 *     samples  all rows in one insert of one partition      died here: all are there or none; a retry asks
 *     stored   catalogue: pending -> stored
 */
import { HotspanError } from "@/lib/errors";
import { pause } from "@/lib/pause";
import type { Catalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { insertEncoded } from "@/lib/store/insert-encoded";
import {
  FUNCTION_COLUMNS,
  type KeyedRows,
  type ProfileRecord,
  type ProfileRows,
  SAMPLE_COLUMNS,
  STACK_COLUMNS,
} from "@/lib/store/profile-row";
import { RecentIds } from "@/lib/store/recent-ids";
import { numberColumn, textColumn } from "@/lib/store/row";
import { touchService } from "@/lib/store/touch-service";

/** Ids remembered as stored today: some 60 bytes each. */
const REMEMBERED_IDS = 500_000;
/** How long an insert that somebody else began may take to end. */
const LEFTOVER_MS = 10_000;

/** One block, one part: however many bytes it has, however many threads there are. */
const ONE_BLOCK = {
  max_insert_block_size: "10000000",
  min_insert_block_size_rows: "10000000",
  min_insert_block_size_bytes: "0",
  input_format_parallel_parsing: 0,
  max_insert_threads: "1",
} as const;

export interface Claim {
  /** pending: an earlier attempt did not end, and may or may not have stored the samples. */
  readonly state: "new" | "pending" | "stored";
  readonly record: ProfileRecord;
}

const knownFunctions = new RecentIds(REMEMBERED_IDS);
const knownStacks = new RecentIds(REMEMBERED_IDS);
/** The same profile sent twice at once is stored by the first; the second waits for what became of it. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * @returns what the catalogue holds: of an earlier upload when `duplicate`, then nothing was stored now
 * @throws HotspanError `unavailable` and the like; sending the same bytes again is then right
 */
export async function insertProfile(
  catalogue: Catalogue,
  rows: ProfileRows,
): Promise<{ readonly record: ProfileRecord; readonly duplicate: boolean }> {
  return whileAlone([rows.record.sha256], () => insertOnce(catalogue, rows));
}

/** Runs when nothing else is under way with any of these profiles, and keeps others from it meanwhile. */
export async function whileAlone<T>(sha256s: readonly string[], work: () => Promise<T>): Promise<T> {
  for (;;) {
    const others = sha256s.flatMap((sha256) => underWay.get(sha256) ?? []);
    if (others.length === 0) break;
    await Promise.allSettled(others); // their own callers are told
  }
  const running = work();
  for (const sha256 of sha256s) underWay.set(sha256, running);
  try {
    return await running;
  } finally {
    for (const sha256 of sha256s) underWay.delete(sha256);
  }
}

/** To be called `whileAlone`. */
export async function insertOnce(catalogue: Catalogue, rows: ProfileRows) {
  const claim = await claimProfile(catalogue, rows.record);
  if (claim.state === "stored") return { record: claim.record, duplicate: true };
  const wasInserted = claim.state === "pending" && (await hasSamples(claim.record));
  const record = wasInserted ? claim.record : rows.record;
  if (!wasInserted) {
    if (claim.state === "pending") await updateClaim(catalogue, record);
    await insertStacks([rows]);
    await insertSamples([rows]);
  }
  await markStored(catalogue, record);
  return { record, duplicate: wasInserted };
}

/**
 * Writes the profile down as pending, unless it is known.
 * @returns the record that the catalogue now holds: an earlier attempt's may name another service or start
 */
export async function claimProfile(catalogue: Catalogue, record: ProfileRecord): Promise<Claim> {
  try {
    await catalogue.profile.create({ data: { ...toCatalogueRow(record), state: "pending" } });
    return { state: "new", record };
  } catch (error) {
    if (!isUniqueViolation(error)) throw catalogueError(error);
  }
  const known = await catalogue.profile.findUnique({ where: { sha256: record.sha256 } }).catch((error) => {
    throw catalogueError(error);
  });
  if (known === null) throw catalogueError(new Error("Two profiles have the same first 64 bits of sha256."));
  const { service, startUnixNano } = known;
  return {
    state: known.state === "stored" ? "stored" : "pending",
    record: { ...record, service, startUnixNano },
  };
}

async function updateClaim(catalogue: Catalogue, record: ProfileRecord): Promise<void> {
  try {
    await catalogue.profile.update({ where: { sha256: record.sha256 }, data: toCatalogueRow(record) });
  } catch (error) {
    throw catalogueError(error);
  }
}

export function toCatalogueRow({ language: _, sampleTypes, ...columns }: ProfileRecord) {
  return { ...columns, sampleTypes: JSON.stringify(sampleTypes) };
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "P2002";
}

/** Functions and stacks that were not stored today. Repeating it does no harm. */
export async function insertStacks(profiles: readonly ProfileRows[]): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  knownFunctions.startDay(today);
  knownStacks.startDay(today);
  const functions = profiles.map((rows) => ({ rows: rows.functions, salt: 0n }));
  const stacks = profiles.map(({ record, stacks }) => ({ rows: stacks, salt: serviceSalt(record.service) }));
  await insertUnknown("functions", FUNCTION_COLUMNS, functions, knownFunctions);
  await insertUnknown("stacks", STACK_COLUMNS, stacks, knownStacks);
}

/**
 * All rows of profiles of one UTC day, at most a million of them, in one insert into one partition: atomic. Not to be
 * repeated without asking `hasSamples`.
 */
export async function insertSamples(profiles: readonly ProfileRows[]): Promise<void> {
  const runs = profiles.flatMap(({ samples }) => (samples.count > 0 ? [samples.text] : []));
  if (runs.length > 0) await insertEncoded("samples", SAMPLE_COLUMNS, runs, { settings: ONE_BLOCK });
}

export async function markStored(catalogue: Catalogue, record: ProfileRecord): Promise<void> {
  try {
    await catalogue.profile.update({ where: { sha256: record.sha256 }, data: { state: "stored" } });
    await touchService(catalogue, record.service, record.language);
  } catch (error) {
    throw catalogueError(error);
  }
}

/** Whether the rows of an earlier attempt are there; an insert outlives who sent it, so those under way are waited for. */
async function hasSamples(record: {
  readonly profileId: string;
  readonly startUnixNano: string;
}): Promise<boolean> {
  await untilLeftoversEnd();
  const [row] = await queryRows(
    `SELECT count() AS rows FROM samples
     WHERE profile_id = {profileId:UInt64} AND time = fromUnixTimestamp64Nano({time:Int64})`,
    { profileId: String(BigInt(`0x${record.profileId}`)), time: record.startUnixNano },
  );
  return row !== undefined && numberColumn(row, "rows") > 0;
}

async function untilLeftoversEnd(): Promise<void> {
  const deadline = performance.now() + LEFTOVER_MS;
  let left: Set<string> | undefined;
  for (;;) {
    const rows = await queryRows(
      "SELECT query_id FROM system.processes WHERE query_kind = 'Insert' AND query ILIKE '%samples%'",
    );
    const running = new Set(rows.map((row) => textColumn(row, "query_id")));
    // Those that began after we first looked are other profiles'.
    left = left === undefined ? running : new Set([...left].filter((id) => running.has(id)));
    if (left.size === 0) return;
    if (performance.now() > deadline) {
      throw new HotspanError("unavailable", "An earlier upload of this profile is still being stored.", {
        retryAfterSeconds: 5,
      });
    }
    await pause(50);
  }
}

async function insertUnknown(
  table: string,
  columns: readonly string[],
  parts: readonly { readonly rows: KeyedRows; readonly salt: bigint }[],
  known: RecentIds,
): Promise<void> {
  const fresh = new Set<bigint>();
  const runs: Uint8Array[] = [];
  for (const { rows, salt } of parts) {
    for (let index = 0; index < rows.ids.length; index++) {
      const id = (rows.ids[index] ?? 0n) ^ salt;
      if (known.has(id) || fresh.has(id)) continue;
      fresh.add(id);
      runs.push(rows.text.subarray(index === 0 ? 0 : rows.ends[index - 1], rows.ends[index]));
    }
  }
  if (fresh.size === 0) return;
  await insertEncoded(table, columns, [Buffer.concat(runs)], { settings: ONE_BLOCK });
  for (const id of fresh) known.add(id);
}

/** Stacks are stored per service, so the same stack of another service is another row. */
function serviceSalt(service: string): bigint {
  let salt = 0xcbf2_9ce4_8422_2325n;
  for (const byte of Buffer.from(service)) {
    salt = BigInt.asUintN(64, (salt ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  return salt;
}

export function catalogueError(error: unknown): HotspanError {
  const reason = error instanceof Error ? (error.message.split("\n").at(-1) ?? "") : String(error);
  return new HotspanError("unavailable", `The catalogue cannot be written: ${reason}`, {
    cause: error,
    retryAfterSeconds: 2,
  });
}
