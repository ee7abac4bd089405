/** Whether the sample data are to be loaded, and how far that came: kept in the catalogue, so that it outlives us. */
import { type Catalogue, catalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { type UnixNano, unixNano } from "@/lib/units";

/** `loading` | `loaded` | `removing` | `none`; absent until the first start has decided. */
const STATE = "sample-data";
/** Unix nanoseconds at which the recording is made to end: the same in every attempt, so that a repeated one doubles nothing. */
const ENDS_AT = "sample-data-ends-at";

/**
 * Decides once in a store's life. A store that ever held anything, or whose sample data were removed, gets none.
 *
 * @param mayResume false where another process may be at it this very moment
 * @returns where the recording is to end, of an earlier attempt that was cut off too; undefined when there is nothing to load
 * @throws HotspanError `unavailable` when store or catalogue do not answer: then nothing was decided
 */
export async function claimSampleData(now: UnixNano, mayResume: boolean): Promise<UnixNano | undefined> {
  const db = await catalogue();
  const state = await db.setting.findUnique({ where: { key: STATE } });
  if (state !== null) {
    const endsAt = await db.setting.findUnique({ where: { key: ENDS_AT } });
    return mayResume && state.value === "loading" && endsAt !== null
      ? unixNano(BigInt(endsAt.value))
      : undefined;
  }
  const isEmpty = await isStoreEmpty(db);
  // The key is unique: of two processes that come this far at once, one fails here and leaves it to the other.
  const claimed = await db
    .$transaction([
      db.setting.create({ data: { key: STATE, value: isEmpty ? "loading" : "none" } }),
      db.setting.upsert({
        where: { key: ENDS_AT },
        create: { key: ENDS_AT, value: String(now) },
        update: { value: String(now) },
      }),
    ])
    .catch(async (error: unknown) => {
      if ((await db.setting.findUnique({ where: { key: STATE } })) !== null) return undefined;
      throw error;
    });
  return isEmpty && claimed !== undefined ? now : undefined;
}

/** @returns false as soon as somebody wants the data gone */
export async function isStillLoading(): Promise<boolean> {
  const db = await catalogue();
  return (await db.setting.findUnique({ where: { key: STATE } }))?.value === "loading";
}

export async function markLoaded(): Promise<void> {
  const db = await catalogue();
  await db.setting.updateMany({ where: { key: STATE, value: "loading" }, data: { value: "loaded" } });
}

async function isStoreEmpty(db: Catalogue): Promise<boolean> {
  if ((await db.profile.count()) > 0) return false;
  const rows = await queryRows(
    "SELECT 1 FROM (SELECT 1 FROM otel_traces LIMIT 1 UNION ALL SELECT 1 FROM samples LIMIT 1)",
  );
  return rows.length === 0;
}
