/** What a target would give, asked once: what the add dialog shows before anything is saved. */
import type { Target, TargetInput, TargetTest } from "@/lib/api/targets-contract";
import { type Fetched, fetchTarget } from "@/lib/collector/fetch-target";
import type { Guard } from "@/lib/collector/guard-target";
import { parseMetrics, parseVars } from "@/lib/collector/parse-metrics";
import { formatBytes, formatCount } from "@/lib/format";

type Check = TargetTest["checks"][number];

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 16_777_216;

/** @param isProfile whether the bytes are a pprof that can be stored */
export async function testConnection(
  guard: Guard,
  input: TargetInput,
  isProfile: (bytes: Uint8Array) => string | undefined,
): Promise<TargetTest> {
  const ask = (path: string) =>
    fetchTarget(new URL(`${input.url}${path}`), { guard, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  // The quickest profile tells whether there are any; CPU takes a second at least, and may be somebody else's just now.
  const goroutine = await ask("/debug/pprof/goroutine");
  const profiles = checkProfiles(goroutine, isProfile);
  if (goroutine.kind === "refused" || (goroutine.kind === "failed" && goroutine.status === undefined)) {
    return { ok: false, checks: [profiles] };
  }
  const [heap, metrics, vars] = await Promise.all([
    ask("/debug/pprof/heap"),
    ask("/metrics"),
    ask("/debug/vars"),
  ]);
  const checks = [
    profiles,
    checkOne("Heap profile", heap, "Found."),
    checkUsage(metrics, vars, input.adaptive),
  ];
  return { ok: profiles.ok, checks };
}

function checkProfiles(fetched: Fetched, isProfile: (bytes: Uint8Array) => string | undefined): Check {
  const what = "Profiles";
  if (fetched.kind !== "ok")
    return { ok: false, what, message: `/debug/pprof/goroutine: ${fetched.message}` };
  const complaint = isProfile(fetched.bytes);
  return complaint === undefined
    ? { ok: true, what, message: "Found /debug/pprof." }
    : { ok: false, what, message: `/debug/pprof/goroutine answers, but not with a profile: ${complaint}` };
}

function checkOne(what: string, fetched: Fetched, found: string): Check {
  return { ok: fetched.kind === "ok", what, message: fetched.kind === "ok" ? found : fetched.message };
}

function checkUsage(metrics: Fetched, vars: Fetched, adaptive: Target["adaptive"]): Check {
  const what = "CPU and memory in use";
  const numbers = metrics.kind === "ok" ? parseMetrics(metrics.bytes.toString("utf8")) : {};
  const own = vars.kind === "ok" ? parseVars(vars.bytes.toString("utf8")) : undefined;
  const memory = numbers.residentBytes ?? numbers.goBytes ?? own?.goBytes;
  const limit = adaptive.memoryLimitBytes ?? numbers.goMemLimitBytes;
  const limitText =
    limit === undefined
      ? "no memory limit known: set one to trigger on memory"
      : `limit ${formatBytes(limit)}`;
  const memoryText = memory === undefined ? "" : `${formatBytes(memory)} in use, ${limitText}`;
  if (numbers.cpuSeconds !== undefined) {
    const cores = adaptive.cores ?? numbers.maxProcs;
    const coresText =
      cores === undefined ? "its cores are not told: 1 is assumed" : `of ${formatCount(cores)} cores`;
    return {
      ok: true,
      what,
      message: [`Read from /metrics: CPU ${coresText}`, memoryText].filter(Boolean).join("; ").concat("."),
    };
  }
  const source =
    memory === undefined
      ? ""
      : ` Memory is read from ${own === undefined ? "/metrics" : "/debug/vars"}: ${memoryText}.`;
  return {
    ok: memory !== undefined,
    what,
    message: `Neither /metrics nor /debug/vars tells its CPU time: it is estimated from its CPU profiles.${source}`,
  };
}
