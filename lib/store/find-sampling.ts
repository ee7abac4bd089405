import type { SamplingResponse } from "@/lib/api/sampling-contract";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn } from "@/lib/store/row";
import { readSamplingRules } from "@/lib/store/sampling-rules";
import { sumDropped } from "@/lib/store/sum-dropped";
import { unixNanoFromMillis } from "@/lib/units";

const DAY_MS = 86_400_000;

/** The rules in force, what waits for them, and what they dropped in the last 24 hours. */
export async function findSampling(signal?: AbortSignal): Promise<SamplingResponse> {
  const now = Date.now();
  const range = { from: unixNanoFromMillis(now - DAY_MS), to: unixNanoFromMillis(now + DAY_MS) };
  const [rules, [waiting], dropped] = await Promise.all([
    readSamplingRules(),
    queryRows(
      `SELECT uniqExact(TraceId) AS traces FROM staged_spans
       WHERE TraceId NOT IN (
         SELECT trace_id FROM sampling_decisions
         WHERE done = 1 AND minute >= (SELECT toStartOfMinute(min(IngestedAt)) FROM staged_spans))`,
      {},
      { signal },
    ),
    sumDropped(range, undefined, signal),
  ]);
  const byService = new Map<string, { service: string; requests: number; errors: number }>();
  for (const { errors, requests, service } of dropped) {
    const sum = byService.get(service) ?? { service, requests: 0, errors: 0 };
    byService.set(service, {
      service,
      requests: sum.requests + requests,
      errors: sum.errors + errors,
    });
  }
  return {
    rules,
    waitingTraces: waiting === undefined ? 0 : numberColumn(waiting, "traces"),
    dropped: [...byService.values()].sort((a, b) => b.requests - a.requests),
  };
}
