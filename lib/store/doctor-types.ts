import { queryRows } from "@/lib/store/clickhouse";
import { DOCTOR_LIMITS, type DoctorScope, inServices, scopeParams } from "@/lib/store/doctor-scope";
import { minuteRollupSql } from "@/lib/store/minute-rollup";
import { numberColumn, textColumn } from "@/lib/store/row";

/** @returns by service, its sample types and how many samples or records of each there are */
export async function countTypes(
  scope: DoctorScope,
  signal?: AbortSignal,
): Promise<Map<string, { type: string; records: number }[]>> {
  const condition = { sql: `1${inServices("service", scope)}`, params: scopeParams(scope) };
  const rollup = minuteRollupSql(["service", "type"], condition, scope);
  const rows = await queryRows(`${rollup.sql} ORDER BY type`, rollup.params, { ...DOCTOR_LIMITS, signal });
  const types = new Map<string, { type: string; records: number }[]>();
  for (const row of rows) {
    const service = textColumn(row, "service");
    const entry = { type: textColumn(row, "type"), records: numberColumn(row, "c") };
    types.set(service, [...(types.get(service) ?? []), entry]);
  }
  return types;
}
