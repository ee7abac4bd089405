/** A look at a target's own numbers: /metrics, else /debug/vars, else none. */
import type { Target } from "@/lib/api/targets-contract";
import type { Fetched } from "@/lib/collector/fetch-target";
import type { Look } from "@/lib/collector/judge-usage";
import { type ProcessNumbers, parseMetrics, parseVars } from "@/lib/collector/parse-metrics";
import type { Outcome } from "@/lib/collector/schedule";
import type { ScrapeParts } from "@/lib/collector/scrape-profile";

/** /metrics of a large process is long; its own numbers are among the first. */
const MAX_METRICS_BYTES = 8_388_608;
const TIMEOUT_MS = 10_000;

export interface Looked {
  readonly outcome: Outcome;
  readonly look: Look | undefined;
}

/** That a target has neither is no failure: its CPU is then estimated from its profiles. */
export async function lookAtTarget(parts: ScrapeParts, target: Target, signal: AbortSignal): Promise<Looked> {
  const ask = (path: string) =>
    parts.fetch(new URL(`${target.url}${path}`), {
      guard: parts.guard,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_METRICS_BYTES,
      signal,
    });
  const metrics = await ask("/metrics");
  if (!hasAnswered(metrics)) return { outcome: metrics, look: undefined };
  const fromMetrics = metrics.kind === "ok" ? parseMetrics(metrics.bytes.toString("utf8")) : undefined;
  if (fromMetrics !== undefined && isUseful(fromMetrics)) {
    return { outcome: { kind: "ok" }, look: { atMs: parts.now(), source: "metrics", numbers: fromMetrics } };
  }
  const vars = await ask("/debug/vars");
  if (!hasAnswered(vars)) return { outcome: vars, look: undefined };
  const fromVars = vars.kind === "ok" ? parseVars(vars.bytes.toString("utf8")) : undefined;
  const look =
    fromVars === undefined ? undefined : { atMs: parts.now(), source: "vars" as const, numbers: fromVars };
  return { outcome: { kind: "ok" }, look };
}

function hasAnswered(fetched: Fetched): boolean {
  return (
    fetched.kind === "ok" ||
    fetched.kind === "missing" ||
    (fetched.kind === "failed" && fetched.status !== undefined)
  );
}

function isUseful({ cpuSeconds, goBytes, residentBytes }: ProcessNumbers): boolean {
  return cpuSeconds !== undefined || goBytes !== undefined || residentBytes !== undefined;
}
