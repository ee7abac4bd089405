import { queryRows } from "@/lib/store/clickhouse";
import {
  CLOCK_SAMPLES,
  DOCTOR_LIMITS,
  type DoctorScope,
  inServices,
  SAMPLES_IN_SCOPE,
  scopeParams,
} from "@/lib/store/doctor-scope";
import { numberColumn, textColumn } from "@/lib/store/row";
import type { Nanos } from "@/lib/units";

export interface LabelShares {
  readonly samples: number;
  readonly profiles: number;
  readonly unlabelledProfiles: number;
  readonly profiledNs: Nanos;
  readonly labelled: number;
  readonly withSpan: number;
  readonly withEndpoint: number;
  /** An endpoint, but neither a trace nor a span. */
  readonly endpointOnly: number;
  readonly periodNs: Nanos;
}

/** @returns by service, how many of its samples carry which labels */
export async function countLabels(
  scope: DoctorScope,
  signal?: AbortSignal,
): Promise<Map<string, LabelShares>> {
  const rows = await queryRows(
    `SELECT service, sum(c) AS samples, count() AS profiles, countIf(l = 0 AND c * p >= d / 100) AS unlabelled_profiles, sum(d) AS profiled_ns, sum(l) AS labelled,
       sum(s) AS with_span, sum(e) AS with_endpoint, sum(o) AS endpoint_only, minIf(p, p > 0) AS period
     FROM (
       SELECT service, profile_id, sum(count) AS c, sumIf(count, tie IN ('trace', 'span')) AS l, sumIf(count, tie = 'span') AS s,
         sumIf(count, endpoint != '') AS e, sumIf(count, endpoint != '' AND tie = 'none') AS o, max(period_ns) AS p, max(duration_ns) AS d
       FROM samples WHERE ${CLOCK_SAMPLES} AND ${SAMPLES_IN_SCOPE}${inServices("service", scope)}
       GROUP BY service, profile_id
     ) GROUP BY service`,
    scopeParams(scope),
    { ...DOCTOR_LIMITS, signal },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "service"),
      {
        samples: numberColumn(row, "samples"),
        profiles: numberColumn(row, "profiles"),
        unlabelledProfiles: numberColumn(row, "unlabelled_profiles"),
        profiledNs: numberColumn(row, "profiled_ns"),
        labelled: numberColumn(row, "labelled"),
        withSpan: numberColumn(row, "with_span"),
        withEndpoint: numberColumn(row, "with_endpoint"),
        endpointOnly: numberColumn(row, "endpoint_only"),
        periodNs: numberColumn(row, "period"),
      },
    ]),
  );
}
