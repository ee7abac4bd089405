import { randomUUID } from "node:crypto";
import { DEFAULT_SAMPLING, type SamplingRules } from "@/lib/api/sampling-contract";
import { pause } from "@/lib/pause";
import { catalogue } from "@/lib/store/catalogue";
import { holdLease, releaseLease } from "@/lib/store/collector-lease";
import { decideTraces, forgetDecided, hasStagedSpans } from "@/lib/store/decide-traces";
import { readSamplingRules } from "@/lib/store/sampling-rules";

const PAUSE_MS = 2_000;
const LOOK_MS = 30_000;
/** Longer than a step; a process that died is followed by another so much later. */
const LEASE_MS = 120_000;
const LEASE_KEY = "sampling-lease";

export interface Sampler {
  /** Whether spans are to be staged rather than stored. */
  isOn(): boolean;
  /** Since this process started. */
  readonly counts: { keptTraces: number; droppedTraces: number; droppedSpans: number };
  /** Decides until told to stop; trouble with the store is logged once and waited out. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Follows the rules as they are edited. When sampling is turned off, what is staged is kept, all of it and at once.
 * @param isAlone false where other processes write the same store: then one of them decides, by a lease in the catalogue
 * @param lookMs between two looks for what may be forgotten and, while sampling is off, for what is staged all the same
 * @throws HotspanError when the rules cannot be read: starting with others would drop or keep the wrong traces
 */
export async function createSampler({
  lookMs = LOOK_MS,
  pauseMs = PAUSE_MS,
  isAlone = true,
} = {}): Promise<Sampler> {
  const owner = randomUUID();
  let rules: SamplingRules = await readSamplingRules();
  const counts = { keptTraces: 0, droppedTraces: 0, droppedSpans: 0 };
  /** A process before this one may have left some, and an insert that was under way may end after sampling was turned off. */
  let mayBeStaged = true;

  async function step(signal: AbortSignal): Promise<boolean> {
    rules = await readSamplingRules();
    if (rules.enabled) mayBeStaged = true;
    if (!mayBeStaged) return false;
    if (!isAlone && !(await holdLease(await catalogue(), owner, Date.now(), LEASE_MS, LEASE_KEY)))
      return false;
    const decided = await decideTraces(rules, rules.enabled ? rules.quietSeconds : 0, signal);
    counts.keptTraces += decided.keptTraces;
    counts.droppedTraces += decided.droppedTraces;
    counts.droppedSpans += decided.droppedSpans;
    return decided.more;
  }

  return {
    counts,
    isOn: () => rules.enabled,
    run: async (signal) => {
      let troubled = false;
      let lookedAt = performance.now();
      while (!signal.aborted) {
        let more = false;
        try {
          more = await step(signal);
          if (performance.now() - lookedAt > lookMs) {
            lookedAt = performance.now();
            if (mayBeStaged) await forgetDecided(signal);
            mayBeStaged = rules.enabled || (await hasStagedSpans(signal));
          }
          troubled = false;
        } catch (error) {
          if (signal.aborted) break;
          if (!troubled)
            console.error("Sampling does not go on:", error instanceof Error ? error.message : error);
          troubled = true;
        }
        if (!more) await pause(pauseMs, signal);
      }
      // One that is not given back lapses.
      if (!isAlone) await releaseLease(await catalogue(), owner, LEASE_KEY).catch(() => undefined);
    },
  };
}

/** Keeps everything, as where nobody asked for sampling. */
export const NO_SAMPLING: Pick<Sampler, "isOn" | "counts"> = {
  isOn: () => DEFAULT_SAMPLING.enabled,
  counts: { keptTraces: 0, droppedTraces: 0, droppedSpans: 0 },
};
