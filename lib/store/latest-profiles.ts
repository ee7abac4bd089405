/**
 * Which profiles of states and counters count. Windows add up. Of a state or a counter since the process started, the
 * latest profile of each process is what is; where a process sends windows beside, those say what happened in the range,
 * and its counters would count the same again.
 *
 *     instance a   ├ 10 ┤├ 20 ┤├ 15 ┤     windows              45
 *     instance b     70     90    110     readings             110
 *
 * Two profiles of one process and one instant are told apart by their ids, so that every query takes the same.
 */
import type { SqlCondition } from "@/lib/store/sql-condition";
import type { Nanos } from "@/lib/units";

/** How long a state is taken to last when no later one is known: longer than profilers wait between two. */
const HELD_NANOS = 300_000_000_000;

/**
 * One row a profile, out of the projection `by_profile` unless the condition asks for more than it holds.
 * @param condition over `samples`, its parameters bound by the query it goes into
 * @returns a SELECT of (service, instance, meaning, time, duration_ns, profile_id)
 */
export function profilesSql(condition: string): string {
  const columns = "service, instance, meaning, time, duration_ns, profile_id";
  return `SELECT ${columns} FROM samples WHERE ${condition} GROUP BY ${columns}`;
}

/** @param profiles the condition among whose profiles the latest are sought @returns a condition over `samples` */
export function countsSql(profiles: string): string {
  return `(meaning = 'window' OR profile_id IN (
    SELECT argMax(profile_id, (time, profile_id)) FROM (${profilesSql(profiles)}) GROUP BY service, instance HAVING max(meaning = 'window') = 0))`;
}

/** How long before a range its first states may have been taken. */
export function heldNanos(stepNs: Nanos): Nanos {
  return Math.max(1, Math.ceil(HELD_NANOS / stepNs)) * stepNs;
}

/**
 * The state of each process step by step: its latest profile of the step, else of an earlier one as long as it holds.
 *
 *     taken    a . . b . c . . . .
 *     held     a a a b b c c c . .        held for three steps
 *
 * Carried on by profile and not by value: what a later profile no longer holds is no more.
 *
 * @returns a SELECT of (profile, at), `at` being the start of a step in Unix nanoseconds, which may lie after the range
 */
export function heldProfilesSql(profiles: SqlCondition, stepNs: Nanos): SqlCondition {
  const step = "{heldStep:Int64}";
  const taken = `SELECT service, instance, intDiv(toUnixTimestamp64Nano(time), ${step}) * ${step} AS at,
      argMax(profile_id, (time, profile_id)) AS profile, max(meaning = 'window') AS windows
    FROM (${profilesSql(profiles.sql)}) GROUP BY service, instance, at`;
  const process = "PARTITION BY service, instance";
  return {
    sql: `SELECT profile, at + ${step} * arrayJoin(range(toUInt64(intDiv(least(next - at, {held:Int64}), ${step})))) AS at
      FROM (
        SELECT at, profile, max(windows) OVER (${process}) AS sends_windows,
          leadInFrame(at, 1, at + {held:Int64}) OVER (${process} ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
        FROM (${taken})
      ) WHERE sends_windows = 0`,
    params: { ...profiles.params, heldStep: String(stepNs), held: String(heldNanos(stepNs)) },
  };
}
