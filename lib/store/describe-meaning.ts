import type { FlamegraphResponse } from "@/lib/api/contract";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { queryRows } from "@/lib/store/clickhouse";
import { profilesSql } from "@/lib/store/latest-profiles";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { numberColumn, textColumn } from "@/lib/store/row";
import { profilesFilter } from "@/lib/store/sample-filter";

export type SelectionMeaning = Pick<
  FlamegraphResponse,
  "meaning" | "profileCount" | "instanceCount" | "asOfUnixNano"
>;

const WINDOWS: SelectionMeaning = {
  meaning: "window",
  profileCount: null,
  instanceCount: null,
  asOfUnixNano: null,
};

/**
 * What a selection's values mean, and of how many profiles which counted (latest-profiles.ts). Types that are always of
 * windows are not asked for.
 * @throws HotspanError as queryRows
 */
export async function describeMeaning(
  { selector, tie }: Pick<ResolvedSelector, "selector" | "tie">,
  signal?: AbortSignal,
): Promise<SelectionMeaning> {
  if (isAlwaysWindow(selector.type)) return WINDOWS;
  const { params, sql } = profilesFilter(selector, tie);
  const [row] = await queryRows(
    `SELECT countIf(windows > 0) AS senders, countIf(windows = 0) AS processes, sumIf(readings, windows = 0) AS profiles,
       countIf(windows = 0 AND kind = 'snapshot') AS states, toString(maxIf(taken, windows = 0)) AS as_of
     FROM (
       SELECT countIf(meaning = 'window') AS windows, countIf(meaning != 'window') AS readings,
         argMax(toString(meaning), (time, profile_id)) AS kind,
         max(toUnixTimestamp64Nano(time) + toInt64(duration_ns)) AS taken
       FROM (${profilesSql(sql)}) GROUP BY service, instance
     )`,
    { ...params },
    { signal },
  );
  const processes = row === undefined ? 0 : numberColumn(row, "processes");
  if (row === undefined || processes === 0) return WINDOWS;
  const states = numberColumn(row, "states");
  const isMixed = numberColumn(row, "senders") > 0 || (states > 0 && states < processes);
  return {
    meaning: isMixed ? "mixed" : states > 0 ? "snapshot" : "cumulative",
    profileCount: numberColumn(row, "profiles"),
    instanceCount: processes,
    asOfUnixNano: textColumn(row, "as_of"),
  };
}
