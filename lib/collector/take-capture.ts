/** CPU, heap and goroutines of one stretch, and the record of why they were taken and what came of it. */
import type { Capture, ProfileKind, Target } from "@/lib/api/targets-contract";
import type { Outcome } from "@/lib/collector/schedule";
import type { Scraped } from "@/lib/collector/scrape-profile";

/** Another profiler's window is over after this many tries. */
const TRIES = 4;
const RETRY_MS = 4_000;

export interface CaptureParts {
  readonly write: (capture: Capture) => Promise<void>;
  readonly scrape: (kind: "cpu" | "heap" | "goroutine") => Promise<Scraped>;
  readonly wait: (ms: number) => Promise<void>;
  readonly nowUnixNano: () => string;
  readonly isStopping: () => boolean;
}

/**
 * @param capture as it was asked for; it is written down as running before anything is taken, so that a process that dies
 *   in the middle does not take the next one at once
 */
export async function takeCapture(parts: CaptureParts, target: Target, capture: Capture): Promise<Outcome> {
  const running: Capture = { ...capture, state: "running", startUnixNano: parts.nowUnixNano() };
  await parts.write(running);
  const snapshots = (["heap", "goroutine"] as const).filter(
    (kind) => target[kind].on || capture.trigger !== "manual",
  );
  const results = await Promise.all([
    scrapeCpuPatiently(parts).then((scraped) => ["cpu", scraped] as const),
    ...snapshots.map(async (kind) => [kind, await parts.scrape(kind)] as const),
  ]);
  const failed = results.filter(([, { stored }]) => stored === undefined);
  const state = parts.isStopping()
    ? "interrupted"
    : failed.length === 0
      ? "done"
      : failed.length < results.length
        ? "partial"
        : "failed";
  await parts.write({
    ...running,
    state,
    message: tellFailures(failed),
    endUnixNano: parts.nowUnixNano(),
    profiles: results.flatMap(([kind, { stored }]): { kind: ProfileKind; profileId: string }[] =>
      stored === undefined || stored.profileId === "" ? [] : [{ kind, profileId: stored.profileId }],
    ),
  });
  return results[0][1].outcome;
}

async function scrapeCpuPatiently(parts: CaptureParts): Promise<Scraped> {
  for (let left = TRIES; ; left--) {
    const scraped = await parts.scrape("cpu");
    if (scraped.outcome.kind !== "busy" || left === 1 || parts.isStopping()) return scraped;
    await parts.wait(RETRY_MS);
  }
}

/** What failed for one reason is told in one sentence: `cpu, heap: It does not answer.` */
function tellFailures(failed: readonly (readonly [kind: string, scraped: Scraped])[]): string {
  const kinds = new Map<string, string[]>();
  for (const [kind, { outcome }] of failed) {
    const reason = outcome.kind === "ok" ? "" : outcome.message;
    kinds.set(reason, [...(kinds.get(reason) ?? []), kind]);
  }
  return [...kinds].map(([reason, names]) => `${names.join(", ")}: ${reason}`).join(" ");
}
