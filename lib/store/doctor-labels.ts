import { queryRows } from "@/lib/store/clickhouse";
import {
  CLOCK_SAMPLES,
  DOCTOR_LIMITS,
  type DoctorScope,
  inServices,
  SAMPLES_IN_SCOPE,
  scopeParams,
} from "@/lib/store/doctor-scope";
import { numberColumn, textColumn, textsColumn } from "@/lib/store/row";

/** A label that is neither an id nor an endpoint to us. */
export interface LeftOverLabel {
  readonly key: string;
  readonly samples: number;
  /** Samples with neither trace nor span, in profiles of which only some samples have the label: it was set by the code, not by the sender. */
  readonly ownUntied: number;
  /** Some distinct values. */
  readonly values: readonly string[];
}

const MOST_KEYS = 1_000;
const VALUES_OF_KEY = 16;

/** @returns by service, the labels of its samples that no column holds */
export async function findLeftOverLabels(
  scope: DoctorScope,
  signal?: AbortSignal,
): Promise<Map<string, LeftOverLabel[]>> {
  const where = `${CLOCK_SAMPLES} AND ${SAMPLES_IN_SCOPE}${inServices("service", scope)}`;
  const rows = await queryRows(
    `SELECT service, key, sum(k) AS samples, sumIf(u, k < total) AS own_untied,
       arraySlice(groupUniqArrayArray(${VALUES_OF_KEY})(some), 1, ${VALUES_OF_KEY}) AS values
     FROM (
       SELECT service, profile_id, key, sum(count) AS k, sumIf(count, tie = 'none') AS u,
         groupUniqArray(${VALUES_OF_KEY})(left(value, 100)) AS some
       FROM samples ARRAY JOIN mapKeys(labels) AS key, mapValues(labels) AS value
       WHERE ${where} AND notEmpty(labels)
       GROUP BY service, profile_id, key
     ) AS keyed
     ANY LEFT JOIN (
       SELECT profile_id, sum(count) AS total FROM samples WHERE ${where} GROUP BY profile_id
     ) AS profiles USING (profile_id)
     GROUP BY service, key ORDER BY samples DESC LIMIT ${MOST_KEYS}`,
    scopeParams(scope),
    { ...DOCTOR_LIMITS, signal },
  );
  const labels = new Map<string, LeftOverLabel[]>();
  for (const row of rows) {
    const service = textColumn(row, "service");
    const label = {
      key: textColumn(row, "key"),
      samples: numberColumn(row, "samples"),
      ownUntied: numberColumn(row, "own_untied"),
      values: textsColumn(row, "values"),
    };
    const known = labels.get(service);
    if (known === undefined) labels.set(service, [label]);
    else known.push(label);
  }
  return labels;
}
