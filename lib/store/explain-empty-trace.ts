import { explainNoSamples } from "@/lib/diagnosis/explain-no-samples";
import { readIdForm } from "@/lib/diagnosis/id-forms";
import { carriesLabels } from "@/lib/diagnosis/labelless-types";
import { areNearNames } from "@/lib/diagnosis/near-names";
import type { EmptyReason } from "@/lib/diagnosis/reason";
import { queryRows } from "@/lib/store/clickhouse";
import { countCaptured } from "@/lib/store/profile-ties";
import { numberColumn, textColumn, textsColumn } from "@/lib/store/row";
import { typeFilter } from "@/lib/store/sample-filter";
import type { UnixNano } from "@/lib/units";

/** Where a trace without samples was. */
export interface EmptyTrace {
  readonly traceId: string;
  readonly services: readonly string[];
  readonly fromUnixNano: UnixNano;
  readonly toUnixNano: UnixNano;
}

/** Profiles longer than an hour are not looked for. */
const LONGEST_PROFILE_NANOS = 3_600_000_000_000n;

/**
 * @param type of the samples that there are none of
 * @returns why, from the profiles whose windows meet the trace
 * @throws HotspanError as queryRows
 */
export async function explainEmptyTrace(
  { fromUnixNano, services, toUnixNano, traceId }: EmptyTrace,
  type: string,
  signal?: AbortSignal,
): Promise<EmptyReason> {
  const ofType = typeFilter(type);
  const earliest = fromUnixNano - LONGEST_PROFILE_NANOS;
  const params = {
    ...ofType.params,
    services,
    earliest: String(earliest < 0n ? 0n : earliest),
    start: String(fromUnixNano),
    end: String(toUnixNano),
  };
  const within = `${ofType.sql} AND time >= fromUnixTimestamp64Nano({earliest:Int64}) AND time <= fromUnixTimestamp64Nano({end:Int64})
    AND toUnixTimestamp64Nano(time) + toInt64(duration_ns) >= {start:Int64}`;
  const [[around], capturedSamples] = await Promise.all([
    queryRows(
      `SELECT uniqExact(profile_id) AS profiles, sum(count) AS samples, sumIf(count, trace_id != '' OR span_id != '') AS labelled,
         max(period_ns) AS period
       FROM samples WHERE service IN {services:Array(String)} AND ${within}`,
      params,
      { signal },
    ),
    countCaptured(traceId, ofType, signal),
  ]);
  if (around === undefined) throw new Error("An aggregate without GROUP BY has one row.");
  const profiles = numberColumn(around, "profiles");
  const labelledSamples = numberColumn(around, "labelled");
  return explainNoSamples(
    Number(toUnixNano - fromUnixNano),
    services,
    {
      profiles,
      samples: numberColumn(around, "samples"),
      labelledSamples,
      capturedSamples,
      periodNs: numberColumn(around, "period"),
      nearService: profiles > 0 ? undefined : await findNearService(services, within, params, signal),
      idLabel: profiles === 0 || labelledSamples > 0 ? undefined : await findIdLabel(within, params, signal),
    },
    { name: type === "cpu" ? "CPU" : type, carriesLabels: carriesLabels(type) },
  );
}

/** A service that was profiled while the trace ran, has no span in it, and nearly the name of one that has. */
async function findNearService(
  services: readonly string[],
  within: string,
  params: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const rows = await queryRows(
    `SELECT DISTINCT toString(service) AS service FROM samples
     WHERE service NOT IN {services:Array(String)} AND ${within} ORDER BY service LIMIT 1000`,
    params,
    { signal },
  );
  const near = rows
    .map((row) => textColumn(row, "service"))
    .find((name) => services.some((service) => areNearNames(name, service)));
  if (near === undefined) return undefined;
  const spans = await queryRows(
    "SELECT 1 FROM otel_traces WHERE ServiceName = {near:String} LIMIT 1",
    { near },
    { signal },
  );
  return spans.length === 0 ? near : undefined;
}

/** A label of the samples around whose values look like ids. */
async function findIdLabel(
  within: string,
  params: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<{ key: string; form: string } | undefined> {
  const rows = await queryRows(
    `SELECT key, groupUniqArray(4)(left(value, 100)) AS values
     FROM samples ARRAY JOIN mapKeys(labels) AS key, mapValues(labels) AS value
     WHERE service IN {services:Array(String)} AND ${within} AND match(key, '(?i)trace|span')
     GROUP BY key ORDER BY key LIMIT 100`,
    params,
    { signal },
  );
  for (const row of rows) {
    const form = textsColumn(row, "values")
      .map(readIdForm)
      .find((reading) => reading !== undefined)?.form;
    if (form !== undefined) return { key: textColumn(row, "key"), form };
  }
  return undefined;
}
