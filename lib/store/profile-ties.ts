/** Which whole-process profiles belong to a trace although their rows do not say so. */
import { byTraceSql } from "@/lib/store/by-trace";
import type { Catalogue } from "@/lib/store/catalogue";
import { insertRows, queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn, textsColumn, unixNanoColumn } from "@/lib/store/row";
import type { SqlCondition } from "@/lib/store/sql-condition";
import type { UnixNano } from "@/lib/units";

/** Profiles tied to one trace, and where their rows are. */
export interface TiedProfiles {
  /** As decimals. */
  readonly profileIds: readonly string[];
  readonly services: readonly string[];
  readonly fromUnixNano: UnixNano;
  readonly toUnixNano: UnixNano;
}

/** Of one trace; more were a mistake of whoever names them. */
const MAX_TIES = 200;

/**
 * Ties a stored profile to a trace; doing it again changes nothing.
 * @param profileId 16 hex digits
 * @returns false when the catalogue does not know the profile
 */
export async function tieProfile(catalogue: Catalogue, profileId: string, traceId: string): Promise<boolean> {
  const profile = await catalogue.profile.findUnique({ where: { profileId } });
  if (profile === null) return false;
  const at = profile.startUnixNano.padStart(19, "0");
  const time = `${at.slice(0, -9)}.${at.slice(-9)}`;
  await insertRows(
    "profile_ties",
    ["trace_id", "profile_id", "service", "time"],
    [[traceId, String(BigInt(`0x${profileId}`)), profile.service, time]],
  );
  return true;
}

/** @returns undefined when no profile is tied to the trace */
export async function findTiedProfiles(
  traceId: string,
  signal?: AbortSignal,
): Promise<TiedProfiles | undefined> {
  const [row] = await queryRows(
    `SELECT groupUniqArray(${MAX_TIES})(toString(profile_id)) AS ids, groupUniqArray(service) AS services,
       toUnixTimestamp64Nano(min(time)) AS first, toUnixTimestamp64Nano(max(time)) AS last
     FROM profile_ties WHERE trace_id = {traceId:String}`,
    { traceId },
    { signal },
  );
  if (row === undefined) return undefined;
  const profileIds = textsColumn(row, "ids");
  if (profileIds.length === 0) return undefined;
  return {
    profileIds,
    services: textsColumn(row, "services"),
    fromUnixNano: unixNanoColumn(row, "first"),
    toUnixNano: unixNanoColumn(row, "last"),
  };
}

/** What of tied profiles is the trace's: all but the samples that say themselves to whom they belong. */
export function tiedSql({ fromUnixNano, profileIds, services, toUnixNano }: TiedProfiles): SqlCondition {
  return {
    sql: `service IN {tiedServices:Array(String)} AND time >= fromUnixTimestamp64Nano({tiedFrom:Int64})
      AND time <= fromUnixTimestamp64Nano({tiedTo:Int64}) AND profile_id IN {tiedIds:Array(UInt64)} AND tie IN ('none', 'process')`,
    params: {
      tiedServices: services,
      tiedFrom: String(fromUnixNano),
      tiedTo: String(toUnixNano),
      tiedIds: profileIds.map(BigInt),
    },
  };
}

/** @param type a condition on the rows' type @returns rows of the tied profiles */
export async function countTied(
  tied: TiedProfiles,
  type: SqlCondition,
  signal?: AbortSignal,
): Promise<number> {
  const { params, sql } = tiedSql(tied);
  const [row] = await queryRows(
    `SELECT count() AS found FROM samples WHERE ${type.sql} AND ${sql}`,
    { ...type.params, ...params },
    { signal },
  );
  return row === undefined ? 0 : numberColumn(row, "found");
}

/**
 * @param type a condition on the rows' type
 * @returns samples of whole-process profiles that were captured for a trace, whether their rows or a tie say so
 */
export async function countCaptured(
  traceId: string,
  type: SqlCondition,
  signal?: AbortSignal,
): Promise<number> {
  const tied = await findTiedProfiles(traceId, signal);
  const own = `tie = 'process' AND ${byTraceSql("samples", "trace_id = {traceId:String}")}`;
  const ofTied = tied === undefined ? undefined : tiedSql(tied);
  const [row] = await queryRows(
    `SELECT sum(count) AS captured FROM samples WHERE ${type.sql} AND ${ofTied === undefined ? own : `((${own}) OR (${ofTied.sql}))`}`,
    { ...type.params, ...ofTied?.params, traceId },
    { signal },
  );
  return row === undefined ? 0 : numberColumn(row, "captured");
}

/** @returns undefined when no span of the trace is stored */
export async function findTraceStart(traceId: string): Promise<UnixNano | undefined> {
  const [row] = await queryRows(
    `SELECT count() AS spans, toUnixTimestamp64Nano(min(Timestamp)) AS start
     FROM otel_traces WHERE ${byTraceSql("otel_traces", "TraceId = {traceId:String}")}`,
    { traceId },
  );
  return row === undefined || numberColumn(row, "spans") === 0 ? undefined : unixNanoColumn(row, "start");
}

/** A span that names the file of a profile. */
export interface NamingSpan {
  readonly traceId: string;
  /** As the program wrote it: a path on its own machine, or a name. */
  readonly file: string;
}

/** The attribute by which a program says where it wrote the CPU profile of a request. */
const FILE_ATTRIBUTE = "cpu_profile";

/**
 * Spans that were ingested since an instant and name a profile's file: the index over that instant leaves out all older
 * rows, and of the others only the attributes' keys are read.
 *
 * @param sinceMillis Unix milliseconds of the store's clock
 * @returns at most `limit`, oldest first, and how far was looked
 */
export async function findNamingSpans(
  sinceMillis: number,
  limit: number,
  signal?: AbortSignal,
): Promise<{ spans: NamingSpan[]; untilMillis: number }> {
  const rows = await queryRows(
    `SELECT TraceId AS trace_id, SpanAttributes['${FILE_ATTRIBUTE}'] AS file, toUnixTimestamp64Milli(IngestedAt) AS at
     FROM otel_traces
     WHERE IngestedAt >= fromUnixTimestamp64Milli({since:Int64}) AND mapContains(SpanAttributes, '${FILE_ATTRIBUTE}')
     ORDER BY IngestedAt LIMIT ${limit}`,
    { since: String(Math.trunc(sinceMillis)) },
    { signal, rows: limit },
  );
  const spans = rows.map((row) => ({ traceId: textColumn(row, "trace_id"), file: textColumn(row, "file") }));
  const last = rows.length < limit ? undefined : rows.at(-1);
  return { spans, untilMillis: last === undefined ? Number.POSITIVE_INFINITY : numberColumn(last, "at") };
}
